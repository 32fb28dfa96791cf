package source

import (
	"strings"
	"testing"

	"postrider/internal/sqlfile"
)

func TestCheckReaders_ListsWhatEachRoleMayRead(t *testing.T) {
	f := newExampleForum(t, sqlfile.SQLite)
	readers := func(db *DB) string {
		t.Helper()
		all := db.CheckReaders(t.Context(), mustTime(t, "2026-05-03T20:00:00Z"))
		if len(all) != 1 {
			t.Fatalf("%d findings, want one", len(all))
		}
		return all[0].Text
	}
	text := readers(exampleWith(t, f))
	for _, want := range []string{"\nkeeper, 1 of 4 subscribers: Sightings, Keepers\n", "\nmember, 3 of 4 subscribers: Sightings\n", "\nnot read by any of them: nothing"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q, want %q in it", text, want)
		}
	}
	text = readers(exampleWith(t, f, "'110'                       AS rights", "CASE WHEN a.board_id = 2 THEN '000' ELSE '111' END AS rights"))
	for _, want := range []string{"\nkeeper, 1 of 4 subscribers: Sightings (own threads)\n", "\nnot read by any of them: Keepers"} {
		if !strings.Contains(text, want) {
			t.Errorf("with other rights: %q, want %q in it", text, want)
		}
	}
}
