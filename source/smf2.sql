-- SMF 2.0 and 2.1, on MySQL, MariaDB and PostgreSQL. docs/query-contract.md says what each query must return. What a member wants is in
-- columns of members in 2.0, and in user_alerts_prefs in 2.1: smf2_versions.go.

-- name: sections
-- Categories have IDs from 1,000,000,000, because those of boards start at 1, too. A board with an address elsewhere holds no
-- topics, and the recycle bin is where deleted posts go.
SELECT 1000000000 + c.id_cat       AS id,
       0                           AS parent_id,
       c.cat_order                 AS place,
       c.name                      AS title,
       0                           AS holds_threads,
       0                           AS closed
  FROM {prefix}categories c
 UNION ALL
SELECT b.id_board, CASE b.id_parent WHEN 0 THEN 1000000000 + b.id_cat ELSE b.id_parent END, b.board_order, b.name,
       CASE WHEN b.redirect <> '' THEN 0 ELSE 1 - {recycled b.id_board} END,
       0
  FROM {prefix}boards b

-- name: threads
-- A topic is named after its first message. A moved topic leaves a real one with a message behind, whose icon is "moved".
SELECT t.id_topic                  AS id,
       t.id_board                  AS section_id,
       f.subject                   AS title,
       t.id_member_started         AS starter_id,
       f.poster_name               AS starter_name,
       f.poster_time               AS started_at,
       t.id_first_msg              AS first_post_id,
       CASE WHEN {recycled t.id_board} = 1 THEN 2
            WHEN t.approved = 1 THEN 0 ELSE 1 END AS state,
       CASE WHEN f.icon = 'moved' THEN 1 ELSE 0 END AS redirect,
       CASE WHEN t.locked <> 0 THEN 1 ELSE 0 END AS locked
  FROM {prefix}topics t
  JOIN {prefix}messages f ON f.id_msg = t.id_first_msg
 WHERE t.id_topic IN (:ids)

-- name: posts
-- Edits in the first minutes leave no trace in modified_time.
SELECT m.id_msg                    AS id,
       m.id_topic                  AS thread_id,
       m.id_member                 AS author_id,
       COALESCE(u.real_name, m.poster_name) AS author_name,
       m.poster_time               AS posted_at,
       CASE WHEN {recycled m.id_board} = 1 THEN 2
            WHEN m.approved = 1 THEN 0 ELSE 1 END AS state,
       CONCAT(MD5(CONCAT(m.body, m.poster_name)), '-', COALESCE(k.likes, 0)) AS version
  FROM {prefix}messages m
  LEFT JOIN {prefix}members u ON u.id_member = m.id_member
  LEFT JOIN {like_counts} k ON k.id_msg = m.id_msg
 WHERE m.id_msg IN (:ids)

-- name: bodies
SELECT m.id_msg                    AS id,
       m.id_member                 AS author_id,
       COALESCE(k.likes, 0)        AS likes,
       SUBSTR(m.body, 1, 262144)   AS body
  FROM {prefix}messages m
  LEFT JOIN {like_counts} k ON k.id_msg = m.id_msg
 WHERE m.id_msg IN (:ids)

-- name: numbers
-- Uses the index (id_topic, id_msg).
SELECT q.id_msg                    AS id,
       q.id_topic                  AS thread_id,
       w.earlier                   AS earlier
  FROM (SELECT a.id_topic, a.earliest, a.latest, COUNT(e.id_msg) AS earlier
          FROM (SELECT id_topic, MIN(id_msg) AS earliest, MAX(id_msg) AS latest
                  FROM {prefix}messages
                 WHERE id_msg IN (:ids)
                 GROUP BY id_topic) a
          LEFT JOIN {prefix}messages e ON e.id_topic = a.id_topic AND e.id_msg < a.earliest AND e.approved = 1
         GROUP BY a.id_topic, a.earliest, a.latest) w
  JOIN {prefix}messages q ON q.id_topic = w.id_topic AND q.id_msg BETWEEN w.earliest AND w.latest AND q.approved = 1
 ORDER BY q.id_topic, q.id_msg

-- name: likes
SELECT l.content_id                AS id,
       u.real_name                 AS name
  FROM {likes} l
  JOIN {prefix}members u ON u.id_member = l.id_member
 WHERE l.content_type = 'msg' AND l.content_id IN (:ids) AND u.is_activated < 10
 ORDER BY l.content_id, l.like_time, l.id_member

