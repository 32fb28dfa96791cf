-- The sections of threads that were in several when their posts were sighted. The ID is negative, and stands in the place of a section
-- in the table sighting. See package forum, PlaceOf.
CREATE TABLE place (
    place_id   BIGINT NOT NULL,
    section_id BIGINT NOT NULL,
    PRIMARY KEY (place_id, section_id)
);
