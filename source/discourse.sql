-- Discourse, on PostgreSQL. source.go documents what each query must return. Times are without a zone, in UTC, with fractions.

-- name: sections
-- Categories, and the tags that everyone may see: 1000000000 and the ID of the tag. A tag that is in tag groups is seen by the groups
-- that have a permission for one of these (lib/discourse_tagging.rb). Names of tags have no spaces and no characters that are special
-- in an address.
SELECT c.id                        AS id,
       COALESCE(c.parent_category_id, 0) AS parent_id,
       COALESCE(c.position, 0)     AS place,
       c.name                      AS title,
       1                           AS holds_threads,
       0                           AS closed,
       ''                          AS address
  FROM categories c
 UNION ALL
SELECT 1000000000 + t.id, 0, 1000000000, CONCAT('#', t.name), 1, 0, CONCAT('/tag/', t.name)
  FROM {if_readable tags id name:text} t
 WHERE (NOT EXISTS (SELECT 1 FROM {if_readable tag_group_memberships tag_id tag_group_id} m WHERE m.tag_id = t.id)
        OR EXISTS (SELECT 1 FROM {if_readable tag_group_memberships tag_id tag_group_id} m
                     JOIN {if_readable tag_group_permissions tag_group_id group_id} p ON p.tag_group_id = m.tag_group_id AND p.group_id = 0
                    WHERE m.tag_id = t.id))

-- name: thread_sections
SELECT t.id                        AS thread_id,
       COALESCE(t.category_id, 0)  AS section_id
  FROM topics t
 WHERE t.id IN (:ids)
 UNION ALL
SELECT tt.topic_id, 1000000000 + tt.tag_id
  FROM {if_readable topic_tags topic_id tag_id} tt
  JOIN {if_readable tags id name:text} t ON t.id = tt.tag_id
 WHERE tt.topic_id IN (:ids)
   AND (NOT EXISTS (SELECT 1 FROM {if_readable tag_group_memberships tag_id tag_group_id} m WHERE m.tag_id = tt.tag_id)
        OR EXISTS (SELECT 1 FROM {if_readable tag_group_memberships tag_id tag_group_id} m
                     JOIN {if_readable tag_group_permissions tag_group_id group_id} p ON p.tag_group_id = m.tag_group_id AND p.group_id = 0
                    WHERE m.tag_id = tt.tag_id))

-- name: threads
-- Private messages are topics, too, but no part of the forum. Unlisted topics, shared drafts and the topic that describes a category
-- are on no list of topics, and Discourse leaves them out of its own summaries (app/models/topic.rb, for_digest).
SELECT t.id                        AS id,
       COALESCE(t.category_id, 0)  AS section_id,
       t.title                     AS title,
       GREATEST(COALESCE(t.user_id, 0), 0) AS starter_id,
       COALESCE(u.username, '')    AS starter_name,
       CAST(FLOOR(EXTRACT(EPOCH FROM t.created_at)) AS BIGINT) AS started_at,
       COALESCE((SELECT f.id FROM posts f WHERE f.topic_id = t.id AND f.post_number = 1), 0) AS first_post_id,
       CASE WHEN t.deleted_at IS NOT NULL THEN 2
            WHEN NOT t.visible
              OR EXISTS (SELECT 1 FROM categories c WHERE c.topic_id = t.id)
              OR EXISTS (SELECT 1 FROM {if_exists shared_drafts topic_id} d WHERE d.topic_id = t.id) THEN 3
            ELSE 0 END             AS state,
       0                           AS redirect,
       CASE WHEN t.closed OR t.archived THEN 1 ELSE 0 END AS locked
  FROM topics t
  LEFT JOIN users u ON u.id = t.user_id
 WHERE t.id IN (:ids) AND t.archetype = 'regular'

