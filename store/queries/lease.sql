-- Marks rows as in flight. A row that another owner leases by now is skipped, and its key is not returned.
-- name: mark_in_flight
UPDATE outbox
   SET handed = TRUE,
       handed_posts = r.posts
  FROM (SELECT CAST(value->>'key' AS TEXT) AS key,
               CAST(value->>'posts' AS TEXT) AS posts
          FROM {rows :rows}) r
 WHERE outbox.key = r.key
   AND outbox.state = 'leased'
   AND outbox.lease_owner = :owner
RETURNING outbox.key

-- name: renew
UPDATE outbox
   SET lease_until = :lease
 WHERE state = 'leased'
   AND lease_owner = :owner

-- name: release
UPDATE outbox
   SET state = 'queued',
       handed = FALSE,
       lease_owner = '',
       lease_until = 0
 WHERE key IN (SELECT CAST(value AS TEXT) FROM {ids :keys})
   AND state = 'leased'
   AND lease_owner = :owner

-- Only for an owner that has nothing in flight and nothing to settle: a message that it marked as in flight was never sent.
-- name: release_claimed
UPDATE outbox
   SET state = 'queued',
       handed = FALSE,
       lease_owner = '',
       lease_until = 0
 WHERE state = 'leased'
   AND lease_owner = :owner
   AND priority BETWEEN :first AND :last
   AND priority <> :except

-- name: postpone
UPDATE outbox
   SET state = 'queued',
       handed = FALSE,
       not_before = r.not_before,
       lease_owner = '',
       lease_until = 0,
       reason = r.reason
  FROM (SELECT CAST(value->>'key' AS TEXT) AS key,
               CAST(value->>'not_before' AS BIGINT) AS not_before,
               CAST(value->>'reason' AS TEXT) AS reason
          FROM {rows :rows}) r
 WHERE outbox.key = r.key
   AND outbox.state = 'leased'
   AND outbox.lease_owner = :owner

-- name: count_expired_leases
SELECT count(*)
  FROM outbox
 WHERE state = 'leased'
   AND lease_until < :now

-- Messages that were not in flight wait as before.
-- name: reclaim_leases
UPDATE outbox
   SET state = 'queued',
       lease_owner = '',
       lease_until = 0
 WHERE state = 'leased'
   AND lease_until < :now
   AND NOT handed

-- Messages in flight may or may not have been sent.
-- name: resolve_uncertain
UPDATE outbox
   SET state = CASE WHEN doubts < :most THEN 'queued' ELSE 'uncertain' END,
       settled_at = CASE WHEN doubts < :most THEN NULL ELSE CAST(:now AS BIGINT) END,
       not_before = :again,
       handed = FALSE,
       doubts = doubts + 1,
       post_ids = CASE WHEN handed_posts = '' THEN post_ids
                       WHEN post_ids = '' THEN handed_posts
                       ELSE post_ids || '/' || handed_posts
                   END,
       handed_posts = '',
       attempt = attempt + 1,
       lease_owner = '',
       lease_until = 0,
       result = 'uncertain',
       reason = :reason,
       code = 0,
       enhanced = '',
       reply = '',
       queue_id = '',
       posts = 0,
       bytes = 0
 WHERE state = 'leased'
   AND lease_until < :now
   AND handed
RETURNING key, kind, member_id, state
