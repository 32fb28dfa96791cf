-- Queries that are the same for XenForo 1.5 and 2. The others are in xenforo1.sql and xenforo2.sql. docs/query-contract.md says what
-- each query must return.

-- name: sections
-- Includes nodes hidden from the list (display_in_list = 0), because they can be read and watched.
SELECT n.node_id                   AS id,
       n.parent_node_id            AS parent_id,
       n.lft                       AS place,
       n.title                     AS title,
       n.node_type_id = 'Forum'    AS holds_threads,
       0                           AS closed
  FROM {prefix}node n

-- name: threads
SELECT t.thread_id                 AS id,
       t.node_id                   AS section_id,
       t.title                     AS title,
       t.user_id                   AS starter_id,
       t.username                  AS starter_name,
       t.post_date                 AS started_at,
       t.first_post_id             AS first_post_id,
       CASE t.discussion_state WHEN 'visible' THEN 0 WHEN 'moderated' THEN 1 ELSE 2 END AS state,
       t.discussion_type = 'redirect' AS redirect,
       t.discussion_open = 0       AS locked
  FROM {prefix}thread t
 WHERE t.thread_id IN (:ids)

-- name: numbers
-- Counts all posts: a deleted post leaves a gap in the numbers. Uses only the index (thread_id, post_date).
SELECT q.post_id                   AS id,
       q.thread_id                 AS thread_id,
       w.earlier                   AS earlier
  FROM (SELECT a.thread_id, a.first, a.last, COUNT(e.post_id) AS earlier
          FROM (SELECT thread_id, MIN(post_date) AS first, MAX(post_date) AS last
                  FROM {prefix}post
                 WHERE post_id IN (:ids)
                 GROUP BY thread_id) a
          LEFT JOIN {prefix}post e ON e.thread_id = a.thread_id AND e.post_date < a.first
         GROUP BY a.thread_id, a.first, a.last) w
  JOIN {prefix}post q ON q.thread_id = w.thread_id AND q.post_date BETWEEN w.first AND w.last
 ORDER BY q.thread_id, q.post_date, q.post_id

-- name: titles
-- If neither the member nor the display group has a title, XenForo shows one for the member's trophy points. That
-- title says nothing about the person and is left out.
SELECT u.user_id                   AS member_id,
       COALESCE(NULLIF(u.custom_title, ''), g.user_title, '') AS title
  FROM {prefix}user u
  LEFT JOIN {prefix}user_group g ON g.user_group_id = u.display_style_group_id
 WHERE u.user_id IN (:members)

-- name: badges
-- Highest priority last, as seen on a live XenForo 1 page: "Defence Professionals Moderator".
SELECT r.user_id                   AS member_id,
       g.banner_text               AS badge
  FROM {prefix}user_group_relation r
  JOIN {prefix}user_group g ON g.user_group_id = r.user_group_id
 WHERE r.user_id IN (:members) AND g.banner_text <> ''
 ORDER BY r.user_id, g.display_style_priority, g.user_group_id

-- name: members
-- Permission combination 1 is for guests: XenForo treats members whose state is not valid as guests.
-- An expired ban stays in effect until XenForo lifts it (is_banned). receive_admin_email is "receive news and update emails":
-- XenForo reads it only when administrators email members.
SELECT u.user_id                   AS id,
       u.username                  AS name,
       u.email                     AS email,
       u.timezone                  AS zone,
       COALESCE(l.language_code, '') AS locale,
       CASE WHEN u.user_state = 'valid' THEN u.permission_combination_id ELSE 1 END AS roles,
       CASE WHEN u.is_banned = 1 OR b.user_id IS NOT NULL                 THEN 'banned'
            WHEN u.user_state IN ('email_confirm', 'email_confirm_edit')  THEN 'not confirmed'
            WHEN u.user_state = 'email_bounce'                            THEN 'bouncing'
            WHEN u.user_state = 'moderated'                               THEN 'awaiting approval'
            WHEN u.user_state = 'rejected'                                THEN 'rejected'
            WHEN u.user_state <> 'valid'                                  THEN 'disabled'
            WHEN u.email = ''                                             THEN 'no address'
            ELSE '' END            AS no_mail,
       CASE WHEN COALESCE(o.receive_admin_email, 0) = 0 THEN 'announcements' ELSE '' END AS opt_outs
  FROM {prefix}user u
  LEFT JOIN {prefix}user_option o ON o.user_id = u.user_id
  LEFT JOIN {prefix}user_ban b ON b.user_id = u.user_id AND (b.end_date = 0 OR b.end_date > :now)
  LEFT JOIN {prefix}language l ON l.language_id = u.language_id
 WHERE u.user_id IN (:ids)

