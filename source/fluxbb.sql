-- FluxBB 1.5, on MySQL, MariaDB, PostgreSQL and SQLite. docs/query-contract.md says what each query must return.

-- name: sections
-- Categories have IDs from 1,000,000,000, because those of forums start at 1, too. A forum with an address elsewhere holds no threads.
SELECT 1000000000 + c.id          AS id,
       0                           AS parent_id,
       c.disp_position             AS place,
       c.cat_name                  AS title,
       0                           AS holds_threads,
       0                           AS closed
  FROM {prefix}categories c
 UNION ALL
SELECT f.id, 1000000000 + f.cat_id, f.disp_position, f.forum_name,
       CASE WHEN f.redirect_url IS NULL OR f.redirect_url = '' THEN 1 ELSE 0 END, 0
  FROM {prefix}forums f

-- name: threads
-- A topic knows its author's name only. moved_to makes it the placeholder of a moved one. User 1 is the guest, to whom the posts
-- of deleted accounts go. FluxBB deletes for good and approves nothing.
SELECT t.id                        AS id,
       t.forum_id                  AS section_id,
       t.subject                   AS title,
       CASE WHEN p.poster_id > 1 THEN p.poster_id ELSE 0 END AS starter_id,
       t.poster                    AS starter_name,
       t.posted                    AS started_at,
       t.first_post_id             AS first_post_id,
       0                           AS state,
       CASE WHEN t.moved_to IS NULL THEN 0 ELSE 1 END AS redirect,
       t.closed                    AS locked
  FROM {prefix}topics t
  LEFT JOIN {prefix}posts p ON p.id = t.first_post_id
 WHERE t.id IN (:ids)

-- name: posts
-- Moderators can edit without a trace in the column edited.
SELECT p.id                        AS id,
       p.topic_id                  AS thread_id,
       CASE p.poster_id WHEN 1 THEN 0 ELSE p.poster_id END AS author_id,
       p.poster                    AS author_name,
       p.posted                    AS posted_at,
       0                           AS state,
       MD5(CONCAT(p.poster, ' ', COALESCE(p.message, ''))) AS version
  FROM {prefix}posts p
 WHERE p.id IN (:ids)

-- name: posts/sqlite
-- SQLite has no checksums.
SELECT p.id                        AS id,
       p.topic_id                  AS thread_id,
       CASE p.poster_id WHEN 1 THEN 0 ELSE p.poster_id END AS author_id,
       p.poster                    AS author_name,
       p.posted                    AS posted_at,
       0                           AS state,
       COALESCE(p.edited, 0) || ' ' || COALESCE(LENGTH(p.message) || ' ' || SUBSTR(p.message, 1, 100), '') AS version
  FROM {prefix}posts p
 WHERE p.id IN (:ids)

-- name: bodies
SELECT p.id                        AS id,
       CASE p.poster_id WHEN 1 THEN 0 ELSE p.poster_id END AS author_id,
       0                           AS likes,
       SUBSTR(COALESCE(p.message, ''), 1, 262144) AS body
  FROM {prefix}posts p
 WHERE p.id IN (:ids)

-- name: numbers
-- Posts are in the order of their IDs.
SELECT q.id                        AS id,
       q.topic_id                  AS thread_id,
       w.earlier                   AS earlier
  FROM (SELECT a.topic_id, a.earliest, a.latest, COUNT(e.id) AS earlier
          FROM (SELECT topic_id, MIN(id) AS earliest, MAX(id) AS latest
                  FROM {prefix}posts
                 WHERE id IN (:ids)
                 GROUP BY topic_id) a
          LEFT JOIN {prefix}posts e ON e.topic_id = a.topic_id AND e.id < a.earliest
         GROUP BY a.topic_id, a.earliest, a.latest) w
  JOIN {prefix}posts q ON q.topic_id = w.topic_id AND q.id BETWEEN w.earliest AND w.latest
 ORDER BY q.topic_id, q.id

-- name: titles
-- The member's own title, or else the group's.
SELECT u.id                        AS member_id,
       COALESCE(NULLIF(u.title, ''), NULLIF(g.g_user_title, ''), '') AS title
  FROM {prefix}users u
  LEFT JOIN {table groups} g ON g.g_id = u.group_id
 WHERE u.id IN (:members)

