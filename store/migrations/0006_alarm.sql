-- What is wrong, and since when, so that of several daemons one tells it, and none tells it again after a restart.
CREATE TABLE alarm (
    key     TEXT   NOT NULL PRIMARY KEY, -- "relay", "held example.org"
    detail  TEXT   NOT NULL,             -- what an error said when it was last seen
    since   BIGINT NOT NULL,
    due     BIGINT NOT NULL,             -- to be told from then on, if it still stands
    seen    BIGINT NOT NULL,             -- when it was last seen bad
    good    BIGINT NOT NULL,             -- when it was last seen good; 0: never
    told    BIGINT NOT NULL              -- 0: not yet
);

-- What is to be told of it, and by which way. A row goes when it has been told, or given up.
CREATE TABLE alarm_note (
    key         TEXT    NOT NULL,
    over        BOOLEAN NOT NULL,
    at          BIGINT  NOT NULL,
    channel     TEXT    NOT NULL, -- "mail", "webhook"
    detail      TEXT    NOT NULL,
    since       BIGINT  NOT NULL,
    attempt     BIGINT  NOT NULL, -- how often it was tried
    not_before  BIGINT  NOT NULL,
    PRIMARY KEY (key, over, at, channel)
);
