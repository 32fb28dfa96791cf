package mirror

import (
	"slices"
	"testing"
)

const offered = `{"sections": [{"id": "n", "title": "News", "place": 1}, {"id": "l", "title": "Local", "parent": "n", "place": 2},
	{"id": "s", "title": "Sport"}, {"id": "old", "title": "Old"}], "members": [{"id": "u1", "name": "Ben", "email": "Ben@example.org", "locale": "fr"}],
	"deletions": [{"section": "old"}]}`

func TestOffered_ListsSectionsInOrder(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		mustIngest(t, db, noon, offered)
		for _, tt := range []struct{ wanted, want []string }{
			{nil, []string{"Sport", "News", "Local"}},
			{[]string{"l", "Sport"}, []string{"Sport", "Local"}},
			{[]string{"Old"}, nil},
		} {
			list, err := db.Offered(t.Context(), tt.wanted)
			if err != nil {
				t.Fatal(err)
			}
			var titles []string
			for _, s := range list {
				titles = append(titles, s.Title)
				if parent := map[string]string{"Local": "News"}[s.Title]; s.Parent != parent {
					t.Errorf("the parent of %s is %q, want %q", s.Title, s.Parent, parent)
				}
			}
			if !slices.Equal(titles, tt.want) {
				t.Errorf("Offered(%v) = %v, want %v", tt.wanted, titles, tt.want)
			}
		}
	})
}

func TestSubscribe_AddsOnlyWhatIsMissing(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		mustIngest(t, db, noon, offered)
		all := []int64{1, 2, 4, 99} // 4 was deleted, 99 never was
		subscribe := func(s Subscription) int64 {
			t.Helper()
			s.Sections = all
			id, _, err := db.Subscribe(t.Context(), s, noon)
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		ben := subscribe(Subscription{Address: "ben@example.org", Name: "Not Ben", Locale: "de"})
		anna := subscribe(Subscription{Address: "Anna@example.org", Name: "Anna", Zone: "Europe/Berlin", Locale: "de"})
		nameless := subscribe(Subscription{Address: "c.d@example.org"})
		if again := subscribe(Subscription{Address: "anna@example.org", Name: "Other"}); again != anna {
			t.Errorf("the second time, Anna is member %d, was %d", again, anna)
		}
		if ben != 1 || nameless == anna {
			t.Errorf("members %d, %d, %d", ben, anna, nameless)
		}
		want := "Ben|Ben@example.org||fr Anna|Anna@example.org|Europe/Berlin|de c.d|c.d@example.org||"
		if got := rows(t, db, "SELECT name, email, zone, locale FROM member ORDER BY id"); got != want {
			t.Errorf("members are %s\nwant %s", got, want)
		}
		if got, want := rows(t, db, "SELECT member_id, section_id, level FROM section_watch ORDER BY 1, 2"), "1|1|2 1|2|2 2|1|2 2|2|2 3|1|2 3|2|2"; got != want {
			t.Errorf("watches are %s, want %s", got, want)
		}
	})
}

func TestSubscribe_BecomesTheSitesMember(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		mustIngest(t, db, noon, offered)
		id, _, err := db.Subscribe(t.Context(), Subscription{Address: "anna@example.org", Sections: []int64{1}}, noon)
		if err != nil {
			t.Fatal(err)
		}
		mustIngest(t, db, noon, `{"members": [{"id": "u7", "name": "Anna", "email": "anna@example.org"}]}`)
		if got := rows(t, db, "SELECT m.id, m.ref, m.name, w.section_id FROM member m JOIN section_watch w ON w.member_id = m.id"); got != "2|u7|Anna|1" || id != 2 {
			t.Errorf("after the site sent the member: %s", got)
		}
	})
}

func TestSubscribe_SpellingsOfADomainAreOneMember(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		mustIngest(t, db, noon, `{"members": [{"id": "u7", "name": "Anna", "email": "anna@Müller.example"}]}`)
		id, _, err := db.Subscribe(t.Context(), Subscription{Address: "Anna@xn--mller-kva.example"}, noon)
		if err != nil || id != 1 || rows(t, db, "SELECT COUNT(*) FROM member") != "1" {
			t.Errorf("member %d, %v", id, err)
		}
		if _, err := importText(t, db, "name,email\nAnna,anna@MÜLLER.example\n", false); err != nil || rows(t, db, "SELECT COUNT(*) FROM member") != "1" {
			t.Errorf("imported as another one: %v", err)
		}
	})
}

func TestSubscription_NameCanBeSeen(t *testing.T) {
	for name, want := range map[string]string{
		"Anna": "Anna", " Anna\tB ": "Anna B", "": "anna", "\u200b\u200b": "anna", "\u202eAnna": "Anna", "علی\u200cرضا": "علی\u200cرضا", "👩\u200d🚀": "👩\u200d🚀",
	} {
		if got := (Subscription{Address: "anna@example.org", Name: name}).name(); got != want {
			t.Errorf("the name %q becomes %q, want %q", name, got, want)
		}
	}
}

func TestOffered_EndsWithSectionsInALoop(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	mustIngest(t, db, noon, `{"sections": [{"id": "a", "title": "A", "parent": "b"}, {"id": "b", "title": "B", "parent": "a"}, {"id": "c", "title": "C", "parent": "c", "read": ["staff"]}]}`)
	if list, err := db.Offered(t.Context(), nil); err != nil || len(list) != 2 {
		t.Errorf("offered are %+v, %v", list, err)
	}
}