-- name: members
-- FluxBB has no opt-out of email. Group 0 has not confirmed the address. A ban of a name ends an account. Bans of addresses and domains
-- are about registering and about new addresses only: members who have one use the forum as before (include/functions.php, check_bans).
SELECT u.id                        AS id,
       u.username                  AS name,
       u.email                     AS email,
       CONCAT(u.timezone, ' ', u.dst) AS zone,
       u.language                  AS locale,
       CONCAT('', u.group_id)      AS roles,
       CASE WHEN EXISTS (SELECT 1 FROM {prefix}bans b
                          WHERE (b.expire IS NULL OR b.expire > :now)
                            AND LOWER(b.username) = LOWER(u.username)) THEN 'banned'
            WHEN u.group_id = 0    THEN 'not confirmed'
            WHEN u.email = ''      THEN 'no address'
            ELSE '' END            AS no_mail
  FROM {prefix}users u
 WHERE u.id IN (:ids) AND u.id > 1

-- name: find
-- On PostgreSQL and SQLite, the index is for the exact spelling.
SELECT u.id                        AS id
  FROM {prefix}users u
 WHERE u.username = :name AND u.id > 1

-- name: search
SELECT u.id                        AS id
  FROM {prefix}users u
 WHERE u.username LIKE :begins ESCAPE '|' AND u.id > 1
 ORDER BY u.username
 LIMIT :limit

-- name: search/postgres
SELECT u.id                        AS id
  FROM {prefix}users u
 WHERE LOWER(u.username) LIKE LOWER(:begins) ESCAPE '|' AND u.id > 1
 ORDER BY u.username
 LIMIT :limit

-- name: watching
SELECT a.id                        AS id
  FROM (SELECT DISTINCT t.user_id AS id FROM {prefix}topic_subscriptions t WHERE t.user_id > :after ORDER BY t.user_id LIMIT :limit) a
 UNION
SELECT b.id
  FROM (SELECT DISTINCT f.user_id AS id FROM {prefix}forum_subscriptions f WHERE f.user_id > :after ORDER BY f.user_id LIMIT :limit) b
 ORDER BY id
 LIMIT :limit

-- name: rights
-- A group may read every forum unless a row denies it. Administrators (group 1) read all.
SELECT CONCAT('', g.g_id)         AS role,
       f.id                        AS section_id,
       CASE WHEN g.g_read_board = 1 AND (g.g_id = 1 OR COALESCE(p.read_forum, 1) = 1) THEN '110' ELSE '000' END AS rights
  FROM {table groups} g
  JOIN {prefix}forums f ON 1 = 1
  LEFT JOIN {prefix}forum_perms p ON p.forum_id = f.id AND p.group_id = g.g_id
 WHERE CONCAT('', g.g_id) IN (:roles)

-- name: section_watches
-- A subscription has no levels, so digests include all posts. FluxBB itself emails new topics.
SELECT s.user_id                   AS member_id,
       s.forum_id                  AS section_id,
       2                           AS level,
       1                           AS mail
  FROM {prefix}forum_subscriptions s
 WHERE s.user_id IN (:members)

-- name: thread_watches
SELECT s.user_id                   AS member_id,
       s.topic_id                  AS thread_id,
       1                           AS mail
  FROM {prefix}topic_subscriptions s
 WHERE s.user_id IN (:members)

-- name: watchers
SELECT s.user_id                   AS member_id,
       s.topic_id                  AS thread_id,
       0                           AS section_id,
       2                           AS level
  FROM {prefix}topic_subscriptions s
 WHERE s.topic_id IN (:threads) AND s.user_id > :after
 UNION ALL
SELECT s.user_id, 0, s.forum_id, 1
  FROM {prefix}forum_subscriptions s
 WHERE s.forum_id IN (:sections) AND s.user_id > :after
 ORDER BY member_id
 LIMIT :limit

-- name: took_part
SELECT DISTINCT p.poster_id        AS member_id,
       p.topic_id                  AS thread_id
  FROM {prefix}posts p
 WHERE p.topic_id IN (:threads) AND p.poster_id IN (:members)

-- name: arrivals
SELECT p.id                        AS id,
       p.topic_id                  AS thread_id,
       t.forum_id                  AS section_id,
       CASE p.poster_id WHEN 1 THEN 0 ELSE p.poster_id END AS author_id,
       p.posted                    AS posted_at,
       CASE WHEN t.moved_to IS NULL THEN 1 ELSE 0 END AS visible
  FROM {prefix}posts p
  JOIN {prefix}topics t ON t.id = p.topic_id
 WHERE p.id > :after
 ORDER BY p.id
 LIMIT :limit

-- name: arrivals_of
SELECT p.id                        AS id,
       p.topic_id                  AS thread_id,
       t.forum_id                  AS section_id,
       CASE p.poster_id WHEN 1 THEN 0 ELSE p.poster_id END AS author_id,
       p.posted                    AS posted_at,
       CASE WHEN t.moved_to IS NULL THEN 1 ELSE 0 END AS visible
  FROM {prefix}posts p
  JOIN {prefix}topics t ON t.id = p.topic_id
 WHERE p.id IN (:ids)

