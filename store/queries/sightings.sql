-- name: set_value
INSERT INTO memory (key, value)
VALUES (:key, :value)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value

-- name: set_value_once
INSERT INTO memory (key, value)
VALUES (:key, :value)
    ON CONFLICT (key) DO NOTHING

-- name: get_value
SELECT value
  FROM memory
 WHERE key = :key

-- name: link_keys
SELECT key,
       value
  FROM memory
 WHERE key = 'link key'
    OR key LIKE 'link key %'

-- Locks the counter until the transaction ends.
-- name: lock_counter
UPDATE counter
   SET value = value
 WHERE name = :name
RETURNING value

-- name: counter
SELECT value
  FROM counter
 WHERE name = :name

-- name: insert_places
INSERT INTO place (place_id, section_id)
SELECT CAST(value->>'p' AS BIGINT), CAST(value->>'s' AS BIGINT)
  FROM {rows :rows}
 WHERE TRUE
    ON CONFLICT (place_id, section_id) DO NOTHING

-- name: places
SELECT place_id, section_id
  FROM place
 WHERE place_id IN (SELECT CAST(value AS BIGINT) FROM {ids :ids})
 ORDER BY place_id, section_id

-- section_id is a place: negative for a thread that is in several sections. Sequence numbers start after :last. Posts that were
-- already sighted at their place are skipped and use no number. A post that
-- is new to this daemon may have been sighted in another section by another daemon: then it was moved.
-- "seq + 0" stops PostgreSQL from walking all sightings backwards for each post to find the few of that post.
-- name: insert_sightings
INSERT INTO sighting (seq, post_id, thread_id, section_id, author_id, moved_from, posted_at, seen_at, revealed)
SELECT CAST(:last AS BIGINT) + row_number() OVER (ORDER BY r.place),
       r.post_id, r.thread_id, r.section_id, r.author_id,
       COALESCE((SELECT s.section_id
                   FROM sighting s
                  WHERE s.post_id = r.post_id
                  ORDER BY s.seq + 0 DESC
                  LIMIT 1), r.moved_from),
       r.posted_at, CAST(:now AS BIGINT),
       EXISTS (SELECT 1 FROM pending p WHERE p.post_id = r.post_id)
  FROM (SELECT CAST(value->>'i' AS BIGINT) AS place,
               CAST(value->>'p' AS BIGINT) AS post_id,
               CAST(value->>'t' AS BIGINT) AS thread_id,
               CAST(value->>'s' AS BIGINT) AS section_id,
               CAST(value->>'a' AS BIGINT) AS author_id,
               CAST(value->>'m' AS BIGINT) AS moved_from,
               CAST(value->>'w' AS BIGINT) AS posted_at
          FROM {rows :rows}) r
 WHERE NOT EXISTS (SELECT 1
                     FROM sighting s
                    WHERE s.post_id = r.post_id
                      AND s.section_id = r.section_id)

-- name: advance_counter
UPDATE counter
   SET value = value + :by
 WHERE name = :name

-- The cursor never goes back: of two daemons that scan, the slower one would send both back to the start of its page.
-- name: move_cursor
INSERT INTO counter (name, value)
VALUES ('cursor', :cursor)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value
 WHERE excluded.value > counter.value

-- Only from where it was read: another daemon may have done it.
-- name: rewind_cursor
UPDATE counter
   SET value = :to
 WHERE name = 'cursor'
   AND value = :from

-- name: save_scan_time
INSERT INTO counter (name, value)
VALUES ('scanned', :at)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value
 WHERE excluded.value > counter.value

-- name: add_pending
INSERT INTO pending (post_id, since)
SELECT CAST(value AS BIGINT), CAST(:now AS BIGINT)
  FROM {ids :ids}
 WHERE TRUE
    ON CONFLICT (post_id) DO NOTHING

-- name: drop_pending
DELETE FROM pending
 WHERE post_id IN (SELECT CAST(value AS BIGINT) FROM {ids :ids})

-- name: pending
SELECT post_id
  FROM pending
 ORDER BY since, post_id
 LIMIT :most

-- The latest place of each post, without lost posts. "+post_id" stops SQLite from walking the whole index on post_id.
-- name: current_places
SELECT p.post_id,
       p.thread_id,
       p.section_id,
       p.author_id,
       p.posted_at
  FROM (SELECT post_id, thread_id, section_id, author_id, posted_at, seq,
               row_number() OVER (PARTITION BY +post_id ORDER BY seq DESC) AS age
          FROM sighting
         WHERE seen_at >= :since
           AND post_id + 0 > 0) p
 WHERE p.age = 1
 ORDER BY p.seq

-- name: sightings
SELECT seq,
       post_id,
       section_id,
       moved_from,
       posted_at,
       CASE WHEN revealed OR moved_from <> 0 THEN seen_at ELSE 0 END
  FROM sighting
 WHERE seq > :after
   AND seq <= :until
 ORDER BY seq
