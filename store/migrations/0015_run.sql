-- What each round did that did anything, for thirty days.
CREATE TABLE run (
    began_at         BIGINT NOT NULL,
    owner            TEXT   NOT NULL,
    tick             TEXT   NOT NULL, -- once editions alerts gather ...
    took             BIGINT NOT NULL, -- milliseconds
    sighted          BIGINT NOT NULL,
    planned          BIGINT NOT NULL, -- editions and alerts
    sent             BIGINT NOT NULL,
    bytes            BIGINT NOT NULL, -- of what was sent
    refused          BIGINT NOT NULL,
    retried          BIGINT NOT NULL, -- to be tried again
    uncertain        BIGINT NOT NULL,
    waiting          BIGINT NOT NULL, -- given back unsent
    held             BIGINT NOT NULL, -- until their members want them
    expired          BIGINT NOT NULL,
    skipped          BIGINT NOT NULL,
    skips            TEXT   NOT NULL, -- JSON: how many by reason
    forum_statements BIGINT NOT NULL,
    store_statements BIGINT NOT NULL,
    memory           BIGINT NOT NULL, -- bytes, the most that was seen
    fault            TEXT   NOT NULL  -- empty: it went well
);
CREATE INDEX run_began ON run (began_at);