-- name: titles
SELECT u.id_member                 AS member_id,
       u.usertitle                 AS title
  FROM {prefix}members u
 WHERE u.id_member IN (:members)

-- name: members
-- is_activated: 1 active, 0 and 2 have not confirmed their address, 3 awaits approval, 4 wants to be deleted, 5 awaits the consent of
-- parents; 10 more: banned. In 2.1, the forum's default for announcements is off; only the member's own choice counts here. 2.0 has no
-- zones, but hours from the forum's own zone, which may be moved by hours itself.
SELECT u.id_member                 AS id,
       u.real_name                 AS name,
       u.email_address             AS email,
       COALESCE(z.timezone, CONCAT(COALESCE(w.time_offset, '0'), ' ',
                COALESCE((SELECT o.value FROM {prefix}settings o WHERE o.variable = 'time_offset'), '0'), ' ',
                COALESCE((SELECT o.value FROM {prefix}settings o WHERE o.variable = 'default_timezone'), ''))) AS zone,
       u.lngfile                   AS locale,
       CONCAT(u.id_group, ',', u.id_post_group, ',', u.additional_groups) AS roles,
       CASE WHEN u.is_activated >= 10
              OR EXISTS (SELECT 1 FROM {prefix}ban_items i
                           JOIN {prefix}ban_groups g ON g.id_ban_group = i.id_ban_group
                          WHERE (i.id_member = u.id_member OR i.email_address <> '' AND u.email_address LIKE i.email_address)
                            AND g.cannot_access = 1 AND (g.expire_time IS NULL OR g.expire_time > :now)) THEN 'banned'
            WHEN u.is_activated = 3 THEN 'awaiting approval'
            WHEN u.is_activated = 4 THEN 'disabled'
            WHEN u.is_activated <> 1 THEN 'not confirmed'
            WHEN u.email_address = '' THEN 'no address'
            ELSE '' END            AS no_mail,
       CASE WHEN {declines_announcements u.id_member} THEN 'announcements' ELSE '' END AS opt_outs,
       {digest_choice u.id_member} AS digest_choice
  FROM {prefix}members u
  LEFT JOIN {own_settings} w ON w.id_member = u.id_member
  LEFT JOIN {zones} z ON z.id_member = u.id_member
 WHERE u.id_member IN (:ids)

-- name: find
SELECT u.id_member                 AS id
  FROM {prefix}members u
 WHERE u.real_name = :name

-- name: find/postgres
SELECT u.id_member                 AS id
  FROM {prefix}members u
 WHERE LOWER(u.real_name) = LOWER(:name)

-- name: search
SELECT u.id_member                 AS id
  FROM {prefix}members u
 WHERE u.real_name LIKE :begins ESCAPE '|'
 ORDER BY u.real_name
 LIMIT :limit

-- name: search/postgres
SELECT u.id_member                 AS id
  FROM {prefix}members u
 WHERE LOWER(u.real_name) LIKE LOWER(:begins) ESCAPE '|'
 ORDER BY u.real_name
 LIMIT :limit

-- name: watching
SELECT DISTINCT n.id_member        AS id
  FROM {prefix}log_notify n
 WHERE n.id_member > :after
 ORDER BY n.id_member
 LIMIT :limit

-- name: rights
-- Boards name the groups that may see them, and those that may not, if deny_boards_access is on. There is no inheritance.
-- Administrators (group 1) and the groups in board_manager_groups see all boards. Group 0 is that of ordinary members.
SELECT CONCAT('', g.id_group)      AS role,
       b.id_board                  AS section_id,
       CASE WHEN g.id_group = 1
              OR CONCAT(',', COALESCE((SELECT s.value FROM {prefix}settings s WHERE s.variable = 'board_manager_groups'), ''), ',')
                 LIKE CONCAT('%,', g.id_group, ',%') THEN 'all'
            WHEN CONCAT(',', d.deny_member_groups, ',') LIKE CONCAT('%,', g.id_group, ',%')
             AND EXISTS (SELECT 1 FROM {prefix}settings s WHERE s.variable = 'deny_boards_access' AND s.value = '1') THEN 'never'
            WHEN CONCAT(',', b.member_groups, ',') LIKE CONCAT('%,', g.id_group, ',%') THEN 'yes'
            ELSE 'no' END          AS rights
  FROM (SELECT id_group FROM {prefix}membergroups UNION ALL SELECT 0) g
  JOIN {prefix}boards b ON 1 = 1
  LEFT JOIN {denials} d ON d.id_board = b.id_board
 WHERE CONCAT('', g.id_group) IN (:roles)

