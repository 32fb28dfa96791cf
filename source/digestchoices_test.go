package source

import (
	"slices"
	"strings"
	"testing"

	"postrider/forum"
	"postrider/internal/finding"
)

// digestSettings are, by forum type, statements that set what some members chose about the forum's own digests, and the choices
// that they mean. The forum has digests, and sends them unless the last statements run.
var digestSettings = map[string]struct {
	change    string
	want      map[forum.MemberID]forum.DigestChoice
	switchOff string
}{
	"discourse": {
		`INSERT INTO site_settings (name, data_type, value, created_at, updated_at) VALUES ('default_email_digest_frequency', 3, '1440', now(), now());
		UPDATE user_options SET email_digests = TRUE, digest_after_minutes = 1440;
		UPDATE user_options SET digest_after_minutes = 30 WHERE user_id = 2;
		UPDATE user_options SET digest_after_minutes = 10080 WHERE user_id IN (3, 8);
		UPDATE user_options SET digest_after_minutes = 259200 WHERE user_id = 4;
		UPDATE user_options SET digest_after_minutes = 20160 WHERE user_id = 9;
		UPDATE user_options SET email_digests = FALSE WHERE user_id IN (5, 8);
		UPDATE user_options SET digest_after_minutes = 0 WHERE user_id = 6;
		UPDATE user_options SET email_digests = NULL, digest_after_minutes = NULL WHERE user_id = 7`,
		map[forum.MemberID]forum.DigestChoice{2: "hourly", 3: "weekly", 4: "monthly", 5: "off", 6: "off", 8: "off", 9: "two_weeks"},
		`INSERT INTO site_settings (name, data_type, value, created_at, updated_at) VALUES ('disable_digest_emails', 5, 't', now(), now())`,
	},
	"nodebb": {
		`UPDATE legacy_hash SET data = jsonb_set(data, '{dailyDigestFreq}', '"day"') WHERE _key = 'config' OR _key ~ '^user:[0-9]+:settings$';` +
			setNodebb("user:2:settings", "dailyDigestFreq", `"week"`) + setNodebb("user:3:settings", "dailyDigestFreq", `"biweek"`) +
			setNodebb("user:5:settings", "dailyDigestFreq", `"month"`) + setNodebb("user:22:settings", "dailyDigestFreq", `"off"`),
		map[forum.MemberID]forum.DigestChoice{2: "weekly", 3: "two_weeks", 5: "monthly", 22: "off"},
		setNodebb("config", "disableEmailSubscriptions", "1"),
	},
	"smf2": { // the dump's members chose already
		`UPDATE smf_user_alerts_prefs SET alert_value = 4 WHERE id_member > 3 AND alert_pref = 'msg_notify_pref';
		UPDATE smf_user_alerts_prefs SET alert_value = 3 WHERE id_member IN (0, 4) AND alert_pref = 'msg_notify_pref';
		UPDATE smf_user_alerts_prefs SET alert_value = 1 WHERE id_member > 5 AND alert_pref = 'msg_notify_pref';
		INSERT INTO smf_scheduled_tasks (id_task, task, callable, disabled) VALUES (5, 'daily_digest', '', 0)`,
		map[forum.MemberID]forum.DigestChoice{5: "weekly"},
		`UPDATE smf_scheduled_tasks SET disabled = 1`,
	},
	"smf2.0": { // at once, once per topic until visited, daily, weekly
		`UPDATE smf_members SET notify_regularity = CASE id_member WHEN 2 THEN 0 WHEN 4 THEN 2 WHEN 5 THEN 3 ELSE 1 END;
		INSERT INTO smf_scheduled_tasks (id_task, task, disabled) VALUES (5, 'daily_digest', 0)`,
		map[forum.MemberID]forum.DigestChoice{2: "", 3: "", 4: "daily", 5: "weekly"},
		`UPDATE smf_scheduled_tasks SET disabled = 1`,
	},
	"phpbb3": {
		phpbbDigests + `;
		UPDATE phpbb_users SET user_digest_type = 'DAY', user_digest_send_hour_gmt = 6.50 WHERE user_id = 58;
		UPDATE phpbb_users SET user_digest_type = 'WEEK', user_digest_send_hour_gmt = -1 WHERE user_id = 59;
		UPDATE phpbb_users SET user_digest_type = 'MNTH' WHERE user_id = 60;
		UPDATE phpbb_users SET user_digest_has_unsubscribed = 1 WHERE user_id = 61`,
		map[forum.MemberID]forum.DigestChoice{58: "daily 6", 59: "weekly", 60: "monthly 0", 61: "off"},
		`UPDATE phpbb_ext SET ext_active = 0`,
	},
	"flarum": {
		`ALTER TABLE users ADD COLUMN digest_frequency VARCHAR(50); ALTER TABLE users ADD COLUMN digest_hour INTEGER DEFAULT 0;
		UPDATE settings SET value = CONCAT(LEFT(value, LENGTH(value) - 1), ',"blomstra-digest"]') WHERE settings.key = 'extensions_enabled';
		UPDATE users SET digest_frequency = 'weekly', digest_hour = 9 WHERE id = 2; UPDATE users SET digest_frequency = 'daily' WHERE id = 3`,
		map[forum.MemberID]forum.DigestChoice{2: "weekly 9", 3: "daily 0"},
		`UPDATE settings SET value = '[]' WHERE settings.key = 'extensions_enabled'`,
	},
}

