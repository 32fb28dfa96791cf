-- phpBB 3.1 to 3.3, on MySQL, MariaDB, PostgreSQL and SQLite. docs/query-contract.md says what each query must return.

-- name: sections
-- forum_type: 0 category, 1 forum, 2 link. A password does not apply to the forums below, as phpBB asks for each forum's own.
SELECT f.forum_id                  AS id,
       f.parent_id                 AS parent_id,
       f.left_id                   AS place,
       f.forum_name                AS title,
       CASE WHEN f.forum_type = 1 AND f.forum_password = '' THEN 1 ELSE 0 END AS holds_threads,
       0                           AS closed
  FROM {prefix}forums f

-- name: threads
-- topic_visibility: 0 awaits approval, 1 approved, 2 deleted, 3 awaits approval after an edit. topic_status 2 is the shadow of a
-- moved topic.
SELECT t.topic_id                  AS id,
       t.forum_id                  AS section_id,
       t.topic_title               AS title,
       CASE t.topic_poster WHEN 1 THEN 0 ELSE t.topic_poster END AS starter_id,
       t.topic_first_poster_name   AS starter_name,
       t.topic_time                AS started_at,
       t.topic_first_post_id       AS first_post_id,
       CASE t.topic_visibility WHEN 1 THEN 0 WHEN 2 THEN 2 ELSE 1 END AS state,
       CASE t.topic_status WHEN 2 THEN 1 ELSE 0 END AS redirect,
       CASE t.topic_status WHEN 1 THEN 1 ELSE 0 END AS locked
  FROM {prefix}topics t
 WHERE t.topic_id IN (:ids)

-- name: posts
-- User 1 is the guest, to whom the posts of deleted accounts go. post_checksum is of the text.
SELECT p.post_id                   AS id,
       p.topic_id                  AS thread_id,
       CASE p.poster_id WHEN 1 THEN 0 ELSE p.poster_id END AS author_id,
       CASE WHEN p.post_username <> '' THEN p.post_username ELSE COALESCE(u.username, '') END AS author_name,
       p.post_time                 AS posted_at,
       CASE p.post_visibility WHEN 1 THEN 0 WHEN 2 THEN 2 ELSE 1 END AS state,
       CONCAT(p.post_edit_time, '-', p.post_edit_count, '-', p.post_checksum, '-', p.post_attachment) AS version
  FROM {prefix}posts p
  LEFT JOIN {prefix}users u ON u.user_id = p.poster_id
 WHERE p.post_id IN (:ids)

-- name: bodies
-- bbcode_uid marks the tags in posts from before 3.2.
SELECT p.post_id                   AS id,
       CASE p.poster_id WHEN 1 THEN 0 ELSE p.poster_id END AS author_id,
       0                           AS likes,
       CONCAT(p.bbcode_uid, ' ', SUBSTR(p.post_text, 1, 262144)) AS body
  FROM {prefix}posts p
 WHERE p.post_id IN (:ids)

-- name: numbers
-- Uses the index (topic_id, post_time).
SELECT q.post_id                   AS id,
       q.topic_id                  AS thread_id,
       w.earlier                   AS earlier
  FROM (SELECT a.topic_id, a.earliest, a.latest, COUNT(e.post_id) AS earlier
          FROM (SELECT topic_id, MIN(post_time) AS earliest, MAX(post_time) AS latest
                  FROM {prefix}posts
                 WHERE post_id IN (:ids)
                 GROUP BY topic_id) a
          LEFT JOIN {prefix}posts e ON e.topic_id = a.topic_id AND e.post_time < a.earliest AND e.post_visibility = 1
         GROUP BY a.topic_id, a.earliest, a.latest) w
  JOIN {prefix}posts q ON q.topic_id = w.topic_id AND q.post_time BETWEEN w.earliest AND w.latest AND q.post_visibility = 1
 ORDER BY q.topic_id, q.post_time, q.post_id