-- name: section_watches
-- A watched board has no levels, so digests include all posts. SMF itself emails new topics.
SELECT n.id_member                 AS member_id,
       n.id_board                  AS section_id,
       2                           AS level,
       {emails board} AS mail,
       {digests}                   AS digests
  FROM {prefix}log_notify n
  LEFT JOIN {own_settings} w ON w.id_member = n.id_member
 WHERE n.id_member IN (:members) AND n.id_board > 0

-- name: thread_watches
-- SMF emails each reply, or the first unread one, unless the member chose otherwise: smf2_versions.go.
SELECT n.id_member                 AS member_id,
       n.id_topic                  AS thread_id,
       {emails topic} AS mail,
       {digests}                   AS digests
  FROM {prefix}log_notify n
  LEFT JOIN {own_settings} w ON w.id_member = n.id_member
 WHERE n.id_member IN (:members) AND n.id_topic > 0

-- name: watchers
-- id_board is a smallint on PostgreSQL, which refuses the IDs of categories, but not with a zero added.
SELECT n.id_member                 AS member_id,
       n.id_topic                  AS thread_id,
       0                           AS section_id,
       2                           AS level
  FROM {prefix}log_notify n
  LEFT JOIN {own_settings} w ON w.id_member = n.id_member
 WHERE n.id_topic IN (:threads) AND n.id_member > :after
   AND {emails topic} = 1
 UNION ALL
SELECT n.id_member, 0, n.id_board, 1
  FROM {prefix}log_notify n
  LEFT JOIN {own_settings} w ON w.id_member = n.id_member
 WHERE n.id_topic = 0 AND n.id_board + 0 IN (:sections) AND n.id_member > :after
   AND {emails board} = 1
 ORDER BY member_id
 LIMIT :limit

-- name: ignores
SELECT u.id_member                 AS member_id,
       u.pm_ignore_list            AS ignored
  FROM {prefix}members u
 WHERE u.id_member IN (:members) AND u.pm_ignore_list <> ''

-- name: read_days
SELECT 3650                        AS days

-- name: section_reads
-- SMF keeps the newest message that was seen, not a time.
SELECT a.member_id, a.section_id, a.read_at
  FROM (SELECT r.id_member AS member_id, r.id_board AS section_id,
               (SELECT m.poster_time FROM {prefix}messages m WHERE m.id_msg <= r.id_msg ORDER BY m.id_msg DESC LIMIT 1) AS read_at
          FROM {prefix}log_mark_read r
         WHERE r.id_member IN (:members)) a
 WHERE a.read_at >= :since

-- name: thread_reads
SELECT a.member_id, a.thread_id, a.read_at
  FROM (SELECT r.id_member AS member_id, r.id_topic AS thread_id,
               (SELECT m.poster_time FROM {prefix}messages m WHERE m.id_msg <= r.id_msg ORDER BY m.id_msg DESC LIMIT 1) AS read_at
          FROM {prefix}log_topics r
         WHERE r.id_member IN (:members)) a
 WHERE a.read_at >= :since

-- name: took_part
SELECT DISTINCT m.id_member        AS member_id,
       m.id_topic                  AS thread_id
  FROM {prefix}messages m
 WHERE m.id_topic IN (:threads) AND m.id_member IN (:members) AND m.approved = 1
   AND {recycled m.id_board} = 0
 UNION ALL
SELECT t.id_member_started, t.id_topic
  FROM {prefix}topics t
 WHERE t.id_topic IN (:threads) AND t.id_member_started IN (:members)

-- name: arrivals
SELECT m.id_msg                    AS id,
       m.id_topic                  AS thread_id,
       t.id_board                  AS section_id,
       m.id_member                 AS author_id,
       m.poster_time               AS posted_at,
       CASE WHEN m.approved = 1 AND t.approved = 1 AND m.icon <> 'moved' THEN 1 - {recycled t.id_board}
            ELSE 0 END AS visible
  FROM {prefix}messages m
  JOIN {prefix}topics t ON t.id_topic = m.id_topic
 WHERE m.id_msg > :after
 ORDER BY m.id_msg
 LIMIT :limit

