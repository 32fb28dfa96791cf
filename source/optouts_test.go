package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postrider/forum"
	"postrider/internal/finding"
)

// expectedReasons returns the members without email of an expectation file, with the reasons. Deleted accounts are in gone.
func expectedReasons(f fixture) (reasons map[forum.MemberID]string, gone []forum.MemberID) {
	begins := map[string]string{"banned": Banned, "suspended": Banned, "staged": NotConfirmed, "bounce_score": Bouncing, "anonymised": NoAddress, "not": NotConfirmed, "address": NotConfirmed, "user_state email_bounce": Bouncing, "user_state disabled": Disabled,
		"user_state moderated": AwaitingApproval, "no": NoAddress, "receive_admin_email=0": OptedOut, "user_allow_massemail=0": OptedOut, "announcements=0": OptedOut, "opted": OptedOut, "disabled": Disabled}
	reasons = make(map[forum.MemberID]string)
	for key, id := range f.expect.NoMail {
		if strings.HasPrefix(key, "deleted") {
			gone = append(gone, id)
			continue
		}
		for begin, r := range begins {
			if key == begin || strings.HasPrefix(key, begin+" ") {
				reasons[id] = r
			}
		}
		if f.kind == "xenforo1" && reasons[id] == Disabled { // XenForo 1 has no state "disabled"
			reasons[id] = Bouncing
		}
	}
	return reasons, gone
}

func openWithOptOut(t testing.TB, f fixture, optOut string) *DB {
	t.Helper()
	c := f.config()
	c.OptOut = optOut
	return openConfig(t, c)
}

// membersByID reads all members that an expectation file names.
func membersByID(t testing.TB, f fixture, db *DB) map[forum.MemberID]forum.Member {
	t.Helper()
	var ids []forum.MemberID
	for _, id := range f.expect.Keys.Members {
		ids = append(ids, id)
	}
	found := make(map[forum.MemberID]forum.Member)
	for _, m := range readOne(t, db, func(s *Snapshot) ([]forum.Member, error) { return s.Members(t.Context(), ids, f.now()) }) {
		found[m.ID] = m
	}
	return found
}

func wantMailable(t *testing.T, f fixture, db *DB, want mailable) {
	t.Helper()
	if n := readOne(t, db, func(s *Snapshot) (mailable, error) { return s.mailable(t.Context(), f.now()) }); n != want {
		t.Errorf("mailable = %+v, want %+v", n, want)
	}
}

func TestMembers_OptOutEndsAllEmail(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, _ *DB) {
		db := openWithOptOut(t, f, OptOutAll)
		want, gone := expectedReasons(f)
		found := membersByID(t, f, db)
		for _, id := range gone {
			if _, there := found[id]; there {
				t.Errorf("member %d was found, but the account is deleted", id)
			}
		}
		accepting := 0
		for id, m := range found {
			if got := m.NoEmail(); got != want[id] {
				t.Errorf("member %d gets no email because of %q, want %q", id, got, want[id])
			}
			if m.NoEmail() == "" {
				accepting++
			}
			if m.OptOuts != 0 && m.OptOuts != forum.AllKinds {
				t.Errorf("member %d opted out of %v, want all or nothing", id, m.OptOuts.Names())
			}
		}
		wantMailable(t, f, db, mailable{members: accepting})
	})
}

// optOutQueries select the members who declined email from administrators, independently of the queries under test.
var optOutQueries = map[string]string{
	"xenforo2":  "SELECT user_id FROM xf_user WHERE user_id NOT IN (SELECT user_id FROM xf_user_option WHERE receive_admin_email = 1)",
	"xenforo1":  "SELECT user_id FROM xf_user WHERE user_id NOT IN (SELECT user_id FROM xf_user_option WHERE receive_admin_email = 1)",
	"mybb":      "SELECT uid FROM mybb_users WHERE allownotices <> 1",
	"smf2":      "SELECT id_member FROM smf_user_alerts_prefs WHERE id_member > 0 AND alert_pref = 'announcements' AND alert_value = 0",
	"smf2.0":    "SELECT id_member FROM smf_members WHERE notify_announcements = 0",
	"discourse": "SELECT user_id FROM user_options WHERE email_level = 2 OR NOT email_digests",
	"phpbb3":    "SELECT user_id FROM phpbb_users WHERE user_allow_massemail <> 1",
	"vanilla":   "SELECT UserID FROM GDN_UserMeta WHERE Name = 'Preferences.Email.DigestEnabled' AND Value = '0'",
}

