package source

import (
	"cmp"
	"strings"
	"testing"

	"postrider/forum"
	"postrider/internal/finding"
	"postrider/internal/servertest"
)

// watchCountQueries list the members who may get email and watch something, and whether the forum emails them about any of it,
// independently of the queries under test.
var watchCountQueries = map[string]string{
	"xenforo": `SELECT u.user_id,
		  EXISTS (SELECT 1 FROM xf_thread_watch w WHERE w.user_id = u.user_id AND w.email_subscribe = 1)
		    OR EXISTS (SELECT 1 FROM xf_forum_watch w WHERE w.user_id = u.user_id AND w.send_email = 1 AND w.notify_on <> '')
		FROM xf_user u WHERE u.user_state = 'valid' AND u.is_banned = 0 AND u.email <> '' AND u.user_id NOT IN (SELECT user_id FROM xf_user_ban)
		 AND (u.user_id IN (SELECT user_id FROM xf_thread_watch) OR u.user_id IN (SELECT user_id FROM xf_forum_watch WHERE notify_on <> ''))`,
	"mybb": `SELECT u.uid,
		  EXISTS (SELECT 1 FROM mybb_threadsubscriptions s WHERE s.uid = u.uid AND s.notification = 1) OR u.uid IN (SELECT uid FROM mybb_forumsubscriptions)
		FROM mybb_users u WHERE u.usergroup NOT IN (5, 7) AND u.email <> ''
		 AND (u.uid IN (SELECT uid FROM mybb_threadsubscriptions) OR u.uid IN (SELECT uid FROM mybb_forumsubscriptions))`,
	"flarum": `SELECT u.id, CASE WHEN CONCAT('', u.preferences) LIKE '%"notify_newPost_email":false%' THEN 1 = 0 ELSE 1 = 1 END
		FROM users u WHERE u.is_email_confirmed AND (u.suspended_until IS NULL OR u.suspended_until < '2026-11-23 11:00:00')
		 AND (u.id IN (SELECT user_id FROM discussion_user WHERE subscription = 'follow') OR u.id IN (SELECT user_id FROM tag_user WHERE subscription IN ('lurk', 'follow')))`,
	"vanilla": `SELECT u.UserID, MAX(w.email) FROM (
		  SELECT b.UserID, b.UserID NOT IN (3, 8) AS email FROM GDN_UserDiscussion b WHERE b.Bookmarked = 1
		   UNION ALL SELECT UserID, 0 FROM GDN_UserCategory WHERE Followed = 1
		   UNION ALL SELECT UserID, Name LIKE '%.Email.%' FROM GDN_UserMeta WHERE Name RLIKE 'Preferences[.].*[.]New(Discussion|Comment)[.][0-9]' AND Value = '1'
		   UNION ALL SELECT UserID, 1 FROM GDN_UserDiscussion WHERE Participated = 1 AND UserID = 5
		   UNION ALL SELECT InsertUserID, 1 FROM GDN_Discussion WHERE InsertUserID = 11) w
		JOIN GDN_User u ON u.UserID = w.UserID AND u.Banned = 0 AND u.Deleted = 0 AND u.Confirmed = 1 AND u.UserID <> 20 GROUP BY u.UserID`,
	"fluxbb": `SELECT u.id, 1 = 1 FROM users u WHERE u.id > 1 AND u.group_id <> 0 AND u.email <> ''
		 AND LOWER(u.username) NOT IN (SELECT LOWER(username) FROM bans WHERE username IS NOT NULL)
		 AND (u.id IN (SELECT user_id FROM topic_subscriptions) OR u.id IN (SELECT user_id FROM forum_subscriptions))`,
	"discourse": `SELECT u.id, o.email_level <> 2 FROM users u JOIN user_options o ON o.user_id = u.id JOIN user_stats s ON s.user_id = u.id
		WHERE u.id > 0 AND u.active AND NOT u.staged AND u.suspended_till IS NULL AND s.bounce_score < 4
		 AND u.id NOT IN (SELECT user_id FROM user_emails WHERE email LIKE '%.invalid')
		 AND (u.id IN (SELECT user_id FROM topic_users WHERE notification_level = 3) OR u.id IN (SELECT user_id FROM category_users WHERE notification_level > 2))`,
	"smf": `SELECT u.id_member, EXISTS (SELECT 1 FROM smf_log_notify n JOIN smf_user_alerts_prefs p ON p.id_member = n.id_member AND p.alert_value IN (2, 3)
		     AND (n.id_topic > 0 AND p.alert_pref = CONCAT('topic_notify_', n.id_topic) OR n.id_board > 0 AND p.alert_pref = CONCAT('board_notify_', n.id_board))
		   WHERE n.id_member = u.id_member)
		   AND NOT EXISTS (SELECT 1 FROM smf_user_alerts_prefs o WHERE o.id_member = u.id_member AND o.alert_pref = 'msg_notify_pref' AND o.alert_value IN (0, 3, 4))
		   OR EXISTS (SELECT 1 FROM smf_user_alerts_prefs d WHERE d.id_member = u.id_member AND d.alert_pref = 'msg_notify_pref' AND d.alert_value IN (3, 4))
		FROM smf_members u WHERE u.is_activated = 1 AND u.email_address <> '' AND u.id_member NOT IN (SELECT id_member FROM smf_ban_items)
		 AND u.id_member IN (SELECT id_member FROM smf_log_notify)`,
	"smf2.0": `SELECT u.id_member, u.notify_types <> 4
		FROM smf_members u WHERE u.is_activated = 1 AND u.email_address <> '' AND u.id_member NOT IN (SELECT id_member FROM smf_ban_items)
		 AND u.id_member IN (SELECT id_member FROM smf_log_notify)`,
	"nodebb": `SELECT u.data->>'uid', EXISTS (SELECT 1 FROM legacy_hash s WHERE s._key = u._key || ':settings'
		    AND (s.data->>'notificationType_new-reply' LIKE '%email' AND EXISTS (SELECT 1 FROM legacy_set f WHERE f._key LIKE 'tid:%:followers' AND f.member = u.data->>'uid')
		      OR s.data->>'notificationType_new-topic-in-category' LIKE '%email' AND EXISTS (SELECT 1 FROM legacy_zset c WHERE c._key LIKE 'cid:%:uid:watch:state' AND c.value = u.data->>'uid' AND c.score = 4)))
		FROM legacy_hash u WHERE u._key ~ '^user:[0-9]+$' AND u.data->>'email' <> '' AND u.data->>'email:confirmed' = '1' AND (u.data->>'banned' IS NULL OR u.data->>'uid' = '39')
		 AND (EXISTS (SELECT 1 FROM legacy_set f WHERE f._key LIKE 'tid:%:followers' AND f.member = u.data->>'uid')
		   OR EXISTS (SELECT 1 FROM legacy_zset c WHERE c._key LIKE 'cid:%:uid:watch:state' AND c.value = u.data->>'uid' AND c.score = 4))`,
	"phpbb3": `SELECT u.user_id,
		  u.user_id IN (SELECT user_id FROM phpbb_topics_watch) AND u.user_id IN (SELECT user_id FROM phpbb_user_notifications
		                  WHERE item_type = 'notification.type.post' AND method = 'notification.method.email' AND notify = 1)
		    OR u.user_id IN (SELECT user_id FROM phpbb_forums_watch) AND u.user_id IN (SELECT user_id FROM phpbb_user_notifications
		                  WHERE item_type IN ('notification.type.topic', 'notification.type.forum') AND method = 'notification.method.email' AND notify = 1)
		FROM phpbb_users u WHERE u.user_type IN (0, 3) AND u.user_email <> '' AND u.user_id NOT IN (SELECT ban_userid FROM phpbb_banlist)
		 AND (u.user_id IN (SELECT user_id FROM phpbb_topics_watch) OR u.user_id IN (SELECT user_id FROM phpbb_forums_watch))`,
}

