-- When the site read the latest of what it sent about a thing, in Unix microseconds; 0: unknown. A deletion that is older does nothing.
ALTER TABLE section ADD COLUMN as_of BIGINT NOT NULL DEFAULT 0;
ALTER TABLE thread ADD COLUMN as_of BIGINT NOT NULL DEFAULT 0;
ALTER TABLE post ADD COLUMN as_of BIGINT NOT NULL DEFAULT 0;
ALTER TABLE member ADD COLUMN as_of BIGINT NOT NULL DEFAULT 0;
ALTER TABLE section_watch ADD COLUMN as_of BIGINT NOT NULL DEFAULT 0;
ALTER TABLE thread_watch ADD COLUMN as_of BIGINT NOT NULL DEFAULT 0;
