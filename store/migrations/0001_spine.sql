-- Everything that the daemon remembers. All times are Unix seconds, UTC. No text of any post is kept.

-- Numbers that are given out or moved on. To update one is to hold it until the transaction ends: that
-- is how writers who must come one after the other do so, on either engine.
CREATE TABLE counter (
    name   TEXT   NOT NULL PRIMARY KEY, -- sighting: the last number given; cursor: the newest post gathered; member: held by who writes many members
    value  BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('sighting', 0), ('member', 0);

-- A post was seen visible where it stands, for the first time.
CREATE TABLE sighting (
    seq         BIGINT NOT NULL PRIMARY KEY, -- rises without gaps, in the order of commits
    post_id     BIGINT NOT NULL,
    thread_id   BIGINT NOT NULL,
    section_id  BIGINT NOT NULL,
    author_id   BIGINT NOT NULL,
    moved_from  BIGINT NOT NULL DEFAULT 0,   -- section where it was sighted before; 0: first sighting
    posted_at   BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    UNIQUE (post_id, section_id)
);
CREATE INDEX sighting_seen ON sighting (seen_at);

-- Posts met while they were not visible: awaiting approval, deleted, from the future.
CREATE TABLE pending (
    post_id  BIGINT NOT NULL PRIMARY KEY,
    since    BIGINT NOT NULL
);

CREATE TABLE memory (
    key    TEXT NOT NULL PRIMARY KEY,
    value  TEXT NOT NULL
);

CREATE TABLE member (
    id         BIGINT  NOT NULL PRIMARY KEY,
    zone       TEXT    NOT NULL,  -- IANA name, or empty
    locale     TEXT    NOT NULL,  -- BCP 47 tag, or empty
    cadence    TEXT,              -- his own schedule; NULL: the site's
    hour       BIGINT,
    weekday    BIGINT,
    day        BIGINT,
    every      BIGINT,
    mark       BIGINT  NOT NULL,  -- sightings up to this one are covered
    due_at     BIGINT,            -- NULL: never
    synced_at  BIGINT  NOT NULL,  -- when the forum last knew of him
    left_at    BIGINT             -- NULL: the forum still knows of him
);
CREATE INDEX member_due ON member (due_at, id) WHERE due_at IS NOT NULL;

CREATE TABLE outbox (
    key          TEXT    NOT NULL PRIMARY KEY,
    kind         TEXT    NOT NULL,
    member_id    BIGINT  NOT NULL,
    from_seq     BIGINT  NOT NULL,               -- his mark when it was planned
    until_seq    BIGINT  NOT NULL,               -- covers sightings after from_seq, up to this one
    state        TEXT    NOT NULL,               -- queued leased accepted refused uncertain skipped merged
    handed       BOOLEAN NOT NULL DEFAULT FALSE, -- a relay may have it already: goes out again as it is or not at all
    priority     BIGINT  NOT NULL,               -- lower goes first
    not_before   BIGINT  NOT NULL,
    attempt      BIGINT  NOT NULL DEFAULT 0,     -- attempts that counted
    lease_owner  TEXT    NOT NULL DEFAULT '',
    lease_until  BIGINT  NOT NULL DEFAULT 0,
    created_at   BIGINT  NOT NULL,
    settled_at   BIGINT,                         -- NULL: something is still to become of it
    reason       TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX outbox_queue ON outbox (priority, not_before, from_seq DESC, key) WHERE state = 'queued';
CREATE INDEX outbox_lease ON outbox (lease_until) WHERE state = 'leased';
CREATE INDEX outbox_member ON outbox (member_id, created_at);

-- One row an attempt.
CREATE TABLE outcome (
    key       TEXT   NOT NULL REFERENCES outbox (key) ON DELETE CASCADE,
    attempt   BIGINT NOT NULL, -- how many had counted by then, this one included
    at        BIGINT NOT NULL,
    result    TEXT   NOT NULL,
    code      BIGINT NOT NULL, -- SMTP reply code; 0: none
    enhanced  TEXT   NOT NULL, -- enhanced status code (RFC 3463)
    reply     TEXT   NOT NULL,
    queue_id  TEXT   NOT NULL,
    reason    TEXT   NOT NULL,
    posts     BIGINT NOT NULL,
    bytes     BIGINT NOT NULL,
    PRIMARY KEY (key, attempt, at)
);

-- Posts that a member got as an alert.
CREATE TABLE alerted (
    member_id  BIGINT NOT NULL,
    post_id    BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (member_id, post_id)
);

-- Sections and threads of which a member wants no mail. A row names one of the two; the other is 0.
CREATE TABLE mute (
    member_id   BIGINT NOT NULL,
    section_id  BIGINT NOT NULL,
    thread_id   BIGINT NOT NULL,
    PRIMARY KEY (member_id, section_id, thread_id)
);
