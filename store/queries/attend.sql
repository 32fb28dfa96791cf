-- name: owners
SELECT DISTINCT lease_owner
  FROM outbox
 WHERE state = 'leased'

-- Their leases are over.
-- name: orphan
UPDATE outbox
   SET lease_until = 0
 WHERE state = 'leased'
   AND lease_owner = :owner
