-- name: lease_owners
SELECT DISTINCT lease_owner
  FROM outbox
 WHERE state = 'leased'

-- Ends the leases of an owner.
-- name: expire_leases
UPDATE outbox
   SET lease_until = 0
 WHERE state = 'leased'
   AND lease_owner = :owner
