-- The post was found before, but not visible then. A read mark between its writing and this sighting does not mean that it was read.
ALTER TABLE sighting ADD COLUMN revealed BOOLEAN NOT NULL DEFAULT FALSE;
