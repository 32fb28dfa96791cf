-- A forum that was restored from a backup uses IDs again. The post that had the ID before is lost. It keeps its rows, with the
-- negated sequence number of its newest sighting as its ID, which no post of a forum has.

-- Posts whose IDs now belong to other posts: these have another time, or the scan says that they are others.
-- It starts with WITH, not SELECT, so that it runs on the writing connection, in its transaction.
-- name: lost_posts
WITH asked AS (
    SELECT CAST(value->>'p' AS BIGINT) AS post_id,
           CAST(value->>'a' AS BIGINT) AS author_id,
           CAST(value->>'w' AS BIGINT) AS posted_at,
           COALESCE(CAST(value->>'r' AS BIGINT), 0) AS reused
      FROM {rows :rows})
SELECT s.post_id,
       -max(s.seq)
  FROM asked r
  JOIN sighting s
    ON s.post_id = r.post_id
 WHERE s.posted_at <> r.posted_at
    OR r.reused = 1 AND s.author_id <> r.author_id
 GROUP BY s.post_id

-- Lost posts that exist again, with their former IDs: the forum was restored once more, from a newer backup.
-- name: found_posts
WITH asked AS (
    SELECT CAST(value->>'p' AS BIGINT) AS post_id,
           CAST(value->>'t' AS BIGINT) AS thread_id,
           CAST(value->>'a' AS BIGINT) AS author_id,
           CAST(value->>'w' AS BIGINT) AS posted_at
      FROM {rows :rows}),
lost AS MATERIALIZED (
    SELECT post_id, seq, thread_id, author_id, posted_at
      FROM sighting
     WHERE post_id < 0)
SELECT s.post_id,
       r.post_id
  FROM lost s
  JOIN asked r
    ON r.posted_at = s.posted_at
   AND r.thread_id = s.thread_id
   AND r.author_id = s.author_id
 ORDER BY s.seq, r.post_id

-- name: rename_sightings
UPDATE sighting
   SET post_id = r.to_id
  FROM (SELECT CAST(value->>'from' AS BIGINT) AS from_id,
               CAST(value->>'to' AS BIGINT) AS to_id
          FROM {rows :rows}) r
 WHERE sighting.post_id = r.from_id

-- name: rename_alert_items
UPDATE notice
   SET post_id = r.to_id
  FROM (SELECT CAST(value->>'from' AS BIGINT) AS from_id,
               CAST(value->>'to' AS BIGINT) AS to_id
          FROM {rows :rows}) r
 WHERE notice.post_id = r.from_id

-- name: rename_deferred
UPDATE owed
   SET post_id = r.to_id
  FROM (SELECT CAST(value->>'from' AS BIGINT) AS from_id,
               CAST(value->>'to' AS BIGINT) AS to_id
          FROM {rows :rows}) r
 WHERE owed.post_id = r.from_id

-- name: rename_delivered
UPDATE brought
   SET post_id = r.to_id
  FROM (SELECT CAST(value->>'from' AS BIGINT) AS from_id,
               CAST(value->>'to' AS BIGINT) AS to_id
          FROM {rows :rows}) r
 WHERE brought.post_id = r.from_id
