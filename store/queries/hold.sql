-- name: hold
INSERT INTO hold (relay, domain, since, until, reason)
VALUES (:relay, :domain, :since, :until, :reason)
    ON CONFLICT (relay, domain) DO UPDATE
   SET since = excluded.since,
       until = excluded.until,
       reason = excluded.reason

-- name: holds
SELECT relay,
       domain,
       since,
       until,
       reason
  FROM hold
 WHERE until > :now
 ORDER BY domain, relay

-- The hold ends but is remembered: the rejections that caused it must not cause it again.
-- name: release_hold
UPDATE hold
   SET until = :now
 WHERE relay = :relay
   AND domain = :domain
   AND until > :now

-- Messages that wait for the end of a hold say so in their reason. One that waits for a hold that is not over waits again, as soon as a
-- daemon has claimed it.
-- name: make_due
UPDATE outbox
   SET not_before = :now
 WHERE state = 'queued'
   AND priority BETWEEN :first AND :last
   AND not_before > :now
   AND substr(reason, 1, length(CAST(:reason AS TEXT))) = CAST(:reason AS TEXT)

-- name: forget_holds
DELETE FROM hold
 WHERE relay = :relay

-- name: mark_hold_accepted
UPDATE hold
   SET until = since
 WHERE relay = :relay
   AND domain = :domain
   AND until <= :now

-- name: prune_holds
DELETE FROM hold
 WHERE until < :before
