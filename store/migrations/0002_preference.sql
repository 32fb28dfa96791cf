-- What members choose on postrider's own pages, or by unsubscribing. It wins over what the forum says. NULL: he has
-- chosen nothing, and the forum's word or the site's setting holds.
CREATE TABLE preference (
    member_id      BIGINT NOT NULL PRIMARY KEY,
    chosen_at      BIGINT NOT NULL, -- his newest choice
    cadence        TEXT,            -- of digests, with the four below: daily weekly monthly hours off
    hour           BIGINT,
    weekday        BIGINT,
    day            BIGINT,
    every          BIGINT,
    zone           TEXT,            -- IANA name
    locale         TEXT,            -- BCP 47 tag
    format         TEXT,            -- html text
    excerpt        BIGINT,          -- characters
    own_posts      BOOLEAN,         -- his own count as news
    unread_only    BOOLEAN,         -- what he has read on the site is no news
    alerts         TEXT,            -- off first every
    announcements  BOOLEAN,
    quiet_from     BIGINT,          -- hours of his day, 0 to 23
    quiet_until    BIGINT,
    paused_until   BIGINT
);
INSERT INTO preference (member_id, chosen_at, cadence, hour, weekday, day, every)
SELECT id, synced_at, cadence, hour, weekday, day, every
  FROM member
 WHERE cadence IS NOT NULL;

DROP VIEW subscriber;
ALTER TABLE member DROP COLUMN cadence;
ALTER TABLE member DROP COLUMN hour;
ALTER TABLE member DROP COLUMN weekday;
ALTER TABLE member DROP COLUMN day;
ALTER TABLE member DROP COLUMN every;

-- As it was (see the first step), with his choices beside it.
CREATE VIEW subscriber AS
SELECT m.id, m.zone, m.locale, p.cadence, p.hour, p.weekday, p.day, p.every,
       COALESCE((SELECT max(o.until_seq)
                   FROM outbox o
                  WHERE o.member_id = m.id
                    AND o.until_seq > m.mark
                    AND o.kind = 'digest'
                    AND o.state IN ('accepted', 'skipped')), m.mark) AS mark,
       m.due_at, m.left_at
  FROM member m
  LEFT JOIN preference p
    ON p.member_id = m.id;

-- How a member wants to hear of one section or thread that he watches. A row names one of the two; the other is 0.
CREATE TABLE wish (
    member_id   BIGINT NOT NULL,
    section_id  BIGINT NOT NULL,
    thread_id   BIGINT NOT NULL,
    cadence     TEXT   NOT NULL, -- instant digest weekly monthly off
    chosen_at   BIGINT NOT NULL,
    PRIMARY KEY (member_id, section_id, thread_id)
);
INSERT INTO wish (member_id, section_id, thread_id, cadence, chosen_at)
SELECT member_id, section_id, thread_id, 'off', 0
  FROM mute;
DROP TABLE mute;