-- name: posts
-- post_type: 1 regular, 2 and 3 what a moderator did, 4 for staff only. Posts that await approval have no row. Discourse cooks a post
-- again without a trace in updated_at.
SELECT p.id                        AS id,
       p.topic_id                  AS thread_id,
       GREATEST(COALESCE(p.user_id, 0), 0) AS author_id,
       COALESCE(u.username, '')    AS author_name,
       CAST(FLOOR(EXTRACT(EPOCH FROM p.created_at)) AS BIGINT) AS posted_at,
       CASE WHEN p.deleted_at IS NOT NULL OR p.user_deleted THEN 2
            WHEN p.hidden OR p.post_type <> 1 THEN 3
            ELSE 0 END             AS state,
       CONCAT(MD5(CONCAT(u.username, ' ', p.cooked, ' ', CASE p.cooked WHEN '' THEN p.raw ELSE '' END)), '-', p.like_count) AS version
  FROM posts p
  LEFT JOIN users u ON u.id = p.user_id
 WHERE p.id IN (:ids) AND (SELECT t.archetype FROM topics t WHERE t.id = p.topic_id) = 'regular'

-- name: bodies
-- The cooked HTML, or else the Markdown. The first letter says which.
SELECT p.id                        AS id,
       GREATEST(COALESCE(p.user_id, 0), 0) AS author_id,
       p.like_count                AS likes,
       CASE WHEN p.cooked <> '' THEN CONCAT('h', SUBSTR(p.cooked, 1, 262144)) ELSE CONCAT('m', SUBSTR(p.raw, 1, 262144)) END AS body
  FROM posts p
 WHERE p.id IN (:ids) AND (SELECT t.archetype FROM topics t WHERE t.id = p.topic_id) = 'regular'

-- name: numbers
SELECT p.id                        AS id,
       p.topic_id                  AS thread_id,
       p.post_number               AS number
  FROM posts p
 WHERE p.id IN (:ids)
 ORDER BY p.topic_id, p.post_number

-- name: likes
SELECT a.post_id                   AS id,
       u.username                  AS name
  FROM post_actions a
  JOIN users u ON u.id = a.user_id AND u.id > 0 AND u.suspended_till IS NULL
 WHERE a.post_id IN (:ids) AND a.post_action_type_id = 2 AND a.deleted_at IS NULL
 ORDER BY a.post_id, a.id

-- name: titles
SELECT u.id                        AS member_id,
       COALESCE(u.title, '')       AS title
  FROM users u
 WHERE u.id IN (:members)

-- name: members
-- Members are shown by their usernames, as Discourse does unless prioritize_username_in_ux is off. A staged account was made from an
-- email, and an account of the anonymous mode belongs to another one. Roles: 0 is everyone; "admin"; and the groups that may read a
-- category which is not for everyone. email_level 2 is "never" for replies, quotes, mentions and watched topics, email_digests false
-- or digest_after_minutes 0 is "never" for summaries, and the mailing list mode takes their place (app/models/user_option.rb). Accounts
-- begin with the site's frequency, 10080 minutes if it is not set, so that one is no choice.
SELECT u.id                        AS id,
       u.username                  AS name,
       COALESCE(e.email, '')       AS email,
       COALESCE(z.timezone, '')    AS zone,
       COALESCE(u.locale, '')      AS locale,
       CONCAT('0',
              CASE WHEN u.admin AND NOT EXISTS (SELECT 1 FROM {if_readable site_settings name:text value:text} s
                                                 WHERE s.name = 'suppress_secured_categories_from_admin' AND s.value = 't')
                   THEN ',admin' ELSE '' END,
              (SELECT CONCAT(',', {list gu.group_id})
                 FROM group_users gu
                WHERE gu.user_id = u.id
                  AND gu.group_id IN (SELECT cg.group_id FROM category_groups cg JOIN categories c ON c.id = cg.category_id AND c.read_restricted))) AS roles,
       CASE WHEN u.suspended_till > to_timestamp(:now) AT TIME ZONE 'UTC' THEN 'banned'
            WHEN NOT u.active OR u.staged THEN 'not confirmed'
            WHEN NOT u.approved AND NOT u.admin AND NOT COALESCE(u.moderator, FALSE)
             AND EXISTS (SELECT 1 FROM {if_readable site_settings name:text value:text} s WHERE s.name = 'must_approve_users' AND s.value = 't') THEN 'awaiting approval'
            WHEN EXISTS (SELECT 1 FROM {if_readable anonymous_users user_id} a WHERE a.user_id = u.id) THEN 'disabled'
            WHEN COALESCE(e.email, '') = '' OR e.email LIKE '%.invalid' THEN 'no address'
            WHEN b.bounce_score >= COALESCE((SELECT CAST(s.value AS DOUBLE PRECISION) FROM {if_readable site_settings name:text value:text} s
                                              WHERE s.name = 'bounce_score_threshold'), 4) THEN 'bouncing'
            ELSE '' END            AS no_mail,
       CONCAT(CASE o.email_level WHEN 2 THEN 'alerts,' ELSE '' END,
              CASE WHEN NOT o.email_digests OR o.digest_after_minutes = 0
                     OR o.mailing_list_mode AND EXISTS (SELECT 1 FROM {if_readable site_settings name:text value:text} s
                                                         WHERE s.name = 'disable_mailing_list_mode' AND s.value = 'f')
                   THEN 'digests' ELSE '' END) AS opt_outs,
       CASE WHEN o.digest_after_minutes IS NULL
              OR o.digest_after_minutes = COALESCE((SELECT CAST(s.value AS INTEGER) FROM {if_readable site_settings name:text value:text} s
                                                     WHERE s.name = 'default_email_digest_frequency' AND s.value ~ '^[0-9]{1,9}$'), 10080) THEN ''
            WHEN o.digest_after_minutes <= 60 THEN 'hourly'
            WHEN o.digest_after_minutes <= 1440 THEN 'daily'
            WHEN o.digest_after_minutes <= 10080 THEN 'weekly'
            WHEN o.digest_after_minutes <= 20160 THEN 'two_weeks'
            ELSE 'monthly' END     AS digest_choice
  FROM users u
  LEFT JOIN user_emails e ON e.user_id = u.id AND e."primary"
  LEFT JOIN user_options o ON o.user_id = u.id
  LEFT JOIN {if_exists user_options user_id timezone:text} z ON z.user_id = u.id
  LEFT JOIN {if_exists user_stats user_id bounce_score} b ON b.user_id = u.id
 WHERE u.id IN (:ids) AND u.id > 0

