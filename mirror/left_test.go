package mirror

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// unsubscribed makes members unsubscribed from everything.
func unsubscribed(db *DB, members ...int64) {
	db.Unsubscribed = func(context.Context, time.Time, []int64) (map[int64]bool, error) {
		all := make(map[int64]bool)
		for _, id := range members {
			all[id] = true
		}
		return all, nil
	}
}

// waiting lists the members whose address waits for its owner.
const waiting = "SELECT ref, email FROM member WHERE left_at > 0 ORDER BY ref"

func member(id, address string) string {
	return fmt.Sprintf(`{"as_of":%q,"members":[{"id":%q,"name":"Ben","email":%q}]}`, noon.Add(time.Hour).Format(time.RFC3339), id, address)
}

func TestLeftAddress_GetsNoEmailUnderAnyID(t *testing.T) {
	for _, tt := range []struct{ name, before, step, again, want string }{
		{"subscribed here, and the site has a new ID", "", "remove", member("u7", "ben@example.org"), "u7|ben@example.org"},
		{"subscribed here, and deleted by the site", "", `{"deletions":[{"member":"email:ben@example.org"}]}`, member("u7", "ben@example.org"), "u7|ben@example.org"},
		{"of the site, which sends them again later", member("u7", "ben@example.org"), "remove", member("u7", "ben@example.org"), "u7|ben@example.org"},
		{"another spelling", "", "remove", member("u7", "BEN@Example.org"), "u7|BEN@example.org"},
		{"another address", "", "remove", member("u7", "ann@example.org"), ""},
		{"a known member takes it", member("u8", "ann@example.org"), "remove", member("u8", "ben@example.org"), "u8|ben@example.org"},
		{"deleted before, then removed", member("u7", "ben@example.org"), `{"deletions":[{"member":"u7"}]}`, member("u8", "ben@example.org"), "u8|ben@example.org"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
			if tt.before != "" {
				mustIngest(t, db, noon, tt.before)
			}
			if !strings.Contains(tt.before, "ben@") {
				if _, _, err := db.Subscribe(t.Context(), Subscription{Address: "ben@example.org"}, noon); err != nil {
					t.Fatal(err)
				}
			}
			if tt.step != "remove" {
				mustIngest(t, db, noon, tt.step)
			}
			if tt.step == "remove" || strings.Contains(tt.step, "u7") {
				if _, found, err := db.Remove(t.Context(), "Ben@EXAMPLE.org", noon); err != nil || !found {
					t.Fatal(found, err)
				}
			}
			mustIngest(t, db, noon.Add(2*time.Hour), tt.again)
			if got := rows(t, db, waiting); got != tt.want {
				t.Errorf("waiting are %q, want %q", got, tt.want)
			}
			mustIngest(t, db, noon.Add(3*time.Hour), tt.again) // the site repeats what it has
			if got := rows(t, db, waiting); got != tt.want {
				t.Errorf("sent again, waiting are %q, want %q", got, tt.want)
			}
			if got := rows(t, db, "SELECT hash FROM left_address"); len(got) != 64 {
				t.Errorf("kept is %q, want one hash", got)
			}
			if _, cameBack, err := db.Subscribe(t.Context(), Subscription{Address: "ben@example.org"}, noon); err != nil || !cameBack {
				t.Errorf("confirmed: came back %t, %v", cameBack, err)
			}
			mustIngest(t, db, noon.Add(4*time.Hour), strings.Replace(tt.again, "Ben", "Benjamin", 1))
			if got := rows(t, db, waiting+", id") + rows(t, db, "SELECT hash FROM left_address"); got != "" {
				t.Errorf("after the owner confirmed, waiting or kept is %q", got)
			}
		})
	}
}

