-- name: subscribers
SELECT id, zone, locale, cadence, hour, weekday, day, every, mark, due_at, left_at, own_zone, paused_until, forum_digests, weekends_off
  FROM subscriber
 WHERE id IN (SELECT CAST(value AS BIGINT) FROM {ids :ids})

-- A mark (covered sequence) never decreases, even if the writer has old data.
-- name: save_subscribers
INSERT INTO member (id, zone, locale, forum_digests, mark, due_at, synced_at, left_at)
SELECT CAST(value->>'id' AS BIGINT),
       CAST(value->>'zone' AS TEXT),
       CAST(value->>'locale' AS TEXT),
       CAST(value->>'forum_digests' AS TEXT),
       CAST(value->>'mark' AS BIGINT),
       CAST(value->>'due' AS BIGINT),
       CAST(:now AS BIGINT),
       NULL
  FROM {rows :rows}
 WHERE TRUE
    ON CONFLICT (id) DO UPDATE
   SET zone = excluded.zone,
       locale = excluded.locale,
       forum_digests = excluded.forum_digests,
       mark = CASE WHEN excluded.mark > member.mark THEN excluded.mark ELSE member.mark END,
       due_at = excluded.due_at,
       synced_at = excluded.synced_at,
       left_at = NULL

-- name: mark_seen
UPDATE member
   SET synced_at = :now
 WHERE id IN (SELECT CAST(value AS BIGINT) FROM {ids :ids})

-- name: mark_gone
UPDATE member
   SET due_at = NULL,
       left_at = :before
 WHERE synced_at < :before
   AND left_at IS NULL

-- Leaves out members with an edition that is in delivery or uncertain: its result decides where the next edition begins.
-- name: due
SELECT id, zone, locale, cadence, hour, weekday, day, every, mark, due_at, left_at, own_zone, paused_until, forum_digests, weekends_off
  FROM subscriber m
 WHERE due_at <= :now
   AND NOT EXISTS (SELECT 1
                     FROM outbox o
                    WHERE o.member_id = m.id
                      AND o.kind = 'digest'
                      AND o.settled_at IS NULL
                      AND (o.state = 'leased' OR o.doubts > 0))
 ORDER BY due_at, id
 LIMIT :most
