-- Posts that an edition has brought because they were owed, so that it can be shown again. What it brought besides is known
-- from its stretch of sightings.
CREATE TABLE brought (
    key        TEXT   NOT NULL REFERENCES outbox (key) ON DELETE CASCADE,
    post_id    BIGINT NOT NULL,
    seq        BIGINT NOT NULL,
    cause      TEXT   NOT NULL,
    PRIMARY KEY (key, post_id)
);
