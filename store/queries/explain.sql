-- When and where posts were sighted.
-- name: sighting_records
SELECT post_id, seq, thread_id, section_id, moved_from, posted_at, seen_at, revealed
  FROM sighting
 WHERE post_id IN (SELECT CAST(value AS BIGINT) FROM {ids :posts})
 ORDER BY seq

-- name: pending_since
SELECT post_id, since
  FROM pending
 WHERE post_id IN (SELECT CAST(value AS BIGINT) FROM {ids :posts})

-- name: items_of_member
SELECT post_id, key, cause, left_out
  FROM notice
 WHERE member_id = :member
   AND post_id IN (SELECT CAST(value AS BIGINT) FROM {ids :posts})

-- A member's messages in the order of planning.
-- name: messages_of_member
SELECT key, kind, member_id, from_seq, until_seq, attempt, doubts, created_at,
       state, handed, not_before, expires_at, lease_owner, lease_until, settled_at,
       result, code, enhanced, reply, queue_id, reason, posts, bytes, address
  FROM outbox
 WHERE member_id = :member
   AND settled_at IS NULL
 UNION ALL
SELECT key, kind, member_id, from_seq, until_seq, attempt, doubts, created_at,
       state, handed, not_before, expires_at, lease_owner, lease_until, settled_at,
       result, code, enhanced, reply, queue_id, reason, posts, bytes, address
  FROM outbox
 WHERE member_id = :member
   AND settled_at >= :since
 ORDER BY created_at, until_seq, key

-- name: copies
SELECT key,
       post_ids
  FROM outbox
 WHERE member_id = :member
   AND settled_at IS NULL
   AND post_ids <> ''
 UNION ALL
SELECT key,
       post_ids
  FROM outbox
 WHERE member_id = :member
   AND settled_at >= :since
   AND post_ids <> ''

-- name: copies_of
SELECT post_ids
  FROM outbox
 WHERE key = :key
   AND post_ids <> ''

-- name: earlier_copies
SELECT key,
       post_ids
  FROM outbox
 WHERE key IN (SELECT CAST(value AS TEXT) FROM {ids :keys})
   AND doubts > 0
   AND post_ids <> ''

-- The digest that covers a sighting is the first one that reaches it. A later one may have brought a deferred post.
-- name: covering_digests
SELECT r.member_id, r.post_id, o.post_ids
  FROM (SELECT CAST(value->>'m' AS BIGINT) AS member_id,
               CAST(value->>'p' AS BIGINT) AS post_id,
               CAST(value->>'seq' AS BIGINT) AS seq
          FROM {rows :rows}) r
  JOIN outbox o
    ON o.key = (SELECT x.key
                  FROM outbox x
                 WHERE x.member_id = r.member_id
                   AND x.kind = 'digest'
                   AND x.until_seq >= r.seq
                   AND x.state = 'accepted'
                 ORDER BY x.until_seq
                 LIMIT 1)
 WHERE o.post_ids <> ''
 UNION ALL
SELECT r.member_id, r.post_id, o.post_ids
  FROM (SELECT CAST(value->>'m' AS BIGINT) AS member_id,
               CAST(value->>'p' AS BIGINT) AS post_id,
               CAST(value->>'seq' AS BIGINT) AS seq
          FROM {rows :rows}) r
  JOIN outbox o
    ON o.member_id = r.member_id
   AND o.kind = 'digest'
   AND o.until_seq >= r.seq
   AND o.state = 'accepted'
  JOIN brought b
    ON b.key = o.key
   AND b.post_id = r.post_id
 WHERE o.post_ids <> ''
 UNION ALL
SELECT r.member_id, r.post_id, o.post_ids
  FROM (SELECT CAST(value->>'m' AS BIGINT) AS member_id,
               CAST(value->>'p' AS BIGINT) AS post_id,
               CAST(value->>'seq' AS BIGINT) AS seq
          FROM {rows :rows}) r
  JOIN owed w
    ON w.member_id = r.member_id
   AND w.post_id = r.post_id
  JOIN outbox o
    ON o.key = w.edition
   AND o.until_seq >= r.seq
   AND o.state = 'accepted'
 WHERE o.post_ids <> ''

-- LATERAL as in earlier_alerts.
-- name: covering_digests/postgres
SELECT r.member_id, r.post_id, o.post_ids
  FROM (SELECT CAST(value->>'m' AS BIGINT) AS member_id,
               CAST(value->>'p' AS BIGINT) AS post_id,
               CAST(value->>'seq' AS BIGINT) AS seq
          FROM {rows :rows}) r
 CROSS JOIN LATERAL (SELECT x.post_ids
                       FROM outbox x
                      WHERE x.member_id = r.member_id
                        AND x.kind = 'digest'
                        AND x.until_seq >= r.seq
                        AND x.state = 'accepted'
                      ORDER BY x.until_seq
                      LIMIT 1) o
 WHERE o.post_ids <> ''
 UNION ALL
SELECT r.member_id, r.post_id, o.post_ids
  FROM (SELECT CAST(value->>'m' AS BIGINT) AS member_id,
               CAST(value->>'p' AS BIGINT) AS post_id,
               CAST(value->>'seq' AS BIGINT) AS seq
          FROM {rows :rows}) r
  JOIN outbox o
    ON o.member_id = r.member_id
   AND o.kind = 'digest'
   AND o.until_seq >= r.seq
   AND o.state = 'accepted'
  JOIN brought b
    ON b.key = o.key
   AND b.post_id = r.post_id
 WHERE o.post_ids <> ''
 UNION ALL
SELECT r.member_id, r.post_id, o.post_ids
  FROM (SELECT CAST(value->>'m' AS BIGINT) AS member_id,
               CAST(value->>'p' AS BIGINT) AS post_id,
               CAST(value->>'seq' AS BIGINT) AS seq
          FROM {rows :rows}) r
  JOIN owed w
    ON w.member_id = r.member_id
   AND w.post_id = r.post_id
  JOIN outbox o
    ON o.key = w.edition
   AND o.until_seq >= r.seq
   AND o.state = 'accepted'
 WHERE o.post_ids <> ''

-- name: health_of
SELECT address, member_id, score, day, day_score, missing_at, last_event, suppressed_at, suppressed_until, reason, COALESCE(tried_at, 0)
  FROM health
 WHERE address = :address

-- A member has at most one unsettled edition.
-- name: waiting_editions
SELECT member_id,
       key,
       until_seq,
       CASE WHEN state = 'queued' THEN not_before ELSE 0 END
  FROM outbox
 WHERE member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :members})
   AND kind = 'digest'
   AND settled_at IS NULL

-- The posts of a thread that were sighted last, newest first, each once. A post that the forum lost has a negative ID.
-- name: newest_of_thread
SELECT newest.post_id
  FROM (SELECT post_id, seq
          FROM sighting
         WHERE thread_id = :thread
         ORDER BY seq DESC
         LIMIT :most) newest
 WHERE newest.post_id > 0
 GROUP BY newest.post_id
 ORDER BY MAX(newest.seq) DESC

-- name: recent_sightings
SELECT post_id,
       thread_id,
       seen_at
  FROM sighting
 WHERE seq > :after
   AND post_id > 0
 ORDER BY seq DESC
