-- What the spellings of an address have in common that reach one mailbox: the limits of confirmations are for mailboxes.
ALTER TABLE confirmation ADD COLUMN mailbox TEXT NOT NULL DEFAULT '';
UPDATE confirmation SET mailbox = address;