-- name: titles
-- A special rank, or else the one for the number of posts.
SELECT u.user_id                   AS member_id,
       COALESCE((SELECT r.rank_title FROM {prefix}ranks r WHERE r.rank_id = u.user_rank AND r.rank_special = 1),
                (SELECT n.rank_title FROM {prefix}ranks n
                  WHERE n.rank_special = 0 AND n.rank_min <= u.user_posts AND u.user_rank = 0
                  ORDER BY n.rank_min DESC LIMIT 1), '') AS title
  FROM {prefix}users u
 WHERE u.user_id IN (:members)

-- name: members
-- user_type: 0 normal, 1 inactive, 2 robot, 3 founder. user_inactive_reason: 1 has not confirmed the address, 2 has not confirmed a
-- change, 3 deactivated by an administrator, 4 awaits a new confirmation. Bans by address use * (includes/functions_user.php,
-- validate_email). Roles: the member's groups, except those whose leaders do not get their permissions, and "u" with the ID if they
-- have permissions of their own. user_allow_massemail is "administrators can email me information": phpBB reads it only for mass
-- email (includes/acp/acp_email.php). The columns user_digest_... are those of the extension Digests (phpbbservices/digests). Everybody
-- begins with NONE; only user_digest_has_unsubscribed says that a member chose it (controller/ucp_controller.php).
SELECT u.user_id                   AS id,
       u.username                  AS name,
       u.user_email                AS email,
       u.user_timezone             AS zone,
       u.user_lang                 AS locale,
       CONCAT(COALESCE((SELECT {list ug.group_id}
                          FROM {prefix}user_group ug
                          JOIN {prefix}groups g ON g.group_id = ug.group_id
                         WHERE ug.user_id = u.user_id AND ug.user_pending = 0
                           AND NOT (g.group_skip_auth = 1 AND ug.group_leader = 1)), ''),
              CASE WHEN EXISTS (SELECT 1 FROM {prefix}acl_users a WHERE a.user_id = u.user_id) THEN CONCAT(',u', u.user_id) ELSE '' END) AS roles,
       CASE WHEN EXISTS (SELECT 1 FROM {prefix}banlist b
                          WHERE b.ban_exclude = 0 AND (b.ban_end = 0 OR b.ban_end > :now)
                            AND (b.ban_userid = u.user_id OR b.ban_email <> '' AND u.user_email LIKE REPLACE(b.ban_email, '*', '%')))
             AND NOT EXISTS (SELECT 1 FROM {prefix}banlist b
                          WHERE b.ban_exclude = 1 AND (b.ban_end = 0 OR b.ban_end > :now)
                            AND (b.ban_userid = u.user_id OR b.ban_email <> '' AND u.user_email LIKE REPLACE(b.ban_email, '*', '%'))) THEN 'banned'
            WHEN u.user_type = 2   THEN 'disabled'
            WHEN u.user_type = 1 AND u.user_inactive_reason = 3 THEN 'disabled'
            WHEN u.user_type = 1   THEN 'not confirmed'
            WHEN u.user_email = '' THEN 'no address'
            ELSE '' END            AS no_mail,
       CASE u.user_allow_massemail WHEN 0 THEN 'announcements' ELSE '' END AS opt_outs,
       CASE WHEN d.user_digest_type = 'NONE' AND d.user_digest_has_unsubscribed = 1 THEN 'off'
            WHEN d.user_digest_type IN ('DAY', 'WEEK', 'MNTH')
            THEN CONCAT(CASE d.user_digest_type WHEN 'DAY' THEN 'daily' WHEN 'WEEK' THEN 'weekly' ELSE 'monthly' END,
                        CASE WHEN d.user_digest_send_hour_gmt >= 0 AND d.user_digest_send_hour_gmt < 24 THEN CONCAT(' ', d.user_digest_send_hour_gmt) ELSE '' END)
            ELSE '' END            AS digest_choice
  FROM {prefix}users u
  LEFT JOIN {if_exists users user_id user_digest_type:text user_digest_send_hour_gmt user_digest_has_unsubscribed} d ON d.user_id = u.user_id
 WHERE u.user_id IN (:ids) AND u.user_id <> 1

-- name: find
SELECT u.user_id                   AS id
  FROM {prefix}users u
 WHERE u.username_clean = LOWER(:name) AND u.user_type <> 2

