-- name: next_number
UPDATE counter
   SET value = value + 1
 WHERE name = :name
RETURNING value

-- name: draft_announcement
INSERT INTO announcement (id, state, forced, speed, canary_share, canary_wait, created_at, changed_at, audience)
VALUES (:id, 'draft', :forced, :speed, :share, :wait, :now, :now, :audience)
RETURNING id

-- name: revise_announcement
UPDATE announcement
   SET forced = :forced,
       speed = :speed,
       canary_share = :share,
       canary_wait = :wait,
       changed_at = :now,
       audience = :audience
 WHERE id = :id
   AND state = 'draft'
RETURNING id

-- name: discard_announcement
DELETE FROM announcement
 WHERE id = :id
   AND state = 'draft'
RETURNING id

-- name: delete_announcement_texts
DELETE FROM announcement_text
 WHERE announcement_id = :id

-- name: add_announcement_texts
INSERT INTO announcement_text (announcement_id, place, locale, title, body)
SELECT CAST(:id AS BIGINT),
       CAST(value->>'place' AS BIGINT),
       CAST(value->>'locale' AS TEXT),
       CAST(value->>'title' AS TEXT),
       CAST(value->>'body' AS TEXT)
  FROM {rows :rows}

-- name: announcements
SELECT id, state, forced, start_at, local, begins_at, speed, canary_share, canary_wait, canary_until, size, cursor, fanned,
       paced_at, resumes, reason, stopped, created_at, changed_at, started_at, ended_at
  FROM announcement
 ORDER BY id DESC

-- Neither drafts nor ended announcements.
-- name: active_announcements
SELECT id, state, forced, start_at, local, begins_at, speed, canary_share, canary_wait, canary_until, size, cursor, fanned,
       paced_at, resumes, reason, stopped, created_at, changed_at, started_at, ended_at
  FROM announcement
 WHERE state IN ('scheduled', 'canary', 'sending', 'paused')
 ORDER BY id

-- name: announcement
SELECT id, state, forced, start_at, local, begins_at, speed, canary_share, canary_wait, canary_until, size, cursor, fanned,
       paced_at, resumes, reason, stopped, created_at, changed_at, started_at, ended_at
  FROM announcement
 WHERE id = :id

-- name: announcement_audience
SELECT audience
  FROM announcement
 WHERE id = :id

-- name: announcement_texts
SELECT locale,
       title,
       body
  FROM announcement_text
 WHERE announcement_id = :id
 ORDER BY place

-- name: start_announcement
UPDATE announcement
   SET state = :state,
       start_at = :start,
       local = :local,
       begins_at = :begins,
       size = :size,
       started_at = CASE WHEN :state = 'scheduled' THEN NULL ELSE CAST(:now AS BIGINT) END,
       paced_at = :paced
 WHERE id = :id
   AND state = 'draft'
RETURNING id

-- name: begin_announcement
UPDATE announcement
   SET state = :state,
       started_at = :now,
       paced_at = :paced
 WHERE id = :id
   AND state = 'scheduled'
RETURNING id

-- After the evaluation of the canary, a resumed announcement goes to the rest of the audience.
-- name: pause_announcement
UPDATE announcement
   SET resumes = CASE WHEN :judged THEN 'sending' ELSE state END,
       cursor = CASE WHEN :judged THEN 0 ELSE cursor END,
       fanned = CASE WHEN :judged THEN FALSE ELSE fanned END,
       canary_until = CASE WHEN :judged THEN NULL ELSE canary_until END,
       state = 'paused',
       reason = :reason,
       stopped = :stopped
 WHERE id = :id
   AND state IN ('scheduled', 'canary', 'sending')
RETURNING id

-- name: resume_announcement
UPDATE announcement
   SET state = resumes,
       resumes = '',
       reason = '',
       stopped = FALSE,
       started_at = CASE WHEN resumes = 'scheduled' THEN NULL ELSE COALESCE(started_at, CAST(:now AS BIGINT)) END,
       paced_at = :paced
 WHERE id = :id
   AND state = 'paused'
RETURNING id

-- name: cancel_announcement
UPDATE announcement
   SET state = 'cancelled',
       ended_at = :now
 WHERE id = :id
   AND state IN ('draft', 'scheduled', 'canary', 'sending', 'paused')
RETURNING id

-- name: start_canary_wait
UPDATE announcement
   SET canary_until = :until
 WHERE id = :id
   AND state = 'canary'
   AND fanned
   AND canary_until IS NULL
RETURNING id

-- name: pass_canary
UPDATE announcement
   SET state = 'sending',
       cursor = 0,
       fanned = FALSE,
       canary_until = NULL
 WHERE id = :id
   AND state = 'canary'
   AND canary_until IS NOT NULL
RETURNING id

-- The index on announcement_id leaves out 0. The engines do not know that :id is never 0 when they plan the query, so every query
-- on announcement_id also has "announcement_id <> 0". With EXISTS, PostgreSQL would expect many rows and read the whole table.
-- name: finish_announcement
UPDATE announcement
   SET state = 'done',
       ended_at = :now
 WHERE id = :id
   AND state = 'sending'
   AND fanned
   AND (SELECT min(not_before) FROM outbox WHERE announcement_id = :id AND announcement_id <> 0 AND state = 'queued') IS NULL
   AND (SELECT min(not_before) FROM outbox WHERE announcement_id = :id AND announcement_id <> 0 AND state = 'leased') IS NULL
   AND (SELECT min(not_before) FROM outbox WHERE announcement_id = :id AND announcement_id <> 0 AND state = 'held') IS NULL
RETURNING id

