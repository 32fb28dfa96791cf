-- Waiting messages by the time when they may be sent, then settled ones, latest first.
-- name: queue
SELECT key, kind, member_id, from_seq, until_seq, attempt, doubts, created_at,
       state, handed, not_before, expires_at, lease_owner, lease_until, settled_at,
       result, code, enhanced, reply, queue_id, reason, posts, bytes, address
  FROM outbox
 WHERE state IN (SELECT CAST(value AS TEXT) FROM {ids :states})
   AND (CAST(:kind AS TEXT) = '' OR kind = :kind)
   AND (CAST(:member AS BIGINT) = 0 OR member_id = :member)
   AND (CAST(:domain AS TEXT) = '' OR address LIKE :domain ESCAPE '!')
   AND (CAST(:reason AS TEXT) = '' OR lower(reason) LIKE :reason ESCAPE '!'
    OR replace(lower(reason), '_', ' ') LIKE :reason ESCAPE '!' OR lower(reply) LIKE :reason ESCAPE '!')
   AND (CAST(:since AS BIGINT) = 0 OR COALESCE(settled_at, created_at) >= :since)
 ORDER BY CASE WHEN settled_at IS NULL THEN 0 ELSE 1 END,
          CASE WHEN settled_at IS NULL THEN not_before ELSE -settled_at END,
          key
 LIMIT :most OFFSET :skip

-- name: queue_message
SELECT key, kind, member_id, from_seq, until_seq, attempt, doubts, created_at,
       state, handed, not_before, expires_at, lease_owner, lease_until, settled_at,
       result, code, enhanced, reply, queue_id, reason, posts, bytes, address
  FROM outbox
 WHERE key = :key

-- Like outcomes, for one message.
-- name: queue_history
SELECT key, kind, attempt, settled_at AS at, result, code, enhanced, reply, queue_id, reason, posts, bytes
  FROM outbox
 WHERE key = :key
   AND settled_at IS NOT NULL
   AND state <> 'merged'
 UNION ALL
SELECT c.key, o.kind, c.attempt, c.at, c.result, c.code, c.enhanced, c.reply, c.queue_id, c.reason, c.posts, c.bytes
  FROM outbox o
  JOIN outcome c
    ON c.key = o.key
 WHERE o.key = :key
 UNION ALL
SELECT r.key, o.kind, o.attempt, r.at, CASE WHEN r.source = 'arf' THEN 'complaint' ELSE 'bounced' END, r.code, r.enhanced, r.reply, '',
       CASE WHEN r.verdict = 'spared' THEN r.class || ', not counted because most messages to its domain were rejected' ELSE r.class END, 0, 0
  FROM outbox o
  JOIN refusal r
    ON r.key = o.key
 WHERE o.key = :key
   AND r.source <> 'smtp'
 ORDER BY at, attempt

-- name: queue_keys
SELECT key
  FROM outbox
 WHERE state = :state
   AND (CAST(:kind AS TEXT) = '' OR kind = :kind)
 ORDER BY key

-- Which actions are possible. An edition is superseded by another one that is unsettled, or covers more, or covers as much
-- and was planned later: that one began at the member's covered sequence, so it has the posts of earlier editions that were
-- not sent. It starts with WITH, not SELECT, so that it runs on the writing connection, in its transaction.
-- name: action_candidates
WITH asked AS (
    SELECT CAST(value AS TEXT) AS key
      FROM {ids :keys})
SELECT o.key,
       o.kind,
       o.member_id,
       o.state,
       COALESCE(o.settled_at, 0),
       o.kind = 'digest' AND EXISTS (SELECT 1
                                       FROM outbox n
                                      WHERE n.member_id = o.member_id
                                        AND n.kind = 'digest'
                                        AND n.key <> o.key
                                        AND (n.settled_at IS NULL
                                         OR (n.until_seq, n.created_at, n.key) > (o.until_seq, o.created_at, o.key))),
       o.kind = 'digest' AND EXISTS (SELECT 1
                                       FROM subscriber s
                                      WHERE s.id = o.member_id
                                        AND s.mark > o.from_seq)
  FROM asked
  JOIN outbox o
    ON o.key = asked.key

-- Skips messages whose state changed in between. A message that is due already keeps its place. An expired lifetime is removed,
-- because the administrator asked for the retry.
-- name: queue_retry
UPDATE outbox
   SET state = 'queued',
       not_before = CASE WHEN outbox.state = 'queued' AND outbox.not_before < :now THEN outbox.not_before ELSE :now END,
       settled_at = NULL,
       expires_at = CASE WHEN outbox.expires_at > :now THEN outbox.expires_at ELSE 0 END
  FROM (SELECT CAST(value->>'key' AS TEXT) AS key,
               CAST(value->>'state' AS TEXT) AS state
          FROM {rows :rows}) r
 WHERE outbox.key = r.key
   AND outbox.state = r.state
RETURNING outbox.key

-- The outcomes of earlier attempts are archived already. A message that a relay may have stays uncertain.
-- name: queue_drop
UPDATE outbox
   SET state = CASE WHEN doubts > 0 THEN 'uncertain' ELSE 'skipped' END,
       settled_at = :now,
       reason = :reason,
       result = 'skipped',
       code = 0,
       enhanced = '',
       reply = '',
       queue_id = '',
       posts = 0,
       bytes = 0
  FROM (SELECT CAST(value->>'key' AS TEXT) AS key,
               CAST(value->>'state' AS TEXT) AS state
          FROM {rows :rows}) r
 WHERE outbox.key = r.key
   AND outbox.state = r.state
RETURNING outbox.key

-- name: delete_value
DELETE FROM memory
 WHERE key = :key

-- name: count_waiting
SELECT count(*)
  FROM outbox
 WHERE state = 'queued'
   AND not_before <= :now
