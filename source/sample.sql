-- The sample forum of `postrider demo`, in SQLite. The tables are in demo/schema.sql. docs/query-contract.md says what each query
-- must return.

-- name: sections
-- Categories and sections have overlapping IDs, so categories have negative IDs here.
SELECT -c.id                       AS id,
       0                           AS parent_id,
       c.place                     AS place,
       c.title                     AS title,
       0                           AS holds_threads,
       0                           AS closed
  FROM {prefix}category c
 UNION ALL
SELECT s.id, -s.category_id, s.place, s.title, 1, 0
  FROM {prefix}section s

-- name: threads
SELECT t.id                        AS id,
       t.section_id                AS section_id,
       t.title                     AS title,
       t.starter_id                AS starter_id,
       t.starter_name              AS starter_name,
       t.started_at                AS started_at,
       t.first_post_id             AS first_post_id,
       CASE t.state WHEN 'visible' THEN 0 WHEN 'moderated' THEN 1 ELSE 2 END AS state,
       t.moved_to IS NOT NULL      AS redirect
  FROM {prefix}thread t
 WHERE t.id IN (:ids)

-- name: posts
-- The version changes when the post is edited or its likes change.
SELECT p.id                        AS id,
       p.thread_id                 AS thread_id,
       p.author_id                 AS author_id,
       p.author_name               AS author_name,
       p.posted_at                 AS posted_at,
       CASE p.state WHEN 'visible' THEN 0 WHEN 'moderated' THEN 1 ELSE 2 END AS state,
       p.edited_at || '-' || (SELECT COUNT(*) || '-' || COALESCE(SUM(l.member_id), 0) || '-' || COALESCE(MAX(l.liked_at), 0)
                                FROM {prefix}post_like l
                               WHERE l.post_id = p.id) AS version
  FROM {prefix}post p
 WHERE p.id IN (:ids)

-- name: bodies
SELECT p.id                        AS id,
       p.author_id                 AS author_id,
       (SELECT COUNT(*) FROM {prefix}post_like l WHERE l.post_id = p.id) AS likes,
       substr(p.body, 1, 262144)   AS body
  FROM {prefix}post p
 WHERE p.id IN (:ids)

-- name: numbers
-- Counts all posts: a deleted post leaves a gap in the numbers.
SELECT q.id                        AS id,
       q.thread_id                 AS thread_id,
       (SELECT COUNT(*) FROM {prefix}post e WHERE e.thread_id = w.thread_id AND e.posted_at < w.first) AS earlier
  FROM (SELECT p.thread_id, MIN(p.posted_at) AS first, MAX(p.posted_at) AS last
          FROM {prefix}post p
         WHERE p.id IN (:ids)
         GROUP BY p.thread_id) w
  JOIN {prefix}post q ON q.thread_id = w.thread_id AND q.posted_at BETWEEN w.first AND w.last
 ORDER BY q.thread_id, q.posted_at, q.id

-- name: likes
SELECT l.post_id                   AS id,
       m.name                      AS name
  FROM {prefix}post_like l
  JOIN {prefix}member m ON m.id = l.member_id AND m.state <> 'banned'
 WHERE l.post_id IN (:ids)
 ORDER BY l.post_id, l.liked_at, l.member_id

-- name: titles
SELECT m.id                        AS member_id,
       m.title                     AS title
  FROM {prefix}member m
 WHERE m.id IN (:members)

-- name: badges
SELECT b.member_id                 AS member_id,
       b.label                     AS badge
  FROM {prefix}badge b
 WHERE b.member_id IN (:members)
 ORDER BY b.member_id, b.place

