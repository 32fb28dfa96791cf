-- So that no query of a round reads a whole thread, section, history or announcement.

-- The newest alert items of a member in a thread.
DROP INDEX notice_thread;
CREATE INDEX notice_thread ON notice (member_id, thread_id, seq);

-- The next messages of an announcement that has a speed limit.
DROP INDEX outbox_announcement;
CREATE INDEX outbox_announcement ON outbox (announcement_id, state, not_before, key) WHERE announcement_id <> 0;

-- Who overrides a thread or a section.
CREATE INDEX wish_thread ON wish (thread_id, member_id);
CREATE INDEX wish_section ON wish (section_id, member_id);

-- Failed alerts whose items are still to be deferred. Before, each digest read all failed alerts of its member.
ALTER TABLE outbox ADD COLUMN items_deferred BOOLEAN NOT NULL DEFAULT FALSE;
DROP INDEX outbox_failed;
CREATE INDEX outbox_failed ON outbox (member_id)
 WHERE kind = 'alert' AND settled_at IS NOT NULL AND state NOT IN ('accepted', 'merged') AND NOT items_deferred;

-- A member's digests, without reading their alerts.
DROP INDEX outbox_member;
CREATE INDEX outbox_digest ON outbox (member_id, until_seq) WHERE kind = 'digest';

-- A member's messages of the last days.
DROP INDEX outbox_day;
CREATE INDEX outbox_settled ON outbox (member_id, settled_at);
