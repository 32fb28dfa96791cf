-- Flarum 1.8 on MySQL and MariaDB, Flarum 2 on these, PostgreSQL and SQLite. docs/query-contract.md says what each query must
-- return. Columns of truths are compared with nothing, because they are boolean on PostgreSQL. Times are in UTC, without a zone.
-- Columns of extensions are read as tables of their own, which may be missing.

-- name: sections
-- Tags. One in second place has neither a position nor a parent. 1000000000 is for threads without a tag; it has the forum's name.
SELECT t.id                        AS id,
       COALESCE(t.parent_id, 0)    AS parent_id,
       COALESCE(t.position, 100000) AS place,
       t.name                      AS title,
       1                           AS holds_threads,
       0                           AS closed,
       CONCAT('/t/', t.slug)       AS address
  FROM {if_exists tags id parent_id position name:text slug:text is_restricted:boolean} t
 UNION ALL
SELECT 1000000000, 0, 1000000000, COALESCE((SELECT MAX(s.value) FROM {prefix}settings s WHERE s.key = 'forum_title'), ''), 1, 0, '/'

-- name: threads
-- Of several tags, one with a parent comes first, because it is the closest; then the order of the tags. is_private is for threads
-- that await approval. Flarum shows no thread without a visible comment.
SELECT d.id                        AS id,
       COALESCE((SELECT dt.tag_id
                   FROM {if_exists discussion_tag discussion_id tag_id} dt
                   JOIN {if_exists tags id parent_id position name:text slug:text is_restricted:boolean} t ON t.id = dt.tag_id
                  WHERE dt.discussion_id = d.id
                  ORDER BY CASE WHEN t.parent_id IS NULL THEN 1 ELSE 0 END, COALESCE(t.position, 100000), t.id
                  LIMIT 1), 1000000000) AS section_id,
       d.title                     AS title,
       COALESCE(d.user_id, 0)      AS starter_id,
       COALESCE(NULLIF(n.nickname, ''), u.username, '[deleted]') AS starter_name,
       {unix d.created_at}         AS started_at,
       COALESCE(d.first_post_id, 0) AS first_post_id,
       CASE WHEN d.hidden_at IS NOT NULL OR d.comment_count < 1 THEN 2 WHEN d.is_private THEN 1 ELSE 0 END AS state,
       CASE WHEN l.is_locked THEN 1 ELSE 0 END AS locked
  FROM {prefix}discussions d
  LEFT JOIN {prefix}users u ON u.id = d.user_id
  LEFT JOIN {if_exists discussions id is_locked:boolean} l ON l.id = d.id
  LEFT JOIN {if_exists users id nickname:text} n ON n.id = d.user_id
 WHERE d.id IN (:ids)

-- name: thread_sections
SELECT dt.discussion_id            AS thread_id,
       dt.tag_id                   AS section_id
  FROM {if_exists discussion_tag discussion_id tag_id} dt
 WHERE dt.discussion_id IN (:ids)
 ORDER BY dt.discussion_id, dt.tag_id

-- name: posts
-- Event posts, such as "renamed the discussion", are not of the type comment. Thread and number are in the version: a merge changes
-- them, and with them the link.
SELECT p.id                        AS id,
       p.discussion_id             AS thread_id,
       COALESCE(p.user_id, 0)      AS author_id,
       COALESCE(NULLIF(n.nickname, ''), u.username, '[deleted]') AS author_name,
       {unix p.created_at}         AS posted_at,
       CASE WHEN p.hidden_at IS NOT NULL THEN 2 WHEN p.is_private THEN 1 ELSE 0 END AS state,
       CONCAT(p.discussion_id, '/', p.number, '-', COALESCE({unix p.edited_at}, 0), '-', LENGTH(p.content), '-',
              (SELECT COUNT(*) FROM {if_exists post_likes post_id user_id created_at:timestamp} l WHERE l.post_id = p.id)) AS version,
       CONCAT('/d/', p.discussion_id, '/', p.number) AS address
  FROM {prefix}posts p
  LEFT JOIN {prefix}users u ON u.id = p.user_id
  LEFT JOIN {if_exists users id nickname:text} n ON n.id = p.user_id
 WHERE p.id IN (:ids) AND p.type = 'comment'

