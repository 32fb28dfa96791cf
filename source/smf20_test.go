package source

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/forum"
	"postrider/internal/finding"
)

// toSMF20 makes the tables of SMF 2.0 from those of 2.1, as far as Postrider reads them: what 2.0.15 has not goes, and what members chose
// moves into the columns that the upgrade reads them from. 2.0 writes line breaks as "<br />".
const toSMF20 = `
	UPDATE smf_members SET member_ip = '', member_ip2 = '';
	ALTER TABLE smf_members
	  ADD notify_announcements tinyint(4) NOT NULL DEFAULT 1, ADD notify_regularity tinyint(4) NOT NULL DEFAULT 1,
	  ADD notify_send_body tinyint(4) NOT NULL DEFAULT 0, ADD notify_types tinyint(4) NOT NULL DEFAULT 2,
	  MODIFY pm_ignore_list varchar(255) NOT NULL DEFAULT '', MODIFY member_ip varchar(255) NOT NULL DEFAULT '', MODIFY member_ip2 varchar(255) NOT NULL DEFAULT '',
	  DROP INDEX idx_email_address, DROP INDEX idx_active_real_name;
	UPDATE smf_members u JOIN smf_user_alerts_prefs p ON p.id_member = u.id_member AND p.alert_pref = 'msg_notify_pref'
	  SET u.notify_regularity = GREATEST(p.alert_value, 1) - 1, u.notify_types = CASE p.alert_value WHEN 0 THEN 4 ELSE 2 END;
	UPDATE smf_members u JOIN smf_user_alerts_prefs p ON p.id_member = u.id_member AND p.alert_pref = 'announcements' SET u.notify_announcements = p.alert_value;
	UPDATE smf_members SET time_offset = CASE timezone WHEN 'Asia/Seoul' THEN 9 WHEN 'Asia/Kolkata' THEN 5.5 WHEN 'America/New_York' THEN -5 ELSE 0 END;
	ALTER TABLE smf_members DROP timezone, DROP alerts, DROP tfa_secret, DROP tfa_backup;
	ALTER TABLE smf_messages DROP likes;
	UPDATE smf_messages SET body = REPLACE(body, '<br>', '<br />');
	ALTER TABLE smf_boards DROP deny_member_groups;
	ALTER TABLE smf_topics DROP id_redirect_topic, DROP redirect_expires;
	ALTER TABLE smf_log_topics DROP unwatched;
	DROP TABLE smf_user_alerts_prefs, smf_user_alerts, smf_user_likes, smf_mentions, smf_board_permissions_view, smf_moderator_groups, smf_qanda,
	  smf_background_tasks, smf_user_drafts, smf_member_logins, smf_pm_labels, smf_pm_labeled_messages, smf_smiley_files;
	UPDATE smf_settings SET value = '2.0.15' WHERE variable = 'smfVersion';
	DELETE FROM smf_settings WHERE variable IN ('deny_boards_access', 'board_manager_groups');`

