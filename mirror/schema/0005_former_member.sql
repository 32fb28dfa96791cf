-- Members who were deleted: their number, so that a member who is sent again is the same one, and what they chose still counts.
-- Hashes of what they are known by; NULL: no address.
CREATE TABLE former_member (
    id           BIGINT NOT NULL PRIMARY KEY,
    ref_hash     TEXT   NOT NULL,
    address_hash TEXT
);
CREATE INDEX former_member_ref ON former_member (ref_hash);
CREATE INDEX former_member_address ON former_member (address_hash);

-- The key of these hashes, made when the first member is stored: one row.
CREATE TABLE hash_key (
    id    INTEGER NOT NULL PRIMARY KEY,  -- 1
    value TEXT    NOT NULL               -- 130 random bits
);
