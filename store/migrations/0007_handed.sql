-- handed now says that the daemon which holds a row is handing it over, or about to; of others it is never set. Whether
-- a relay may have the mail from before stands in doubts.
ALTER TABLE outbox ADD COLUMN doubts BIGINT NOT NULL DEFAULT 0; -- how often nobody could tell whether a relay had taken it
UPDATE outbox
   SET doubts = 1
 WHERE handed;
-- Daemons before this step did not say what they were about to hand over: all that they hold may have been.
UPDATE outbox
   SET handed = state = 'leased'
 WHERE handed
    OR state = 'leased';