-- name: arrivals_of
SELECT m.id_msg                    AS id,
       m.id_topic                  AS thread_id,
       t.id_board                  AS section_id,
       m.id_member                 AS author_id,
       m.poster_time               AS posted_at,
       CASE WHEN m.approved = 1 AND t.approved = 1 AND m.icon <> 'moved' THEN 1 - {recycled t.id_board}
            ELSE 0 END AS visible
  FROM {prefix}messages m
  JOIN {prefix}topics t ON t.id_topic = m.id_topic
 WHERE m.id_msg IN (:ids)

-- name: first_since
-- Messages have no index on their time, and an import gives old ones new IDs. But each visit of a member saves the newest ID of then
-- (Sources/Load.php, loadUserSettings): what was written since :from has a higher ID than the last visits before it saw. A visit counts
-- only if that message is there, and as old: merged forums bring visits with the IDs of the other one. Within a condition, MariaDB does
-- not know how few messages are newer, and reads them all.
SELECT COALESCE(MIN(m.id_msg), 0)  AS id
  FROM {seen_before :from} seen
  JOIN {prefix}messages m ON m.id_msg > seen.id
 WHERE m.poster_time >= :from

-- name: newest
SELECT COALESCE(MAX(m.id_msg), 0)  AS id
  FROM {prefix}messages m

-- name: created
SELECT m.id_msg                    AS id
  FROM {seen_before :from} seen
  JOIN {prefix}messages m ON m.id_msg > seen.id
 WHERE m.poster_time >= :from AND m.poster_time < :until
 ORDER BY m.id_msg

-- name: mailable
SELECT COUNT(*)                    AS members,
       COALESCE(SUM(CASE WHEN {declines_announcements u.id_member} THEN 0 ELSE 1 END), 0) AS accepting_all
  FROM {prefix}members u
  LEFT JOIN {own_settings} w ON w.id_member = u.id_member
 WHERE u.is_activated = 1 AND u.email_address <> ''
   AND NOT EXISTS (SELECT 1 FROM {prefix}ban_items i
                     JOIN {prefix}ban_groups g ON g.id_ban_group = i.id_ban_group
                    WHERE (i.id_member = u.id_member OR i.email_address <> '' AND u.email_address LIKE i.email_address)
                      AND g.cannot_access = 1 AND (g.expire_time IS NULL OR g.expire_time > :now))

-- name: own_digests
SELECT CASE COUNT(*) WHEN 0 THEN 0 ELSE 1 END AS sends
  FROM {prefix}scheduled_tasks t
 WHERE t.task IN ('daily_digest', 'weekly_digest') AND t.disabled = 0

-- name: watch_counts
SELECT COUNT(*)                    AS watching,
       COALESCE(SUM(1 - w.by_email), 0) AS without_email
  FROM (SELECT n.id_member, MAX(CASE WHEN {digests} = 1 THEN 1 WHEN n.id_topic = 0 THEN {emails board} ELSE {emails topic} END) AS by_email
          FROM {prefix}log_notify n
          LEFT JOIN {own_settings} w ON w.id_member = n.id_member
         GROUP BY n.id_member) w
  JOIN {prefix}members u ON u.id_member = w.id_member
 WHERE u.is_activated = 1 AND u.email_address <> ''
   AND NOT EXISTS (SELECT 1 FROM {prefix}ban_items i
                     JOIN {prefix}ban_groups g ON g.id_ban_group = i.id_ban_group
                    WHERE (i.id_member = u.id_member OR i.email_address <> '' AND u.email_address LIKE i.email_address)
                      AND g.cannot_access = 1 AND (g.expire_time IS NULL OR g.expire_time > :now))

-- name: roster
SELECT u.id_member                 AS id
  FROM {prefix}members u
 WHERE u.id_member > :after
 ORDER BY u.id_member
 LIMIT :limit

-- name: profiles
SELECT u.id_member                 AS id,
       u.posts                     AS posts,
       u.date_registered           AS joined_at,
       u.last_login                AS visited_at
  FROM {prefix}members u
 WHERE u.id_member IN (:ids)

