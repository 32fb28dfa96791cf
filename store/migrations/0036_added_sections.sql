-- A section that the member watches only here, not on the forum. NULL: it is watched there, or was.
ALTER TABLE wish ADD COLUMN added BOOLEAN;
CREATE INDEX wish_added ON wish (member_id) WHERE added;