-- name: watching
-- Walks the indexes of the watches: a walk through the members would read every member who watches nothing.
SELECT a.id                        AS id
  FROM (SELECT DISTINCT t.user_id AS id
          FROM {prefix}thread_watch t
         WHERE t.user_id > :after
         ORDER BY t.user_id
         LIMIT :limit) a
 UNION
SELECT b.id
  FROM (SELECT DISTINCT f.user_id AS id
          FROM {prefix}forum_watch f
         WHERE f.user_id > :after AND f.notify_on <> ''
         ORDER BY f.user_id
         LIMIT :limit) b
 ORDER BY id
 LIMIT :limit

-- name: rights
-- The cache already includes inheritance and the permissions of single members.
SELECT c.permission_combination_id AS role,
       c.content_id                AS section_id,
       c.cache_value               AS rights
  FROM {prefix}permission_cache_content c
 WHERE c.content_type = 'node' AND c.permission_combination_id IN (:roles)

-- name: section_watches
-- Leaves out notify_on = '', which only lists the forum as watched.
SELECT w.user_id                   AS member_id,
       w.node_id                   AS section_id,
       CASE w.notify_on WHEN 'thread' THEN 1 ELSE 2 END AS level,
       CASE WHEN w.send_email = 0 THEN 0 WHEN w.notify_on = 'thread' THEN 1 ELSE 2 END AS mail
  FROM {prefix}forum_watch w
 WHERE w.user_id IN (:members) AND w.notify_on <> ''

-- name: thread_watches
SELECT w.user_id                   AS member_id,
       w.thread_id                 AS thread_id,
       w.email_subscribe           AS mail
  FROM {prefix}thread_watch w
 WHERE w.user_id IN (:members)

-- name: watchers
-- Uses the indexes that start with thread_id and node_id.
SELECT w.user_id                   AS member_id,
       w.thread_id                 AS thread_id,
       0                           AS section_id,
       2                           AS level
  FROM {prefix}thread_watch w
 WHERE w.thread_id IN (:threads) AND w.email_subscribe = 1 AND w.user_id > :after
 UNION ALL
SELECT w.user_id, 0, w.node_id, CASE w.notify_on WHEN 'thread' THEN 1 ELSE 2 END
  FROM {prefix}forum_watch w
 WHERE w.node_id IN (:sections) AND w.notify_on <> '' AND w.send_email = 1 AND w.user_id > :after
 ORDER BY member_id
 LIMIT :limit

-- name: ignores
SELECT i.user_id                   AS member_id,
       i.ignored_user_id           AS ignored
  FROM {prefix}user_ignored i
 WHERE i.user_id IN (:members)

-- name: read_days
-- The default of the option readMarkingDataLifetime. If your forum uses another value, replace this query.
SELECT 30                          AS days

-- name: section_reads
SELECT r.user_id                   AS member_id,
       r.node_id                   AS section_id,
       r.forum_read_date           AS read_at
  FROM {prefix}forum_read r
 WHERE r.user_id IN (:members) AND r.forum_read_date >= :since

-- name: thread_reads
SELECT r.user_id                   AS member_id,
       r.thread_id                 AS thread_id,
       r.thread_read_date          AS read_at
  FROM {prefix}thread_read r
 WHERE r.user_id IN (:members) AND r.thread_read_date >= :since

-- name: took_part
SELECT DISTINCT p.user_id          AS member_id,
       p.thread_id                 AS thread_id
  FROM {prefix}post p
 WHERE p.thread_id IN (:threads) AND p.user_id IN (:members) AND p.message_state = 'visible'
 UNION ALL
SELECT t.user_id, t.thread_id
  FROM {prefix}thread t
 WHERE t.thread_id IN (:threads) AND t.user_id IN (:members)

-- name: arrivals
SELECT p.post_id                   AS id,
       p.thread_id                 AS thread_id,
       t.node_id                   AS section_id,
       p.user_id                   AS author_id,
       p.post_date                 AS posted_at,
       p.message_state = 'visible' AND t.discussion_state = 'visible' AND t.discussion_type <> 'redirect' AS visible
  FROM {prefix}post p
  JOIN {prefix}thread t ON t.thread_id = p.thread_id
 WHERE p.post_id > :after
 ORDER BY p.post_id
 LIMIT :limit

