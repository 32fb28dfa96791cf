-- First sightings only: no moved posts, and no posts that were already sighted in another section.
-- name: post_events
SELECT s.seq, s.post_id, s.thread_id, s.author_id, s.posted_at,
       CASE WHEN s.revealed THEN s.seen_at ELSE 0 END
  FROM sighting s
 WHERE s.seq > :after
   AND s.seq <= :until
   AND s.moved_from = 0
   AND NOT EXISTS (SELECT 1
                     FROM sighting e
                    WHERE e.post_id = s.post_id
                      AND e.seq < s.seq)
 ORDER BY s.seq

-- name: alert_progress
SELECT name,
       value
  FROM counter
 WHERE name IN ('alerted', 'alerting', 'alerting_member', 'sighting')

-- name: set_counter
UPDATE counter
   SET value = :value
 WHERE name = :name

-- Waiting alerts of these members that posts of these threads, or new threads of these sections, may join. It starts with WITH, not SELECT, so that it runs on the
-- writing connection, in its transaction.
-- name: open_alerts
WITH asked AS (
    SELECT CAST(value->>'i' AS BIGINT) AS i,
           CAST(value->>'m' AS BIGINT) AS member_id,
           CAST(value->>'t' AS BIGINT) AS thread_id,
           CAST(value->>'s' AS BIGINT) AS section_id
      FROM {rows :rows})
SELECT q.i,
       a.key,
       a.held,
       a.settles_at
  FROM asked q
  JOIN outbox o
    ON o.member_id = q.member_id
   AND o.settled_at IS NULL
  JOIN alert a
    ON a.key = o.key
   AND (a.held
    OR (a.thread_id = q.thread_id AND q.thread_id <> 0)
    OR (a.section_id = q.section_id AND q.section_id <> 0)
    OR (a.thread_id = 0 AND EXISTS (SELECT 1
                                      FROM notice n
                                     WHERE n.key = a.key
                                       AND n.thread_id = q.thread_id)))
 WHERE o.state = 'queued'
   AND o.doubts = 0
 ORDER BY a.held DESC, a.first_seq DESC, a.key

-- An alert that was claimed in between is skipped, and its key is not returned. The times only move later.
-- name: extend_alerts
UPDATE outbox
   SET until_seq = CASE WHEN r.until_seq > outbox.until_seq THEN r.until_seq ELSE outbox.until_seq END,
       not_before = CASE WHEN r.not_before > outbox.not_before THEN r.not_before ELSE outbox.not_before END,
       expires_at = outbox.expires_at + CASE WHEN r.not_before > outbox.not_before THEN r.not_before - outbox.not_before ELSE 0 END
  FROM (SELECT CAST(value->>'key' AS TEXT) AS key,
               CAST(value->>'until' AS BIGINT) AS until_seq,
               CAST(value->>'not_before' AS BIGINT) AS not_before
          FROM {rows :rows}) r
 WHERE outbox.key = r.key
   AND outbox.state = 'queued'
   AND outbox.doubts = 0
RETURNING outbox.key

-- An alert with posts of several threads has thread_id 0.
-- name: clear_alert_threads
UPDATE alert
   SET thread_id = 0
  FROM (SELECT CAST(value->>'key' AS TEXT) AS key,
               CAST(value->>'t' AS BIGINT) AS thread_id
          FROM {rows :rows}) r
 WHERE alert.key = r.key
   AND alert.thread_id <> r.thread_id

-- name: insert_alert_messages
INSERT INTO outbox (key, kind, member_id, from_seq, until_seq, state, priority, not_before, created_at, expires_at)
SELECT CAST(value->>'key' AS TEXT),
       'alert',
       CAST(value->>'m' AS BIGINT),
       CAST(value->>'first' AS BIGINT) - 1,
       CAST(value->>'until' AS BIGINT),
       'queued',
       CAST(:priority AS BIGINT),
       CAST(value->>'not_before' AS BIGINT),
       CAST(:now AS BIGINT),
       CAST(value->>'not_before' AS BIGINT) + CAST(:lasts AS BIGINT)
  FROM {rows :rows}
 WHERE TRUE
    ON CONFLICT (key) DO NOTHING

-- name: insert_alerts
INSERT INTO alert (key, member_id, thread_id, section_id, first_seq, settles_at, held)
SELECT CAST(value->>'key' AS TEXT),
       CAST(value->>'m' AS BIGINT),
       CAST(value->>'t' AS BIGINT),
       CAST(value->>'s' AS BIGINT),
       CAST(value->>'first' AS BIGINT),
       CAST(value->>'settles' AS BIGINT),
       CAST(value->>'held' AS BIGINT) <> 0
  FROM {rows :rows}
 WHERE TRUE
    ON CONFLICT (key) DO NOTHING

