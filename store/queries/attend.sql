-- name: owners
SELECT DISTINCT lease_owner
  FROM outbox
 WHERE state = 'leased'

-- The dead owner may have handed over what it had leased.
-- name: orphan
UPDATE outbox
   SET state = 'queued',
       handed = TRUE,
       lease_owner = '',
       lease_until = 0
 WHERE state = 'leased'
   AND lease_owner = :owner
