-- The alert items of members for these posts, in alerts of any state.
-- name: item_statuses
SELECT n.member_id,
       n.post_id,
       CASE WHEN o.settled_at IS NULL THEN '' ELSE o.state END,
       n.left_out
  FROM notice n
  JOIN outbox o
    ON o.key = n.key
 WHERE n.member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :members})
   AND n.post_id BETWEEN :first AND :last

-- name: deferred_posts
SELECT member_id, post_id, seq, not_before, cause, reason, edition
  FROM owed
 WHERE member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :members})

-- name: save_omitted
UPDATE notice
   SET left_out = r.reason
  FROM (SELECT CAST(value->>'key' AS TEXT) AS key,
               CAST(value->>'p' AS BIGINT) AS post_id,
               CAST(value->>'reason' AS TEXT) AS reason
          FROM {rows :rows}) r
 WHERE notice.key = r.key
   AND notice.post_id = r.post_id

-- A post that is deferred again is taken from the edition that would have brought it.
-- name: defer_posts
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

-- Defers posts that get no alert, because the digest of their member is due soon. A post that is already deferred stays as it is.
-- name: defer_late_posts
INSERT INTO owed (member_id, post_id, seq, since, not_before, cause, reason)
SELECT CAST(value->>'m' AS BIGINT),
       CAST(value->>'p' AS BIGINT),
       CAST(value->>'seq' AS BIGINT),
       CAST(:now AS BIGINT),
       CAST(value->>'not_before' AS BIGINT),
       CAST(value->>'cause' AS TEXT),
       CAST(value->>'reason' AS TEXT)
  FROM {rows :rows}
 WHERE TRUE
    ON CONFLICT (member_id, post_id) DO NOTHING

-- Defers the items of alerts that were settled without being sent.
-- name: defer_failed_alerts
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
   AND NOT o.items_deferred
   AND n.left_out = ''
    ON CONFLICT (member_id, post_id) DO NOTHING
RETURNING member_id, post_id

-- Later digests do not read these alerts again.
-- name: mark_alerts_deferred
UPDATE outbox
   SET items_deferred = TRUE
 WHERE member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :members})
   AND kind = 'alert'
   AND settled_at IS NOT NULL
   AND state NOT IN ('accepted', 'merged')
   AND NOT items_deferred

-- name: mark_items_deferred
UPDATE notice
   SET left_out = 'deferred to a digest'
  FROM (SELECT CAST(value->>'m' AS BIGINT) AS member_id,
               CAST(value->>'p' AS BIGINT) AS post_id
          FROM {rows :rows}) r
 WHERE notice.member_id = r.member_id
   AND notice.post_id = r.post_id

-- Archives the deferred posts of an edition that was sent or skipped, so that "explain" can show them.
-- name: archive_delivered
INSERT INTO brought (key, post_id, seq, cause)
SELECT w.edition, w.post_id, w.seq, w.cause
  FROM owed w
  JOIN outbox o
    ON o.key = w.edition
 WHERE w.member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :members})
   AND (o.state IN ('accepted', 'skipped') OR (o.state = 'uncertain' AND o.result = 'skipped'))
    ON CONFLICT (key, post_id) DO NOTHING

-- name: delivered_posts
SELECT post_id, seq, cause
  FROM brought
 WHERE key = :key

-- As archive_delivered, with those that are not archived yet.
-- name: settled_deferred
SELECT b.key, b.post_id, b.seq, b.cause
  FROM outbox o
  JOIN brought b
    ON b.key = o.key
 WHERE o.member_id = :member
   AND o.kind = 'digest'
 UNION
SELECT w.edition, w.post_id, w.seq, w.cause
  FROM owed w
  JOIN outbox o
    ON o.key = w.edition
 WHERE w.member_id = :member
   AND (o.state IN ('accepted', 'skipped') OR (o.state = 'uncertain' AND o.result = 'skipped'))

-- The deferred posts that the next edition would have, as if archive_delivered to assign_deferred had run. An edition that waits
-- keeps its posts, unless it is merged into the next one: of these posts, waiting_until is its end.
-- name: upcoming_deferred
SELECT w.member_id, w.post_id, w.seq, w.not_before, w.cause, w.reason,
       CASE WHEN o.key IS NULL OR o.settled_at IS NOT NULL THEN 0 ELSE o.until_seq END AS waiting_until
  FROM owed w
  LEFT JOIN outbox o
    ON o.key = w.edition
 WHERE w.member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :members})
   AND (o.key IS NULL
    OR (o.settled_at IS NOT NULL AND o.state NOT IN ('accepted', 'skipped') AND NOT (o.state = 'uncertain' AND o.result = 'skipped'))
    OR (o.state = 'queued' AND o.doubts = 0))
 UNION ALL
SELECT n.member_id, n.post_id, n.seq, 0,
       CASE WHEN n.cause IN ('quote', 'mention') THEN n.cause ELSE '' END,
       'alert ' || o.state,
       0
  FROM outbox o
  JOIN notice n
    ON n.key = o.key
 WHERE o.member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :members})
   AND o.kind = 'alert'
   AND o.settled_at IS NOT NULL
   AND o.state NOT IN ('accepted', 'merged')
   AND NOT o.items_deferred
   AND n.left_out = ''
   AND NOT EXISTS (SELECT 1
                     FROM owed w
                    WHERE w.member_id = n.member_id
                      AND w.post_id = n.post_id)

-- A post is no longer deferred once its edition brought it, or was skipped.
-- name: clear_deferred
DELETE FROM owed
 WHERE member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :members})
   AND EXISTS (SELECT 1
                 FROM outbox o
                WHERE o.key = owed.edition
                  AND (o.state IN ('accepted', 'skipped') OR (o.state = 'uncertain' AND o.result = 'skipped')))

-- Drops the deferred posts that no edition brought or will bring: archive_delivered still needs the others.
-- name: discard_deferred
DELETE FROM owed
 WHERE member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :members})
   AND NOT EXISTS (SELECT 1
                     FROM outbox o
                    WHERE o.key = owed.edition
                      AND (o.settled_at IS NULL OR o.state IN ('accepted', 'skipped') OR (o.state = 'uncertain' AND o.result = 'skipped')))

-- A member has at most one unsettled edition, so posts that are assigned to any other can be assigned again.
-- name: assign_deferred
UPDATE owed
   SET edition = r.key
  FROM (SELECT CAST(value->>'key' AS TEXT) AS key,
               CAST(value->>'member' AS BIGINT) AS member_id
          FROM {rows :rows}) r
 WHERE owed.member_id = r.member_id
   AND owed.not_before <= :now

-- After a change of preferences, a member may want deferred posts earlier: the next edition reevaluates them.
-- name: reevaluate_deferred
UPDATE owed
   SET not_before = :now
 WHERE member_id = :member
   AND not_before > :now
   AND edition = ''

-- name: prune_deferred
DELETE FROM owed
 WHERE since < :before

-- name: sightings_at
SELECT seq,
       post_id,
       section_id,
       moved_from,
       posted_at,
       CASE WHEN revealed OR moved_from <> 0 THEN seen_at ELSE 0 END
  FROM sighting
 WHERE seq IN (SELECT CAST(value AS BIGINT) FROM {ids :ids})
 ORDER BY seq