-- name: arrivals_of
SELECT p.post_id                   AS id,
       p.thread_id                 AS thread_id,
       t.node_id                   AS section_id,
       p.user_id                   AS author_id,
       p.post_date                 AS posted_at,
       p.message_state = 'visible' AND t.discussion_state = 'visible' AND t.discussion_type <> 'redirect' AS visible
  FROM {prefix}post p
  JOIN {prefix}thread t ON t.thread_id = p.thread_id
 WHERE p.post_id IN (:ids)

-- name: first_since
SELECT COALESCE(MIN(p.post_id), 0) AS id
  FROM {prefix}post p
 WHERE p.post_date >= :from

-- name: newest
SELECT COALESCE(MAX(p.post_id), 0) AS id
  FROM {prefix}post p

-- name: created
SELECT p.post_id                   AS id
  FROM {prefix}post p
 WHERE p.post_date >= :from AND p.post_date < :until
 ORDER BY p.post_id

-- name: mailable
SELECT COUNT(*)                    AS members,
       COALESCE(SUM(o.receive_admin_email = 1), 0) AS accepting_all
  FROM {prefix}user u
  LEFT JOIN {prefix}user_option o ON o.user_id = u.user_id
  LEFT JOIN {prefix}user_ban b ON b.user_id = u.user_id AND (b.end_date = 0 OR b.end_date > :now)
 WHERE u.user_state = 'valid' AND u.is_banned = 0 AND b.user_id IS NULL AND u.email <> ''

-- name: watch_counts
-- Reads the tables of watches once, in the order of their primary keys.
SELECT COUNT(*)                    AS watching,
       COALESCE(SUM(w.by_email = 0), 0) AS without_email
  FROM (SELECT a.user_id, MAX(a.by_email) AS by_email
          FROM (SELECT t.user_id, MAX(t.email_subscribe) AS by_email
                  FROM {prefix}thread_watch t
                 GROUP BY t.user_id
                 UNION ALL
                SELECT f.user_id, MAX(f.send_email)
                  FROM {prefix}forum_watch f
                 WHERE f.notify_on <> ''
                 GROUP BY f.user_id) a
         GROUP BY a.user_id) w
  JOIN {prefix}user u ON u.user_id = w.user_id
  LEFT JOIN {prefix}user_ban b ON b.user_id = u.user_id AND (b.end_date = 0 OR b.end_date > :now)
 WHERE u.user_state = 'valid' AND u.is_banned = 0 AND b.user_id IS NULL AND u.email <> ''

-- name: roster
SELECT u.user_id                   AS id
  FROM {prefix}user u
 WHERE u.user_id > :after
 ORDER BY u.user_id
 LIMIT :limit

-- name: profiles
SELECT u.user_id                   AS id,
       u.message_count             AS posts,
       u.register_date             AS joined_at,
       u.last_activity             AS visited_at
  FROM {prefix}user u
 WHERE u.user_id IN (:ids)

-- name: visits
-- XenForo itself ends the silence after an email about a thread at this time. A cron job updates it every hour, and each login.
SELECT u.user_id                   AS member_id,
       u.last_activity             AS visited_at
  FROM {prefix}user u
 WHERE u.user_id IN (:members)

-- name: groups
SELECT g.user_group_id             AS id,
       g.title                     AS title
  FROM {prefix}user_group g
 ORDER BY g.user_group_id

-- name: memberships
-- The relation includes the primary group.
SELECT r.user_id                   AS member_id,
       r.user_group_id             AS in_groups
  FROM {prefix}user_group_relation r
 WHERE r.user_id IN (:members)

-- name: addressed
SELECT u.user_id                   AS id,
       u.email                     AS email
  FROM {prefix}user u
 WHERE u.email IN (:addresses)

-- name: codes
-- Codes that are not active are shown as typed. A callback decides in PHP what its code shows. Old versions lack some
-- columns: then a column of the row "absent" is read instead.
SELECT c.bb_code_id                AS name,
       ''                          AS pattern,
       CASE WHEN c.bb_code_mode = 'replace'
            THEN (SELECT replace_html FROM {prefix}bb_code o WHERE o.bb_code_id = c.bb_code_id)
            ELSE '' END            AS page,
       (SELECT replace_html_email FROM {prefix}bb_code o WHERE o.bb_code_id = c.bb_code_id) AS email
  FROM {prefix}bb_code c
  JOIN (SELECT '' AS replace_html, '' AS replace_html_email) absent
 WHERE c.active = 1

