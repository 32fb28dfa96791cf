package source

import (
	"maps"
	"testing"

	"postrider/forum"
)

// TestMembersByName_WorksWithEveryCharacterSet checks that names which the column cannot hold do not hide the others.
func TestMembersByName_WorksWithEveryCharacterSet(t *testing.T) {
	f := newFixture(t, "mybb")
	admin, db := openAdmin(t, f), f.open(t)
	asked := []string{"josé", "JOSÉ", "Ann of  Two Blanks", "12345", "rocket 🚀", "דוד", "Жук", "Jose", "josé "}
	latin := map[string]forum.MemberID{"josé": 2, "JOSÉ": 2, "Ann of  Two Blanks": 3, "12345": 4}
	wide := map[string]forum.MemberID{"דוד": 5, "Жук": 6}
	maps.Copy(wide, latin)
	all := map[string]forum.MemberID{"rocket 🚀": 7}
	maps.Copy(all, wide)
	for _, c := range []struct {
		charset string
		want    map[string]forum.MemberID
	}{
		{"latin1", latin},
		{"utf8mb3", wide},
		{"utf8mb3 COLLATE utf8mb3_unicode_ci", wide},
		{"utf8mb4", all},
	} {
		execute(t, admin, "UPDATE mybb_users SET username = CONCAT('u', uid)")
		setNameCharset(t, admin, c.charset)
		for name, id := range c.want {
			if name != "josé" && name != "JOSÉ" {
				execute(t, admin, "UPDATE mybb_users SET username = ? WHERE uid = ?", name, id)
			}
		}
		execute(t, admin, "UPDATE mybb_users SET username = 'José', email = 'Jose@Example.test' WHERE uid = 2")
		read(t, db, func(s *Snapshot) error {
			found, err := s.MembersByName(t.Context(), asked)
			if err != nil || !maps.Equal(found, c.want) {
				t.Errorf("%s: MembersByName = %v, %v, want %v", c.charset, found, err, c.want)
			}
			found, err = s.MembersByEmail(t.Context(), []string{"jOSE@example.TEST", "rocket🚀@example.test", "דוד@example.test"})
			if err != nil || len(found) != 1 || found["jOSE@example.TEST"] != 2 {
				t.Errorf("%s: MembersByEmail = %v, %v, want member 2", c.charset, found, err)
			}
			for name, want := range all {
				ids, err := s.Search(t.Context(), name, 10)
				if _, fits := c.want[name]; err != nil || fits != (len(ids) == 1 && ids[0] == want) {
					t.Errorf("%s: Search(%q) = %v, %v", c.charset, name, ids, err)
				}
			}
			return nil
		})
	}
}

// TestMembersByName_FindsTypedNameWithBinaryCollation: such a forum tells "Ann" from "ann".
func TestMembersByName_FindsTypedNameWithBinaryCollation(t *testing.T) {
	f := newFixture(t, "mybb")
	admin := openAdmin(t, f)
	setNameCharset(t, admin, "utf8mb4 COLLATE utf8mb4_bin")
	execute(t, admin, "UPDATE mybb_users SET username = 'Ann' WHERE uid = 2")
	found := readOne(t, f.open(t), func(s *Snapshot) (map[string]forum.MemberID, error) {
		return s.MembersByName(t.Context(), []string{"Ann"})
	})
	if found["Ann"] != 2 {
		t.Errorf("MembersByName = %v, want member 2", found)
	}
}

// TestSubscriberPage_ContinuesAfterDeletedAccounts: a page of watches of deleted accounts is not the last page.
func TestSubscriberPage_ContinuesAfterDeletedAccounts(t *testing.T) {
	f := newFixture(t, "xenforo2")
	execute(t, openAdmin(t, f), `DELETE FROM xf_forum_watch; DELETE FROM xf_thread_watch;
		INSERT INTO xf_thread_watch (user_id, thread_id, email_subscribe) VALUES (3, 1, 1), (500, 1, 1), (501, 1, 1), (502, 1, 1);
		UPDATE xf_user SET user_id = 600 WHERE user_id = 4; INSERT INTO xf_thread_watch (user_id, thread_id, email_subscribe) VALUES (600, 1, 1)`)
	read(t, f.open(t), func(s *Snapshot) error {
		var got []forum.MemberID
		for after := forum.MemberID(0); after != EndOfWatchers; {
			page, last, err := s.SubscriberPage(t.Context(), after, 2, f.now())
			if err != nil {
				return err
			}
			for _, m := range page {
				got = append(got, m.ID)
			}
			after = last
		}
		if len(got) != 2 || got[0] != 3 || got[1] != 600 {
			t.Errorf("subscribers are %v, want 3 and 600", got)
		}
		return nil
	})
}