-- name: search
SELECT u.user_id                   AS id
  FROM {prefix}users u
 WHERE u.username_clean LIKE LOWER(:begins) ESCAPE '|' AND u.user_type <> 2
 ORDER BY u.username_clean
 LIMIT :limit

-- name: search/sqlite
-- LIKE uses no index here, so the beginning is compared up to the first sign with a meaning for LIKE. All letters are below the last one.
SELECT u.user_id                   AS id
  FROM (SELECT SUBSTR(LOWER(:begins), 1, MIN(INSTR(:begins || '|', '|'), INSTR(:begins || '%', '%')) - 1) AS beginning) b
  CROSS JOIN {prefix}users u
 WHERE u.username_clean >= b.beginning AND u.username_clean < b.beginning || CHAR(1114111)
   AND u.username_clean LIKE LOWER(:begins) ESCAPE '|' AND u.user_type <> 2
 ORDER BY u.username_clean
 LIMIT :limit

-- The clean name has other letters in place of those that look alike.
-- name: containing
SELECT u.user_id                   AS id
  FROM {prefix}users u
 WHERE (LOWER(u.username) LIKE LOWER(:part) ESCAPE '|' OR u.username_clean LIKE LOWER(:part) ESCAPE '|') AND u.user_type <> 2
 ORDER BY u.username_clean
 LIMIT :limit

-- name: watching
SELECT w.user_id                   AS id
  FROM (SELECT x.user_id FROM (SELECT DISTINCT t.user_id FROM {prefix}topics_watch t WHERE t.user_id > :after ORDER BY t.user_id LIMIT :limit) x
         UNION
        SELECT y.user_id FROM (SELECT DISTINCT f.user_id FROM {prefix}forums_watch f WHERE f.user_id > :after ORDER BY f.user_id LIMIT :limit) y) w
 ORDER BY w.user_id
 LIMIT :limit

-- name: rights
-- Only f_read: a group's or a member's setting, direct or by a role. 1 yes, 0 never, -1 no. Never beats yes, wherever it comes from
-- (phpbb/auth/auth.php, acl_raw_data).
SELECT CONCAT('', a.group_id)     AS role,
       a.forum_id                  AS section_id,
       MIN(CASE COALESCE(d.auth_setting, a.auth_setting) WHEN 0 THEN 'never' WHEN 1 THEN 'yes' ELSE 'zno' END) AS rights
  FROM {prefix}acl_groups a
  LEFT JOIN {prefix}acl_roles_data d ON d.role_id = a.auth_role_id AND a.auth_role_id <> 0
  JOIN {prefix}acl_options o ON o.auth_option_id = COALESCE(d.auth_option_id, a.auth_option_id) AND o.auth_option = 'f_read'
 WHERE CONCAT('', a.group_id) IN (:roles)
 GROUP BY a.group_id, a.forum_id
 UNION ALL
SELECT CONCAT('u', a.user_id), a.forum_id,
       MIN(CASE COALESCE(d.auth_setting, a.auth_setting) WHEN 0 THEN 'never' WHEN 1 THEN 'yes' ELSE 'zno' END)
  FROM {prefix}acl_users a
  LEFT JOIN {prefix}acl_roles_data d ON d.role_id = a.auth_role_id AND a.auth_role_id <> 0
  JOIN {prefix}acl_options o ON o.auth_option_id = COALESCE(d.auth_option_id, a.auth_option_id) AND o.auth_option = 'f_read'
 WHERE CONCAT('u', a.user_id) IN (:roles)
 GROUP BY a.user_id, a.forum_id

-- name: section_watches
-- A watched forum has no levels, so digests include all posts. phpBB itself emails new topics, and replies if the member asked for
-- them (notification.type.forum, since 3.3).
SELECT w.user_id                   AS member_id,
       w.forum_id                  AS section_id,
       2                           AS level,
       COALESCE((SELECT MAX(CASE n.item_type WHEN 'notification.type.forum' THEN 2 ELSE 1 END)
                   FROM {prefix}user_notifications n
                  WHERE n.user_id = w.user_id AND n.item_type IN ('notification.type.topic', 'notification.type.forum') AND n.item_id = 0
                    AND n.method = 'notification.method.email' AND n.notify = 1), 0) AS mail
  FROM {prefix}forums_watch w
 WHERE w.user_id IN (:members)

