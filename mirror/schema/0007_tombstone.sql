-- What a site deleted, so that an older request, or a feed, does not bring it back. There are no IDs, only hashes of them: see hash_key.
CREATE TABLE tombstone (
    hash    TEXT    NOT NULL PRIMARY KEY, -- of the kind and the ID
    as_of   BIGINT  NOT NULL,             -- Unix microseconds: when the site deleted it, or brought it back
    deleted INTEGER NOT NULL,             -- 0: the site brought it back
    used_at BIGINT  NOT NULL              -- when it last kept something out, to the day
);
CREATE INDEX tombstone_used ON tombstone (used_at);