-- name: find
-- A username, or else the full name, if only one member has it.
SELECT m.id                        AS id
  FROM (SELECT u.id FROM users u WHERE u.username_lower = LOWER(:name) AND u.id > 0
         UNION ALL
        SELECT MIN(n.id) FROM users n WHERE LOWER(n.name) = LOWER(:name) AND n.name <> '' AND n.id > 0 HAVING COUNT(*) = 1) m
 LIMIT 1

-- name: search
SELECT u.id                        AS id
  FROM users u
 WHERE u.username_lower LIKE LOWER(:begins) ESCAPE '|' AND u.id > 0
 ORDER BY u.username_lower
 LIMIT :limit

-- name: containing
SELECT u.id                        AS id
  FROM users u
 WHERE (u.username_lower LIKE LOWER(:part) ESCAPE '|' OR LOWER(u.name) LIKE LOWER(:part) ESCAPE '|') AND u.id > 0
 ORDER BY u.username_lower
 LIMIT :limit

-- name: watching
-- Levels: 0 muted, 1 normal, 2 tracking, 3 watching, 4 watching first post.
SELECT a.user_id                   AS id
  FROM (SELECT DISTINCT t.user_id FROM topic_users t WHERE t.notification_level = 3 AND t.user_id > :after ORDER BY t.user_id LIMIT :limit) a
 UNION
SELECT b.user_id
  FROM (SELECT DISTINCT c.user_id FROM category_users c WHERE c.notification_level IN (3, 4) AND c.user_id > :after ORDER BY c.user_id LIMIT :limit) b
 UNION
SELECT d.user_id
  FROM (SELECT DISTINCT g.user_id FROM {if_readable tag_users user_id tag_id notification_level} g WHERE g.notification_level IN (3, 4) AND g.user_id > :after ORDER BY g.user_id LIMIT :limit) d
 ORDER BY id
 LIMIT :limit

-- name: rights
-- Everyone may read a category that is not restricted; a restricted one the groups that have any permission for it, and
-- administrators (lib/guardian/category_guardian.rb). Categories inherit nothing. Tags restrict nothing.
SELECT '0'                         AS role,
       c.id                        AS section_id,
       '110'                       AS rights
  FROM categories c
 WHERE NOT c.read_restricted AND '0' IN (:roles)
 UNION ALL
