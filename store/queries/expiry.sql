-- Leaves out uncertain messages: they are retried unchanged, or not at all.
-- name: expire
UPDATE outbox
   SET state = 'expired',
       settled_at = :now,
       reason = :reason,
       result = 'expired',
       code = 0,
       enhanced = '',
       reply = '',
       queue_id = '',
       posts = 0,
       bytes = 0
 WHERE state = 'queued'
   AND expires_at > 0
   AND expires_at <= :now
   AND doubts = 0
RETURNING key, kind, member_id
