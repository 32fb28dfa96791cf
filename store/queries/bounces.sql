-- A message counts once, however often it is reported. Complaints are stored for the record only, and not evaluated.
-- name: save_refusals
INSERT INTO refusal (key, source, member_id, address, domain, minute, class, code, enhanced, reply, stage, relay, at, judged_at)
SELECT CAST(value->>'key' AS TEXT),
       CAST(value->>'source' AS TEXT),
       CAST(value->>'member' AS BIGINT),
       CAST(value->>'address' AS TEXT),
       CAST(value->>'domain' AS TEXT),
       CAST(value->>'minute' AS BIGINT),
       CAST(value->>'class' AS TEXT),
       CAST(value->>'code' AS BIGINT),
       CAST(value->>'enhanced' AS TEXT),
       CAST(value->>'reply' AS TEXT),
       CAST(value->>'stage' AS TEXT),
       CAST(value->>'relay' AS TEXT),
       CAST(value->>'at' AS BIGINT),
       CASE WHEN CAST(value->>'source' AS TEXT) = 'arf' THEN CAST(value->>'at' AS BIGINT) END
  FROM {rows :rows}
 WHERE TRUE
    ON CONFLICT (key, source) DO NOTHING

-- name: open_refusals
SELECT 1
  FROM refusal
 WHERE judged_at IS NULL
 LIMIT 1

-- name: add_counts
INSERT INTO tally (minute, domain, relay, mails)
SELECT CAST(value->>'minute' AS BIGINT),
       CAST(value->>'domain' AS TEXT),
       CAST(value->>'relay' AS TEXT),
       CAST(value->>'mails' AS BIGINT)
  FROM {rows :rows}
 WHERE TRUE
    ON CONFLICT (minute, domain, relay) DO UPDATE
   SET mails = tally.mails + excluded.mails

-- For each relay, domain and minute with refusals to evaluate: how many messages were refused and how many were sent. Direct rejections
-- by a relay also form a cohort without a domain. This query and the next ones start with WITH, not SELECT, so that they run
-- on the writing connection, in its transaction.
-- name: cohorts
WITH open AS (
    SELECT DISTINCT relay, domain, minute
      FROM refusal
     WHERE judged_at IS NULL
       AND minute < :minute)
SELECT r.relay,
       r.domain,
       r.minute,
       count(DISTINCT r.member_id),
       count(DISTINCT CASE WHEN r.source = 'smtp' AND r.code > 0 THEN r.member_id END),
       COALESCE((SELECT t.mails
                   FROM tally t
                  WHERE t.minute = r.minute
                    AND t.domain = r.domain
                    AND t.relay = r.relay), 0)
  FROM open
  JOIN refusal r
    ON r.minute = open.minute
   AND r.domain = open.domain
   AND r.relay = open.relay
 WHERE r.source <> 'arf'
 GROUP BY r.relay, r.domain, r.minute
 UNION ALL
SELECT r.relay,
       '',
       r.minute,
       count(DISTINCT r.member_id),
       count(DISTINCT r.member_id),
       COALESCE((SELECT CAST(sum(t.mails) AS BIGINT)
                   FROM tally t
                  WHERE t.minute = r.minute
                    AND t.relay = r.relay), 0)
  FROM (SELECT DISTINCT relay, minute FROM open) open_minute
  JOIN refusal r
    ON r.minute = open_minute.minute
   AND r.relay = open_minute.relay
 WHERE r.source = 'smtp'
   AND r.code > 0
 GROUP BY r.relay, r.minute

-- name: due_refusals
WITH due AS (
    SELECT key, source
      FROM refusal
     WHERE judged_at IS NULL
       AND at <= :before
     ORDER BY at, key
     LIMIT :most)
SELECT r.key, r.source, r.relay, r.member_id, r.address, r.minute, r.class, r.code, r.enhanced, r.reply, r.at
  FROM due
  JOIN refusal r
    ON r.key = due.key
   AND r.source = due.source
 ORDER BY r.at, r.key

-- With the number of messages that were accepted since the latest evaluation of the address and did not bounce.
-- name: address_health
WITH asked AS (
    SELECT CAST(value AS TEXT) AS address
      FROM {ids :addresses})
SELECT h.address, h.member_id, h.score, h.day, h.day_score, h.missing_at, h.last_event, h.suppressed_at, h.suppressed_until, h.reason,
       (SELECT count(*)
          FROM outbox o
         WHERE o.member_id = h.member_id
           AND o.address = h.address
           AND o.state = 'accepted'
           AND o.settled_at > h.judged_at
           AND NOT EXISTS (SELECT 1
                             FROM refusal r
                            WHERE r.key = o.key
                              AND r.source <> 'arf'))
  FROM asked
  JOIN health h
    ON h.address = asked.address