// TestSMF_EmailsAsMembersChose sets what a member chose in each version, and wants alerts of their watches only if SMF emails the posts.
func TestSMF_EmailsAsMembersChose(t *testing.T) {
	const member, thread, board = 3, 8, 2 // watches both
	for kind, choices := range map[string]map[string]bool{
		"smf2.0": {
			"notify_regularity = 0, notify_types = 1": true,  // all, at once
			"notify_regularity = 1, notify_types = 2": true,  // the first unread one
			"notify_regularity = 1, notify_types = 3": true,  // replies only
			"notify_regularity = 0, notify_types = 4": false, // nothing
			"notify_regularity = 2, notify_types = 1": false, // daily
			"notify_regularity = 3, notify_types = 1": false, // weekly
		},
		"smf2": {
			"topic_notify_8 = 3, board_notify_2 = 3, msg_notify_pref = 1":                      true,
			"topic_notify_8 = 2, board_notify_2 = 2, msg_notify_pref = 2":                      true,
			"topic_notify_8 = 0, board_notify_2 = 0, topic_notify = 2, board_notify = 3":       true,  // for all watches
			"topic_notify_8 = 1, board_notify_2 = 1, topic_notify = 3, board_notify = 3":       false, // an alert on the site
			"topic_notify_8 = 3, board_notify_2 = 3, msg_notify_pref = 0":                      false, // nothing
			"topic_notify_8 = 3, board_notify_2 = 3, msg_notify_pref = 3":                      false, // daily
			"topic_notify_8 = 3, board_notify_2 = 3, msg_notify_pref = 4":                      false, // weekly
			"topic_notify_8 = 3, board_notify_2 = 3, msg_notify_pref = 1, msg_notify_type = 4": false,
		},
	} {
		f := newFixture(t, kind)
		admin, db := openAdmin(t, f), f.open(t)
		for choice, want := range choices {
			if kind == "smf2.0" {
				execute(t, admin, fmt.Sprintf("UPDATE smf_members SET %s WHERE id_member = %d", choice, member))
			} else {
				execute(t, admin, fmt.Sprintf("DELETE FROM smf_user_alerts_prefs WHERE id_member = %d", member))
				for one := range strings.SplitSeq(choice, ", ") {
					name, value, _ := strings.Cut(one, " = ")
					execute(t, admin, fmt.Sprintf("INSERT INTO smf_user_alerts_prefs (id_member, alert_pref, alert_value) VALUES (%d, '%s', %s)", member, name, value))
				}
			}
			read(t, db, func(s *Snapshot) error {
				watches, err := s.Watches(t.Context(), ids(member))
				if err != nil {
					return err
				}
				w := watches[member]
				if got := w.Threads[thread].Mail != 0; got != want || w.Sections[board].Mail != 0 != want || w.Threads[thread].Level == 0 || w.Sections[board].Level == 0 {
					t.Errorf("%s, %s: the watches are %+v and %+v, want email %t", kind, choice, w.Threads[thread], w.Sections[board], want)
				}
				page, err := s.Watchers(t.Context(), []forum.ThreadID{thread}, []forum.SectionID{board, 1000000001}, 0)
				if _, got := page.Watches[member]; got != want {
					t.Errorf("%s, %s: among the watchers %t, want %t", kind, choice, got, want)
				}
				return err
			})
		}
	}
}

// TestSMF_ChosenDigestsOutlastMailFlagOff sets what a member chose in each version. SMF's own digests are of watches, so who chose them wants these in ours.
func TestSMF_ChosenDigestsOutlastMailFlagOff(t *testing.T) {
	const member, thread, board = 3, 8, 2 // watches both
	for edition, choices := range map[string]map[string]bool{
		"smf2.0": {
			"UPDATE smf_members SET notify_regularity = 2, notify_types = 1 WHERE id_member = 3": true,  // daily
			"UPDATE smf_members SET notify_regularity = 3, notify_types = 2 WHERE id_member = 3": true,  // weekly
			"UPDATE smf_members SET notify_regularity = 3, notify_types = 4 WHERE id_member = 3": false, // weekly, of nothing
			"UPDATE smf_members SET notify_regularity = 1, notify_types = 4 WHERE id_member = 3": false,
		},
		"smf2": {
			"INSERT INTO smf_user_alerts_prefs (id_member, alert_pref, alert_value) VALUES (3, 'msg_notify_pref', 3)":                            true,
			"INSERT INTO smf_user_alerts_prefs (id_member, alert_pref, alert_value) VALUES (3, 'msg_notify_pref', 4), (3, 'topic_notify_8', 1)":  true,
			"INSERT INTO smf_user_alerts_prefs (id_member, alert_pref, alert_value) VALUES (3, 'msg_notify_pref', 4), (3, 'msg_notify_type', 4)": false,
			"INSERT INTO smf_user_alerts_prefs (id_member, alert_pref, alert_value) VALUES (3, 'msg_notify_pref', 0)":                            false,
		},
	} {
		for _, kind := range []string{edition, edition + "/postgres"} {
			f := newFixture(t, kind)
			c := f.config()
			c.MailFlagOff = MailFlagOffNothing
			admin, db := openAny(t, f.dsn), openConfig(t, c)
			for choice, wanted := range choices {
				if edition == "smf2" {
					execute(t, admin, "DELETE FROM smf_user_alerts_prefs WHERE id_member = 3")
				}
				execute(t, admin, choice)
				watches := readOne(t, db, func(s *Snapshot) (map[forum.MemberID]forum.Watches, error) {
					return s.Watches(t.Context(), ids(member))
				})
				w := watches[member]
				if w.Threads[thread].Silent == wanted || w.Sections[board].Silent == wanted || w.Threads[thread].Mail != 0 || w.Sections[board].Mail != 0 {
					t.Errorf("%s, %s: the watches are %+v and %+v, want them without alerts, and in digests: %t", kind, choice, w.Threads[thread], w.Sections[board], wanted)
				}
			}
		}
	}
}

