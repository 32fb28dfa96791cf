-- XenForo 1.5: the queries that differ from XenForo 2. The others are in xenforo.sql.

-- name: posts
-- The checksum of the text detects unrecorded edits: XenForo does not record those in the first minutes.
SELECT p.post_id                   AS id,
       p.thread_id                 AS thread_id,
       p.user_id                   AS author_id,
       p.username                  AS author_name,
       p.post_date                 AS posted_at,
       CASE p.message_state WHEN 'visible' THEN 0 WHEN 'moderated' THEN 1 ELSE 2 END AS state,
       CONCAT_WS('-', CRC32(p.message), p.likes, CRC32(p.like_users), CRC32(p.username)) AS version
  FROM {prefix}post p
 WHERE p.post_id IN (:ids)

-- name: bodies
SELECT p.post_id                   AS id,
       p.user_id                   AS author_id,
       p.likes                     AS likes,
       LEFT(p.message, 262144)     AS body
  FROM {prefix}post p
 WHERE p.post_id IN (:ids)

-- name: likes
SELECT l.content_id                AS id,
       u.username                  AS name
  FROM {prefix}liked_content l
  JOIN {prefix}user u ON u.user_id = l.like_user_id AND u.is_banned = 0
  LEFT JOIN {prefix}user_ban b ON b.user_id = u.user_id
 WHERE l.content_type = 'post' AND l.content_id IN (:ids) AND b.user_id IS NULL
 ORDER BY l.content_id, l.like_date, l.like_id

-- name: find
SELECT u.user_id                   AS id
  FROM {prefix}user u
 WHERE u.username = :name

-- name: search
SELECT u.user_id                   AS id
  FROM {prefix}user u
 WHERE u.username LIKE :begins ESCAPE '|'
 ORDER BY u.username
 LIMIT :limit

-- name: named
SELECT u.user_id                   AS id,
       u.username                  AS name
  FROM {prefix}user u
 WHERE u.username IN (:names)

-- name: member_counters
-- A cron job counts valid members who are not banned (XenForo_Model_Counters). The type's Go file decodes the row.
SELECT r.data_value                AS stored,
       (SELECT COUNT(*) FROM {prefix}user u WHERE u.user_state = 'valid' AND u.is_banned = 0) AS counted
  FROM {if_readable data_registry data_key:text data_value:text} r
 WHERE r.data_key = 'boardTotals'