-- name: last_holds
WITH asked AS (
    SELECT CAST(value AS TEXT) AS domain
      FROM {ids :domains})
SELECT h.relay, h.domain, h.since, h.until, h.reason
  FROM asked
  JOIN hold h
    ON h.domain = asked.domain

-- name: save_health
INSERT INTO health (address, member_id, score, day, day_score, missing_at, last_event, judged_at, suppressed_at, suppressed_until, reason)
SELECT CAST(value->>'address' AS TEXT),
       CAST(value->>'member' AS BIGINT),
       CAST(value->>'score' AS DOUBLE PRECISION),
       CAST(value->>'day' AS BIGINT),
       CAST(value->>'day_score' AS DOUBLE PRECISION),
       CAST(value->>'missing' AS BIGINT),
       CAST(value->>'last' AS BIGINT),
       CAST(:now AS BIGINT),
       CAST(value->>'since' AS BIGINT),
       CAST(value->>'until' AS BIGINT),
       CAST(value->>'reason' AS TEXT)
  FROM {rows :rows}
 WHERE TRUE
    ON CONFLICT (address) DO UPDATE
   SET member_id = CASE WHEN excluded.member_id = 0 THEN health.member_id ELSE excluded.member_id END,
       score = excluded.score,
       day = excluded.day,
       day_score = excluded.day_score,
       missing_at = excluded.missing_at,
       last_event = excluded.last_event,
       judged_at = excluded.judged_at,
       suppressed_at = excluded.suppressed_at,
       suppressed_until = excluded.suppressed_until,
       reason = excluded.reason

-- name: save_verdicts
UPDATE refusal
   SET judged_at = :now,
       verdict = r.verdict
  FROM (SELECT CAST(value->>'key' AS TEXT) AS key,
               CAST(value->>'source' AS TEXT) AS source,
               CAST(value->>'verdict' AS TEXT) AS verdict
          FROM {rows :rows}) r
 WHERE refusal.key = r.key
   AND refusal.source = r.source

-- name: suppressed
SELECT address,
       last_event,
       suppressed_at,
       suppressed_until
  FROM health
 WHERE address IN (SELECT CAST(value AS TEXT) FROM {ids :addresses})
   AND suppressed_at IS NOT NULL
   AND (suppressed_until IS NULL OR suppressed_until > :now)

-- name: suppressions
SELECT address, member_id, score, day, day_score, missing_at, last_event, suppressed_at, suppressed_until, reason
  FROM health
 WHERE suppressed_at IS NOT NULL
   AND (suppressed_until IS NULL OR suppressed_until > :now)
   AND address > :after
   AND (CAST(:part AS TEXT) = '' OR replace(address, :part, '') <> address)
 ORDER BY address
 LIMIT :most

-- name: remove_suppressions
DELETE FROM health
 WHERE address IN (SELECT CAST(value AS TEXT) FROM {ids :addresses})
   AND suppressed_at IS NOT NULL
RETURNING address

-- name: sent_messages
SELECT key, kind, address, relay, state, COALESCE(settled_at, 0)
  FROM outbox
 WHERE member_id = :member

-- name: refusals
SELECT key, source, relay, member_id, address, minute, class, code, enhanced, reply, stage, at, verdict
  FROM refusal
 WHERE (CAST(:domain AS TEXT) = '' OR domain = :domain)
   AND (CAST(:class AS TEXT) = '' OR class = :class)
 ORDER BY at DESC, key, source
 LIMIT :most OFFSET :skip

-- name: refusal_classes
SELECT class, count(*)
  FROM refusal
 WHERE at >= :since
 GROUP BY class
 ORDER BY count(*) DESC, class

-- name: prune_refusals
DELETE FROM refusal
 WHERE at < :before

-- name: prune_tally
DELETE FROM tally
 WHERE minute < :minute

-- name: prune_health
DELETE FROM health
 WHERE last_event <= :before
   AND (suppressed_at IS NULL OR suppressed_until IS NOT NULL)

-- name: suppression_stats
SELECT (SELECT count(*)
          FROM member
         WHERE left_at IS NULL),
       (SELECT count(*)
          FROM health
         WHERE suppressed_at IS NOT NULL
           AND (suppressed_until IS NULL OR suppressed_until > :now))

-- Suppressions by operators stay. Bounces in the meantime are ignored.
-- name: retry_address
UPDATE health
   SET score = 0,
       day = 0,
       day_score = 0,
       missing_at = NULL,
       judged_at = :now,
       suppressed_at = NULL,
       suppressed_until = NULL,
       reason = '',
       tried_at = :now
 WHERE address = :address
   AND suppressed_until > :now
   AND last_event IS NOT NULL
   AND COALESCE(tried_at, 0) <= :before
RETURNING address