// silenceSome turns off the forum's email for every watch of some members, and returns a query for them.
var silenceSome = map[string]string{
	"flarum":    `UPDATE users SET preferences = '{"notify_newPost_email":false,"notify_newPostInTag_email":false,"notify_newDiscussionInTag_email":false}' WHERE id % 3 = 0`,
	"xenforo":   `UPDATE xf_thread_watch SET email_subscribe = 0 WHERE user_id % 3 = 0; UPDATE xf_forum_watch SET send_email = 0 WHERE user_id % 3 = 0`,
	"smf":       `UPDATE smf_user_alerts_prefs SET alert_value = 1 WHERE id_member % 3 = 0`,
	"smf2.0":    `UPDATE smf_members SET notify_types = 4 WHERE id_member % 3 = 0`,
	"discourse": `UPDATE user_options SET email_level = 2 WHERE user_id % 3 = 0`,
	"phpbb3":    `UPDATE phpbb_user_notifications SET notify = 0 WHERE user_id % 3 = 0 AND method = 'notification.method.email'`,
	"mybb":      `UPDATE mybb_threadsubscriptions SET notification = uid % 2 * 2 WHERE uid % 3 = 0; DELETE FROM mybb_forumsubscriptions WHERE uid % 3 = 0`,
}

func TestWatchCounts_MatchForumsTables(t *testing.T) {
	for _, kind := range forumKinds {
		t.Run(kind, func(t *testing.T) {
			f := newFixture(t, kind)
			software := strings.TrimRight(cmp.Or(f.edition, f.kind), "12")
			admin := openAny(t, f.dsn)
			if silence := silenceSome[software]; silence != "" {
				execute(t, admin, silence)
			}
			var want WatchCounts
			rows, err := admin.QueryContext(t.Context(), watchCountQueries[software])
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			for rows.Next() {
				var member forum.MemberID
				var email bool
				if err := rows.Scan(&member, &email); err != nil {
					t.Fatal(err)
				}
				want.Watching++
				if !email {
					want.WithoutEmail++
				}
			}
			if err := rows.Err(); err != nil || want.Watching == 0 || (want.WithoutEmail == 0) != (kind[:4] == "flux") || want.WithoutEmail == want.Watching {
				t.Fatalf("the forum has %+v, %v", want, err)
			}
			got, err := f.open(t).WatchCounts(t.Context(), f.now())
			if err != nil || got.Watching != want.Watching || got.WithoutEmail != want.WithoutEmail {
				t.Errorf("WatchCounts = %+v, %v, want %+v", got, err, want)
			}
		})
	}
}

