-- What of these posts members have in alerts, have had, or will have.
-- name: notified
SELECT n.member_id,
       n.post_id,
       CASE WHEN o.settled_at IS NULL THEN '' ELSE o.state END,
       n.left_out
  FROM notice n
  JOIN outbox o
    ON o.key = n.key
 WHERE n.member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :members})
   AND n.post_id BETWEEN :first AND :last

-- name: owed
SELECT member_id, post_id, seq, not_before, cause, reason, edition
  FROM owed
 WHERE member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :members})

-- name: leave_out
UPDATE notice
   SET left_out = r.reason
  FROM (SELECT CAST(value->>'key' AS TEXT) AS key,
               CAST(value->>'p' AS BIGINT) AS post_id,
               CAST(value->>'reason' AS TEXT) AS reason
          FROM {rows :rows}) r
 WHERE notice.key = r.key
   AND notice.post_id = r.post_id

-- Whatever edition was to bring the post before does not.
-- name: owe
INSERT INTO owed (member_id, post_id, seq, since, not_before, cause, reason)
SELECT o.member_id, r.post_id, r.seq, CAST(:now AS BIGINT), r.not_before, r.cause, r.reason
  FROM (SELECT CAST(value->>'key' AS TEXT) AS key,
               CAST(value->>'p' AS BIGINT) AS post_id,
               CAST(value->>'seq' AS BIGINT) AS seq,
               CAST(value->>'not_before' AS BIGINT) AS not_before,
               CAST(value->>'cause' AS TEXT) AS cause,
               CAST(value->>'reason' AS TEXT) AS reason
          FROM {rows :rows}) r
  JOIN outbox o
    ON o.key = r.key
 WHERE TRUE
    ON CONFLICT (member_id, post_id) DO UPDATE
   SET not_before = excluded.not_before,
       reason = excluded.reason,
       edition = ''

-- Alerts of members that came to nothing, whoever settled them: what they were to bring is owed.
-- name: owe_failed
INSERT INTO owed (member_id, post_id, seq, since, not_before, cause, reason)
SELECT n.member_id, n.post_id, n.seq, CAST(:now AS BIGINT), CAST(:now AS BIGINT),
       CASE WHEN n.cause IN ('quote', 'mention') THEN n.cause ELSE '' END,
       'alert ' || o.state
  FROM outbox o
  JOIN notice n
    ON n.key = o.key
 WHERE o.member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :members})
   AND o.kind = 'alert'
   AND o.settled_at IS NOT NULL
   AND o.state NOT IN ('accepted', 'merged')
   AND n.left_out = ''
    ON CONFLICT (member_id, post_id) DO NOTHING
RETURNING member_id, post_id

-- name: note_owed
UPDATE notice
   SET left_out = 'left to a digest'
  FROM (SELECT CAST(value->>'m' AS BIGINT) AS member_id,
               CAST(value->>'p' AS BIGINT) AS post_id
          FROM {rows :rows}) r
 WHERE notice.member_id = r.member_id
   AND notice.post_id = r.post_id

-- What an edition brought, for as long as that can be shown.
-- name: keep_brought
INSERT INTO brought (key, post_id, seq, cause)
SELECT w.edition, w.post_id, w.seq, w.cause
  FROM owed w
  JOIN outbox o
    ON o.key = w.edition
 WHERE w.member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :members})
   AND o.state = 'accepted'
    ON CONFLICT (key, post_id) DO NOTHING

-- name: brought
SELECT post_id, seq, cause
  FROM brought
 WHERE key = :key

-- What an edition brought, or rightly did not, is owed no more.
-- name: clear_owed
DELETE FROM owed
 WHERE member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :members})
   AND EXISTS (SELECT 1
                 FROM outbox o
                WHERE o.key = owed.edition
                  AND o.state IN ('accepted', 'skipped'))

-- A member has one edition on its way at most: what any other was to bring is free.
-- name: tie_owed
UPDATE owed
   SET edition = r.key
  FROM (SELECT CAST(value->>'key' AS TEXT) AS key,
               CAST(value->>'member' AS BIGINT) AS member_id
          FROM {rows :rows}) r
 WHERE owed.member_id = r.member_id
   AND owed.not_before <= :now

-- Whoever has changed what he wants may want it sooner: his next edition judges it anew.
-- name: reconsider_owed
UPDATE owed
   SET not_before = :now
 WHERE member_id = :member
   AND not_before > :now
   AND edition = ''

-- name: prune_owed
DELETE FROM owed
 WHERE since < :before

-- name: sightings_at
SELECT seq,
       post_id,
       section_id,
       moved_from
  FROM sighting
 WHERE seq IN (SELECT CAST(value AS BIGINT) FROM {ids :ids})
 ORDER BY seq
