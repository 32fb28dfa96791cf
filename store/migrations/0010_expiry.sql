-- Mails of some kinds are of no use any more after a while, and are then settled as expired.
ALTER TABLE outbox ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0; -- 0: never
CREATE INDEX outbox_expiry ON outbox (expires_at) WHERE state = 'queued' AND expires_at > 0;
