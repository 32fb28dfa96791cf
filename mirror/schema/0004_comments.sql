-- How many comments an item had when its comments were read last.
ALTER TABLE feed_item ADD COLUMN comments BIGINT NOT NULL DEFAULT 0;