-- name: thread_watches
SELECT w.user_id                   AS member_id,
       w.topic_id                  AS thread_id,
       CASE WHEN EXISTS (SELECT 1 FROM {prefix}user_notifications n
                          WHERE n.user_id = w.user_id AND n.item_type = 'notification.type.post' AND n.item_id = 0
                            AND n.method = 'notification.method.email' AND n.notify = 1) THEN 1 ELSE 0 END AS mail
  FROM {prefix}topics_watch w
 WHERE w.user_id IN (:members)

-- name: watchers
SELECT w.user_id                   AS member_id,
       w.topic_id                  AS thread_id,
       0                           AS section_id,
       2                           AS level
  FROM {prefix}topics_watch w
  JOIN {prefix}user_notifications n ON n.user_id = w.user_id AND n.item_type = 'notification.type.post' AND n.item_id = 0
   AND n.method = 'notification.method.email' AND n.notify = 1
 WHERE w.topic_id IN (:threads) AND w.user_id > :after
 UNION ALL
SELECT w.user_id, 0, w.forum_id, MAX(CASE n.item_type WHEN 'notification.type.forum' THEN 2 ELSE 1 END)
  FROM {prefix}forums_watch w
  JOIN {prefix}user_notifications n ON n.user_id = w.user_id AND n.item_type IN ('notification.type.topic', 'notification.type.forum') AND n.item_id = 0
   AND n.method = 'notification.method.email' AND n.notify = 1
 WHERE w.forum_id IN (:sections) AND w.user_id > :after
 GROUP BY w.user_id, w.forum_id
 ORDER BY member_id
 LIMIT :limit

-- name: ignores
SELECT z.user_id                   AS member_id,
       z.zebra_id                  AS ignored
  FROM {prefix}zebra z
 WHERE z.user_id IN (:members) AND z.foe = 1

-- name: read_days
-- Marks are kept until the whole forum is read.
SELECT 3650                        AS days

-- name: section_reads
-- user_lastmark is when the member marked everything as read.
SELECT r.user_id                   AS member_id,
       r.forum_id                  AS section_id,
       r.mark_time                 AS read_at
  FROM {prefix}forums_track r
 WHERE r.user_id IN (:members) AND r.mark_time >= :since
 UNION ALL
SELECT u.user_id, f.forum_id, u.user_lastmark
  FROM {prefix}users u
  JOIN {prefix}forums f ON f.forum_type = 1
 WHERE u.user_id IN (:members) AND u.user_lastmark >= :since

-- name: thread_reads
SELECT r.user_id                   AS member_id,
       r.topic_id                  AS thread_id,
       r.mark_time                 AS read_at
  FROM {prefix}topics_track r
 WHERE r.user_id IN (:members) AND r.mark_time >= :since

-- name: took_part
SELECT DISTINCT p.poster_id        AS member_id,
       p.topic_id                  AS thread_id
  FROM {prefix}posts p
 WHERE p.topic_id IN (:threads) AND p.poster_id IN (:members) AND p.post_visibility = 1
 UNION ALL
SELECT t.topic_poster, t.topic_id
  FROM {prefix}topics t
 WHERE t.topic_id IN (:threads) AND t.topic_poster IN (:members)

-- name: arrivals
SELECT p.post_id                   AS id,
       p.topic_id                  AS thread_id,
       t.forum_id                  AS section_id,
       CASE p.poster_id WHEN 1 THEN 0 ELSE p.poster_id END AS author_id,
       p.post_time                 AS posted_at,
       CASE WHEN p.post_visibility = 1 AND t.topic_visibility = 1 AND t.topic_status <> 2 THEN 1 ELSE 0 END AS visible
  FROM {prefix}posts p
  JOIN {prefix}topics t ON t.topic_id = p.topic_id
 WHERE p.post_id > :after
 ORDER BY p.post_id
 LIMIT :limit

