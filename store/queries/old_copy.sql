-- The items of alerts that may have been sent after the store was copied. No digest brings them.
-- name: restored_omit_alerts
UPDATE notice
   SET left_out = :reason
 WHERE left_out = ''
   AND key IN (SELECT key
                 FROM outbox
                WHERE kind = 'alert'
                  AND state NOT IN ('accepted', 'merged')
                  AND created_at <= :noticed)

-- Announcements are left out: they are paused.
-- name: restored_skip_messages
UPDATE outbox
   SET state = 'skipped',
       settled_at = :now,
       reason = :reason,
       result = 'skipped',
       lease_owner = '',
       lease_until = 0
 WHERE settled_at IS NULL
   AND kind <> 'announcement'
   AND created_at <= :noticed

-- name: restored_forget_deferred
DELETE FROM owed
 WHERE seq <= :boundary

-- name: restored_cover
UPDATE member
   SET mark = :boundary
 WHERE mark < :boundary

-- Why delivery is paused: by an operator, or because the store is an old copy.
-- name: delivery_pauses
SELECT key,
       value
  FROM memory
 WHERE key IN ('paused', 'restored')