// phpbbDigests adds what the extension Digests adds, as far as it matters here (its migrations/release_3_0_2_schema.php).
const phpbbDigests = `ALTER TABLE phpbb_users ADD COLUMN user_digest_type VARCHAR(4) DEFAULT 'NONE' NOT NULL;
	ALTER TABLE phpbb_users ADD COLUMN user_digest_send_hour_gmt DECIMAL(5,2) DEFAULT 0.00 NOT NULL;
	ALTER TABLE phpbb_users ADD COLUMN user_digest_has_unsubscribed SMALLINT DEFAULT 0 NOT NULL;
	INSERT INTO phpbb_ext (ext_name, ext_active, ext_state) VALUES ('phpbbservices/digests', 1, '')`

func TestMembers_ChoseDigestsOnTheForum(t *testing.T) {
	for _, kind := range []string{"discourse", "nodebb", "smf2", "smf2.0", "smf2.0/postgres", "phpbb3", "phpbb3/mysql", "phpbb3/sqlite", "flarum"} {
		t.Run(kind, func(t *testing.T) {
			software, _, _ := strings.Cut(kind, "/")
			f, settings := newFixture(t, kind), digestSettings[software]
			admin := openAny(t, f.dsn)
			execute(t, admin, settings.change)
			db := f.open(t)
			found := membersByID(t, f, db)
			for id := range settings.want {
				if _, there := found[id]; !there {
					t.Errorf("member %d is missing", id)
				}
			}
			for id, m := range found {
				if m.Digests != settings.want[id] || m.OptOuts.Has(forum.Digests) != (m.Digests == forum.NoDigests) {
					t.Errorf("member %d chose %q and opted out of %v, want %q", id, m.Digests, m.OptOuts.Names(), settings.want[id])
				}
			}
			for _, sends := range []bool{true, false} {
				warned := slices.ContainsFunc(db.CheckDigests(t.Context(), f.now()), func(x finding.Finding) bool { return x.Level == finding.LevelWarn })
				if warned != sends {
					t.Errorf("warned of the forum's own digests: %t, want %t", warned, sends)
				}
				if sends {
					execute(t, admin, settings.switchOff)
				}
			}
			for _, x := range db.Check(t.Context()) {
				if x.Level == finding.LevelFail {
					t.Errorf("check: %s: %s", x.Part, x.Text)
				}
			}
		})
	}
}

func TestMembers_OffAndOptOutOfDigestsAreTheSame(t *testing.T) {
	f := sharedFixture(t, "mybb")
	c := f.config()
	c.Queries = queriesFile(t, `-- name: members
SELECT uid AS id, username AS name, email, usergroup AS roles, '' AS no_mail,
       CASE uid % 3 WHEN 1 THEN 'digests,alerts' ELSE '' END AS opt_outs, CASE uid % 3 WHEN 2 THEN 'off' ELSE 'weekly' END AS digest_choice
  FROM mybb_users WHERE uid IN (:ids)
`)
	for id, m := range membersByID(t, f, openConfig(t, c)) {
		off := id%3 != 0
		if got := m.Digests == forum.NoDigests; got != off || m.OptOuts.Has(forum.Digests) != off || m.OptOuts.Has(forum.Alerts) != (id%3 == 1) {
			t.Errorf("member %d chose %q and opted out of %v", id, m.Digests, m.OptOuts.Names())
		}
	}
	all := c
	all.OptOut = OptOutAll // concerns what they get, not what they chose about digests
	all.Queries = queriesFile(t, `-- name: members
SELECT uid AS id, username AS name, email, usergroup AS roles, '' AS no_mail, 'alerts' AS opt_outs, 'weekly' AS digest_choice
  FROM mybb_users WHERE uid IN (:ids)
`)
	for id, m := range membersByID(t, f, openConfig(t, all)) {
		if m.Digests != "weekly" || m.OptOuts != forum.AllKinds {
			t.Errorf("member %d chose %q and opted out of %v, want all, by opting out of alerts", id, m.Digests, m.OptOuts.Names())
		}
	}
}

func TestCheckDigests_CountsWhatSubscribersChose(t *testing.T) {
	f := newFixture(t, "discourse")
	execute(t, openAny(t, f.dsn), digestSettings["discourse"].change)
	var text string
	for _, x := range f.open(t).CheckDigests(t.Context(), f.now()) {
		if x.Part == "digest choices" {
			text = x.Text
		}
	}
	// Of 2 to 6 and 8, those who watch something and may get email.
	if want := "members chose on the forum: "; !strings.HasPrefix(text, want) || !strings.Contains(text, " off; Postrider follows them") {
		t.Errorf("the check says %q, want %q and counts", text, want)
	}
	if got := (DigestChoices{"off": 40, "weekly": 512}).String(); got != "members chose on the forum: 512 weekly, 40 off" {
		t.Errorf("counts are %q", got)
	}
}