-- name: arrivals_of
SELECT p.post_id                   AS id,
       p.topic_id                  AS thread_id,
       t.forum_id                  AS section_id,
       CASE p.poster_id WHEN 1 THEN 0 ELSE p.poster_id END AS author_id,
       p.post_time                 AS posted_at,
       CASE WHEN p.post_visibility = 1 AND t.topic_visibility = 1 AND t.topic_status <> 2 THEN 1 ELSE 0 END AS visible
  FROM {prefix}posts p
  JOIN {prefix}topics t ON t.topic_id = p.topic_id
 WHERE p.post_id IN (:ids)

-- name: first_since
-- Posts have no index on their time alone, but topics have one on that of their last post. Without the zero, PostgreSQL and SQLite look for
-- the lowest ID among all posts, from the oldest on.
SELECT COALESCE(MIN(p.post_id + 0), 0) AS id
  FROM {prefix}topics t
  JOIN {prefix}posts p ON p.topic_id = t.topic_id AND p.post_time >= :from
 WHERE t.topic_last_post_time >= :from

-- name: newest
SELECT COALESCE(MAX(p.post_id), 0) AS id
  FROM {prefix}posts p

-- name: created
-- The second part finds posts that are not approved, and so do not change the time of their topic: it walks back from the newest one
-- to the first that is older. CROSS JOIN makes SQLite find that one first.
SELECT p.post_id                   AS id
  FROM {prefix}topics t
  JOIN {prefix}posts p ON p.topic_id = t.topic_id AND p.post_time >= :from AND p.post_time < :until
 WHERE t.topic_last_post_time >= :from
 UNION
SELECT h.post_id
  FROM (SELECT COALESCE((SELECT o.post_id FROM {prefix}posts o WHERE o.post_time < :from ORDER BY o.post_id DESC LIMIT 1), 0) AS id) older
  CROSS JOIN {prefix}posts h
 WHERE h.post_id > older.id AND h.post_time >= :from AND h.post_time < :until
 ORDER BY id

-- name: mailable
SELECT COUNT(*)                    AS members,
       COALESCE(SUM(CASE WHEN u.user_allow_massemail = 0 OR d.user_digest_type = 'NONE' AND d.user_digest_has_unsubscribed = 1 THEN 0 ELSE 1 END), 0) AS accepting_all
  FROM {prefix}users u
  LEFT JOIN {if_exists users user_id user_digest_type:text user_digest_send_hour_gmt user_digest_has_unsubscribed} d ON d.user_id = u.user_id
 WHERE u.user_type IN (0, 3) AND u.user_email <> ''
   AND NOT EXISTS (SELECT 1 FROM {prefix}banlist b
                    WHERE b.ban_exclude = 0 AND (b.ban_end = 0 OR b.ban_end > :now)
                      AND (b.ban_userid = u.user_id OR b.ban_email <> '' AND u.user_email LIKE REPLACE(b.ban_email, '*', '%')))

-- name: own_digests
SELECT COUNT(*)                    AS sends
  FROM {prefix}ext e
 WHERE e.ext_name = 'phpbbservices/digests' AND e.ext_active = 1

-- name: watch_counts
SELECT COUNT(*)                    AS watching,
       COALESCE(SUM(1 - w.by_email), 0) AS without_email
  FROM (SELECT a.user_id, MAX(CASE WHEN n.user_id IS NULL THEN 0 ELSE 1 END) AS by_email
          FROM (SELECT t.user_id, 'notification.type.post' AS item_type FROM {prefix}topics_watch t
                 UNION
                SELECT f.user_id, 'notification.type.topic' FROM {prefix}forums_watch f
                 UNION
                SELECT f.user_id, 'notification.type.forum' FROM {prefix}forums_watch f) a
          LEFT JOIN {prefix}user_notifications n
            ON n.user_id = a.user_id AND n.item_type = a.item_type AND n.item_id = 0 AND n.method = 'notification.method.email' AND n.notify = 1
         GROUP BY a.user_id) w
  JOIN {prefix}users u ON u.user_id = w.user_id
 WHERE u.user_type IN (0, 3) AND u.user_email <> ''
   AND NOT EXISTS (SELECT 1 FROM {prefix}banlist b
                    WHERE b.ban_exclude = 0 AND (b.ban_end = 0 OR b.ban_end > :now)
                      AND (b.ban_userid = u.user_id OR b.ban_email <> '' AND u.user_email LIKE REPLACE(b.ban_email, '*', '%')))

