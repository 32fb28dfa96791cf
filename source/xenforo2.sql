-- XenForo 2.1 to 2.3 (tables of 2.2): the queries that differ from XenForo 1.5. The others are in xenforo.sql.

-- name: posts
-- The checksum of the text detects unrecorded edits: XenForo does not record those in the first minutes.
SELECT p.post_id                   AS id,
       p.thread_id                 AS thread_id,
       p.user_id                   AS author_id,
       p.username                  AS author_name,
       p.post_date                 AS posted_at,
       CASE p.message_state WHEN 'visible' THEN 0 WHEN 'moderated' THEN 1 ELSE 2 END AS state,
       CONCAT_WS('-', CRC32(p.message), CRC32(COALESCE(p.reactions, '')), CRC32(p.reaction_users), CRC32(p.username), p.attach_count) AS version
  FROM {prefix}post p
 WHERE p.post_id IN (:ids)

-- name: bodies
-- Reaction 1 is Like. Other reactions (angry, sad) must not count as likes.
SELECT p.post_id                   AS id,
       p.user_id                   AS author_id,
       (SELECT COUNT(*)
          FROM {prefix}reaction_content r
         WHERE r.content_type = 'post' AND r.content_id = p.post_id AND r.reaction_id = 1) AS likes,
       LEFT(p.message, 262144)     AS body
  FROM {prefix}post p
 WHERE p.post_id IN (:ids)

-- name: likes
SELECT r.content_id                AS id,
       u.username                  AS name
  FROM {prefix}reaction_content r
  JOIN {prefix}user u ON u.user_id = r.reaction_user_id AND u.is_banned = 0
  LEFT JOIN {prefix}user_ban b ON b.user_id = u.user_id
 WHERE r.content_type = 'post' AND r.content_id IN (:ids) AND r.reaction_id = 1 AND b.user_id IS NULL
 ORDER BY r.content_id, r.reaction_date, r.reaction_content_id

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

-- name: solved
-- Since XenForo 2.2.
SELECT q.thread_id                 AS id
  FROM {if_readable thread_question thread_id solution_post_id} q
 WHERE q.thread_id IN (:ids) AND q.solution_post_id > 0

-- name: member_counters
-- A cron job counts valid members who are not banned (XF\Repository\Counters). The type's Go file decodes the row.
SELECT r.data_value                AS stored,
       (SELECT COUNT(*) FROM {prefix}user u WHERE u.user_state = 'valid' AND u.is_banned = 0) AS counted
  FROM {if_readable data_registry data_key:text data_value:text} r
 WHERE r.data_key = 'forumStatistics'
