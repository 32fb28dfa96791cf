-- What administrators write to their members. How far one has come is read from its rows in the outbox, and kept
-- nowhere else.
CREATE TABLE announcement (
    id            BIGINT           NOT NULL PRIMARY KEY,
    state         TEXT             NOT NULL,           -- draft scheduled canary sending paused cancelled done
    forced        BOOLEAN          NOT NULL,           -- goes to those, too, who have opted out
    start_at      BIGINT,                              -- NULL: at once. Of one at local hours: what clocks show, as if it were UTC
    local         BOOLEAN          NOT NULL DEFAULT FALSE,
    begins_at     BIGINT,                              -- of one that is scheduled
    speed         BIGINT           NOT NULL,           -- mails a minute; 0: as fast as the relay takes them
    canary_share  DOUBLE PRECISION NOT NULL,           -- of the audience; 0: no canary
    canary_wait   BIGINT           NOT NULL,           -- seconds
    canary_until  BIGINT,                              -- when the canary is judged; NULL: some of it was not tried yet
    size          BIGINT           NOT NULL DEFAULT 0, -- of the audience when it was started
    cursor        BIGINT           NOT NULL DEFAULT 0, -- members up to this one are enrolled, or none of the audience
    fanned        BOOLEAN          NOT NULL DEFAULT FALSE, -- all are: the whole audience, or in state canary the whole canary
    paced_at      BIGINT           NOT NULL DEFAULT 0, -- milliseconds: what speed lets go up to this moment was let go
    resumes       TEXT             NOT NULL DEFAULT '', -- the state to which one that is paused goes back
    reason        TEXT             NOT NULL DEFAULT '', -- of its pause
    created_at    BIGINT           NOT NULL,
    changed_at    BIGINT           NOT NULL,           -- what it says, or to whom
    started_at    BIGINT,
    ended_at      BIGINT,
    audience      TEXT             NOT NULL            -- JSON; last, for lists of members may be long
);

CREATE TABLE announcement_text (
    announcement_id  BIGINT NOT NULL,
    place            BIGINT NOT NULL, -- 0 is for all whose language is not there
    locale           TEXT   NOT NULL, -- BCP 47
    title            TEXT   NOT NULL,
    body             TEXT   NOT NULL, -- Markdown
    PRIMARY KEY (announcement_id, place)
);

-- Rows of the outbox may be in state held, too: they wait until their announcement lets them go.
ALTER TABLE outbox ADD COLUMN announcement_id BIGINT NOT NULL DEFAULT 0; -- 0: it is none
CREATE INDEX outbox_announcement ON outbox (announcement_id, state, not_before) WHERE announcement_id <> 0;

-- Who did what, and when.
CREATE TABLE audit (
    id      BIGINT NOT NULL PRIMARY KEY, -- rises
    at      BIGINT NOT NULL,
    actor   TEXT   NOT NULL,
    action  TEXT   NOT NULL, -- "start"
    object  TEXT   NOT NULL, -- "announcement/7"
    detail  TEXT   NOT NULL
);
CREATE INDEX audit_object ON audit (object, id);

INSERT INTO counter (name, value) VALUES ('announcement', 0), ('audit', 0);