-- name: bodies
SELECT p.id                        AS id,
       COALESCE(p.user_id, 0)      AS author_id,
       (SELECT COUNT(*) FROM {if_exists post_likes post_id user_id created_at:timestamp} l WHERE l.post_id = p.id) AS likes,
       SUBSTR(COALESCE(p.content, ''), 1, 262144) AS body
  FROM {prefix}posts p
 WHERE p.id IN (:ids) AND p.type = 'comment'

-- name: numbers
-- Flarum stores them. Event posts have numbers, too, and deleted posts leave gaps.
SELECT p.id                        AS id,
       p.discussion_id             AS thread_id,
       0                           AS earlier,
       p.number                    AS number
  FROM {prefix}posts p
 WHERE p.id IN (:ids) AND p.number IS NOT NULL
 ORDER BY p.discussion_id, p.number

-- name: likes
-- The newest post tells the time.
SELECT l.post_id                   AS id,
       COALESCE(NULLIF(n.nickname, ''), u.username) AS name
  FROM {if_exists post_likes post_id user_id created_at:timestamp} l
  JOIN {prefix}users u ON u.id = l.user_id
  LEFT JOIN {if_exists users id nickname:text} n ON n.id = u.id
  LEFT JOIN {if_exists users id suspended_until:timestamp} s ON s.id = u.id
 WHERE l.post_id IN (:ids)
   AND (s.suspended_until IS NULL OR s.suspended_until <= (SELECT MAX(d.last_posted_at) FROM {prefix}discussions d))
 ORDER BY l.post_id, l.created_at, l.user_id

-- name: badges
SELECT g.user_id                   AS member_id,
       r.name_singular             AS badge
  FROM {prefix}group_user g
  JOIN {table groups} r ON r.id = g.group_id
 WHERE g.user_id IN (:members)
 ORDER BY g.user_id, r.id

-- name: members
-- Group 2 is everybody, also guests; group 3 is those who confirmed their address. A suspended member has the rights of guests. Flarum
-- has no opt-out of email from administrators. Preferences are JSON. digest_frequency is a column of the extension blomstra/digest; most
-- members have none.
SELECT u.id                        AS id,
       COALESCE(NULLIF(n.nickname, ''), u.username) AS name,
       u.email                     AS email,
       ''                          AS zone,
       COALESCE({json u.preferences locale}, (SELECT MAX(x.value) FROM {prefix}settings x WHERE x.key = 'default_locale'), '') AS locale,
       CONCAT('2', CASE WHEN u.is_email_confirmed AND (s.suspended_until IS NULL OR s.suspended_until <= {time :now})
                        THEN CONCAT(',3', COALESCE((SELECT CONCAT(',', {list g.group_id}) FROM {prefix}group_user g WHERE g.user_id = u.id), ''))
                        ELSE '' END) AS roles,
       CASE WHEN s.suspended_until > {time :now} THEN 'banned'
            WHEN NOT u.is_email_confirmed THEN 'not confirmed'
            WHEN u.email = ''      THEN 'no address'
            ELSE '' END            AS no_mail,
       CASE WHEN d.digest_frequency IN ('daily', 'weekly') THEN CONCAT(d.digest_frequency, ' ', COALESCE(d.digest_hour, 0)) ELSE '' END AS digest_choice
  FROM {prefix}users u
  LEFT JOIN {if_exists users id nickname:text} n ON n.id = u.id
  LEFT JOIN {if_exists users id digest_frequency:text digest_hour} d ON d.id = u.id
  LEFT JOIN {if_exists users id suspended_until:timestamp} s ON s.id = u.id
 WHERE u.id IN (:ids)

-- name: find
-- The user name comes before nicknames, which need not be unique. On PostgreSQL and SQLite, the indexes are for the exact spelling.
SELECT a.id
  FROM (SELECT u.id AS id, 0 AS place FROM {prefix}users u WHERE u.username = :name
         UNION ALL
        SELECT n.id, 1 FROM {if_exists users id nickname:text} n WHERE n.nickname = :name) a
 ORDER BY a.place, a.id
 LIMIT 1