func TestLeftAddress_OfWhoUnsubscribedIsNotForOthers(t *testing.T) {
	const ann, ben, idn = "ann@example.org", "ben@example.org", "ben@Müller.example"
	for _, tt := range []struct{ name, had, leaves, again, want string }{
		{"deleted, and another one takes it", ben, `{"deletions":[{"member":"u1"}]}`, member("u2", ben), "u2|ben@example.org"},
		{"changed, and another one takes it", ben, member("u1", "new@example.org"), member("u2", ben), "u2|ben@example.org"},
		{"changed to none", ben, `{"members":[{"id":"u1","name":"Ben"}]}`, member("u2", ben), "u2|ben@example.org"},
		{"in one request", ben, "{}", `{"members":[{"id":"u1","name":"Ben","email":"new@example.org"},{"id":"u2","name":"Ann","email":"ben@example.org"}]}`, "u2|ben@example.org"},
		{"spelled in another way", idn, member("u1", "new@example.org"), member("u2", "Ben@xn--mller-kva.example"), "u2|Ben@xn--mller-kva.example"},
		{"they take it back", ben, member("u1", "new@example.org"), member("u1", ben), ""}, // what they chose counts
		{"they are sent again", ben, `{"deletions":[{"member":"u1"}]}`, member("u1", ben), ""},
		{"they come back with another ID", ben, `{"deletions":[{"member":"u1"}]}`, member("u3", ben), ""},
		{"nobody takes it", ben, member("u1", "new@example.org"), member("u2", ann), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
			unsubscribed(db, 1)
			mustIngest(t, db, noon, member("u1", tt.had))
			mustIngest(t, db, noon, member("u2", ann))
			mustIngest(t, db, noon, tt.leaves)
			mustIngest(t, db, noon.Add(2*time.Hour), tt.again)
			if got := rows(t, db, waiting); got != tt.want {
				t.Errorf("waiting are %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLeftAddress_OfTwoMembersCountsForBoth(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	unsubscribed(db, 1, 2)
	for i, step := range []struct{ id, address string }{{"u1", "ben@example.org"}, {"u1", "new@example.org"}, {"u2", "ben@example.org"}, {"u2", "ann@example.org"}, {"u2", "ben@example.org"}} {
		mustIngest(t, db, noon.Add(time.Duration(i)*time.Second), member(step.id, step.address))
	}
	if got := rows(t, db, waiting); got != "u2|ben@example.org" {
		t.Errorf("waiting are %q", got)
	}
}

func TestLeftAddress_OfOthersIsFree(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	unsubscribed(db)
	mustIngest(t, db, noon, member("u1", "ben@example.org"))
	mustIngest(t, db, noon, member("u2", "ann@example.org"))
	mustIngest(t, db, noon, `{"deletions":[{"member":"u1"}]}`)
	mustIngest(t, db, noon, member("u2", "ben@example.org"))
	mustIngest(t, db, noon.Add(2*time.Hour), member("u1", "ann@example.org"))
	if got := rows(t, db, waiting) + rows(t, db, "SELECT hash FROM left_address"); got != "" {
		t.Errorf("waiting or kept is %q", got)
	}
}

func TestLeftAddress_StaysWithWhoeverTheSiteMakesOfIt(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		if _, _, err := db.Subscribe(t.Context(), Subscription{Address: "ben@example.org"}, noon); err != nil {
			t.Fatal(err)
		}
		if _, _, err := db.Remove(t.Context(), "ben@example.org", noon); err != nil {
			t.Fatal(err)
		}
		done, err := importText(t, db, "name,email\nBen,ben@example.org\nAnn,ann@example.org\n", false) // an old file
		if err != nil || done.Waiting != 1 {
			t.Errorf("imported: %+v, %v, want one who waits", done, err)
		}
		mustIngest(t, db, noon.Add(time.Hour), member("u7", "ben@example.org")) // now the site's
		if got := rows(t, db, waiting); got != "u7|ben@example.org" {
			t.Errorf("waiting are %q", got)
		}
		if had, err := db.Readmit(t.Context(), "BEN@example.org", noon); err != nil || !had {
			t.Errorf("readmitted: %t, %v", had, err)
		}
		if had, err := db.Readmit(t.Context(), "ben@example.org", noon); err != nil || had || rows(t, db, waiting) != "" {
			t.Errorf("readmitted again: %t, %v; waiting are %q", had, err, rows(t, db, waiting))
		}
	})
}

func TestIngest_StoresNothingIfItCannotAskWhoUnsubscribed(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	mustIngest(t, db, noon, member("u1", "ben@example.org"))
	db.Unsubscribed = func(context.Context, time.Time, []int64) (map[int64]bool, error) {
		return nil, context.DeadlineExceeded
	}
	if err := ingest(t, db, noon, `{"deletions":[{"member":"u1"}]}`); err == nil || rows(t, db, "SELECT ref FROM member") != "u1" {
		t.Errorf("error %v, members %s", err, rows(t, db, "SELECT ref FROM member"))
	}
}
