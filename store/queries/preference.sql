-- name: preferences
SELECT member_id, chosen_at, cadence, hour, weekday, day, every, zone, locale, format, excerpt,
       own_posts, unread_only, alerts, announcements, quiet_from, quiet_until, paused_until, basis_opt_outs, basis_digests,
       replies, new_threads, quotes, mentions, bundle, weekends_off, new_threads_only, set_by_admin
  FROM preference
 WHERE member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :ids})

-- name: save_preference
INSERT INTO preference (member_id, chosen_at, cadence, hour, weekday, day, every, zone, locale, format, excerpt,
                        own_posts, unread_only, alerts, announcements, quiet_from, quiet_until, paused_until, basis_digests,
                        replies, new_threads, quotes, mentions, bundle, weekends_off, new_threads_only, set_by_admin)
VALUES (:member, :now, :cadence, :hour, :weekday, :day, :every, :zone, :locale, :format, :excerpt,
        :own_posts, :unread_only, :alerts, :announcements, :quiet_from, :quiet_until, :paused_until, :basis_digests,
        :replies, :new_threads, :quotes, :mentions, :bundle, :weekends_off, :new_threads_only, :set_by_admin)
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
       paused_until = excluded.paused_until,
       replies = excluded.replies,
       new_threads = excluded.new_threads,
       quotes = excluded.quotes,
       mentions = excluded.mentions,
       bundle = excluded.bundle,
       weekends_off = excluded.weekends_off,
       new_threads_only = excluded.new_threads_only,
       set_by_admin = excluded.set_by_admin,
       basis_zone = CASE WHEN preference.zone = excluded.zone THEN preference.basis_zone END,
       basis_locale = CASE WHEN preference.locale = excluded.locale THEN preference.basis_locale END,
       basis_digests = excluded.basis_digests,
       basis_opt_outs = NULL

-- name: unsubscribe_digests
INSERT INTO preference (member_id, chosen_at, cadence)
VALUES (:member, :now, 'off')
    ON CONFLICT (member_id) DO UPDATE
   SET chosen_at = excluded.chosen_at,
       cadence = excluded.cadence,
       set_by_admin = NULL

-- name: clear_due
UPDATE member
   SET due_at = NULL
 WHERE id = :member

-- name: unsubscribe_alerts
INSERT INTO preference (member_id, chosen_at, alerts)
VALUES (:member, :now, 'off')
    ON CONFLICT (member_id) DO UPDATE
   SET chosen_at = excluded.chosen_at,
       alerts = excluded.alerts

-- name: unsubscribe_announcements
INSERT INTO preference (member_id, chosen_at, announcements)
VALUES (:member, :now, FALSE)
    ON CONFLICT (member_id) DO UPDATE
   SET chosen_at = excluded.chosen_at,
       announcements = excluded.announcements

-- Turns the kinds of posts off that are not NULL.
-- name: unsubscribe_posts
INSERT INTO preference (member_id, chosen_at, replies, new_threads, quotes, mentions)
VALUES (:member, :now, :replies, :new_threads, :quotes, :mentions)
    ON CONFLICT (member_id) DO UPDATE
   SET chosen_at = excluded.chosen_at,
       replies = COALESCE(excluded.replies, preference.replies),
       new_threads = COALESCE(excluded.new_threads, preference.new_threads),
       quotes = COALESCE(excluded.quotes, preference.quotes),
       mentions = COALESCE(excluded.mentions, preference.mentions)

-- name: overrides
SELECT member_id, section_id, thread_id, cadence, COALESCE(added, FALSE)
  FROM wish
 WHERE member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :ids})

-- name: muted_at
SELECT chosen_at
  FROM wish
 WHERE member_id = :member
   AND section_id = :section
   AND thread_id = :thread
   AND cadence = 'off'

-- name: save_override
INSERT INTO wish (member_id, section_id, thread_id, cadence, chosen_at)
VALUES (:member, :section, :thread, :cadence, :now)
    ON CONFLICT (member_id, section_id, thread_id) DO UPDATE
   SET cadence = excluded.cadence,
       chosen_at = excluded.chosen_at,
       basis = NULL