func TestCheckWatches_SaysWhatTheyGet(t *testing.T) {
	for _, tt := range []struct {
		counts WatchCounts
		want   string
	}{
		{WatchCounts{1204, 310, true}, `310 of 1204 members only have watches without email; they get digests ([forum] mail_flag_off = "digest")`},
		{WatchCounts{1204, 310, false}, `310 of 1204 members only have watches without email; they get nothing for these ([forum] mail_flag_off = "nothing")`},
		{WatchCounts{1204, 0, true}, "0 of 1204 members only have watches without email"},
	} {
		if got := tt.counts.String(); got != tt.want {
			t.Errorf("%+v = %s, want %s", tt.counts, got, tt.want)
		}
	}
	if f := openSample(t).CheckWatches(t.Context()); f.Level != finding.LevelOK || f.Part != "watches" {
		t.Errorf("CheckWatches of the sample forum = %+v", f)
	}
	broken := newFixture(t, "mybb")
	db := broken.open(t)
	if _, err := servertest.OpenMariaDB(t, broken.dsn).ExecContext(t.Context(), "DROP TABLE mybb_threadsubscriptions"); err != nil {
		t.Fatal(err)
	}
	if f := db.CheckWatches(t.Context()); f.Level != finding.LevelWarn || f.Fix == "" {
		t.Errorf("CheckWatches without a table = %+v", f)
	}
}

func TestWatches_SilentOnlyIfTheAdministratorSaysSo(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, _ *DB) {
		for _, flag := range []string{"", MailFlagOffDigest, MailFlagOffNothing} {
			c := f.config()
			c.MailFlagOff = flag
			db := openConfig(t, c)
			var members []forum.MemberID
			for _, id := range f.expect.Keys.Members {
				members = append(members, id)
			}
			without := 0
			found := membersByID(t, f, db)
			for id, all := range readOne(t, db, func(s *Snapshot) (map[forum.MemberID]forum.Watches, error) { return s.Watches(t.Context(), members) }) {
				silences := flag == MailFlagOffNothing && !(f.kind == "smf2" && found[id].Digests != "") // SMF's digests are of watches
				for thread, w := range all.Threads {
					if w.Mail == 0 {
						without++
					}
					if want := w.Mail == 0 && silences; w.Silent != want {
						t.Errorf("%q: thread %d of member %d: Silent = %t, want %t", flag, thread, id, w.Silent, want)
					}
				}
				for section, w := range all.Sections {
					if want := w.Mail == 0 && silences; w.Silent != want {
						t.Errorf("%q: section %d of member %d: Silent = %t, want %t", flag, section, id, w.Silent, want)
					}
				}
			}
			if without == 0 && f.kind != "fluxbb" {
				t.Error("the forum has no watch without email")
			}
		}
	})
}
