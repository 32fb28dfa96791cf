-- How many mails were planned in each hour, to tell an odd day from a usual one.
CREATE TABLE volume (
    hour     BIGINT NOT NULL, -- its first second
    kind     TEXT   NOT NULL,
    planned  BIGINT NOT NULL,
    PRIMARY KEY (hour, kind)
);