SELECT 'admin', c.id, '110'
  FROM categories c
 WHERE c.read_restricted AND 'admin' IN (:roles)
 UNION ALL
SELECT CAST(g.group_id AS TEXT), g.category_id, '110'
  FROM category_groups g
  JOIN categories c ON c.id = g.category_id AND c.read_restricted
 WHERE CAST(g.group_id AS TEXT) IN (:roles) AND g.group_id <> 0
 UNION ALL
SELECT '0', 1000000000 + t.id, '110'
  FROM {if_readable tags id name:text} t
 WHERE '0' IN (:roles)

-- name: section_watches
SELECT w.user_id                   AS member_id,
       w.category_id               AS section_id,
       CASE w.notification_level WHEN 3 THEN 2 ELSE 1 END AS level,
       CASE WHEN o.email_level = 2 THEN 0 WHEN w.notification_level = 3 THEN 2 ELSE 1 END AS mail
  FROM category_users w
  LEFT JOIN user_options o ON o.user_id = w.user_id
 WHERE w.user_id IN (:members) AND w.notification_level IN (3, 4)
 UNION ALL
SELECT g.user_id, 1000000000 + g.tag_id, CASE g.notification_level WHEN 3 THEN 2 ELSE 1 END,
       CASE WHEN o.email_level = 2 THEN 0 WHEN g.notification_level = 3 THEN 2 ELSE 1 END
  FROM {if_readable tag_users user_id tag_id notification_level} g
  LEFT JOIN user_options o ON o.user_id = g.user_id
 WHERE g.user_id IN (:members) AND g.notification_level IN (3, 4)

-- name: thread_watches
SELECT w.user_id                   AS member_id,
       w.topic_id                  AS thread_id,
       CASE o.email_level WHEN 2 THEN 0 ELSE 1 END AS mail
  FROM topic_users w
  LEFT JOIN user_options o ON o.user_id = w.user_id
 WHERE w.user_id IN (:members) AND w.notification_level = 3

-- name: mutes
-- Of categories and tags, too: Discourse does not let a watch prevail over them, unless a member says so (watched_precedence_over_muted).
-- Quotes and mentions in these still count, but not in muted topics (app/services/post_alerter.rb).
SELECT w.user_id                   AS member_id,
       w.topic_id                  AS thread_id,
       0                           AS section_id
  FROM topic_users w
 WHERE w.user_id IN (:members) AND w.notification_level = 0
 UNION ALL
SELECT c.user_id, 0, c.category_id
  FROM category_users c
 WHERE c.user_id IN (:members) AND c.notification_level = 0
 UNION ALL
SELECT g.user_id, 0, 1000000000 + g.tag_id
  FROM {if_readable tag_users user_id tag_id notification_level} g
 WHERE g.user_id IN (:members) AND g.notification_level = 0

-- name: watchers
SELECT w.user_id                   AS member_id,
       w.topic_id                  AS thread_id,
       0                           AS section_id,
       2                           AS level
  FROM topic_users w
  JOIN user_options o ON o.user_id = w.user_id AND o.email_level <> 2
 WHERE w.topic_id IN (:threads) AND w.notification_level = 3 AND w.user_id > :after
 UNION ALL
SELECT w.user_id, 0, w.category_id, CASE w.notification_level WHEN 3 THEN 2 ELSE 1 END
  FROM category_users w
  JOIN user_options o ON o.user_id = w.user_id AND o.email_level <> 2
 WHERE w.category_id IN (:sections) AND w.notification_level IN (3, 4) AND w.user_id > :after
 UNION ALL
SELECT g.user_id, 0, 1000000000 + g.tag_id, CASE g.notification_level WHEN 3 THEN 2 ELSE 1 END
  FROM UNNEST(CAST(ARRAY[:sections] AS BIGINT[])) s(id)
  JOIN {if_readable tag_users user_id tag_id notification_level} g ON g.tag_id = s.id - 1000000000
  JOIN user_options o ON o.user_id = g.user_id AND o.email_level <> 2
 WHERE g.notification_level IN (3, 4) AND g.user_id > :after
 ORDER BY member_id
 LIMIT :limit

