-- Members by the hour, counted from now, in which their next digest is due; -1: due already.
-- name: due_hours
SELECT CASE WHEN due_at <= :now THEN -1 ELSE (due_at - :now) / 3600 END AS hour,
       count(*)
  FROM member
 WHERE due_at < :until
 GROUP BY hour
 ORDER BY hour

-- name: pending_messages
SELECT kind,
       state,
       count(*),
       min(not_before)
  FROM outbox
 WHERE settled_at IS NULL
 GROUP BY kind, state
 ORDER BY kind, state

-- name: last_sent
SELECT began_at
  FROM run
 WHERE sent > 0
 ORDER BY began_at DESC
 LIMIT 1
