-- How many mails a member has had since a moment.
CREATE INDEX outbox_day ON outbox (member_id, settled_at) WHERE state IN ('accepted', 'uncertain');
