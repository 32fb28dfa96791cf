-- Who may read what. A section that is not public may be read by its groups only.
ALTER TABLE section ADD COLUMN public INTEGER NOT NULL DEFAULT 1;

-- Groups of members, as a site names them.
CREATE TABLE member_group (
    id  {id},
    ref TEXT NOT NULL UNIQUE
);

CREATE TABLE section_reader (
    section_id BIGINT NOT NULL REFERENCES section (id),
    group_id   BIGINT NOT NULL REFERENCES member_group (id),
    PRIMARY KEY (section_id, group_id)
);
CREATE INDEX section_reader_group ON section_reader (group_id);

CREATE TABLE membership (
    member_id BIGINT NOT NULL REFERENCES member (id),
    group_id  BIGINT NOT NULL REFERENCES member_group (id),
    PRIMARY KEY (member_id, group_id)
);