-- name: ignores
-- Both lists silence a member, except staff (app/services/post_alerter.rb). Discourse itself removes entries that have expired, once a day.
SELECT i.user_id                   AS member_id,
       i.ignored_user_id           AS ignored
  FROM {if_readable ignored_users user_id ignored_user_id} i
  JOIN users u ON u.id = i.ignored_user_id AND NOT u.admin AND NOT COALESCE(u.moderator, FALSE)
 WHERE i.user_id IN (:members)
 UNION ALL
SELECT m.user_id, m.muted_user_id
  FROM {if_readable muted_users user_id muted_user_id} m
  JOIN users u ON u.id = m.muted_user_id AND NOT u.admin AND NOT COALESCE(u.moderator, FALSE)
 WHERE m.user_id IN (:members)

-- name: read_days
-- Discourse keeps all marks. Older posts are seldom unread.
SELECT 60                          AS days

-- name: thread_reads
-- Discourse knows the number of the last post that was read: all before the next one are.
SELECT r.user_id                   AS member_id,
       r.topic_id                  AS thread_id,
       COALESCE((SELECT CAST(FLOOR(EXTRACT(EPOCH FROM n.created_at)) AS BIGINT)
                   FROM posts n
                  WHERE n.topic_id = r.topic_id AND n.post_number > r.last_read_post_number
                  ORDER BY n.post_number
                  LIMIT 1),
                (SELECT CAST(FLOOR(EXTRACT(EPOCH FROM p.created_at)) AS BIGINT) + 1
                   FROM posts p
                  WHERE p.topic_id = r.topic_id AND p.post_number <= r.last_read_post_number
                  ORDER BY p.post_number DESC
                  LIMIT 1), 0)     AS read_at
  FROM topic_users r
 WHERE r.user_id IN (:members) AND r.last_read_post_number > 0 AND r.last_visited_at >= to_timestamp(:since) AT TIME ZONE 'UTC'

-- name: took_part
SELECT DISTINCT p.user_id          AS member_id,
       p.topic_id                  AS thread_id
  FROM posts p
 WHERE p.topic_id IN (:threads) AND p.user_id IN (:members)
   AND p.deleted_at IS NULL AND NOT p.user_deleted AND NOT p.hidden AND p.post_type = 1
 UNION ALL
SELECT t.user_id, t.id
  FROM topics t
 WHERE t.id IN (:threads) AND t.user_id IN (:members)

-- name: arrivals
-- OFFSET makes PostgreSQL look up the topic of each post, instead of reading all topics.
SELECT p.id                        AS id,
       p.topic_id                  AS thread_id,
       COALESCE(t.category_id, 0)  AS section_id,
       GREATEST(COALESCE(p.user_id, 0), 0) AS author_id,
       CAST(FLOOR(EXTRACT(EPOCH FROM p.created_at)) AS BIGINT) AS posted_at,
       CASE WHEN p.deleted_at IS NULL AND NOT p.user_deleted AND NOT p.hidden AND p.post_type = 1
             AND t.deleted_at IS NULL AND t.visible
             AND NOT EXISTS (SELECT 1 FROM categories c WHERE c.topic_id = t.id)
             AND NOT EXISTS (SELECT 1 FROM {if_exists shared_drafts topic_id} d WHERE d.topic_id = t.id) THEN 1 ELSE 0 END AS visible
  FROM posts p
  JOIN LATERAL (SELECT * FROM topics r WHERE r.id = p.topic_id AND r.archetype = 'regular' OFFSET 0) t ON TRUE
 WHERE p.id > :after
 ORDER BY p.id
 LIMIT :limit

-- name: arrivals_of
SELECT p.id                        AS id,
       p.topic_id                  AS thread_id,
       COALESCE(t.category_id, 0)  AS section_id,
       GREATEST(COALESCE(p.user_id, 0), 0) AS author_id,
       CAST(FLOOR(EXTRACT(EPOCH FROM p.created_at)) AS BIGINT) AS posted_at,
       CASE WHEN p.deleted_at IS NULL AND NOT p.user_deleted AND NOT p.hidden AND p.post_type = 1
             AND t.deleted_at IS NULL AND t.visible
             AND NOT EXISTS (SELECT 1 FROM categories c WHERE c.topic_id = t.id)
             AND NOT EXISTS (SELECT 1 FROM {if_exists shared_drafts topic_id} d WHERE d.topic_id = t.id) THEN 1 ELSE 0 END AS visible
  FROM posts p
  JOIN LATERAL (SELECT * FROM topics r WHERE r.id = p.topic_id AND r.archetype = 'regular' OFFSET 0) t ON TRUE
 WHERE p.id IN (:ids)