-- name: roster
SELECT u.user_id                   AS id
  FROM {prefix}users u
 WHERE u.user_id > :after AND u.user_type <> 2
 ORDER BY u.user_id
 LIMIT :limit

-- name: profiles
-- user_lastvisit is written when a session ends, user_last_active at every page. Versions before 3.3 lack the latter; then the
-- name means the column of absent.
SELECT u.user_id                   AS id,
       u.user_posts                AS posts,
       u.user_regdate              AS joined_at,
       CASE WHEN u.user_lastvisit > (SELECT user_last_active FROM {prefix}users o WHERE o.user_id = u.user_id) THEN u.user_lastvisit
            ELSE (SELECT user_last_active FROM {prefix}users o WHERE o.user_id = u.user_id) END AS visited_at
  FROM {prefix}users u
  JOIN (SELECT 0 AS user_last_active) absent ON 1 = 1
 WHERE u.user_id IN (:ids)

-- name: visits
-- As in profiles.
SELECT u.user_id                   AS member_id,
       CASE WHEN u.user_lastvisit > (SELECT user_last_active FROM {prefix}users o WHERE o.user_id = u.user_id) THEN u.user_lastvisit
            ELSE (SELECT user_last_active FROM {prefix}users o WHERE o.user_id = u.user_id) END AS visited_at
  FROM {prefix}users u
  JOIN (SELECT 0 AS user_last_active) absent ON 1 = 1
 WHERE u.user_id IN (:members)

-- name: groups
-- The names of group type 3 are keys of phpBB's language files.
SELECT g.group_id                  AS id,
       CASE WHEN g.group_type <> 3 THEN g.group_name
            WHEN g.group_name = 'GUESTS' THEN 'Guests'
            WHEN g.group_name = 'REGISTERED' THEN 'Registered users'
            WHEN g.group_name = 'REGISTERED_COPPA' THEN 'Registered COPPA users'
            WHEN g.group_name = 'GLOBAL_MODERATORS' THEN 'Global moderators'
            WHEN g.group_name = 'ADMINISTRATORS' THEN 'Administrators'
            WHEN g.group_name = 'BOTS' THEN 'Bots'
            WHEN g.group_name = 'NEWLY_REGISTERED' THEN 'Newly registered users'
            ELSE g.group_name END  AS title
  FROM {prefix}groups g
 ORDER BY g.group_id

-- name: memberships
SELECT g.user_id                   AS member_id,
       g.group_id                  AS in_groups
  FROM {prefix}user_group g
 WHERE g.user_id IN (:members) AND g.user_pending = 0

-- name: named
SELECT u.user_id                   AS id,
       u.username                  AS name
  FROM {prefix}users u
 WHERE u.username_clean IN (:names) AND u.user_type <> 2

-- name: addressed
-- phpBB stores addresses in lower case.
SELECT u.user_id                   AS id,
       u.user_email                AS email
  FROM {prefix}users u
 WHERE u.user_email IN (:addresses) AND u.user_email <> ''

-- name: codes
SELECT b.bbcode_tag                AS name,
       b.bbcode_match              AS pattern,
       b.bbcode_tpl                AS page,
       ''                          AS email
  FROM {prefix}bbcodes b

-- name: word_filter
-- * stands for any number of characters of a word.
SELECT w.word                      AS word,
       0                           AS regex,
       w.replacement               AS replacement
  FROM {prefix}words w

-- name: attachments
SELECT a.post_msg_id               AS post_id,
       a.real_filename             AS name
  FROM {if_readable attachments attach_id post_msg_id in_message is_orphan real_filename:text} a
 WHERE a.post_msg_id IN (:ids) AND a.in_message = 0 AND a.is_orphan = 0
 ORDER BY a.post_msg_id, a.attach_id

