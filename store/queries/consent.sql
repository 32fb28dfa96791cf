-- Begins with WITH, so that it runs on the connection that writes, in the same transaction as what depends on it.
-- name: count_confirmations
WITH recent AS (
    SELECT c.mailbox, c.asked_at
      FROM confirmation c
     WHERE c.asked_at > :day)
SELECT count(CASE WHEN r.mailbox = :mailbox AND r.asked_at > :hour THEN 1 END),
       count(CASE WHEN r.mailbox = :mailbox THEN 1 END),
       count(CASE WHEN substr(r.mailbox, length(r.mailbox) - length(:domain)) = '@' || :domain THEN 1 END),
       count(*)
  FROM recent r

-- It is no subscriber's, so it does not come from plan_insert.
-- name: queue_confirmation
INSERT INTO outbox (key, kind, member_id, from_seq, until_seq, state, priority, not_before, created_at, expires_at)
VALUES (:key, :kind, 0, 0, 0, 'queued', :priority, :now, :now, :expires)

-- name: add_confirmation
INSERT INTO confirmation (key, address, mailbox, token, asked_at) VALUES (:key, :address, :mailbox, :token, :now)

-- name: confirmation_tokens
SELECT key, token
  FROM confirmation
 WHERE key IN (SELECT CAST(value AS TEXT) FROM {ids :keys})

-- Deletes the confirmations, too, by a foreign key.
-- name: prune_confirmations
DELETE FROM outbox
 WHERE settled_at IS NOT NULL
   AND key IN (SELECT key FROM confirmation WHERE asked_at < :before)

-- name: add_consent
INSERT INTO consent (id, member_id, address, asked_at, confirmed_at, sections, cadence, locale)
VALUES (:id, :member, :address, :asked, :confirmed, :sections, :cadence, :locale)
    ON CONFLICT (id) DO NOTHING

-- name: consent_member
SELECT member_id
  FROM consent
 WHERE id = :id

-- name: consents
SELECT address, asked_at, confirmed_at, sections, cadence, locale
  FROM consent
 WHERE member_id = :member
 ORDER BY confirmed_at DESC
 LIMIT :most