-- name: insert_alert_items
INSERT INTO notice (member_id, post_id, thread_id, section_id, seq, posted_at, cause, key)
SELECT CAST(value->>'m' AS BIGINT),
       CAST(value->>'p' AS BIGINT),
       CAST(value->>'t' AS BIGINT),
       CAST(value->>'s' AS BIGINT),
       CAST(value->>'seq' AS BIGINT),
       CAST(value->>'at' AS BIGINT),
       CAST(value->>'cause' AS TEXT),
       CAST(value->>'key' AS TEXT)
  FROM {rows :rows}
 WHERE TRUE
    ON CONFLICT (member_id, post_id) DO NOTHING

-- Which of these members got an alert about these threads and have not posted there since. Only their newest items of a thread
-- are read, because a member may have thousands.
-- name: unanswered_alerts
SELECT r.member_id,
       r.thread_id,
       max(n.posted_at),
       CASE WHEN min(o.state) = 'accepted' AND max(o.state) = 'accepted' THEN max(o.settled_at) ELSE 0 END
  FROM (SELECT CAST(value->>'m' AS BIGINT) AS member_id,
               CAST(value->>'t' AS BIGINT) AS thread_id
          FROM {rows :rows}) r
  JOIN notice n
    ON n.member_id = r.member_id
   AND n.thread_id = r.thread_id
   AND n.seq IN (SELECT x.seq
                   FROM notice x
                  WHERE x.member_id = r.member_id
                    AND x.thread_id = r.thread_id
                    AND x.seq > COALESCE((SELECT max(s.seq)
                                            FROM sighting s
                                           WHERE s.thread_id = r.thread_id
                                             AND s.author_id = r.member_id), 0)
                  ORDER BY x.seq DESC
                  LIMIT 20)
  JOIN outbox o
    ON o.key = n.key
 WHERE (o.state IN ('accepted', 'leased') OR o.state = 'queued' AND o.doubts > 0)
   AND n.left_out = ''
 GROUP BY r.member_id, r.thread_id

-- LATERAL as in earlier_alerts.
-- name: unanswered_alerts/postgres
SELECT r.member_id,
       r.thread_id,
       max(n.posted_at),
       CASE WHEN min(o.state) = 'accepted' AND max(o.state) = 'accepted' THEN max(o.settled_at) ELSE 0 END
  FROM (SELECT CAST(value->>'m' AS BIGINT) AS member_id,
               CAST(value->>'t' AS BIGINT) AS thread_id
          FROM {rows :rows}) r
 CROSS JOIN LATERAL (SELECT x.key, x.posted_at, x.left_out
                       FROM notice x
                      WHERE x.member_id = r.member_id
                        AND x.thread_id = r.thread_id
                        AND x.seq > COALESCE((SELECT max(s.seq)
                                                FROM sighting s
                                               WHERE s.thread_id = r.thread_id
                                                 AND s.author_id = r.member_id), 0)
                      ORDER BY x.seq DESC
                      LIMIT 20) n
  JOIN outbox o
    ON o.key = n.key
 WHERE (o.state IN ('accepted', 'leased') OR o.state = 'queued' AND o.doubts > 0)
   AND n.left_out = ''
 GROUP BY r.member_id, r.thread_id

-- The items of alerts, without those that were left out.
-- name: alert_items
SELECT key, member_id, post_id, thread_id, section_id, seq, posted_at, cause
  FROM notice
 WHERE key IN (SELECT CAST(value AS TEXT) FROM {ids :keys})
   AND left_out = ''
 ORDER BY seq

-- The alerts that were sent before these in the same thread, newest first.
-- name: earlier_alerts
SELECT r.key,
       a.key
  FROM alert r
  JOIN alert a
    ON a.key IN (SELECT x.key
                   FROM alert x
                   JOIN outbox o
                     ON o.key = x.key
                  WHERE x.member_id = r.member_id
                    AND x.thread_id = r.thread_id
                    AND x.first_seq < r.first_seq
                    AND o.state = 'accepted'
                  ORDER BY x.first_seq DESC
                  LIMIT :most)
 WHERE r.key IN (SELECT CAST(value AS TEXT) FROM {ids :keys})
   AND r.thread_id <> 0
 ORDER BY r.key, a.first_seq DESC

-- Without LATERAL, PostgreSQL would run the inner query once for each alert in the table.
-- name: earlier_alerts/postgres
SELECT r.key,
       a.key
  FROM alert r
 CROSS JOIN LATERAL (SELECT x.key, x.first_seq
                       FROM alert x
                       JOIN outbox o
                         ON o.key = x.key
                      WHERE x.member_id = r.member_id
                        AND x.thread_id = r.thread_id
                        AND x.first_seq < r.first_seq
                        AND o.state = 'accepted'
                      ORDER BY x.first_seq DESC
                      LIMIT :most) a
 WHERE r.key IN (SELECT CAST(value AS TEXT) FROM {ids :keys})
   AND r.thread_id <> 0
 ORDER BY r.key, a.first_seq DESC

