-- Addresses that left: their member was removed, or had unsubscribed from everything when they were deleted or took another address. There
-- are no addresses, only hashes of them: see hash_key.
CREATE TABLE left_address (
    hash      TEXT   NOT NULL PRIMARY KEY,
    member_id BIGINT NOT NULL,           -- who unsubscribed: for them, their choice counts. 0: their choice may be gone
    left_at   BIGINT NOT NULL
);

-- When the address of a member had left before they got it: its owner must confirm. 0: it had not, or its owner confirmed since.
ALTER TABLE member ADD COLUMN left_at BIGINT NOT NULL DEFAULT 0;
