-- Domains to which nothing is handed over for a while, because they refuse what everybody sends.
CREATE TABLE hold (
    domain  TEXT   NOT NULL PRIMARY KEY, -- lower case, as it stands behind the @
    since   BIGINT NOT NULL,
    until   BIGINT NOT NULL,             -- over from this moment on; kept a day longer, because the next one is twice as long
    reason  TEXT   NOT NULL
);
