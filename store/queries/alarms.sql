-- name: alarms
SELECT key, detail, since, due, seen, good, told
  FROM alarm
 ORDER BY since, key

-- An alarm that exists keeps its start time.
-- name: save_failed_checks
INSERT INTO alarm (key, detail, since, due, seen, good, told)
SELECT r.key, r.detail, r.since, r.due, r.seen, 0, r.told
  FROM (SELECT CAST(value->>'key' AS TEXT) AS key,
               CAST(value->>'detail' AS TEXT) AS detail,
               CAST(value->>'since' AS BIGINT) AS since,
               CAST(value->>'due' AS BIGINT) AS due,
               CAST(value->>'seen' AS BIGINT) AS seen,
               CAST(value->>'told' AS BIGINT) AS told
          FROM {rows :rows}) r
 WHERE TRUE
    ON CONFLICT (key) DO UPDATE
   SET detail = excluded.detail,
       seen = CASE WHEN excluded.seen > alarm.seen THEN excluded.seen ELSE alarm.seen END,
       told = CASE WHEN alarm.told = 0 THEN excluded.told ELSE alarm.told END

-- name: save_passed_checks
UPDATE alarm
   SET good = r.good
  FROM (SELECT CAST(value->>'key' AS TEXT) AS key,
               CAST(value->>'good' AS BIGINT) AS good
          FROM {rows :rows}) r
 WHERE alarm.key = r.key
   AND alarm.good < r.good

-- name: mark_alarms_notified
UPDATE alarm
   SET told = :now
 WHERE told = 0
   AND due <= :now
   AND seen > good
RETURNING key, detail, since

-- name: delete_ended_alarms
DELETE FROM alarm
 WHERE good >= seen
   AND seen < :quiet_since
RETURNING key, detail, since, told

-- name: queue_alarm_notifications
INSERT INTO alarm_note (key, over, at, channel, detail, since, attempt, not_before)
SELECT CAST(value->>'key' AS TEXT),
       CAST(value->>'over' AS BIGINT) = 1,
       CAST(value->>'at' AS BIGINT),
       CAST(value->>'channel' AS TEXT),
       CAST(value->>'detail' AS TEXT),
       CAST(value->>'since' AS BIGINT),
       0,
       CAST(value->>'at' AS BIGINT)
  FROM {rows :rows}
 WHERE TRUE
    ON CONFLICT (key, over, at, channel) DO NOTHING

-- name: count_due_alarm_notifications
SELECT count(*)
  FROM alarm_note
 WHERE not_before <= :now

-- A claimed notification is hidden from other daemons until its next attempt. The end of an alarm waits for its start.
-- name: claim_alarm_notifications
UPDATE alarm_note
   SET attempt = attempt + 1,
       not_before = :now + CASE attempt WHEN 0 THEN 60 WHEN 1 THEN 120 WHEN 2 THEN 300 ELSE 900 END
 WHERE not_before <= :now
   AND NOT EXISTS (SELECT 1
                     FROM alarm_note earlier
                    WHERE earlier.key = alarm_note.key
                      AND earlier.channel = alarm_note.channel
                      AND earlier.at < alarm_note.at)
RETURNING key, over, at, channel, detail, since, attempt

-- name: delete_alarm_notification
DELETE FROM alarm_note
 WHERE key = :key
   AND over = :over
   AND at = :at
   AND channel = :channel
