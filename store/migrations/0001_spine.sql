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
    mark       BIGINT  NOT NULL,  -- sightings up to this one were covered when his newest edition was planned; see subscriber
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
    reason       TEXT    NOT NULL DEFAULT '',    -- the rest of the row is what the newest attempt came to
    result       TEXT    NOT NULL DEFAULT '',
    code         BIGINT  NOT NULL DEFAULT 0,     -- SMTP reply code; 0: none
    enhanced     TEXT    NOT NULL DEFAULT '',    -- enhanced status code (RFC 3463)
    reply        TEXT    NOT NULL DEFAULT '',
    queue_id     TEXT    NOT NULL DEFAULT '',
    posts        BIGINT  NOT NULL DEFAULT 0,
    bytes        BIGINT  NOT NULL DEFAULT 0
);
CREATE INDEX outbox_queue ON outbox (priority, not_before, from_seq DESC, key) WHERE state = 'queued';
CREATE INDEX outbox_lease ON outbox (lease_until) WHERE state = 'leased';
CREATE INDEX outbox_open ON outbox (member_id) WHERE settled_at IS NULL;
CREATE INDEX outbox_member ON outbox (member_id, until_seq);

-- Members with their marks as of now. To settle an edition is one write, to the outbox alone: once it is accepted
-- or skipped, its state says that the member has it behind him. Planning his next edition, and pruning, write that
-- into the member's row, so that few rows above it are ever looked at.
CREATE VIEW subscriber AS
SELECT m.id, m.zone, m.locale, m.cadence, m.hour, m.weekday, m.day, m.every,
       COALESCE((SELECT max(o.until_seq)
                   FROM outbox o
                  WHERE o.member_id = m.id
                    AND o.until_seq > m.mark
                    AND o.kind = 'digest'
                    AND o.state IN ('accepted', 'skipped')), m.mark) AS mark,
       m.due_at, m.left_at
  FROM member m;

-- Attempts after which the mail was to be tried again. What the last one came to stands in the outbox.
CREATE TABLE outcome (
    key       TEXT   NOT NULL REFERENCES outbox (key) ON DELETE CASCADE,
    attempt   BIGINT NOT NULL, -- how many had counted by then, this one included
    at        BIGINT NOT NULL,
    result    TEXT   NOT NULL,
    code      BIGINT NOT NULL,
    enhanced  TEXT   NOT NULL,
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