-- name: search
SELECT a.id
  FROM (SELECT x.id, x.name FROM (SELECT u.id AS id, u.username AS name FROM {prefix}users u WHERE u.username LIKE :begins ESCAPE '|' ORDER BY u.username LIMIT :limit) x
         UNION
        SELECT y.id, y.name FROM (SELECT n.id AS id, n.nickname AS name FROM {if_exists users id nickname:text} n WHERE n.nickname LIKE :begins ESCAPE '|' ORDER BY n.nickname LIMIT :limit) y) a
 GROUP BY a.id
 ORDER BY MIN(a.name)
 LIMIT :limit

-- name: search/postgres
-- docs/forums.md has the indexes for it.
SELECT a.id
  FROM (SELECT x.id, x.name, 0 AS place
          FROM (SELECT u.id AS id, LOWER(u.username) AS name FROM {prefix}users u WHERE LOWER(u.username) LIKE LOWER(:begins) ESCAPE '|' ORDER BY LOWER(u.username) LIMIT :limit) x
         UNION ALL
        SELECT y.id, y.name, 1
          FROM (SELECT n.id AS id, LOWER(n.nickname) AS name FROM {if_exists users id nickname:text} n WHERE LOWER(n.nickname) LIKE LOWER(:begins) ESCAPE '|' ORDER BY LOWER(n.nickname) LIMIT :limit) y) a
 GROUP BY a.id
 ORDER BY MIN(a.name), MIN(a.place), a.id
 LIMIT :limit

-- name: search/sqlite
SELECT a.id
  FROM (SELECT x.id, x.name, 0 AS place
          FROM (SELECT u.id AS id, LOWER(u.username) AS name FROM {prefix}users u WHERE u.username LIKE :begins ESCAPE '|' ORDER BY LOWER(u.username) LIMIT :limit) x
         UNION ALL
        SELECT y.id, y.name, 1
          FROM (SELECT n.id AS id, LOWER(n.nickname) AS name FROM {if_exists users id nickname:text} n WHERE n.nickname LIKE :begins ESCAPE '|' ORDER BY LOWER(n.nickname) LIMIT :limit) y) a
 GROUP BY a.id
 ORDER BY MIN(a.name), MIN(a.place), a.id
 LIMIT :limit

-- name: watching
SELECT w.id
  FROM (SELECT a.id FROM (SELECT DISTINCT d.user_id AS id FROM {if_exists discussion_user user_id discussion_id subscription:text} d
                           WHERE d.subscription = 'follow' AND d.user_id > :after ORDER BY d.user_id LIMIT :limit) a
         UNION
        SELECT b.id FROM (SELECT DISTINCT t.user_id AS id FROM {if_exists tag_user user_id tag_id subscription:text} t
                           WHERE t.subscription IN ('lurk', 'follow') AND t.user_id > :after ORDER BY t.user_id LIMIT :limit) b) w
 ORDER BY w.id
 LIMIT :limit

-- name: rights
-- A tag is open to groups with viewForum, or, if it is restricted, to those with tag1.viewForum. Group 1 is the administrators. The
-- right in the parent tag is needed, too: flarum.go.
SELECT CONCAT('', g.id)            AS role,
       t.id                        AS section_id,
       '110'                       AS rights
  FROM {table groups} g
  JOIN (SELECT y.id AS id, CASE WHEN y.is_restricted THEN CONCAT('tag', y.id, '.viewForum') ELSE 'viewForum' END AS permission FROM {if_exists tags id parent_id position name:text slug:text is_restricted:boolean} y
         UNION ALL
        SELECT 1000000000, 'viewForum') t ON 1 = 1
 WHERE CONCAT('', g.id) IN (:roles)
   AND (g.id = 1 OR EXISTS (SELECT 1 FROM {prefix}group_permission p WHERE p.group_id = g.id AND p.permission = t.permission))