func TestSMF_RefusesTablesOfNoVersion(t *testing.T) {
	f := newFixture(t, "smf2.0")
	execute(t, openAdmin(t, f), "ALTER TABLE smf_members RENAME COLUMN notify_regularity TO notify_interval")
	db := f.open(t)
	found := findingNamed(db.Check(t.Context()), "optional table")
	if found.Level != finding.LevelFail || !strings.Contains(found.Text, "notify_regularity") || !strings.Contains(found.Text, "user_alerts_prefs") {
		t.Errorf("the check says %+v, want a failure that names what 2.0 and 2.1 have", found)
	}
	err := db.Read(t.Context(), func(s *Snapshot) error {
		_, err := s.Watches(t.Context(), ids(3))
		return err
	})
	if err == nil {
		t.Error("watches are read without what members chose")
	}
}

func TestSMFZone_AddsHoursToForumsZone(t *testing.T) {
	winter, summer := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC), time.Date(2026, 7, 15, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		stored string
		at     time.Time
		want   string
	}{
		{"Asia/Seoul", winter, "Asia/Seoul"}, // 2.1
		{"", winter, ""},
		{"0 0 Europe/Berlin", summer, "Europe/Berlin"},
		{"0 0 ", winter, ""}, // the server's zone is not known
		{"3 0 ", winter, ""},
		{"9 0 UTC", winter, "Etc/GMT-9"},
		{"5.5 0 UTC", winter, "Asia/Kolkata"},
		{"-6 0 Europe/Berlin", winter, "Etc/GMT+5"},
		{"-6 0 Europe/Berlin", summer, "Etc/GMT+4"},
		{"-1 1 Europe/Berlin", summer, "Europe/Berlin"},
		{"2 -1 Etc/GMT+5", winter, "Etc/GMT+4"},
		{"x 0 UTC", winter, ""},
		{"40 0 UTC", winter, ""},
	} {
		if got := smfZone(tt.stored, tt.at); got != tt.want {
			t.Errorf("zone of %q = %q, want %q", tt.stored, got, tt.want)
		}
	}
}

// TestSMF_ImportOfOldPostsHidesNoNewer imports old posts, which get the newest IDs, after posts of the window.
func TestSMF_ImportOfOldPostsHidesNoNewer(t *testing.T) {
	for _, kind := range []string{"smf2", "smf2/postgres", "smf2.0", "smf2.0/postgres"} {
		t.Run(kind, func(t *testing.T) {
			f := newFixture(t, kind)
			from := f.from()
			var before []forum.PostID
			db := f.open(t)
			read(t, db, func(s *Snapshot) (err error) {
				before, err = s.PostsCreated(t.Context(), from, f.now())
				return err
			})
			admin := openAny(t, f.dsn)
			for _, statement := range []string{
				"INSERT INTO smf_messages (id_msg, id_topic, id_board, id_member, poster_name, poster_time, subject, body, approved) VALUES (900001, 8, 2, 0, 'Ann', 1000000000, 'Old', 'Old', 1)",
				// Who was there last before the window, when its first post did not exist; and one with a visit to another forum.
				fmt.Sprintf("UPDATE smf_members SET last_login = %d, id_msg_last_visit = (SELECT MAX(m.id_msg) FROM smf_messages m WHERE m.id_msg < %d) WHERE id_member = 3", from.Unix()-1, before[0]),
				fmt.Sprintf("UPDATE smf_members SET last_login = %d, id_msg_last_visit = 950000 WHERE id_member = 4", from.Unix()-1),
			} {
				execute(t, admin, statement)
			}
			read(t, db, func(s *Snapshot) error {
				first, err := s.FirstPostSince(t.Context(), from)
				if err != nil || first != before[0] {
					t.Errorf("first = %d, %v, want %d", first, err, before[0])
				}
				created, err := s.PostsCreated(t.Context(), from, f.now())
				if err != nil || !slices.Equal(created, before) {
					t.Errorf("created = %v, %v, want %v", created, err, before)
				}
				return nil
			})
		})
	}
}
