-- A member who is no longer due was planned by another daemon in between. Members with an edition in delivery stay due.
-- name: plan_due
UPDATE member
   SET due_at = r.next_due,
       mark = (SELECT s.mark
                 FROM subscriber s
                WHERE s.id = member.id)
  FROM (SELECT CAST(value->>'member' AS BIGINT) AS id,
               CAST(value->>'next' AS BIGINT) AS next_due
          FROM {rows :rows}) r
 WHERE member.id = r.id
   AND member.due_at <= :now
   AND NOT EXISTS (SELECT 1
                     FROM outbox o
                    WHERE o.member_id = member.id
                      AND o.kind = 'digest'
                      AND o.settled_at IS NULL
                      AND (o.state = 'leased' OR o.doubts > 0))
RETURNING member.id

-- Merges an older edition that was never tried, or that the relay deferred, into the new one, which begins where the old one
-- began. An uncertain edition is kept, because its posts must not be sent again in another message. If the new key exists
-- already, nothing is merged.
-- name: plan_merge
UPDATE outbox
   SET state = 'merged',
       settled_at = :now,
       reason = r.key
  FROM (SELECT CAST(value->>'key' AS TEXT) AS key,
               CAST(value->>'member' AS BIGINT) AS member_id
          FROM {rows :rows}) r
 WHERE outbox.member_id = r.member_id
   AND outbox.kind = 'digest'
   AND outbox.settled_at IS NULL
   AND outbox.state = 'queued'
   AND outbox.doubts = 0
   AND NOT EXISTS (SELECT 1
                     FROM outbox o
                    WHERE o.key = r.key)

-- Reads the covered sequence again, together with the outbox: another daemon may have claimed and settled an edition since the
-- member was found due. An unsettled edition would overlap with the new one.
-- name: plan_insert
INSERT INTO outbox (key, kind, member_id, from_seq, until_seq, state, priority, not_before, created_at, expires_at)
SELECT r.key, r.kind, m.id, m.mark, r.until_seq, 'queued', r.priority, CAST(:now AS BIGINT), CAST(:now AS BIGINT), r.expires_at
  FROM (SELECT CAST(value->>'key' AS TEXT) AS key,
               CAST(value->>'kind' AS TEXT) AS kind,
               CAST(value->>'member' AS BIGINT) AS member_id,
               CAST(value->>'until' AS BIGINT) AS until_seq,
               CAST(value->>'priority' AS BIGINT) AS priority,
               CAST(value->>'expires' AS BIGINT) AS expires_at
          FROM {rows :rows}) r
  JOIN subscriber m
    ON m.id = r.member_id
 WHERE r.kind <> 'digest'
    OR NOT EXISTS (SELECT 1
                     FROM outbox o
                    WHERE o.member_id = m.id
                      AND o.kind = 'digest'
                      AND o.settled_at IS NULL)
    ON CONFLICT (key) DO NOTHING
RETURNING key, kind, member_id

-- Reads one index entry for each priority.
-- name: queued_priorities
SELECT priority
  FROM (WITH RECURSIVE p(priority) AS (
            SELECT min(priority)
              FROM outbox
             WHERE state = 'queued'
               AND priority BETWEEN :first AND :last
             UNION ALL
            SELECT (SELECT min(o.priority)
                      FROM outbox o
                     WHERE o.state = 'queued'
                       AND o.priority > p.priority
                       AND o.priority <= :last)
              FROM p
             WHERE p.priority IS NOT NULL)
        SELECT priority
          FROM p
         WHERE priority IS NOT NULL) found
 ORDER BY priority

-- Members who have nearly caught up come first, and those far behind come last, together: a batch reads the forum as far back as its
-- member who is furthest behind. One priority at a time: otherwise the index would be read across all messages of a priority that wait
-- for a later time.
-- name: claim
UPDATE outbox
   SET state = 'leased',
       lease_owner = :owner,
       lease_until = :lease
 WHERE key IN (SELECT key
                 FROM outbox
                WHERE state = 'queued'
                  AND priority = :priority
                  AND not_before <= :now
                ORDER BY not_before, from_seq DESC, key
                LIMIT :most)
RETURNING key, kind, member_id, from_seq, until_seq, attempt, doubts, created_at, not_before

-- Several daemons claim at the same time: each skips rows that another one has locked. MATERIALIZED keeps the planner from running
-- the subquery twice.
-- name: claim/postgres
WITH next AS MATERIALIZED (
    SELECT key
      FROM outbox
     WHERE state = 'queued'
       AND priority = :priority
       AND not_before <= :now
     ORDER BY not_before, from_seq DESC, key
     LIMIT :most
       FOR UPDATE SKIP LOCKED)
UPDATE outbox
   SET state = 'leased',
       lease_owner = :owner,
       lease_until = :lease
  FROM next
 WHERE outbox.key = next.key
RETURNING outbox.key, kind, member_id, from_seq, until_seq, attempt, doubts, created_at, not_before

