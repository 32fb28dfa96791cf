package mirror

import (
	"strings"
	"testing"
)

// readers lists who may read each section, and which groups members have.
const readers = `SELECT s.ref, s.public, g.ref FROM section s LEFT JOIN section_reader r ON r.section_id = s.id LEFT JOIN member_group g ON g.id = r.group_id
	UNION ALL SELECT m.ref, -1, g.ref FROM membership x JOIN member m ON m.id = x.member_id JOIN member_group g ON g.id = x.group_id ORDER BY 1, 3`

func TestGroups_StayUnlessGiven(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		for _, step := range []struct{ name, text, want string }{
			{"neither says anything", `{"sections":[{"id":"s","title":"News"}],"members":[{"id":"m","name":"Ben"}]}`, "s|1|<nil>"},
			{"both have groups", `{"sections":[{"id":"s","title":"News","read":["staff","7","7"]}],"members":[{"id":"m","name":"Ben","groups":["7"]}]}`, "m|-1|7 s|0|7 s|0|staff"},
			{"neither says anything again", `{"sections":[{"id":"s","title":"New"}],"members":[{"id":"m","name":"Ben B."}]}`, "m|-1|7 s|0|7 s|0|staff"},
			{"the section is deleted and comes back", `{"deletions":[{"section":"s"}]}`, "m|-1|7 s|0|7 s|0|staff"},
			{"others", `{"as_of":"2026-05-04T12:01:00Z","sections":[{"id":"s","title":"News","read":["board"]}],"members":[{"id":"m","name":"Ben","groups":["board","staff"]}]}`, "m|-1|board m|-1|staff s|0|board"},
			{"empty lists: nobody may read", `{"sections":[{"id":"s","title":"News","read":[]}],"members":[{"id":"m","name":"Ben","groups":[]}]}`, "s|0|<nil>"},
			{"everyone", `{"sections":[{"id":"s","title":"News","read":["*"]}]}`, "s|1|<nil>"},
		} {
			mustIngest(t, db, noon, step.text)
			if got := rows(t, db, readers); got != step.want {
				t.Errorf("%s: %s, want %s", step.name, got, step.want)
			}
		}
	})
}

func TestGroups_LeaveWithTheirMember(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		mustIngest(t, db, noon, `{"members":[{"id":"m","name":"Ben","email":"ben@example.org","groups":["staff"]}]}`)
		mustIngest(t, db, noon, `{"deletions":[{"member":"m"}]}`)
		if _, _, err := db.Subscribe(t.Context(), Subscription{Address: "ben@example.org"}, noon); err != nil {
			t.Fatal(err)
		}
		if got := rows(t, db, readers); got != "" {
			t.Errorf("who comes back has %s", got)
		}
	})
}

func TestOffered_OnlyPublicSections(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		mustIngest(t, db, noon, `{"sections":[{"id":"open","title":"Open"},{"id":"staff","title":"Staff","read":["staff"]},
			{"id":"below","title":"Below","parent":"staff"},{"id":"deep","title":"Deep","parent":"below","read":["*"]},
			{"id":"loop","title":"Loop","parent":"pool","read":[]},{"id":"pool","title":"Pool","parent":"loop"}]}`)
		list, err := db.Offered(t.Context(), nil)
		if err != nil || len(list) != 1 || list[0].Ref != "open" {
			t.Errorf("on offer: %+v, %v", list, err)
		}
		if _, _, err := db.Subscribe(t.Context(), Subscription{Address: "a@example.org", Sections: []int64{1, 2, 3}}, noon); err != nil {
			t.Fatal(err)
		}
		if got := rows(t, db, "SELECT s.ref FROM section_watch w JOIN section s ON s.id = w.section_id ORDER BY 1"); strings.Contains(got, "staff") {
			t.Errorf("subscribed to %s", got)
		}
	})
}
