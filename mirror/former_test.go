package mirror

import (
	"strings"
	"testing"
	"time"
)

const numbers = "SELECT m.id, m.ref, m.email FROM member m ORDER BY m.id"

// The store knows what members chose by their numbers.
func TestDeletedMember_KeepsNumber(t *testing.T) {
	for _, tt := range []struct{ name, again, want string }{
		{"the same", `{"id":"m","name":"Ben","email":"ben@example.org"}`, "1|m|ben@example.org"},
		{"the same ID", `{"id":"m","name":"Ben","email":"new@example.org"}`, "1|m|new@example.org"},
		{"the same ID without an address", `{"id":"m","name":"Ben"}`, "1|m|"},
		{"the same address", `{"id":"m2","name":"Ben","email":"BEN@example.org"}`, "1|m2|BEN@example.org"},
		{"another one", `{"id":"m2","name":"Ben","email":"new@example.org"}`, "2|m2|new@example.org"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			forEachEngine(t, func(t *testing.T, db *DB) {
				mustIngest(t, db, noon, small)
				mustIngest(t, db, noon, `{"deletions":[{"member":"m"},{"member":"unknown"}]}`)
				if got := rows(t, db, "SELECT f.id FROM former_member f"); got != "1" {
					t.Errorf("of the deleted member, %q is left", got)
				}
				mustIngest(t, db, noon.Add(time.Minute), `{"as_of":"2026-05-04T12:00:30Z","members":[`+tt.again+`]}`)
				if got := rows(t, db, numbers); got != tt.want {
					t.Errorf("sent again: %s, want %s", got, tt.want)
				}
				if got := rows(t, db, "SELECT joined_at FROM member"); got != "1777896060" {
					t.Errorf("joined at %s", got)
				}
				mustIngest(t, db, noon, `{"members":[{"id":"next","name":"Next"}]}`)
				if got := rows(t, db, "SELECT COUNT(*) FROM member"); got != "2" {
					t.Errorf("%s members after another one, want 2", got)
				}
			})
		})
	}
}

func TestDeletedMember_AddressCountsMoreThanID(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		mustIngest(t, db, noon, `{"members":[{"id":"a","name":"Ann","email":"ann@example.org"},{"id":"b","name":"Ben","email":"ben@example.org"}]}`)
		mustIngest(t, db, noon, `{"deletions":[{"member":"a"},{"member":"b"}]}`)
		mustIngest(t, db, noon.Add(time.Minute), `{"as_of":"2026-05-04T12:00:30Z","members":[{"id":"b","name":"Ann","email":"ann@example.org"}]}`)
		if got := rows(t, db, numbers); got != "1|b|ann@example.org" {
			t.Errorf("members are %s", got)
		}
	})
}

func TestDeletedMember_KeepsNumberWhenImportedOrSubscribing(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		mustIngest(t, db, noon, small)
		if _, found, err := db.Remove(t.Context(), "ben@example.org", noon); err != nil || !found {
			t.Fatal(found, err)
		}
		if _, err := importText(t, db, "name,email\nBen,Ben@example.org\n", false); err != nil {
			t.Fatal(err)
		}
		if got := rows(t, db, numbers); got != "1|email:ben@example.org|Ben@example.org" {
			t.Errorf("imported: %s", got)
		}
		mustIngest(t, db, noon, `{"deletions":[{"member":"email:ben@example.org"}]}`)
		if id, cameBack, err := db.Subscribe(t.Context(), Subscription{Address: "ben@example.org"}, noon); err != nil || id != 1 || !cameBack {
			t.Errorf("who subscribes again is member %d, came back %t, %v", id, cameBack, err)
		}
	})
}

func TestDeletedMember_LeavesNoAddress(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	if _, err := importText(t, db, "name,email\nBen,ben@example.org\n", false); err != nil {
		t.Fatal(err)
	}
	if _, _, err := db.Remove(t.Context(), "ben@example.org", noon); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, db, "SELECT f.id, f.ref_hash, f.address_hash FROM former_member f"); !strings.HasPrefix(got, "1|") || strings.Contains(got, "ben") {
		t.Errorf("left is %q", got)
	}
}

func TestIngest_LeavesOutMemberWhoseAddressIsTaken(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		mustIngest(t, db, noon, sections)
		if _, err := importText(t, db, "id,name,email\nc1,Cleo,cleo@example.org\n,Ann,ann@example.org\n", false); err != nil {
			t.Fatal(err)
		}
		const body = `{"members":[{"id":"u1","name":"Cleo","email":"cleo@example.org"},{"id":"u2","name":"Ann","email":"ann@example.org"},
			{"id":"email:cleo@example.org","name":"Eve","email":"eve@example.org"},{"id":"u3","name":"Ben","email":"ben@example.org"}],
			"watches":[{"member":"u1","section":"a"},{"member":"u2","section":"a"},{"member":"u3","section":"a"}]}`
		r, err := ParseRequest([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		refused, err := db.Ingest(t.Context(), "1", r, noon)
		if err != nil || len(refused) != 2 || refused[0].Path != "members[0].email" || !strings.Contains(refused[0].Text, `member "c1"`) || refused[1].Path != "members[2].id" {
			t.Errorf("refused %v, %v", refused, err)
		}
		if got, want := rows(t, db, "SELECT ref, email FROM member ORDER BY id"), "c1|cleo@example.org u2|ann@example.org u3|ben@example.org"; got != want {
			t.Errorf("members are %s, want %s", got, want)
		}
		if got := rows(t, db, "SELECT m.ref FROM section_watch w JOIN member m ON m.id = w.member_id ORDER BY 1"); got != "u2 u3" {
			t.Errorf("watches are of %s", got)
		}
		// As the answer says.
		if _, _, err := db.Remove(t.Context(), "cleo@example.org", noon); err != nil {
			t.Fatal(err)
		}
		if refused, err := db.Ingest(t.Context(), "2", r, noon); err != nil || len(refused) != 1 || !strings.HasPrefix(rows(t, db, numbers), "1|u1|") {
			t.Errorf("after removing the other member: refused %v, %v; members are %s", refused, err, rows(t, db, numbers))
		}
	})
}