-- Only advances from the state that was read: another daemon may have enqueued these members in between, or the announcement may
-- have been paused.
-- name: advance_announcement
UPDATE announcement
   SET cursor = :upto,
       fanned = :fanned
 WHERE id = :id
   AND cursor = :after
   AND state = :state
   AND NOT fanned
RETURNING id

-- The key contains the member, so no member is enrolled twice.
-- name: enroll
INSERT INTO outbox (key, kind, member_id, from_seq, until_seq, state, priority, not_before, created_at, expires_at, announcement_id)
SELECT CAST(value->>'key' AS TEXT),
       'announcement',
       CAST(value->>'member' AS BIGINT),
       0,
       0,
       CAST(:state AS TEXT),
       CAST(:priority AS BIGINT),
       CAST(value->>'not_before' AS BIGINT),
       CAST(:now AS BIGINT),
       CASE WHEN :state = 'queued' THEN CAST(value->>'not_before' AS BIGINT) + CAST(:lasts AS BIGINT) ELSE 0 END,
       CAST(:id AS BIGINT)
  FROM {rows :rows}
 WHERE TRUE
    ON CONFLICT (key) DO NOTHING

-- name: pace_announcement
UPDATE announcement
   SET paced_at = :upto
 WHERE id = :id
   AND paced_at = :after
   AND state IN ('canary', 'sending')
RETURNING id

-- name: release_at_rate
UPDATE outbox
   SET state = 'queued',
       expires_at = CAST(:now AS BIGINT) + CAST(:lasts AS BIGINT)
 WHERE key IN (SELECT key
                 FROM outbox
                WHERE announcement_id = :id
                  AND announcement_id <> 0
                  AND state = 'held'
                  AND not_before <= :now
                ORDER BY not_before, key
                LIMIT :most)

-- Does nothing if the announcement was paused in between. The lifetime of a message starts when the announcement was resumed, or at
-- its own not_before if that is later.
-- name: release_all
UPDATE outbox
   SET state = 'queued',
       expires_at = CAST(:lasts AS BIGINT) + CASE WHEN outbox.not_before > a.paced_at / 1000 THEN outbox.not_before ELSE a.paced_at / 1000 END
  FROM announcement a
 WHERE a.id = :id
   AND a.state IN ('canary', 'sending')
   AND outbox.announcement_id = :id
   AND outbox.announcement_id <> 0
   AND outbox.state = 'held'

-- Takes leased messages from their daemon unless they are in flight. Does nothing if the announcement was resumed in between.
-- name: hold_messages
UPDATE outbox
   SET state = 'held',
       lease_owner = '',
       lease_until = 0
 WHERE announcement_id = :id
   AND announcement_id <> 0
   AND (state = 'queued'
    OR (state = 'leased' AND NOT handed))
   AND EXISTS (SELECT 1
                 FROM announcement
                WHERE id = :id
                  AND state = 'paused')

-- Takes leased messages from their daemon unless they are in flight. A message that a relay may have stays uncertain.
-- name: cancel_messages
UPDATE outbox
   SET state = CASE WHEN doubts > 0 THEN 'uncertain' ELSE 'skipped' END,
       lease_owner = '',
       lease_until = 0,
       settled_at = :now,
       reason = :reason,
       result = 'skipped',
       code = 0,
       enhanced = '',
       reply = '',
       queue_id = ''
 WHERE announcement_id = :id
   AND announcement_id <> 0
   AND (state IN ('queued', 'held')
    OR (state = 'leased' AND NOT handed))

-- name: count_messages
SELECT state,
       count(*)
  FROM outbox
 WHERE announcement_id = :id
   AND announcement_id <> 0
 GROUP BY state

-- name: count_skipped
SELECT reason,
       count(*)
  FROM outbox
 WHERE announcement_id = :id
   AND announcement_id <> 0
   AND state = 'skipped'
 GROUP BY reason

-- Counts of tried messages, of those rejected by the relay or bounced later, and of complaints.
-- name: announcement_feedback
SELECT (SELECT count(*)
          FROM outbox
         WHERE announcement_id = :id
           AND announcement_id <> 0
           AND state IN ('accepted', 'refused', 'uncertain')),
       (SELECT count(*)
          FROM outbox
         WHERE announcement_id = :id
           AND announcement_id <> 0
           AND state = 'refused')
     + (SELECT count(DISTINCT r.key)
          FROM refusal r
          JOIN outbox o
            ON o.key = r.key
         WHERE o.announcement_id = :id
           AND o.state <> 'refused'
           AND r.source <> 'arf'),
       (SELECT count(DISTINCT r.key)
          FROM refusal r
          JOIN outbox o
            ON o.key = r.key
         WHERE o.announcement_id = :id
           AND r.source = 'arf')

-- Whether messages remain that were never tried. A message that the relay deferred was tried.
-- name: canary_untried
SELECT EXISTS (SELECT 1
                 FROM outbox
                WHERE announcement_id = :id
                  AND announcement_id <> 0
                  AND (state = 'leased'
                   OR (state IN ('queued', 'held') AND result = '')))

-- Anyone can cause failed logins, in any number.
-- name: prune_audit
DELETE FROM audit
 WHERE object = 'admin'
   AND action = :action
   AND at < :before

-- name: write_audit
INSERT INTO audit (id, at, actor, action, object, detail)
VALUES (:id, :now, :actor, :action, :object, :detail)

-- name: audit_of
SELECT at,
       actor,
       action,
       object,
       detail
  FROM audit
 WHERE object = :object
 ORDER BY id

-- name: audit_log
SELECT at,
       actor,
       action,
       object,
       detail
  FROM audit
 ORDER BY id DESC
 LIMIT :most OFFSET :skip