-- name: first_since
-- Posts have no index on their time, but topics have one on that of their last post. Without the zero, PostgreSQL and SQLite look for the
-- lowest ID among all posts, from the oldest on.
SELECT COALESCE(MIN(p.id + 0), 0)  AS id
  FROM {prefix}topics t
  JOIN {prefix}posts p ON p.topic_id = t.id AND p.posted >= :from
 WHERE t.last_post >= :from

-- name: newest
SELECT COALESCE(MAX(p.id), 0)      AS id
  FROM {prefix}posts p

-- name: created
-- The zero keeps SQLite from walking through all posts in their order.
SELECT p.id                        AS id
  FROM {prefix}topics t
  JOIN {prefix}posts p ON p.topic_id = t.id AND p.posted >= :from AND p.posted < :until
 WHERE t.last_post >= :from
 ORDER BY p.id + 0

-- name: mailable
SELECT COUNT(*)                    AS members
  FROM {prefix}users u
 WHERE u.id > 1 AND u.group_id <> 0 AND u.email <> ''
   AND NOT EXISTS (SELECT 1 FROM {prefix}bans b
                    WHERE (b.expire IS NULL OR b.expire > :now)
                      AND LOWER(b.username) = LOWER(u.username))

-- name: watch_counts
-- FluxBB has no subscriptions without email.
SELECT COUNT(*)                    AS watching,
       0                           AS without_email
  FROM {prefix}users u
 WHERE u.id > 1 AND u.group_id <> 0 AND u.email <> ''
   AND (u.id IN (SELECT t.user_id FROM {prefix}topic_subscriptions t) OR u.id IN (SELECT f.user_id FROM {prefix}forum_subscriptions f))
   AND NOT EXISTS (SELECT 1 FROM {prefix}bans b
                    WHERE (b.expire IS NULL OR b.expire > :now)
                      AND LOWER(b.username) = LOWER(u.username))

-- name: roster
SELECT u.id                        AS id
  FROM {prefix}users u
 WHERE u.id > :after AND u.id > 1
 ORDER BY u.id
 LIMIT :limit

-- name: profiles
SELECT u.id                        AS id,
       u.num_posts                 AS posts,
       u.registered                AS joined_at,
       u.last_visit                AS visited_at
  FROM {prefix}users u
 WHERE u.id IN (:ids)

-- name: visits
-- FluxBB keeps what was read in a cookie, so this is all that it knows. During a session, the last page is in the list of who is online
-- only, and FluxBB asks that list first (post.php). last_visit follows when the session ends.
SELECT u.id                        AS member_id,
       CASE WHEN o.logged > u.last_visit THEN o.logged ELSE u.last_visit END AS visited_at
  FROM {prefix}users u
  LEFT JOIN (SELECT s.user_id, MAX(s.logged) AS logged
               FROM {prefix}online s
              WHERE s.user_id IN (:members)
              GROUP BY s.user_id) o ON o.user_id = u.id
 WHERE u.id IN (:members)

-- name: groups
SELECT g.g_id                      AS id,
       g.g_title                   AS title
  FROM {table groups} g
 ORDER BY g.g_id

-- name: memberships
SELECT u.id                        AS member_id,
       u.group_id                  AS in_groups
  FROM {prefix}users u
 WHERE u.id IN (:members)

-- name: named
SELECT u.id                        AS id,
       u.username                  AS name
  FROM {prefix}users u
 WHERE u.username IN (:names) AND u.id > 1

-- name: addressed
SELECT u.id                        AS id,
       u.email                     AS email
  FROM {prefix}users u
 WHERE u.email IN (:addresses) AND u.email <> '' AND u.id <> 1

-- name: word_filter
SELECT c.search_for                AS word,
       0                           AS regex,
       c.replace_with              AS replacement
  FROM {prefix}censoring c

-- name: site
SELECT MAX(CASE WHEN c.conf_name = 'o_board_title' THEN c.conf_value ELSE '' END) AS name,
       MAX(CASE WHEN c.conf_name = 'o_base_url' THEN c.conf_value ELSE '' END) AS url,
       MAX(CASE WHEN c.conf_name = 'o_cur_version' THEN c.conf_value ELSE '' END) AS version
  FROM {prefix}config c
 WHERE c.conf_name IN ('o_board_title', 'o_base_url', 'o_cur_version')

-- name: counters
SELECT t.id                        AS thread_id,
       t.num_replies + 1           AS stored,
       (SELECT COUNT(*) FROM {prefix}posts p WHERE p.topic_id = t.id) AS counted
  FROM (SELECT id, num_replies
          FROM {prefix}topics
         WHERE moved_to IS NULL AND num_replies < 2000
         ORDER BY id DESC
         LIMIT 20) t