-- name: word_filter
-- One row with all words: see xenforoFilter.
SELECT o.option_value              AS word,
       0                           AS regex,
       COALESCE((SELECT s.option_value FROM {prefix}option s WHERE s.option_id = 'censorCharacter'), '') AS replacement
  FROM {prefix}option o
 WHERE o.option_id = 'censorWords'

-- name: prefixes
-- Language 0 holds the texts that the administrator wrote.
SELECT t.thread_id                 AS id,
       f.phrase_text               AS prefix
  FROM {prefix}thread t
  JOIN {if_readable phrase language_id title:text phrase_text:text} f ON f.language_id = 0 AND f.title = CONCAT('thread_prefix.', t.prefix_id)
 WHERE t.thread_id IN (:ids) AND t.prefix_id > 0

-- name: attachments
SELECT a.content_id                AS post_id,
       d.filename                  AS name
  FROM {if_readable attachment attachment_id content_type:text content_id attach_date data_id unassociated} a
  JOIN {if_readable attachment_data data_id filename:text} d ON d.data_id = a.data_id
 WHERE a.content_type = 'post' AND a.content_id IN (:ids) AND a.unassociated = 0
 ORDER BY a.content_id, a.attach_date, a.attachment_id

-- name: polls
SELECT p.post_id                   AS id,
       q.question                  AS question
  FROM {prefix}post p
  JOIN {prefix}thread t ON t.thread_id = p.thread_id AND t.first_post_id = p.post_id
  JOIN {if_readable poll content_type:text content_id question:text} q ON q.content_type = 'thread' AND q.content_id = t.thread_id
 WHERE p.post_id IN (:ids) AND t.discussion_type = 'poll'

-- name: site
-- XenForo 1 has the version only as a number, in an option.
SELECT COALESCE((SELECT o.option_value FROM {if_readable option option_id:text option_value:text} o WHERE o.option_id = 'boardTitle'), '') AS name,
       COALESCE((SELECT o.option_value FROM {if_readable option option_id:text option_value:text} o WHERE o.option_id = 'boardUrl'), '') AS url,
       COALESCE((SELECT a.version_string FROM {if_readable addon addon_id:text version_string:text} a WHERE a.addon_id = 'XF'), '') AS version

-- name: counters
SELECT t.thread_id                 AS thread_id,
       t.reply_count + 1           AS stored,
       (SELECT COUNT(*) FROM {prefix}post p WHERE p.thread_id = t.thread_id AND p.message_state = 'visible') AS counted
  FROM (SELECT thread_id, reply_count
          FROM {prefix}thread
         WHERE discussion_state = 'visible' AND discussion_type <> 'redirect' AND reply_count < 2000
         ORDER BY thread_id DESC
         LIMIT 20) t

-- name: unknown_rights
-- XenForo calls itself XF, and XenForo before version 2. What members do with posts is of no interest, only what they may view.
SELECT p.permission_id             AS name
  FROM {if_readable permission permission_id:text permission_group_id:text addon_id:text} p
 WHERE p.permission_group_id = 'forum' AND p.addon_id NOT IN ('', 'XF', 'XenForo') AND p.permission_id LIKE 'view%'
 ORDER BY p.permission_id

-- name: addons
SELECT a.addon_id                  AS name
  FROM {if_readable addon addon_id:text active} a
 WHERE a.active = 1 AND a.addon_id NOT IN ('XF', 'XenForo')
 ORDER BY a.addon_id

-- name: unread_messages
-- XenForo counts conversations, not their messages.
SELECT c.owner_user_id             AS member_id,
       c.last_message_user_id      AS sender_id,
       COALESCE(u.username, '')    AS sender,
       COUNT(*)                    AS messages
  FROM {if_readable conversation_user owner_user_id last_message_user_id is_unread last_message_date} c
  LEFT JOIN {prefix}user u ON u.user_id = c.last_message_user_id
 WHERE c.owner_user_id IN (:members) AND c.is_unread = 1
 GROUP BY c.owner_user_id, c.last_message_user_id, u.username
 ORDER BY MAX(c.last_message_date) DESC