-- name: section_watches
-- lurk: all posts; follow: new threads. Flarum emails each kind unless the member turned it off.
SELECT t.user_id                   AS member_id,
       t.tag_id                    AS section_id,
       CASE t.subscription WHEN 'lurk' THEN 2 ELSE 1 END AS level,
       CASE WHEN t.subscription = 'lurk' AND COALESCE({json u.preferences notify_newPostInTag_email}, 'true') NOT IN ('false', '0') THEN 2
            WHEN COALESCE({json u.preferences notify_newDiscussionInTag_email}, 'true') NOT IN ('false', '0') THEN 1
            ELSE 0 END             AS mail
  FROM {if_exists tag_user user_id tag_id subscription:text} t
  JOIN {prefix}users u ON u.id = t.user_id
 WHERE t.user_id IN (:members) AND t.subscription IN ('lurk', 'follow')

-- name: thread_watches
SELECT d.user_id                   AS member_id,
       d.discussion_id             AS thread_id,
       CASE WHEN COALESCE({json u.preferences notify_newPost_email}, 'true') NOT IN ('false', '0') THEN 1 ELSE 0 END AS mail
  FROM {if_exists discussion_user user_id discussion_id subscription:text} d
  JOIN {prefix}users u ON u.id = d.user_id
 WHERE d.user_id IN (:members) AND d.subscription = 'follow'

-- name: mutes
-- Flarum mentions nobody in an ignored tag (fof/follow-tags, PreventMentionNotificationsFromIgnoredTags). A hidden one is not listed.
SELECT d.user_id                   AS member_id,
       d.discussion_id             AS thread_id,
       0                           AS section_id
  FROM {if_exists discussion_user user_id discussion_id subscription:text} d
 WHERE d.user_id IN (:members) AND d.subscription = 'ignore'
 UNION ALL
SELECT t.user_id, 0, t.tag_id
  FROM {if_exists tag_user user_id tag_id subscription:text} t
 WHERE t.user_id IN (:members) AND t.subscription IN ('ignore', 'hide')

-- name: watchers
SELECT d.user_id                   AS member_id,
       d.discussion_id             AS thread_id,
       0                           AS section_id,
       2                           AS level
  FROM {if_exists discussion_user user_id discussion_id subscription:text} d
  JOIN {prefix}users u ON u.id = d.user_id
 WHERE d.discussion_id IN (:threads) AND d.subscription = 'follow' AND d.user_id > :after
   AND COALESCE({json u.preferences notify_newPost_email}, 'true') NOT IN ('false', '0')
 UNION ALL
SELECT t.user_id, 0, t.tag_id,
       CASE WHEN t.subscription = 'lurk' AND COALESCE({json u.preferences notify_newPostInTag_email}, 'true') NOT IN ('false', '0') THEN 2 ELSE 1 END
  FROM {if_exists tag_user user_id tag_id subscription:text} t
  JOIN {prefix}users u ON u.id = t.user_id
 WHERE t.tag_id IN (:sections) AND t.user_id > :after
   AND (t.subscription IN ('lurk', 'follow') AND COALESCE({json u.preferences notify_newDiscussionInTag_email}, 'true') NOT IN ('false', '0')
        OR t.subscription = 'lurk' AND COALESCE({json u.preferences notify_newPostInTag_email}, 'true') NOT IN ('false', '0'))
 ORDER BY member_id
 LIMIT :limit

-- name: ignores
SELECT i.user_id                   AS member_id,
       i.ignored_user_id           AS ignored
  FROM {if_exists ignored_user user_id ignored_user_id} i
 WHERE i.user_id IN (:members)

-- name: read_days
-- Marks are kept for ever.
SELECT 3650                        AS days

-- name: section_reads
-- The member marked everything as read.
SELECT u.id                        AS member_id,
       t.id                        AS section_id,
       {unix u.marked_all_as_read_at} AS read_at
  FROM {prefix}users u
  JOIN (SELECT y.id AS id FROM {if_exists tags id parent_id position name:text slug:text is_restricted:boolean} y UNION ALL SELECT 1000000000) t ON 1 = 1
 WHERE u.id IN (:members) AND u.marked_all_as_read_at >= {time :since}

-- name: thread_reads
-- Flarum stores the number of the last post that was read. The mark is right before the next one; without a next one, right after
-- the member read the thread.
SELECT d.user_id                   AS member_id,
       d.discussion_id             AS thread_id,
       COALESCE((SELECT {unix p.created_at} - 1
                   FROM {prefix}posts p
                  WHERE p.discussion_id = d.discussion_id AND p.number > d.last_read_post_number
                  ORDER BY p.number
                  LIMIT 1), {unix d.last_read_at} + 1) AS read_at
  FROM {prefix}discussion_user d
 WHERE d.user_id IN (:members) AND d.last_read_at >= {time :since} AND d.last_read_post_number IS NOT NULL

