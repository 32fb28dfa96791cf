-- The posts that a digest brought, by ID: "4711-4713,4720". What the member may read and watches changes afterwards, so the posts
-- cannot be found again from the range of sightings. Empty: none, or sent before this column existed. The posts of an alert are in
-- notice.
ALTER TABLE outbox ADD COLUMN post_ids TEXT NOT NULL DEFAULT '';