-- name: first_since
-- OFFSET keeps PostgreSQL from looking for the smallest ID from the beginning of the table.
SELECT COALESCE(MIN(s.id), 0)      AS id
  FROM (SELECT p.id FROM posts p WHERE p.created_at >= to_timestamp(:from) AT TIME ZONE 'UTC' AND p.deleted_at IS NULL OFFSET 0) s

-- name: newest
SELECT COALESCE(MAX(p.id), 0)      AS id
  FROM posts p

-- name: created
-- The index on the time lacks deleted posts. The second part looks for them between the IDs of the posts around the window. It asks
-- for 20 of each, because a merge gives old posts new IDs.
SELECT p.id                        AS id
  FROM posts p
  JOIN topics t ON t.id = p.topic_id AND t.archetype = 'regular'
 WHERE p.created_at >= to_timestamp(:from) AT TIME ZONE 'UTC' AND p.created_at < to_timestamp(:until) AT TIME ZONE 'UTC' AND p.deleted_at IS NULL
 UNION
SELECT h.id
  FROM posts h
  JOIN topics t ON t.id = h.topic_id AND t.archetype = 'regular'
 WHERE h.id >= COALESCE((SELECT MIN(b.id) FROM (SELECT n.id FROM posts n
                                                 WHERE n.created_at < to_timestamp(:from) AT TIME ZONE 'UTC' AND n.deleted_at IS NULL
                                                 ORDER BY n.created_at DESC LIMIT 20) b), 0)
   AND h.id <= COALESCE((SELECT MAX(a.id) FROM (SELECT n.id FROM posts n
                                                 WHERE n.created_at >= to_timestamp(:until) AT TIME ZONE 'UTC' AND n.deleted_at IS NULL
                                                 ORDER BY n.created_at LIMIT 20) a
                        HAVING COUNT(*) = 20), 2147483647)
   AND h.created_at >= to_timestamp(:from) AT TIME ZONE 'UTC' AND h.created_at < to_timestamp(:until) AT TIME ZONE 'UTC' AND h.deleted_at IS NOT NULL
 ORDER BY id

-- name: mailable
SELECT COUNT(*)                    AS members,
       COALESCE(SUM(CASE WHEN o.email_level = 2 OR NOT o.email_digests OR o.digest_after_minutes = 0
                           OR o.mailing_list_mode AND EXISTS (SELECT 1 FROM {if_readable site_settings name:text value:text} s
                                                               WHERE s.name = 'disable_mailing_list_mode' AND s.value = 'f')
                         THEN 0 ELSE 1 END), 0) AS accepting_all
  FROM users u
  JOIN user_emails e ON e.user_id = u.id AND e."primary" AND e.email <> '' AND e.email NOT LIKE '%.invalid'
  LEFT JOIN user_options o ON o.user_id = u.id
  LEFT JOIN {if_exists user_stats user_id bounce_score} b ON b.user_id = u.id
 WHERE u.id > 0 AND u.active AND NOT u.staged
   AND (u.suspended_till IS NULL OR u.suspended_till <= to_timestamp(:now) AT TIME ZONE 'UTC')
   AND (u.approved OR u.admin OR COALESCE(u.moderator, FALSE)
        OR NOT EXISTS (SELECT 1 FROM {if_readable site_settings name:text value:text} s WHERE s.name = 'must_approve_users' AND s.value = 't'))
   AND NOT EXISTS (SELECT 1 FROM {if_readable anonymous_users user_id} a WHERE a.user_id = u.id)
   AND COALESCE(b.bounce_score, 0) < COALESCE((SELECT CAST(s.value AS DOUBLE PRECISION) FROM {if_readable site_settings name:text value:text} s
                                               WHERE s.name = 'bounce_score_threshold'), 4)