// optOutKinds are the kinds of email that these members declined.
func optOutKinds(kind string) forum.Kinds {
	if kind == "discourse" { // has two switches, and the dump's member used both
		return forum.Alerts | forum.Digests
	}
	if kind == "vanilla" {
		return forum.Digests
	}
	return forum.Announcements
}

func TestMembers_OptOutEndsOnlyItsKind(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		declined := make(map[forum.MemberID]bool)
		query := of(optOutQueries, f)
		hasSwitch := query != ""
		if hasSwitch {
			for _, id := range queryMembers(t, f, query) {
				declined[id] = true
			}
		}
		reasons, _ := expectedReasons(f)
		want := mailable{}
		for id, m := range membersByID(t, f, db) {
			reason := reasons[id]
			if reason == OptedOut {
				reason = ""
			}
			if m.NoMail != reason {
				t.Errorf("member %d gets no email because of %q, want %q", id, m.NoMail, reason)
			}
			wantKinds := forum.Kinds(0)
			if declined[id] {
				wantKinds = optOutKinds(f.kind)
			}
			if m.OptOuts != wantKinds {
				t.Errorf("member %d opted out of %v, want %v", id, m.OptOuts.Names(), wantKinds.Names())
			}
			if reason == "" {
				want.members++
				if declined[id] {
					want.withOptOuts++
				}
			}
		}
		if hasSwitch && want.withOptOuts == 0 {
			t.Error("no member of the dump opted out")
		}
		wantMailable(t, f, db, want)
	})
}

func queryMembers(t testing.TB, f fixture, query string) (ids []forum.MemberID) {
	t.Helper()
	rows, err := openAny(t, f.dsn).QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id forum.MemberID
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return ids
}

// queriesFile writes a file for [forum] queries.
func queriesFile(t testing.TB, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "own.sql")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestMembers_QueriesFromBeforeTheKinds(t *testing.T) {
	f := sharedFixture(t, "xenforo2")
	c := f.config()
	c.Queries = queriesFile(t, `-- name: members
SELECT user_id AS id, username AS name, email, timezone AS zone, '' AS locale, permission_combination_id AS roles,
       CASE user_id % 2 WHEN 0 THEN 'opted out' ELSE '' END AS no_mail
  FROM xf_user WHERE user_id IN (:ids)
-- name: mailable
SELECT 7 AS members
`)
	db := openConfig(t, c)
	for id, m := range membersByID(t, f, db) {
		want := forum.Kinds(0)
		if id%2 == 0 {
			want = forum.AllKinds
		}
		if m.OptOuts != want || m.NoMail != "" {
			t.Errorf("member %d: %q, opted out of %v, want %v", id, m.NoMail, m.OptOuts.Names(), want.Names())
		}
	}
	for _, x := range db.Check(t.Context()) {
		if x.Level == finding.LevelFail {
			t.Errorf("check: %s: %s", x.Part, x.Text)
		}
	}
	wantMailable(t, f, db, mailable{members: 7})
}

func TestMembers_RejectUnknownKinds(t *testing.T) {
	if got, err := parseOptOuts("alerts, digests"); err != nil || got != forum.Alerts|forum.Digests {
		t.Errorf("parseOptOuts = %v, %v", got.Names(), err)
	}
	if _, err := parseOptOuts("news"); err == nil || !strings.Contains(err.Error(), `"news"`) {
		t.Errorf("err = %v, want the invalid word", err)
	}
}