-- A row that another owner leases by now is skipped, and its key is not returned.
-- name: settle
UPDATE outbox
   SET state = r.state,
       handed = FALSE,
       doubts = outbox.doubts + CASE WHEN r.result = 'uncertain' THEN 1 ELSE 0 END,
       not_before = r.not_before,
       attempt = outbox.attempt + r.counts,
       lease_owner = '',
       lease_until = 0,
       settled_at = r.settled_at,
       reason = r.reason,
       result = r.result,
       code = r.code,
       enhanced = r.enhanced,
       reply = r.reply,
       queue_id = r.queue_id,
       address = CASE WHEN r.address = '' THEN outbox.address ELSE r.address END,
       relay = CASE WHEN r.address = '' THEN outbox.relay ELSE r.relay END,
       posts = r.posts,
       bytes = r.bytes,
       post_ids = CASE WHEN r.post_ids = '' THEN outbox.post_ids
                       WHEN outbox.post_ids = '' THEN r.post_ids
                       ELSE outbox.post_ids || '/' || r.post_ids
                   END,
       handed_posts = ''
  FROM (SELECT CAST(value->>'key' AS TEXT) AS key,
               CAST(value->>'state' AS TEXT) AS state,
               CAST(value->>'not_before' AS BIGINT) AS not_before,
               CAST(value->>'counts' AS BIGINT) AS counts,
               CAST(value->>'settled' AS BIGINT) AS settled_at,
               CAST(value->>'reason' AS TEXT) AS reason,
               CAST(value->>'result' AS TEXT) AS result,
               CAST(value->>'code' AS BIGINT) AS code,
               CAST(value->>'enhanced' AS TEXT) AS enhanced,
               CAST(value->>'reply' AS TEXT) AS reply,
               CAST(value->>'queue_id' AS TEXT) AS queue_id,
               CAST(value->>'address' AS TEXT) AS address,
               CAST(value->>'relay' AS TEXT) AS relay,
               CAST(value->>'posts' AS BIGINT) AS posts,
               CAST(value->>'bytes' AS BIGINT) AS bytes,
               CAST(value->>'post_ids' AS TEXT) AS post_ids
          FROM {rows :rows}) r
 WHERE outbox.key = r.key
   AND outbox.state = 'leased'
   AND outbox.lease_owner = :owner
RETURNING outbox.key

-- Copies the outcomes of attempts before the next attempts replace them. Two uncounted attempts within a second (the relay is down)
-- become one.
-- name: archive_outcomes
INSERT INTO outcome (key, attempt, at, result, code, enhanced, reply, queue_id, reason, posts, bytes)
SELECT o.key, o.attempt, r.at, o.result, o.code, o.enhanced, o.reply, o.queue_id, o.reason, o.posts, o.bytes
  FROM (SELECT CAST(value->>'key' AS TEXT) AS key,
               CAST(value->>'at' AS BIGINT) AS at
          FROM {rows :rows}) r
  JOIN outbox o
    ON o.key = r.key
 WHERE TRUE
    ON CONFLICT (key, attempt, at) DO NOTHING

-- name: counts
SELECT kind,
       state,
       count(*)
  FROM outbox
 GROUP BY kind, state
 ORDER BY kind, state

-- A later bounce is a separate outcome. Leaves out merged messages: the outcomes of their attempts are archived.
-- name: outcomes
SELECT key, kind, attempt, settled_at AS at, result, code, enhanced, reply, queue_id, reason, posts, bytes
  FROM outbox
 WHERE member_id = :member
   AND settled_at >= :since
   AND state <> 'merged'
 UNION ALL
SELECT c.key, o.kind, c.attempt, c.at, c.result, c.code, c.enhanced, c.reply, c.queue_id, c.reason, c.posts, c.bytes
  FROM outbox o
  JOIN outcome c
    ON c.key = o.key
 WHERE o.member_id = :member
   AND c.at >= :since
 UNION ALL
SELECT r.key, o.kind, o.attempt, r.at, CASE WHEN r.source = 'arf' THEN 'complaint' ELSE 'bounced' END, r.code, r.enhanced, r.reply, '',
       CASE WHEN r.verdict = 'spared' THEN r.class || ', not counted because most messages to its domain were rejected' ELSE r.class END, 0, 0
  FROM outbox o
  JOIN refusal r
    ON r.key = o.key
 WHERE o.member_id = :member
   AND r.source <> 'smtp'
   AND r.at >= :since
 ORDER BY at, key, attempt

-- name: save_covered_sequences
UPDATE member
   SET mark = s.mark
  FROM subscriber s
 WHERE s.id = member.id
   AND s.mark > member.mark

-- Keeps sightings that a member with a due time has not covered yet, however old. A member without digests starts over when
-- they turn them on.
-- name: prune_sightings
DELETE FROM sighting
 WHERE seen_at < :before
   AND seq <= COALESCE((SELECT min(mark) FROM member WHERE due_at IS NOT NULL), seq)

-- Deletes the archived outcomes, too, by a foreign key.
-- name: prune_outbox
DELETE FROM outbox
 WHERE settled_at < :before
