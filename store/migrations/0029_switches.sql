-- How a member gets posts of each kind: instant, digest or off. NULL: not chosen, the site's setting applies.
ALTER TABLE preference ADD COLUMN replies     TEXT;
ALTER TABLE preference ADD COLUMN new_threads TEXT;
ALTER TABLE preference ADD COLUMN quotes      TEXT;
ALTER TABLE preference ADD COLUMN mentions    TEXT;
