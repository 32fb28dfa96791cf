package editions

import (
	"path/filepath"
	"testing"
	"time"

	"postrider/forum"
	"postrider/store"
)

func TestSightingCache_ResultIndependentOfEarlierReads(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "postrider.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	sight := func(from, to forum.PostID) {
		t.Helper()
		g := store.ScanResult{Now: now}
		for id := from; id <= to; id++ {
			g.Sighted = append(g.Sighted, forum.Arrival{Post: id, Thread: 1, Section: 1, PostedAt: now})
		}
		if _, err := s.Sightings.Save(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	}
	sight(1, 20)
	kept := &sightingCache{store: s.Sightings}
	for _, ask := range [][2]int64{{5, 10}, {5, 10}, {7, 9}, {7, 15}, {2, 4}, {0, 20}, {18, 20}, {20, 20}} {
		got, err := kept.between(t.Context(), ask[0], ask[1])
		if err != nil {
			t.Fatal(err)
		}
		want, err := s.Sightings.Between(t.Context(), ask[0], ask[1])
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) || len(want) != int(ask[1]-ask[0]) {
			t.Errorf("range %v has %d sightings, want %d", ask, len(got), len(want))
			continue
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("range %v: sighting %d is %v, want %v", ask, i, got[i], want[i])
			}
		}
	}
	before := s.Statements()
	sight(21, 25)
	sighting := s.Statements() - before
	if got, _ := kept.between(t.Context(), 0, 25); len(got) != 25 {
		t.Errorf("after five more there are %d sightings, want 25", len(got))
	}
	if got, _ := kept.between(t.Context(), 3, 25); len(got) != 22 {
		t.Errorf("after the third there are %d sightings, want 22", len(got))
	}
	if spent := s.Statements() - before - sighting; spent != 1 {
		t.Errorf("%d queries to the store, want one, for the five", spent)
	}
}