-- name: took_part
SELECT p.user_id                   AS member_id,
       p.discussion_id             AS thread_id
  FROM {prefix}posts p
 WHERE p.discussion_id IN (:threads) AND p.user_id IN (:members) AND p.type = 'comment' AND p.hidden_at IS NULL AND NOT p.is_private
 GROUP BY p.user_id, p.discussion_id
 UNION ALL
SELECT d.user_id, d.id
  FROM {prefix}discussions d
 WHERE d.id IN (:threads) AND d.user_id IN (:members)

-- name: arrivals
SELECT p.id                        AS id,
       p.discussion_id             AS thread_id,
       COALESCE((SELECT MIN(dt.tag_id) FROM {if_exists discussion_tag discussion_id tag_id} dt WHERE dt.discussion_id = p.discussion_id), 1000000000) AS section_id,
       COALESCE(p.user_id, 0)      AS author_id,
       {unix p.created_at}         AS posted_at,
       CASE WHEN p.hidden_at IS NULL AND NOT p.is_private AND d.hidden_at IS NULL AND NOT d.is_private AND d.comment_count > 0 THEN 1 ELSE 0 END AS visible
  FROM {prefix}posts p
  JOIN {prefix}discussions d ON d.id = p.discussion_id
 WHERE p.id > :after AND p.type = 'comment'
 ORDER BY p.id
 LIMIT :limit

-- name: arrivals_of
SELECT p.id                        AS id,
       p.discussion_id             AS thread_id,
       COALESCE((SELECT MIN(dt.tag_id) FROM {if_exists discussion_tag discussion_id tag_id} dt WHERE dt.discussion_id = p.discussion_id), 1000000000) AS section_id,
       COALESCE(p.user_id, 0)      AS author_id,
       {unix p.created_at}         AS posted_at,
       CASE WHEN p.hidden_at IS NULL AND NOT p.is_private AND d.hidden_at IS NULL AND NOT d.is_private AND d.comment_count > 0 THEN 1 ELSE 0 END AS visible
  FROM {prefix}posts p
  JOIN {prefix}discussions d ON d.id = p.discussion_id
 WHERE p.id IN (:ids) AND p.type = 'comment'

-- name: first_since
-- Without the zero, PostgreSQL looks for the lowest ID among all posts, from the oldest on.
SELECT COALESCE(MIN(p.id + 0), 0)  AS id
  FROM {prefix}posts p
 WHERE p.type = 'comment' AND p.created_at >= {time :from}

-- name: newest
SELECT COALESCE(MAX(p.id), 0)      AS id
  FROM {prefix}posts p
 WHERE p.type = 'comment'

-- name: created
SELECT p.id                        AS id
  FROM {prefix}posts p
 WHERE p.type = 'comment' AND p.created_at >= {time :from} AND p.created_at < {time :until}
 ORDER BY p.id

-- name: mailable
SELECT COUNT(*)                    AS members
  FROM {prefix}users u
  LEFT JOIN {if_exists users id suspended_until:timestamp} s ON s.id = u.id
 WHERE u.is_email_confirmed AND u.email <> '' AND (s.suspended_until IS NULL OR s.suspended_until <= {time :now})

-- name: own_digests
SELECT COUNT(*)                    AS sends
  FROM {prefix}settings x
 WHERE x.key = 'extensions_enabled' AND x.value LIKE '%"blomstra-digest"%'

