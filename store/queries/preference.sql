-- name: preferences
SELECT member_id, chosen_at, cadence, hour, weekday, day, every, zone, locale, format, excerpt,
       own_posts, unread_only, alerts, announcements, quiet_from, quiet_until, paused_until
  FROM preference
 WHERE member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :ids})

-- name: save_preference
INSERT INTO preference (member_id, chosen_at, cadence, hour, weekday, day, every, zone, locale, format, excerpt,
                        own_posts, unread_only, alerts, announcements, quiet_from, quiet_until, paused_until)
VALUES (:member, :now, :cadence, :hour, :weekday, :day, :every, :zone, :locale, :format, :excerpt,
        :own_posts, :unread_only, :alerts, :announcements, :quiet_from, :quiet_until, :paused_until)
    ON CONFLICT (member_id) DO UPDATE
   SET chosen_at = excluded.chosen_at,
       cadence = excluded.cadence,
       hour = excluded.hour,
       weekday = excluded.weekday,
       day = excluded.day,
       every = excluded.every,
       zone = excluded.zone,
       locale = excluded.locale,
       format = excluded.format,
       excerpt = excluded.excerpt,
       own_posts = excluded.own_posts,
       unread_only = excluded.unread_only,
       alerts = excluded.alerts,
       announcements = excluded.announcements,
       quiet_from = excluded.quiet_from,
       quiet_until = excluded.quiet_until,
       paused_until = excluded.paused_until

-- name: end_digests
INSERT INTO preference (member_id, chosen_at, cadence)
VALUES (:member, :now, 'off')
    ON CONFLICT (member_id) DO UPDATE
   SET chosen_at = excluded.chosen_at,
       cadence = excluded.cadence

-- name: end_due
UPDATE member
   SET due_at = NULL
 WHERE id = :member

-- name: end_alerts
INSERT INTO preference (member_id, chosen_at, alerts)
VALUES (:member, :now, 'off')
    ON CONFLICT (member_id) DO UPDATE
   SET chosen_at = excluded.chosen_at,
       alerts = excluded.alerts

-- name: end_announcements
INSERT INTO preference (member_id, chosen_at, announcements)
VALUES (:member, :now, FALSE)
    ON CONFLICT (member_id) DO UPDATE
   SET chosen_at = excluded.chosen_at,
       announcements = excluded.announcements

-- name: wishes
SELECT member_id, section_id, thread_id, cadence
  FROM wish
 WHERE member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :ids})

-- name: wish
INSERT INTO wish (member_id, section_id, thread_id, cadence, chosen_at)
VALUES (:member, :section, :thread, :cadence, :now)
    ON CONFLICT (member_id, section_id, thread_id) DO UPDATE
   SET cadence = excluded.cadence,
       chosen_at = excluded.chosen_at

-- name: wish_nothing
DELETE FROM wish
 WHERE member_id = :member
   AND section_id = :section
   AND thread_id = :thread
