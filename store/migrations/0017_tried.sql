-- When its member last had an address tried again that mail had come back from. NULL: never.
ALTER TABLE health ADD COLUMN tried_at BIGINT;