-- name: members
-- Members who are not active may read what guests (role 1) may read. This forum has one switch for all email.
SELECT m.id                        AS id,
       m.name                      AS name,
       m.email                     AS email,
       m.zone                      AS zone,
       m.locale                    AS locale,
       CASE m.state WHEN 'active' THEN m.role_id ELSE 1 END AS roles,
       CASE WHEN m.state = 'banned'      THEN 'banned'
            WHEN m.state = 'unconfirmed' THEN 'not confirmed'
            WHEN m.state = 'bouncing'    THEN 'bouncing'
            WHEN m.state = 'awaiting'    THEN 'awaiting approval'
            WHEN m.state = 'rejected'    THEN 'rejected'
            WHEN m.state <> 'active'     THEN 'disabled'
            WHEN m.email = ''            THEN 'no address'
            ELSE '' END            AS no_mail,
       CASE m.wants_mail WHEN 0 THEN 'announcements,alerts,digests' ELSE '' END AS opt_outs,
       COALESCE(d.choice, '')      AS digest_choice
  FROM {prefix}member m
  LEFT JOIN {prefix}digest_setting d ON d.member_id = m.id
 WHERE m.id IN (:ids)

-- name: find
SELECT m.id                        AS id
  FROM {prefix}member m
 WHERE m.name = :name

-- name: search
SELECT m.id                        AS id
  FROM {prefix}member m
 WHERE m.name LIKE :begins ESCAPE '|'
 ORDER BY m.name
 LIMIT :limit

-- name: watching
-- Walks the indexes of the watches: a walk through the members would read every member who watches nothing.
SELECT a.id                        AS id
  FROM (SELECT DISTINCT t.member_id AS id
          FROM {prefix}thread_watch t
         WHERE t.member_id > :after
         ORDER BY t.member_id
         LIMIT :limit) a
 UNION
SELECT b.id
  FROM (SELECT DISTINCT f.member_id AS id
          FROM {prefix}section_watch f
         WHERE f.member_id > :after
         ORDER BY f.member_id
         LIMIT :limit) b
 ORDER BY id
 LIMIT :limit

-- name: rights
-- View, read, own threads only.
SELECT r.role_id                   AS role,
       r.section_id                AS section_id,
       CASE r.reads WHEN 'own' THEN '111' ELSE '110' END AS rights
  FROM {prefix}permission r
 WHERE r.role_id IN (:roles)

-- name: section_watches
SELECT w.member_id                 AS member_id,
       w.section_id                AS section_id,
       CASE w.level WHEN 'threads' THEN 1 ELSE 2 END AS level,
       CASE WHEN w.mail = 0 THEN 0 WHEN w.level = 'threads' THEN 1 ELSE 2 END AS mail
  FROM {prefix}section_watch w
 WHERE w.member_id IN (:members)

-- name: thread_watches
SELECT w.member_id                 AS member_id,
       w.thread_id                 AS thread_id,
       w.mail                      AS mail
  FROM {prefix}thread_watch w
 WHERE w.member_id IN (:members)

-- name: watchers
SELECT w.member_id                 AS member_id,
       w.thread_id                 AS thread_id,
       0                           AS section_id,
       2                           AS level
  FROM {prefix}thread_watch w
 WHERE w.thread_id IN (:threads) AND w.mail = 1 AND w.member_id > :after
 UNION ALL
SELECT w.member_id, 0, w.section_id, CASE w.level WHEN 'threads' THEN 1 ELSE 2 END
  FROM {prefix}section_watch w
 WHERE w.section_id IN (:sections) AND w.mail = 1 AND w.member_id > :after
 ORDER BY member_id
 LIMIT :limit

-- name: ignores
SELECT i.member_id                 AS member_id,
       i.ignored_id                AS ignored
  FROM {prefix}ignored i
 WHERE i.member_id IN (:members)

-- name: read_days
-- This forum keeps read marks forever; ten years have the same effect.
SELECT 3650                        AS days

-- name: section_reads
SELECT r.member_id                 AS member_id,
       r.section_id                AS section_id,
       r.read_at                   AS read_at
  FROM {prefix}section_read r
 WHERE r.member_id IN (:members) AND r.read_at >= :since

-- name: thread_reads
SELECT r.member_id                 AS member_id,
       r.thread_id                 AS thread_id,
       r.read_at                   AS read_at
  FROM {prefix}thread_read r
 WHERE r.member_id IN (:members) AND r.read_at >= :since

-- name: took_part
SELECT p.author_id                 AS member_id,
       p.thread_id                 AS thread_id
  FROM {prefix}post p
 WHERE p.thread_id IN (:threads) AND p.author_id IN (:members) AND p.state = 'visible'
 UNION
