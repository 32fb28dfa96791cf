-- Uncertain messages count. So do leased ones, because two daemons that claim at the same time must see each other's.
-- "lease_owner", because with "state" PostgreSQL would read all leased messages for each member.
-- name: day_usage
SELECT r.member_id,
       COALESCE((SELECT count(*)
                   FROM outbox o
                  WHERE o.member_id = r.member_id
                    AND o.settled_at >= r.since
                    AND o.state IN ('accepted', 'uncertain')), 0),
       COALESCE((SELECT count(*)
                   FROM outbox o
                  WHERE o.member_id = r.member_id
                    AND o.settled_at IS NULL
                    AND o.lease_owner <> ''), 0),
       EXISTS (SELECT 1
                 FROM member m
                WHERE m.id = r.member_id
                  AND m.due_at IS NOT NULL)
  FROM (SELECT CAST(value->>'m' AS BIGINT) AS member_id,
               CAST(value->>'since' AS BIGINT) AS since
          FROM {rows :rows}) r
