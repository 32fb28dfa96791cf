-- name: add_planned
INSERT INTO volume (hour, kind, planned)
VALUES (:hour, :kind, :planned)
    ON CONFLICT (hour, kind) DO UPDATE
   SET planned = volume.planned + excluded.planned

-- name: planned_by_hour
SELECT hour, planned
  FROM volume
 WHERE kind = :kind
   AND hour >= :since
   AND hour < :until
 ORDER BY hour

-- name: prune_volume
DELETE FROM volume
 WHERE hour < :before
