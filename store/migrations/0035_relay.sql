-- What a domain says about messages of one relay says nothing about those of another. relay is '' for the relay of [smtp], and
-- "announcements" for that of [smtp.announcements].
ALTER TABLE outbox ADD COLUMN relay TEXT NOT NULL DEFAULT ''; -- of the latest attempt
ALTER TABLE refusal ADD COLUMN relay TEXT NOT NULL DEFAULT '';

CREATE TABLE relay_hold (
    relay   TEXT   NOT NULL,
    domain  TEXT   NOT NULL,
    since   BIGINT NOT NULL,
    until   BIGINT NOT NULL,
    reason  TEXT   NOT NULL,
    PRIMARY KEY (relay, domain)
);
INSERT INTO relay_hold (relay, domain, since, until, reason)
SELECT '', domain, since, until, reason
  FROM hold;
DROP TABLE hold;
ALTER TABLE relay_hold RENAME TO hold;

CREATE TABLE relay_tally (
    minute  BIGINT NOT NULL,
    domain  TEXT   NOT NULL,
    relay   TEXT   NOT NULL,
    mails   BIGINT NOT NULL,
    PRIMARY KEY (minute, domain, relay)
);
INSERT INTO relay_tally (minute, domain, relay, mails)
SELECT minute, domain, '', mails
  FROM tally;
DROP TABLE tally;
ALTER TABLE relay_tally RENAME TO tally;