-- name: polls
SELECT p.post_id                   AS id,
       CONCAT(p.bbcode_uid, ' ', t.poll_title) AS question
  FROM {prefix}posts p
  JOIN {prefix}topics t ON t.topic_id = p.topic_id AND t.topic_first_post_id = p.post_id
 WHERE p.post_id IN (:ids) AND t.poll_start > 0

-- name: site
SELECT MAX(CASE WHEN c.config_name = 'sitename' THEN c.config_value ELSE '' END) AS name,
       CONCAT(MAX(CASE WHEN c.config_name = 'server_protocol' THEN c.config_value ELSE '' END), MAX(CASE WHEN c.config_name = 'server_name' THEN c.config_value ELSE '' END),
              MAX(CASE WHEN c.config_name = 'script_path' THEN c.config_value ELSE '' END)) AS url,
       MAX(CASE WHEN c.config_name = 'version' THEN c.config_value ELSE '' END) AS version
  FROM {prefix}config c
 WHERE c.config_name IN ('sitename', 'server_protocol', 'server_name', 'script_path', 'version')

-- name: counters
SELECT t.topic_id                  AS thread_id,
       t.topic_posts_approved      AS stored,
       (SELECT COUNT(*) FROM {prefix}posts p WHERE p.topic_id = t.topic_id AND p.post_visibility = 1) AS counted
  FROM (SELECT topic_id, topic_posts_approved
          FROM {prefix}topics
         WHERE topic_visibility = 1 AND topic_status <> 2 AND topic_posts_approved <= 2000
         ORDER BY topic_id DESC
         LIMIT 20) t

-- name: member_counters
-- phpBB counts members and founders who are activated (includes/functions_user.php, update_last_username and user_active_flip).
SELECT c.config_value              AS stored,
       (SELECT COUNT(*) FROM {prefix}users u WHERE u.user_type IN (0, 3)) AS counted
  FROM {prefix}config c
 WHERE c.config_name = 'num_users'

-- name: unknown_rights
-- The options of forums in phpBB 3.1 to 3.3 (install/schemas/schema_data.sql and its migrations). Those of extensions have other names.
SELECT o.auth_option               AS name
  FROM {prefix}acl_options o
 WHERE o.is_local = 1 AND SUBSTR(o.auth_option, 1, 2) = 'f_'
   AND o.auth_option NOT IN ('f_', 'f_announce', 'f_announce_global', 'f_attach', 'f_bbcode', 'f_bump', 'f_delete', 'f_download', 'f_edit', 'f_email', 'f_flash',
       'f_icons', 'f_ignoreflood', 'f_img', 'f_list', 'f_list_topics', 'f_noapprove', 'f_poll', 'f_post', 'f_postcount', 'f_print', 'f_read', 'f_reply', 'f_report',
       'f_search', 'f_sigs', 'f_smilies', 'f_softdelete', 'f_sticky', 'f_subscribe', 'f_user_lock', 'f_vote', 'f_votechg')
 ORDER BY o.auth_option

-- name: addons
SELECT x.ext_name                  AS name
  FROM {if_readable ext ext_name:text ext_active} x
 WHERE x.ext_active = 1
 ORDER BY x.ext_name

-- name: unread_messages
-- Folders: 0 the inbox, above 0 the member's own, -3 not sorted yet.
SELECT m.user_id                   AS member_id,
       m.author_id                 AS sender_id,
       COALESCE(u.username, '')    AS sender,
       COUNT(*)                    AS messages
  FROM {if_readable privmsgs_to msg_id user_id author_id pm_unread pm_deleted folder_id} m
  LEFT JOIN {prefix}users u ON u.user_id = m.author_id
 WHERE m.user_id IN (:members) AND m.pm_unread = 1 AND m.pm_deleted = 0 AND (m.folder_id >= 0 OR m.folder_id = -3)
 GROUP BY m.user_id, m.author_id, u.username
 ORDER BY MAX(m.msg_id) DESC
