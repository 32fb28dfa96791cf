-- name: hold
INSERT INTO hold (domain, since, until, reason)
VALUES (:domain, :since, :until, :reason)
    ON CONFLICT (domain) DO UPDATE
   SET since = excluded.since,
       until = excluded.until,
       reason = excluded.reason

-- name: holds
SELECT domain,
       since,
       until,
       reason
  FROM hold
 WHERE until > :now
 ORDER BY domain

-- name: release_hold
DELETE FROM hold
 WHERE domain = :domain
   AND until > :now

-- name: mark_hold_accepted
UPDATE hold
   SET until = since
 WHERE domain = :domain
   AND until <= :now

-- name: prune_holds
DELETE FROM hold
 WHERE until < :before
