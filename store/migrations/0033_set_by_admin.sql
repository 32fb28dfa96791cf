-- An administrator chose the schedule of the digests for the member. NULL: the member did, or nobody.
ALTER TABLE preference ADD COLUMN set_by_admin BOOLEAN;
