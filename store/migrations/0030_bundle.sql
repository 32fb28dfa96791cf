-- How long alerts of a member wait for each other: at_once, 15m or 1h. NULL: not chosen, the site's setting applies.
ALTER TABLE preference ADD COLUMN bundle TEXT;
