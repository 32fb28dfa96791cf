-- Only new threads of watched sections. NULL: not chosen.
ALTER TABLE preference ADD COLUMN new_threads_only BOOLEAN;