-- name: watch_counts
SELECT COUNT(*)                    AS watching,
       COALESCE(SUM(CASE WHEN w.mail = 0 THEN 1 ELSE 0 END), 0) AS without_email
  FROM (SELECT x.id, MAX(x.mail) AS mail
          FROM (SELECT u.id AS id, CASE WHEN COALESCE({json u.preferences notify_newPost_email}, 'true') NOT IN ('false', '0') THEN 1 ELSE 0 END AS mail
                  FROM {if_exists discussion_user user_id discussion_id subscription:text} d
                  JOIN {prefix}users u ON u.id = d.user_id
                 WHERE d.subscription = 'follow'
                 UNION ALL
                SELECT u.id, CASE WHEN COALESCE({json u.preferences notify_newDiscussionInTag_email}, 'true') NOT IN ('false', '0')
                                    OR t.subscription = 'lurk' AND COALESCE({json u.preferences notify_newPostInTag_email}, 'true') NOT IN ('false', '0') THEN 1 ELSE 0 END
                  FROM {if_exists tag_user user_id tag_id subscription:text} t
                  JOIN {prefix}users u ON u.id = t.user_id
                 WHERE t.subscription IN ('lurk', 'follow')) x
         GROUP BY x.id) w
  JOIN {prefix}users m ON m.id = w.id
  LEFT JOIN {if_exists users id suspended_until:timestamp} s ON s.id = w.id
 WHERE m.is_email_confirmed AND m.email <> '' AND (s.suspended_until IS NULL OR s.suspended_until <= {time :now})

-- name: roster
SELECT u.id                        AS id
  FROM {prefix}users u
 WHERE u.id > :after
 ORDER BY u.id
 LIMIT :limit

-- name: profiles
SELECT u.id                        AS id,
       u.comment_count             AS posts,
       COALESCE({unix u.joined_at}, 0) AS joined_at,
       COALESCE({unix u.last_seen_at}, 0) AS visited_at
  FROM {prefix}users u
 WHERE u.id IN (:ids)

-- name: visits
SELECT u.id                        AS member_id,
       COALESCE({unix u.last_seen_at}, 0) AS visited_at
  FROM {prefix}users u
 WHERE u.id IN (:members)

-- name: groups
-- Without the group of guests, which nobody is in.
SELECT g.id                        AS id,
       g.name_plural               AS title
  FROM {table groups} g
 WHERE g.id <> 2
 ORDER BY g.id

-- name: memberships
SELECT g.user_id                   AS member_id,
       CONCAT('', g.group_id)      AS in_groups
  FROM {prefix}group_user g
 WHERE g.user_id IN (:members)
 UNION ALL
SELECT u.id, '3'
  FROM {prefix}users u
 WHERE u.id IN (:members) AND u.is_email_confirmed

-- name: members_of_groups
-- flarum/mentions tells all members of a group; it lets nobody mention the groups of guests and of all members (src/ConfigureMentions.php).
SELECT g.group_id                  AS group_id,
       g.user_id                   AS member_id
  FROM {prefix}group_user g
 WHERE g.group_id IN (:groups)

-- name: named
SELECT n.id                        AS id,
       n.nickname                  AS name
  FROM {if_exists users id nickname:text} n
 WHERE n.nickname IN (:names)
 UNION ALL
SELECT u.id, u.username
  FROM {prefix}users u
 WHERE u.username IN (:names)

-- name: addressed
SELECT u.id                        AS id,
       u.email                     AS email
  FROM {prefix}users u
 WHERE u.email IN (:addresses) AND u.email <> ''

-- name: site
-- The address is in config.php.
SELECT COALESCE(MAX(CASE s.key WHEN 'forum_title' THEN s.value END), '') AS name,
       ''                          AS url,
       CONCAT('Flarum ', COALESCE(MAX(CASE s.key WHEN 'version' THEN s.value END), '')) AS version
  FROM {prefix}settings s
 WHERE s.key IN ('forum_title', 'version')

-- name: counters
SELECT d.id                        AS thread_id,
       d.comment_count             AS stored,
       (SELECT COUNT(*) FROM {prefix}posts p
         WHERE p.discussion_id = d.id AND p.type = 'comment' AND p.hidden_at IS NULL AND NOT p.is_private) AS counted
  FROM (SELECT id, comment_count
          FROM {prefix}discussions
         WHERE hidden_at IS NULL AND NOT is_private AND comment_count BETWEEN 1 AND 2000
         ORDER BY id DESC
         LIMIT 20) d

-- name: addons
-- One row with a list, which the type's Go file decodes.
SELECT s.value                     AS name
  FROM {prefix}settings s
 WHERE s.key = 'extensions_enabled'
