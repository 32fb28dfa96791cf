-- A hash that two items share only if they are the same one under two IDs. Empty: not known yet.
ALTER TABLE feed_item ADD COLUMN likeness TEXT NOT NULL DEFAULT '';
CREATE INDEX feed_item_likeness ON feed_item (url, likeness);