-- name: own_digests
SELECT CASE WHEN EXISTS (SELECT 1 FROM {if_readable site_settings name:text value:text} s
                          WHERE s.name = 'disable_digest_emails' AND s.value = 't' OR s.name = 'disable_emails' AND s.value <> 'no')
            THEN 0 ELSE 1 END      AS sends
 WHERE EXISTS (SELECT 1 FROM {if_readable site_settings name:text value:text} k)

-- name: watch_counts
SELECT COUNT(*)                    AS watching,
       COALESCE(SUM(CASE o.email_level WHEN 2 THEN 1 ELSE 0 END), 0) AS without_email
  FROM users u
  JOIN user_emails e ON e.user_id = u.id AND e."primary" AND e.email <> '' AND e.email NOT LIKE '%.invalid'
  LEFT JOIN user_options o ON o.user_id = u.id
  LEFT JOIN {if_exists user_stats user_id bounce_score} b ON b.user_id = u.id
 WHERE u.id > 0 AND u.active AND NOT u.staged
   AND (u.suspended_till IS NULL OR u.suspended_till <= to_timestamp(:now) AT TIME ZONE 'UTC')
   AND (u.approved OR u.admin OR COALESCE(u.moderator, FALSE)
        OR NOT EXISTS (SELECT 1 FROM {if_readable site_settings name:text value:text} s WHERE s.name = 'must_approve_users' AND s.value = 't'))
   AND NOT EXISTS (SELECT 1 FROM {if_readable anonymous_users user_id} a WHERE a.user_id = u.id)
   AND COALESCE(b.bounce_score, 0) < COALESCE((SELECT CAST(s.value AS DOUBLE PRECISION) FROM {if_readable site_settings name:text value:text} s
                                               WHERE s.name = 'bounce_score_threshold'), 4)
   AND (u.id IN (SELECT t.user_id FROM topic_users t WHERE t.notification_level = 3)
        OR u.id IN (SELECT c.user_id FROM category_users c WHERE c.notification_level IN (3, 4))
        OR u.id IN (SELECT g.user_id FROM {if_readable tag_users user_id tag_id notification_level} g WHERE g.notification_level IN (3, 4)))

-- name: roster
SELECT u.id                        AS id
  FROM users u
 WHERE u.id > :after AND u.id > 0
 ORDER BY u.id
 LIMIT :limit

-- name: profiles
SELECT u.id                        AS id,
       COALESCE(s.post_count, 0)   AS posts,
       CAST(FLOOR(EXTRACT(EPOCH FROM u.created_at)) AS BIGINT) AS joined_at,
       COALESCE(CAST(FLOOR(EXTRACT(EPOCH FROM u.last_seen_at)) AS BIGINT), 0) AS visited_at
  FROM users u
  LEFT JOIN user_stats s ON s.user_id = u.id
 WHERE u.id IN (:ids)

-- name: visits
SELECT u.id                        AS member_id,
       COALESCE(CAST(FLOOR(EXTRACT(EPOCH FROM u.last_seen_at)) AS BIGINT), 0) AS visited_at
  FROM users u
 WHERE u.id IN (:members)

-- name: groups
-- Group 0, everyone, has no rows for its members.
SELECT g.id                        AS id,
       COALESCE(NULLIF(g.full_name, ''), g.name) AS title
  FROM {table groups} g
 WHERE g.id > 0
 ORDER BY g.id

-- name: memberships
SELECT g.user_id                   AS member_id,
       g.group_id                  AS in_groups
  FROM group_users g
 WHERE g.user_id IN (:members)

-- name: named
SELECT u.id                        AS id,
       u.username                  AS name
  FROM users u
 WHERE u.username_lower IN (:names) AND u.id > 0

-- name: group_members
-- Discourse tells the members of a group up to a size (app/services/post_alerter.rb). Who may mention it decides when it cooks the post:
-- it marks only links to such groups.
SELECT g.name                      AS name,
       m.user_id                   AS member_id
  FROM {if_readable groups id name:text user_count mentionable_level} g
  JOIN group_users m ON m.group_id = g.id AND m.user_id > 0
 WHERE LOWER(g.name) IN (:names) AND g.mentionable_level > 0
   AND g.user_count < COALESCE((SELECT CAST(s.value AS INTEGER) FROM {if_readable site_settings name:text value:text} s
                                 WHERE s.name = 'max_users_notified_per_group_mention' AND s.value ~ '^[0-9]{1,9}$'), 100)

