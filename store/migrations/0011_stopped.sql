-- An announcement that is paused because of how it is taken, and not because somebody said so.
ALTER TABLE announcement ADD COLUMN stopped BOOLEAN NOT NULL DEFAULT FALSE;
