-- The watched section whose new threads an alert is about. While the alert waits, further new threads of the section join it.
-- 0: it is about other posts.
ALTER TABLE alert ADD COLUMN section_id BIGINT NOT NULL DEFAULT 0;
