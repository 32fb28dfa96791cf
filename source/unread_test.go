package source

import (
	"slices"
	"testing"

	"postrider/forum"
)

// unreadMessages are messages to member 2: two from member 3 and one each from 4, 5, 6 and 7, and others that were read, or do not count.
var unreadMessages = map[string]string{
	"xenforo2": `INSERT INTO xf_conversation_user (conversation_id, owner_user_id, is_unread, last_message_date, last_message_user_id) VALUES
		(11, 2, 1, 10, 3), (12, 2, 1, 11, 3), (13, 2, 1, 9, 4), (14, 2, 1, 8, 5), (15, 2, 1, 7, 6), (16, 2, 1, 6, 7), (17, 2, 0, 20, 8), (11, 9, 1, 10, 3)`,
	"mybb": `INSERT INTO mybb_privatemessages (uid, fromid, folder, status, dateline, recipients, subject, message) VALUES
		(2, 3, 1, 0, 10, '', '', ''), (2, 3, 1, 0, 11, '', '', ''), (2, 4, 1, 0, 9, '', '', ''), (2, 5, 1, 0, 8, '', '', ''), (2, 6, 1, 0, 7, '', '', ''),
		(2, 7, 1, 0, 6, '', '', ''), (2, 8, 1, 1, 20, '', '', ''), (2, 8, 2, 0, 21, '', '', '')`,
	"smf2": `INSERT INTO smf_personal_messages (id_pm, id_member_from, from_name, subject, body) VALUES
		(11, 3, 'C', '', ''), (12, 3, 'C', '', ''), (10, 4, 'D', '', ''), (9, 5, 'E', '', ''), (8, 6, 'F', '', ''), (7, 7, 'G', '', ''), (20, 8, 'H', '', ''), (21, 8, 'H', '', '');
		INSERT INTO smf_pm_recipients (id_pm, id_member, is_read, deleted) VALUES (11, 2, 0, 0), (12, 2, 0, 0), (10, 2, 0, 0), (9, 2, 0, 0), (8, 2, 0, 0), (7, 2, 0, 0), (20, 2, 1, 0), (21, 2, 0, 1)`,
	"discourse": `DELETE FROM topic_allowed_users;
		INSERT INTO topics (id, title, archetype, created_at, updated_at, user_id, last_post_user_id, bumped_at, deleted_at)
		SELECT n, '', CASE n WHEN 908 THEN 'regular' ELSE 'private_message' END, '2026-01-01', '2026-01-01', 3, 3, '2026-01-01', CASE n WHEN 909 THEN TIMESTAMP '2026-01-02' END FROM generate_series(901, 909) n;
		INSERT INTO topic_allowed_users (id, user_id, topic_id, created_at, updated_at) SELECT n, 2, n, '2026-01-01', '2026-01-01' FROM generate_series(901, 909) n;
		INSERT INTO topic_allowed_users (id, user_id, topic_id, created_at, updated_at) VALUES (900, 3, 901, '2026-01-01', '2026-01-01');
		INSERT INTO topic_users (id, user_id, topic_id, last_read_post_number, notification_level) VALUES (9001, 2, 901, 1, 3), (9002, 2, 906, NULL, 0), (9003, 3, 901, 9, 3);
		INSERT INTO posts (id, user_id, topic_id, post_number, post_type, raw, cooked, created_at, updated_at, last_version_at, deleted_at)
		SELECT 9000 + n, author, topic, number, kind, '', '', TIMESTAMP '2026-01-20' - n * INTERVAL '1 minute', '2026-01-01', '2026-01-01', CASE WHEN n = 10 THEN TIMESTAMP '2026-01-21' END
		  FROM (VALUES (1, 3, 901, 2, 1), (2, 3, 901, 3, 1), (3, 4, 902, 1, 1), (4, 5, 903, 1, 1), (5, 6, 904, 1, 1), (6, 7, 905, 1, 1), -- these are unread
		    (0, 8, 901, 1, 1), (7, 2, 902, 2, 1), (8, 8, 906, 1, 1), (9, -1, 907, 1, 1), (10, 8, 907, 2, 1), (11, 8, 907, 3, 3), (12, 8, 908, 1, 1), (13, 8, 909, 1, 1)) AS v (n, author, topic, number, kind)`,
	"nodebb": `ALTER TABLE legacy_zset DROP CONSTRAINT fk__legacy_zset__key; ALTER TABLE legacy_hash DROP CONSTRAINT fk__legacy_hash__key;
		INSERT INTO legacy_zset (_key, value, score) SELECT 'uid:2:chat:rooms:unread', n, 100 - n FROM generate_series(11, 16) n;
		INSERT INTO legacy_zset (_key, value, score) VALUES ('uid:2:chat:rooms', '17', 200), ('uid:9:chat:rooms:unread', '11', 50);
		INSERT INTO legacy_zset (_key, value, score) SELECT 'chat:room:' || n || ':mids', 900 + n, n FROM generate_series(11, 17) n;
		INSERT INTO legacy_zset (_key, value, score) SELECT 'chat:room:' || n || ':mids', 800 + n, n - 1 FROM generate_series(11, 17) n;
		INSERT INTO legacy_hash (_key, data) SELECT 'message:' || 900 + n, jsonb_build_object('fromuid', CASE n WHEN 11 THEN 3 ELSE n - 9 END) FROM generate_series(11, 17) n;
		INSERT INTO legacy_hash (_key, data) SELECT 'message:' || 800 + n, '{"fromuid": 8}' FROM generate_series(11, 17) n`,
	"phpbb3": `INSERT INTO phpbb_privmsgs_to (msg_id, user_id, author_id, pm_unread, pm_deleted, folder_id) VALUES
		(11, 2, 53, 1, 0, 0), (12, 2, 53, 1, 0, -3), (10, 2, 54, 1, 0, 0), (9, 2, 55, 1, 0, 2), (8, 2, 56, 1, 0, 0), (7, 2, 57, 1, 0, 0), (20, 2, 58, 0, 0, 0), (21, 2, 58, 1, 1, 0), (22, 2, 58, 1, 0, -1)`,
}

func TestUnreadMessages_CountsThoseNotReadBySender(t *testing.T) {
	for kind, statement := range unreadMessages {
		t.Run(kind, func(t *testing.T) {
			f := newFixture(t, kind)
			db := openAny(t, f.dsn)
			if kind == "xenforo2" {
				execute(t, db, xenforoMore(t))
				execute(t, db, "DELETE FROM xf_conversation_user")
			}
			execute(t, db, statement)
			var ignored forum.MemberID
			get := func() (u forum.UnreadMessages) {
				read(t, f.open(t), func(s *Snapshot) error {
					all, err := s.UnreadMessages(t.Context(), []forum.MemberID{1, 2}, func(_, sender forum.MemberID) bool { return sender == ignored })
					if len(all) != 1 {
						t.Errorf("messages of %d members are counted, want those of member 2", len(all))
					}
					u = all[2]
					return err
				})
				return u
			}
			u := get()
			if u.Count != 6 || len(u.Senders) != forum.UnreadSenders || !u.MoreSenders {
				t.Errorf("unread = %+v, want 6 messages, three senders and more", u)
				return
			}
			first := u.Senders[0]
			if ignored = 3; kind == "phpbb3" {
				ignored = 53
			}
			if u = get(); u.Count != 4 || slices.Contains(u.Senders, first) {
				t.Errorf("unread = %+v, want 4 messages, none from %s, an ignored member", u, first)
			}
		})
	}
}
