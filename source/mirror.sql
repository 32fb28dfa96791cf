-- The database of type mirror. Its tables are in mirror/schema. docs/query-contract.md says what each query must return.
--
-- An author is a member if one with their ID was sent, before or after the post. A post whose text is no longer kept has an empty one.

-- name: sections
SELECT s.id                        AS id,
       COALESCE(p.id, 0)           AS parent_id,
       s.place                     AS place,
       s.title                     AS title,
       s.deleted                   AS closed,
       s.address                   AS address
  FROM {prefix}section s
  LEFT JOIN {prefix}section p ON p.ref = s.parent_ref

-- name: threads
SELECT t.id                        AS id,
       t.section_id                AS section_id,
       t.title                     AS title,
       COALESCE(m.id, 0)           AS starter_id,
       t.author_name               AS starter_name,
       t.started_at                AS started_at,
       t.first_post_id             AS first_post_id,
       t.state                     AS state,
       t.locked                    AS locked,
       t.address                   AS address
  FROM {prefix}thread t
  LEFT JOIN {prefix}member m ON m.ref = t.author_ref
 WHERE t.id IN (:ids)

-- name: posts
SELECT p.id                        AS id,
       p.thread_id                 AS thread_id,
       COALESCE(m.id, 0)           AS author_id,
       p.author_name               AS author_name,
       p.posted_at                 AS posted_at,
       p.state                     AS state,
       CAST(p.changes AS TEXT)     AS version,
       p.address                   AS address
  FROM {prefix}post p
  LEFT JOIN {prefix}member m ON m.ref = p.author_ref
 WHERE p.id IN (:ids)

-- name: bodies
SELECT p.id                        AS id,
       COALESCE(m.id, 0)           AS author_id,
       p.format || substr(p.body, 1, 262143) AS body
  FROM {prefix}post p
  LEFT JOIN {prefix}member m ON m.ref = p.author_ref
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

-- name: members
SELECT m.id                        AS id,
       m.name                      AS name,
       m.email                     AS email,
       m.zone                      AS zone,
       m.locale                    AS locale,
       '0' || COALESCE(',' || (SELECT {list g.group_id} FROM {prefix}membership g WHERE g.member_id = m.id), '') AS roles,
       CASE WHEN m.email = '' THEN 'no address' WHEN m.left_at > 0 THEN 'address left, must be confirmed' ELSE '' END AS no_mail,
       m.left_at                   AS no_mail_since
  FROM {prefix}member m
 WHERE m.id IN (:ids)

-- name: rights
-- Role 0 is everyone, all others are groups. What is above a section must be readable, too: see access.go.
SELECT '0'                         AS role,
       s.id                        AS section_id,
       '110'                       AS rights
  FROM {prefix}section s
 WHERE s.public = 1 AND '0' IN (:roles)
 UNION ALL
SELECT CAST(r.group_id AS TEXT), r.section_id, '110'
  FROM {prefix}section_reader r
 WHERE CAST(r.group_id AS TEXT) IN (:roles)

-- name: find
SELECT MIN(m.id)                   AS id
  FROM {prefix}member m
 WHERE m.name = :name
HAVING COUNT(*) > 0

-- name: roster
SELECT m.id                        AS id
  FROM {prefix}member m
 WHERE m.id > :after
 ORDER BY m.id
 LIMIT :limit

-- name: search
SELECT m.id                        AS id
  FROM {prefix}member m
 WHERE m.name_key LIKE LOWER(:begins) ESCAPE '|'
 ORDER BY m.name_key
 LIMIT :limit

-- name: named
SELECT m.id                        AS id,
       m.name                      AS name
  FROM {prefix}member m
 WHERE m.name_key IN (:names)

-- name: addressed
SELECT m.id                        AS id,
       m.email                     AS email
  FROM {prefix}member m
 WHERE m.email_key IN (:addresses)

-- name: section_watches
SELECT w.member_id                 AS member_id,
       w.section_id                AS section_id,
       w.level                     AS level
  FROM {prefix}section_watch w
 WHERE w.member_id IN (:members)