-- name: add_section
INSERT INTO wish (member_id, section_id, thread_id, cadence, chosen_at, added)
VALUES (:member, :section, 0, :cadence, :now, TRUE)
    ON CONFLICT (member_id, section_id, thread_id) DO UPDATE
   SET cadence = excluded.cadence,
       chosen_at = excluded.chosen_at,
       added = TRUE,
       basis = NULL

-- name: members_with_added_sections
SELECT DISTINCT member_id
  FROM wish
 WHERE added
   AND member_id > :after
 ORDER BY member_id
 LIMIT :most

-- name: delete_override
DELETE FROM wish
 WHERE member_id = :member
   AND section_id = :section
   AND thread_id = :thread

-- A page of the members who chose something that a later change on the forum overrides.
-- name: members_with_preferences
SELECT member_id
  FROM (SELECT member_id
          FROM preference
         WHERE member_id > :after
         ORDER BY member_id
         LIMIT :most) chosen
 UNION
SELECT member_id
  FROM (SELECT DISTINCT member_id
          FROM wish
         WHERE member_id > :after
         ORDER BY member_id
         LIMIT :most) overridden
 ORDER BY member_id
 LIMIT :most

-- name: preference_baselines
SELECT member_id, chosen_at, zone, locale, cadence, basis_zone, basis_locale, basis_digests, basis_opt_outs
  FROM preference
 WHERE member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :ids})

-- name: override_baselines
SELECT member_id, section_id, thread_id, chosen_at, basis
  FROM wish
 WHERE member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :ids})
 ORDER BY member_id

-- Skips members who changed their choice in the meantime, until the next run.
-- name: save_preference_baselines
UPDATE preference
   SET zone = CASE WHEN r.zone = 1 THEN preference.zone END,
       locale = CASE WHEN r.locale = 1 THEN preference.locale END,
       cadence = CASE WHEN r.schedule = 1 THEN preference.cadence END,
       hour = CASE WHEN r.schedule = 1 THEN preference.hour END,
       weekday = CASE WHEN r.schedule = 1 THEN preference.weekday END,
       day = CASE WHEN r.schedule = 1 THEN preference.day END,
       every = CASE WHEN r.schedule = 1 THEN preference.every END,
       basis_zone = r.basis_zone,
       basis_locale = r.basis_locale,
       basis_digests = r.basis_digests,
       basis_opt_outs = r.basis_opt_outs
  FROM (SELECT CAST(value->>'member' AS BIGINT) AS member_id,
               CAST(value->>'chosen' AS BIGINT) AS chosen_at,
               CAST(value->>'zone' AS BIGINT) AS zone,
               CAST(value->>'locale' AS BIGINT) AS locale,
               CAST(value->>'schedule' AS BIGINT) AS schedule,
               CAST(value->>'basis_zone' AS TEXT) AS basis_zone,
               CAST(value->>'basis_locale' AS TEXT) AS basis_locale,
               CAST(value->>'basis_digests' AS TEXT) AS basis_digests,
               CAST(value->>'basis_opt_outs' AS BIGINT) AS basis_opt_outs
          FROM {rows :rows}) r
 WHERE preference.member_id = r.member_id
   AND preference.chosen_at = r.chosen_at

-- name: save_override_baselines
UPDATE wish
   SET basis = r.basis
  FROM (SELECT CAST(value->>'member' AS BIGINT) AS member_id,
               CAST(value->>'section' AS BIGINT) AS section_id,
               CAST(value->>'thread' AS BIGINT) AS thread_id,
               CAST(value->>'chosen' AS BIGINT) AS chosen_at,
               CAST(value->>'basis' AS TEXT) AS basis
          FROM {rows :rows}) r
 WHERE wish.member_id = r.member_id
   AND wish.section_id = r.section_id
   AND wish.thread_id = r.thread_id
   AND wish.chosen_at = r.chosen_at

-- name: delete_lapsed_overrides
DELETE FROM wish
 WHERE EXISTS (SELECT 1
                 FROM (SELECT CAST(value->>'member' AS BIGINT) AS member_id,
                              CAST(value->>'section' AS BIGINT) AS section_id,
                              CAST(value->>'thread' AS BIGINT) AS thread_id,
                              CAST(value->>'chosen' AS BIGINT) AS chosen_at
                         FROM {rows :rows}) r
                WHERE wish.member_id = r.member_id
                  AND wish.section_id = r.section_id
                  AND wish.thread_id = r.thread_id
                  AND wish.chosen_at = r.chosen_at)