-- name: addressed
-- Discourse's index is on the lower case.
SELECT e.user_id                   AS id,
       e.email                     AS email
  FROM user_emails e
 WHERE LOWER(e.email) IN (:addresses) AND e."primary" AND e.user_id > 0

-- name: solved
-- Of the plugin discourse-solved.
SELECT s.topic_id                  AS id
  FROM {if_readable discourse_solved_solved_topics topic_id} s
 WHERE s.topic_id IN (:ids)

-- name: word_filter
-- Actions: 2 censor, 5 replace. Posts are stored with both done; titles are not.
SELECT w.word                      AS word,
       CASE WHEN EXISTS (SELECT 1 FROM {if_readable site_settings name:text value:text} s
                          WHERE s.name = 'watched_words_regular_expressions' AND s.value = 't') THEN 1 ELSE 0 END AS regex,
       CASE w.action WHEN 2 THEN '■■■■' ELSE COALESCE(w.replacement, '') END AS replacement
  FROM watched_words w
 WHERE w.action IN (2, 5)
 ORDER BY w.id

-- name: site
-- The address is in the configuration of the server, and the version in its code.
SELECT COALESCE((SELECT s.value FROM {if_readable site_settings name:text value:text} s WHERE s.name = 'title'), '') AS name,
       ''                          AS url,
       ''                          AS version

-- name: counters
-- Discourse counts all but whispers (app/models/topic.rb, reset_highest).
SELECT t.id                        AS thread_id,
       t.posts_count               AS stored,
       (SELECT COUNT(*) FROM posts p WHERE p.topic_id = t.id AND p.deleted_at IS NULL AND p.post_type <> 4) AS counted
  FROM (SELECT r.id, r.posts_count
          FROM topics r
         WHERE r.archetype = 'regular' AND r.deleted_at IS NULL AND r.posts_count <= 2000
         ORDER BY r.id DESC
         LIMIT 20) t

-- name: member_counters
-- Group 10 has all members (app/models/group.rb, refresh_automatic_group!).
SELECT g.user_count                AS stored,
       (SELECT COUNT(*) FROM users u WHERE u.id > 0 AND NOT u.staged) AS counted
  FROM {if_readable groups id user_count} g
 WHERE g.id = 10 AND g.user_count > 0

-- name: addons
-- Discourse lists its plugins nowhere, and only settings that differ from their defaults. Most plugins have a setting that enables them.
SELECT LEFT(s.name, -8)            AS name
  FROM {if_readable site_settings name:text value:text} s
 WHERE s.name LIKE '%|_enabled' ESCAPE '|' AND s.value = 't'
 ORDER BY s.name

-- name: unread_messages
-- The posts behind the last one that the member has read, in messages to themselves, not in a group's inbox. Those of a muted message,
-- and of the system and its bot (the welcome to each new member), do not count.
SELECT a.user_id                   AS member_id,
       p.user_id                   AS sender_id,
       COALESCE(u.username, '')    AS sender,
       COUNT(*)                    AS messages
  FROM {if_readable topic_allowed_users topic_id user_id} a
  JOIN topics t ON t.id = a.topic_id
  LEFT JOIN topic_users r ON r.user_id = a.user_id AND r.topic_id = a.topic_id
  JOIN posts p ON p.topic_id = a.topic_id AND p.post_number > COALESCE(r.last_read_post_number, 0)
  LEFT JOIN users u ON u.id = p.user_id
 WHERE a.user_id IN (:members) AND t.archetype = 'private_message' AND t.deleted_at IS NULL AND COALESCE(r.notification_level, 1) <> 0
   AND p.user_id > 0 AND p.user_id <> a.user_id AND p.post_type = 1 AND p.deleted_at IS NULL AND NOT p.hidden AND NOT p.user_deleted
 GROUP BY a.user_id, p.user_id, u.username
 ORDER BY MAX(p.created_at) DESC
