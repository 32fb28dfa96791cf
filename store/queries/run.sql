-- name: save_round
INSERT INTO run (began_at, owner, tick, took, sighted, planned, sent, bytes, refused, retried, uncertain, waiting, held, expired,
                 skipped, skips, forum_statements, store_statements, memory, fault)
VALUES (:began, :owner, :tick, :took, :sighted, :planned, :sent, :bytes, :refused, :retried, :uncertain, :waiting, :held, :expired,
        :skipped, :skips, :forum_statements, :store_statements, :memory, :fault)

-- name: rounds
SELECT began_at, owner, tick, took, sighted, planned, sent, bytes, refused, retried, uncertain, waiting, held, expired,
       skips, forum_statements, store_statements, memory, fault
  FROM run
 WHERE began_at >= :since
 ORDER BY began_at DESC
 LIMIT :most

-- UTC days.
-- name: rounds_by_day
SELECT began_at - began_at % 86400 AS day,
       CAST(sum(planned) AS BIGINT), CAST(sum(sent) AS BIGINT), CAST(sum(bytes) AS BIGINT), CAST(sum(refused) AS BIGINT),
       CAST(sum(retried) AS BIGINT), CAST(sum(uncertain) AS BIGINT), CAST(sum(expired) AS BIGINT), CAST(sum(skipped) AS BIGINT)
  FROM run
 WHERE began_at >= :since
 GROUP BY day
 ORDER BY day

-- name: prune_rounds
DELETE FROM run
 WHERE began_at < :before