SELECT t.starter_id, t.id
  FROM {prefix}thread t
 WHERE t.id IN (:threads) AND t.starter_id IN (:members)

-- name: arrivals
SELECT p.id                        AS id,
       p.thread_id                 AS thread_id,
       t.section_id                AS section_id,
       p.author_id                 AS author_id,
       p.posted_at                 AS posted_at,
       p.state = 'visible' AND t.state = 'visible' AND t.moved_to IS NULL AS visible
  FROM {prefix}post p
  JOIN {prefix}thread t ON t.id = p.thread_id
 WHERE p.id > :after
 ORDER BY p.id
 LIMIT :limit

-- name: arrivals_of
SELECT p.id                        AS id,
       p.thread_id                 AS thread_id,
       t.section_id                AS section_id,
       p.author_id                 AS author_id,
       p.posted_at                 AS posted_at,
       p.state = 'visible' AND t.state = 'visible' AND t.moved_to IS NULL AS visible
  FROM {prefix}post p
  JOIN {prefix}thread t ON t.id = p.thread_id
 WHERE p.id IN (:ids)

-- name: first_since
-- Without the zero, databases may look for the lowest ID among all posts, from the oldest on.
SELECT COALESCE(MIN(p.id + 0), 0)  AS id
  FROM {prefix}post p
 WHERE p.posted_at >= :from

-- name: newest
SELECT COALESCE(MAX(p.id), 0)      AS id
  FROM {prefix}post p

-- name: created
SELECT p.id                        AS id
  FROM {prefix}post p
 WHERE p.posted_at >= :from AND p.posted_at < :until
 ORDER BY p.id

-- name: mailable
SELECT COUNT(*)                    AS members,
       COUNT(*)                    AS accepting_all
  FROM {prefix}member m
 WHERE m.state = 'active' AND m.email <> '' AND m.wants_mail = 1

-- name: watch_counts
SELECT COUNT(*)                    AS watching,
       COALESCE(SUM(w.by_email = 0), 0) AS without_email
  FROM (SELECT a.member_id, MAX(a.mail) AS by_email
          FROM (SELECT t.member_id, t.mail FROM {prefix}thread_watch t
                 UNION ALL
                SELECT s.member_id, s.mail FROM {prefix}section_watch s) a
         GROUP BY a.member_id) w
  JOIN {prefix}member m ON m.id = w.member_id
 WHERE m.state = 'active' AND m.email <> '' AND m.wants_mail = 1

-- name: roster
SELECT m.id                        AS id
  FROM {prefix}member m
 WHERE m.id > :after
 ORDER BY m.id
 LIMIT :limit

-- name: profiles
-- This forum does not record visits: the last visit is the last time that the member wrote or read something.
SELECT m.id                        AS id,
       (SELECT COUNT(*) FROM {prefix}post p WHERE p.author_id = m.id AND p.state = 'visible') AS posts,
       m.joined_at                 AS joined_at,
       MAX(m.joined_at,
           COALESCE((SELECT MAX(p.posted_at) FROM {prefix}post p WHERE p.author_id = m.id), 0),
           COALESCE((SELECT MAX(r.read_at) FROM {prefix}thread_read r WHERE r.member_id = m.id), 0),
           COALESCE((SELECT MAX(r.read_at) FROM {prefix}section_read r WHERE r.member_id = m.id), 0)) AS visited_at
  FROM {prefix}member m
 WHERE m.id IN (:ids)

-- name: groups
SELECT r.id                        AS id,
       r.name                      AS title
  FROM {prefix}role r
 ORDER BY r.id

-- name: memberships
SELECT m.id                        AS member_id,
       CAST(m.role_id AS TEXT)     AS in_groups
  FROM {prefix}member m
 WHERE m.id IN (:members)

-- name: named
-- SQLite's lower() converts only ASCII letters.
SELECT m.id                        AS id,
       m.name                      AS name
  FROM {prefix}member m
 WHERE lower(m.name) IN (:names)

-- name: addressed
SELECT m.id                        AS id,
       m.email                     AS email
  FROM {prefix}member m
 WHERE m.email <> '' AND lower(m.email) IN (:addresses)