-- name: visits
SELECT u.id_member                 AS member_id,
       u.last_login                AS visited_at
  FROM {prefix}members u
 WHERE u.id_member IN (:members)

-- name: groups
SELECT g.id_group                  AS id,
       g.group_name                AS title
  FROM {prefix}membergroups g
 ORDER BY g.id_group

-- name: memberships
SELECT u.id_member                 AS member_id,
       CONCAT(u.id_group, ',', u.id_post_group, ',', u.additional_groups) AS in_groups
  FROM {prefix}members u
 WHERE u.id_member IN (:members)

-- name: named
SELECT u.id_member                 AS id,
       u.real_name                 AS name
  FROM {prefix}members u
 WHERE u.real_name IN (:names)

-- name: named/postgres
SELECT u.id_member                 AS id,
       u.real_name                 AS name
  FROM {prefix}members u
 WHERE LOWER(u.real_name) IN (:names)

-- name: addressed
SELECT u.id_member                 AS id,
       u.email_address             AS email
  FROM {prefix}members u
 WHERE u.email_address IN (:addresses) AND u.email_address <> ''

-- name: word_filter
-- Two lists with a word on each line; the type's Go file decodes them.
SELECT v.value                     AS word,
       0                           AS regex,
       COALESCE((SELECT p.value FROM {prefix}settings p WHERE p.variable = 'censor_proper'), '') AS replacement
  FROM {prefix}settings v
 WHERE v.variable = 'censor_vulgar' AND v.value <> ''

-- name: attachments
-- Type 3 is the thumbnail of another, type 1 an avatar.
SELECT a.id_msg                    AS post_id,
       a.filename                  AS name
  FROM {if_readable attachments id_attach id_msg attachment_type approved filename:text} a
 WHERE a.id_msg IN (:ids) AND a.attachment_type = 0 AND a.approved = 1
 ORDER BY a.id_msg, a.id_attach

-- name: polls
SELECT m.id_msg                    AS id,
       q.question                  AS question
  FROM {prefix}messages m
  JOIN {prefix}topics t ON t.id_topic = m.id_topic AND t.id_first_msg = m.id_msg
  JOIN {if_readable polls id_poll question:text} q ON q.id_poll = t.id_poll
 WHERE m.id_msg IN (:ids)

-- name: site
-- The name and the address are in Settings.php only.
SELECT ''                          AS name,
       ''                          AS url,
       COALESCE(MAX(s.value), '')  AS version
  FROM {prefix}settings s
 WHERE s.variable = 'smfVersion'

-- name: counters
SELECT t.id_topic                  AS thread_id,
       t.num_replies + 1           AS stored,
       (SELECT COUNT(*) FROM {prefix}messages m WHERE m.id_topic = t.id_topic AND m.approved = 1) AS counted
  FROM (SELECT id_topic, num_replies
          FROM {prefix}topics
         WHERE approved = 1 AND num_replies < 2000
         ORDER BY id_topic DESC
         LIMIT 20) t

-- name: member_counters
-- SMF counts the active (Sources/Subs.php, updateStats).
SELECT s.value                     AS stored,
       (SELECT COUNT(*) FROM {prefix}members u WHERE u.is_activated = 1) AS counted
  FROM {prefix}settings s
 WHERE s.variable = 'totalMembers'

-- name: addons
-- Installed packages, and the functions that mods without one hook into SMF. The type's Go file decodes these lists.
SELECT p.package_id                AS name
  FROM {if_readable log_packages package_id:text install_state} p
 WHERE p.install_state <> 0
 UNION
SELECT s.value
  FROM {prefix}settings s
 WHERE s.variable LIKE 'integrate|_%' ESCAPE '|'

-- name: unread_messages
-- The lowest bit of is_read says that it was read, the next one that it was answered.
SELECT r.id_member                 AS member_id,
       m.id_member_from            AS sender_id,
       m.from_name                 AS sender,
       COUNT(*)                    AS messages
  FROM {if_readable pm_recipients id_pm id_member is_read deleted} r
  JOIN {if_readable personal_messages id_pm id_member_from from_name:text} m ON m.id_pm = r.id_pm
 WHERE r.id_member IN (:members) AND r.is_read = 0 AND r.deleted = 0
 GROUP BY r.id_member, m.id_member_from, m.from_name
 ORDER BY MAX(r.id_pm) DESC
