-- Who is logged in to the room for administrators.
CREATE TABLE session (
    hash       TEXT   NOT NULL PRIMARY KEY, -- SHA-256 of what his browser has: who reads this table cannot come in with it
    actor      TEXT   NOT NULL,             -- as in audit
    proof      TEXT   NOT NULL,             -- what he came in with: the fingerprint of a password, or "proxy"
    opened_at  BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL              -- a minute late at most
);
