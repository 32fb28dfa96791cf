-- Sightings up to this one were looked at for alerts, once each. alerting and alerting_member are set while a batch of
-- them is under way: sightings up to the one, for members up to the other. To plan alerts is to hold the first.
INSERT INTO counter (name, value)
SELECT 'alerted', value
  FROM counter
 WHERE name = 'sighting';
INSERT INTO counter (name, value)
SELECT 'alerting', value
  FROM counter
 WHERE name = 'sighting';
INSERT INTO counter (name, value) VALUES ('alerting_member', 0);

-- What an alert is beside its row in the outbox. While that waits, further posts join it.
CREATE TABLE alert (
    key        TEXT    NOT NULL PRIMARY KEY REFERENCES outbox (key) ON DELETE CASCADE,
    member_id  BIGINT  NOT NULL,
    thread_id  BIGINT  NOT NULL,               -- 0: several, that were held
    first_seq  BIGINT  NOT NULL,
    settles_at BIGINT  NOT NULL,               -- goes out then at the latest, though posts go on joining it
    held       BOOLEAN NOT NULL DEFAULT FALSE  -- for quiet hours: then posts of any thread join it
);
CREATE INDEX alert_member ON alert (member_id, thread_id, first_seq);

-- A post of which a member is told at once, and the alert that does so. Each member has each post in one alert at most.
CREATE TABLE notice (
    member_id  BIGINT NOT NULL,
    post_id    BIGINT NOT NULL,
    thread_id  BIGINT NOT NULL,
    section_id BIGINT NOT NULL,
    seq        BIGINT NOT NULL,
    posted_at  BIGINT NOT NULL,
    cause      TEXT   NOT NULL,            -- quote mention thread section
    key        TEXT   NOT NULL REFERENCES alert (key) ON DELETE CASCADE,
    left_out   TEXT   NOT NULL DEFAULT '', -- why the alert went without it
    PRIMARY KEY (member_id, post_id)
);
CREATE INDEX notice_key ON notice (key);
CREATE INDEX notice_thread ON notice (member_id, thread_id);

-- Posts that members are owed although their marks may be past them: what an alert did not bring in the end, and what
-- is to come in a weekly or monthly edition.
CREATE TABLE owed (
    member_id   BIGINT NOT NULL,
    post_id     BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    since       BIGINT NOT NULL,
    not_before  BIGINT NOT NULL,
    cause       TEXT   NOT NULL,            -- quote mention: he need not watch anything for it
    reason      TEXT   NOT NULL,
    edition     TEXT   NOT NULL DEFAULT '', -- the newest that is to bring it: done once that is accepted or skipped
    PRIMARY KEY (member_id, post_id)
);

-- What the first alert of a thread called it: mail programs tell conversations apart by their subjects, so it stays when
-- the thread is renamed. It is the only text of the forum that is kept, and goes with the thread's last alert.
CREATE TABLE subject (
    thread_id  BIGINT NOT NULL PRIMARY KEY,
    title      TEXT   NOT NULL
);

-- Nothing ever wrote here: alerts did not exist.
DROP TABLE alerted;

-- Alerts that came to nothing, whose posts their members are still owed.
CREATE INDEX outbox_failed ON outbox (member_id) WHERE kind = 'alert' AND settled_at IS NOT NULL AND state NOT IN ('accepted', 'merged');

-- Earlier posts of a thread, and who wrote in it.
CREATE INDEX sighting_thread ON sighting (thread_id, seq);