-- name: thread_watches
SELECT w.member_id                 AS member_id,
       w.thread_id                 AS thread_id
  FROM {prefix}thread_watch w
 WHERE w.member_id IN (:members)

-- name: watching
SELECT a.id                        AS id
  FROM (SELECT DISTINCT t.member_id AS id
          FROM {prefix}thread_watch t
         WHERE t.member_id > :after
         ORDER BY t.member_id
         LIMIT :limit) a
 UNION
SELECT b.id
  FROM (SELECT DISTINCT s.member_id AS id
          FROM {prefix}section_watch s
         WHERE s.member_id > :after
         ORDER BY s.member_id
         LIMIT :limit) b
 ORDER BY id
 LIMIT :limit

-- name: watchers
SELECT w.member_id                 AS member_id,
       w.thread_id                 AS thread_id,
       0                           AS section_id,
       2                           AS level
  FROM {prefix}thread_watch w
 WHERE w.thread_id IN (:threads) AND w.member_id > :after
 UNION ALL
SELECT w.member_id, 0, w.section_id, w.level
  FROM {prefix}section_watch w
 WHERE w.section_id IN (:sections) AND w.member_id > :after
 ORDER BY member_id
 LIMIT :limit

-- name: took_part
SELECT m.id                        AS member_id,
       p.thread_id                 AS thread_id
  FROM {prefix}member m
  JOIN {prefix}post p ON p.author_ref = m.ref AND p.state = 0
 WHERE m.id IN (:members) AND p.thread_id IN (:threads)

-- name: arrivals
SELECT p.id                        AS id,
       p.thread_id                 AS thread_id,
       t.section_id                AS section_id,
       COALESCE(m.id, 0)           AS author_id,
       p.arrived_at                AS posted_at,
       CASE WHEN p.state = 0 AND t.state = 0 THEN 1 ELSE 0 END AS visible
  FROM {prefix}post p
  JOIN {prefix}thread t ON t.id = p.thread_id
  LEFT JOIN {prefix}member m ON m.ref = p.author_ref
 WHERE p.id > :after
 ORDER BY p.id
 LIMIT :limit

-- name: arrivals_of
SELECT p.id                        AS id,
       p.thread_id                 AS thread_id,
       t.section_id                AS section_id,
       COALESCE(m.id, 0)           AS author_id,
       p.arrived_at                AS posted_at,
       CASE WHEN p.state = 0 AND t.state = 0 THEN 1 ELSE 0 END AS visible
  FROM {prefix}post p
  JOIN {prefix}thread t ON t.id = p.thread_id
  LEFT JOIN {prefix}member m ON m.ref = p.author_ref
 WHERE p.id IN (:ids)

-- name: first_since
-- Without the zero, databases may look for the lowest ID among all posts, from the oldest on.
SELECT COALESCE(MIN(p.id + 0), 0)  AS id
  FROM {prefix}post p
 WHERE p.arrived_at >= :from

-- name: newest
SELECT COALESCE(MAX(p.id), 0)      AS id
  FROM {prefix}post p

-- name: created
-- The sum keeps SQLite from reading all posts in the order of the IDs instead of those of the time.
SELECT p.id                        AS id
  FROM {prefix}post p
 WHERE p.arrived_at >= :from AND p.arrived_at < :until
 ORDER BY p.id + 0

-- name: profiles
-- Nobody says when a member was there last.
SELECT m.id                        AS id,
       (SELECT COUNT(*) FROM {prefix}post p WHERE p.author_ref = m.ref AND p.state = 0) AS posts,
       m.joined_at                 AS joined_at,
       0                           AS visited_at
  FROM {prefix}member m
 WHERE m.id IN (:ids)

-- name: groups
SELECT g.id                        AS id,
       g.ref                       AS title
  FROM {prefix}member_group g
 ORDER BY g.id

-- name: memberships
SELECT g.member_id                 AS member_id,
       {list g.group_id}           AS in_groups
  FROM {prefix}membership g
 WHERE g.member_id IN (:members)
 GROUP BY g.member_id

-- name: mailable
SELECT COUNT(*)                    AS members
  FROM {prefix}member m
 WHERE m.email <> '' AND m.left_at = 0
