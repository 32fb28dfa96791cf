-- name: open_session
INSERT INTO session (hash, actor, proof, opened_at, seen_at)
VALUES (:hash, :actor, :proof, :now, :now)

-- name: session
SELECT actor, proof, opened_at, seen_at
  FROM session
 WHERE hash = :hash

-- name: touch_session
UPDATE session
   SET seen_at = :now
 WHERE hash = :hash

-- name: close_session
DELETE FROM session
 WHERE hash = :hash

-- name: prune_sessions
DELETE FROM session
 WHERE opened_at <= :opened
    OR seen_at <= :seen
