-- What a site sends. ref is the sender's own ID; the numbers are ours, and never used twice. All times are Unix seconds.

CREATE TABLE section (
    id         {id},
    ref        TEXT   NOT NULL UNIQUE,
    parent_ref TEXT   NOT NULL,          -- empty: at the top
    place      BIGINT NOT NULL,
    title      TEXT   NOT NULL,
    address    TEXT   NOT NULL,
    deleted    INTEGER NOT NULL          -- 0 or 1
);

CREATE TABLE thread (
    id            {id},
    ref           TEXT   NOT NULL UNIQUE,
    section_id    BIGINT NOT NULL REFERENCES section (id),
    title         TEXT   NOT NULL,
    author_ref    TEXT   NOT NULL,       -- of a member, who may be unknown; empty: nobody
    author_name   TEXT   NOT NULL,
    started_at    BIGINT NOT NULL,
    first_post_id BIGINT NOT NULL,       -- 0: no post yet
    state         INTEGER NOT NULL,      -- 0 visible, 1 awaits approval, 2 deleted
    locked        INTEGER NOT NULL,
    address       TEXT   NOT NULL
);
CREATE INDEX thread_section ON thread (section_id);

-- arrived_at is when we got the post, so that it counts as new. A post that was old by then has the time of posted_at there.
CREATE TABLE post (
    id          {id},
    ref         TEXT   NOT NULL UNIQUE,
    thread_id   BIGINT NOT NULL REFERENCES thread (id),
    author_ref  TEXT   NOT NULL,
    author_name TEXT   NOT NULL,
    posted_at   BIGINT NOT NULL,
    arrived_at  BIGINT NOT NULL,
    changes     BIGINT NOT NULL,         -- how often the post was sent with another content
    state       INTEGER NOT NULL,
    format      TEXT   NOT NULL,         -- h: HTML, b: BBCode
    body        TEXT   NOT NULL,         -- empty after retention
    address     TEXT   NOT NULL
);
CREATE INDEX post_thread ON post (thread_id, posted_at, id);
CREATE INDEX post_arrived ON post (arrived_at);
CREATE INDEX post_text ON post (arrived_at) WHERE body <> '';
CREATE INDEX post_author ON post (author_ref, thread_id);

CREATE TABLE member (
    id        {id},
    ref       TEXT   NOT NULL UNIQUE,
    name      TEXT   NOT NULL,
    name_key  TEXT   NOT NULL,           -- in lower case
    email     TEXT   NOT NULL,
    email_key TEXT   UNIQUE,             -- in lower case; NULL: no address
    zone      TEXT   NOT NULL,
    locale    TEXT   NOT NULL,
    joined_at BIGINT NOT NULL
);
CREATE INDEX member_name ON member (name);
CREATE INDEX member_name_key ON member (name_key);

CREATE TABLE section_watch (
    member_id  BIGINT  NOT NULL REFERENCES member (id),
    section_id BIGINT  NOT NULL REFERENCES section (id),
    level      INTEGER NOT NULL,         -- 1 new threads, 2 all posts
    PRIMARY KEY (member_id, section_id)
);
CREATE INDEX section_watch_section ON section_watch (section_id, member_id);

CREATE TABLE thread_watch (
    member_id BIGINT NOT NULL REFERENCES member (id),
    thread_id BIGINT NOT NULL REFERENCES thread (id),
    PRIMARY KEY (member_id, thread_id)
);
CREATE INDEX thread_watch_thread ON thread_watch (thread_id, member_id);

-- The signatures of requests, so that a recorded one cannot be sent again while its time is valid.
CREATE TABLE request (
    signature TEXT   NOT NULL PRIMARY KEY,
    at        BIGINT NOT NULL
);
CREATE INDEX request_at ON request (at);
