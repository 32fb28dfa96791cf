-- Where a mail went to last, in lower case; empty: it was not handed over yet. Reports of what became of it tell of this
-- address, whatever the member's is by then.
ALTER TABLE outbox ADD COLUMN address TEXT NOT NULL DEFAULT '';

-- Mails that were refused for good, each once: at once by the relay, and by a report that came later.
CREATE TABLE refusal (
    key        TEXT   NOT NULL,
    source     TEXT   NOT NULL,            -- smtp dsn
    member_id  BIGINT NOT NULL,
    address    TEXT   NOT NULL,            -- lower case
    domain     TEXT   NOT NULL,            -- of it
    minute     BIGINT NOT NULL,            -- in which the mail was handed over: Unix minutes
    class      TEXT   NOT NULL,            -- whose fault it was: dead nowhere disabled doubtful routing full expired policy content unknown
    code       BIGINT NOT NULL,            -- SMTP reply code; 0: none
    enhanced   TEXT   NOT NULL,            -- enhanced status code (RFC 3463)
    reply      TEXT   NOT NULL,
    at         BIGINT NOT NULL,            -- when we learnt of it
    judged_at  BIGINT,                     -- NULL: waits for what else comes back from the domain
    verdict    TEXT   NOT NULL DEFAULT '', -- counted; spared: most of what went to the domain was refused
    PRIMARY KEY (key, source)
);
CREATE INDEX refusal_open ON refusal (at) WHERE judged_at IS NULL;
CREATE INDEX refusal_minute ON refusal (minute, domain);
CREATE INDEX refusal_at ON refusal (at);

-- How many mails were handed over, by minute and domain.
CREATE TABLE tally (
    minute  BIGINT NOT NULL,
    domain  TEXT   NOT NULL,
    mails   BIGINT NOT NULL,
    PRIMARY KEY (minute, domain)
);

-- Addresses that mail came back from, or that a person has suppressed.
CREATE TABLE health (
    address           TEXT             NOT NULL PRIMARY KEY, -- lower case
    member_id         BIGINT           NOT NULL,             -- whose it was when mail last came back; 0: not known
    score             DOUBLE PRECISION NOT NULL,
    day               BIGINT           NOT NULL,             -- midnight before the newest event that counted for less than the whole
    day_score         DOUBLE PRECISION NOT NULL,             -- what such events of that day have added
    missing_at        BIGINT,                                -- since when its domain cannot be found
    last_event        BIGINT,
    judged_at         BIGINT           NOT NULL,             -- mails accepted after this have not worn the score off yet
    suppressed_at     BIGINT,                                -- NULL: it gets mail
    suppressed_until  BIGINT,                                -- NULL, when it is suppressed: until somebody lifts it
    reason            TEXT             NOT NULL
);

INSERT INTO counter (name, value) VALUES ('judge', 0); -- held by who judges refusals