-- The newest posts of threads that were sighted before a sequence number.
-- name: sighted_before
SELECT s.thread_id,
       s.seq,
       s.post_id,
       s.posted_at
  FROM (SELECT CAST(value->>'t' AS BIGINT) AS thread_id,
               CAST(value->>'seq' AS BIGINT) AS seq
          FROM {rows :rows}) r
  JOIN sighting s
    ON s.seq IN (SELECT x.seq
                   FROM sighting x
                  WHERE x.thread_id = r.thread_id
                    AND x.seq < r.seq
                  ORDER BY x.seq DESC
                  LIMIT :most)
 ORDER BY s.seq

-- LATERAL as in earlier_alerts.
-- name: sighted_before/postgres
SELECT r.thread_id,
       s.seq,
       s.post_id,
       s.posted_at
  FROM (SELECT CAST(value->>'t' AS BIGINT) AS thread_id,
               CAST(value->>'seq' AS BIGINT) AS seq
          FROM {rows :rows}) r
 CROSS JOIN LATERAL (SELECT x.seq, x.post_id, x.posted_at
                       FROM sighting x
                      WHERE x.thread_id = r.thread_id
                        AND x.seq < r.seq
                      ORDER BY x.seq DESC
                      LIMIT :most) s
 ORDER BY s.seq

-- name: next_alert
SELECT min(not_before)
  FROM outbox
 WHERE priority = :priority
   AND state = 'queued'

-- name: instant_overrides
SELECT member_id
  FROM wish
 WHERE cadence = 'instant'
   AND member_id > :after
   AND member_id <= :until
   AND thread_id IN (SELECT CAST(value AS BIGINT) FROM {ids :threads})
 UNION
SELECT member_id
  FROM wish
 WHERE cadence = 'instant'
   AND member_id > :after
   AND member_id <= :until
   AND section_id IN (SELECT CAST(value AS BIGINT) FROM {ids :sections})
 ORDER BY member_id

-- LATERAL, because PostgreSQL would expect 100 threads and sections, and read all overrides.
-- name: instant_overrides/postgres
SELECT w.member_id
  FROM (SELECT DISTINCT CAST(value AS BIGINT) AS id FROM {ids :threads}) t
 CROSS JOIN LATERAL (SELECT member_id
                       FROM wish
                      WHERE thread_id = t.id
                        AND cadence = 'instant'
                        AND member_id > :after
                        AND member_id <= :until
                     OFFSET 0) w
 UNION
SELECT w.member_id
  FROM (SELECT DISTINCT CAST(value AS BIGINT) AS id FROM {ids :sections}) s
 CROSS JOIN LATERAL (SELECT member_id
                       FROM wish
                      WHERE section_id = s.id
                        AND cadence = 'instant'
                        AND member_id > :after
                        AND member_id <= :until
                     OFFSET 0) w
 ORDER BY member_id

-- Alerts of members that wait for the end of quiet hours. WITH as in open_alerts.
-- name: held_alerts
WITH asked AS (
    SELECT DISTINCT a.member_id
      FROM alert a
     WHERE a.key IN (SELECT CAST(value AS TEXT) FROM {ids :keys}))
SELECT a.member_id,
       a.key,
       a.thread_id,
       o.until_seq
  FROM asked q
  JOIN outbox o
    ON o.member_id = q.member_id
   AND o.settled_at IS NULL
  JOIN alert a
    ON a.key = o.key
 WHERE a.held
   AND o.state = 'queued'
   AND o.doubts = 0
 ORDER BY a.member_id, a.first_seq, a.key

-- name: hold_alerts
UPDATE alert
   SET held = TRUE
 WHERE key IN (SELECT CAST(value AS TEXT) FROM {ids :keys})

-- The lifetime of an alert starts when it may be sent.
-- name: extend_held_alerts
UPDATE outbox
   SET expires_at = not_before + CAST(:lasts AS BIGINT)
 WHERE key IN (SELECT CAST(value AS TEXT) FROM {ids :keys})
   AND state = 'queued'

-- name: release_bundles
UPDATE outbox
   SET not_before = :now
 WHERE member_id = :member
   AND kind = 'alert'
   AND settled_at IS NULL
   AND state = 'queued'
   AND attempt = 0
   AND doubts = 0
   AND not_before > :now
   AND key IN (SELECT key FROM alert WHERE member_id = :member AND held)

-- name: merge_alert_items
UPDATE notice
   SET key = r.into_key
  FROM (SELECT CAST(value->>'key' AS TEXT) AS key,
               CAST(value->>'into' AS TEXT) AS into_key
          FROM {rows :rows}) r
 WHERE notice.key = r.key

-- name: merge_alerts
UPDATE outbox
   SET state = 'merged',
       settled_at = :now,
       reason = r.into_key
  FROM (SELECT CAST(value->>'key' AS TEXT) AS key,
               CAST(value->>'into' AS TEXT) AS into_key
          FROM {rows :rows}) r
 WHERE outbox.key = r.key
   AND outbox.state = 'queued'

