package store_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

func newArrival(post forum.PostID, section forum.SectionID) forum.Arrival {
	return forum.Arrival{Post: post, Thread: 7, Section: section, Author: 3, PostedAt: now, Visible: true}
}

func TestSightings_SkipsKnownPlaces(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		g := store.ScanResult{Now: now, Sighted: []forum.Arrival{newArrival(10, 1), newArrival(12, 1), newArrival(11, 2), newArrival(10, 1)}}
		if added := must(s.Sightings.Save(t.Context(), g))(t); added != 3 {
			t.Errorf("added %d, want 3: one is listed twice", added)
		}
		g.Sighted = append(g.Sighted, newArrival(13, 1))
		g.Moved = []store.Move{{Arrival: newArrival(11, 1), From: 2}}
		if added := must(s.Sightings.Save(t.Context(), g))(t); added != 2 {
			t.Errorf("added %d, want 2: a new post and a move", added)
		}
		want := []digest.Sighting{
			{Seq: 1, Post: 10, Section: 1, PostedAt: now}, {Seq: 2, Post: 12, Section: 1, PostedAt: now}, {Seq: 3, Post: 11, Section: 2, PostedAt: now}, {Seq: 4, Post: 13, Section: 1, PostedAt: now},
			{Seq: 5, Post: 11, Section: 1, MovedFrom: 2, PostedAt: now, VisibleSince: now},
		}
		if got := must(s.Sightings.Between(t.Context(), 0, 5))(t); !slices.Equal(got, want) {
			t.Errorf("sightings = %v, want %v", got, want)
		}
		if got := must(s.Sightings.Between(t.Context(), 3, 4))(t); !slices.Equal(got, want[3:4]) {
			t.Errorf("sightings after 3 up to 4 = %v, want %v", got, want[3:4])
		}
		if got := must(s.Sightings.At(t.Context(), []int64{5, 3}))(t); !slices.Equal(got, []digest.Sighting{want[2], want[4]}) {
			t.Errorf("sightings 3 and 5 = %v, want %v", got, want[2:])
		}
		if head := must(s.Sightings.LastSeq(t.Context()))(t); head != 5 {
			t.Errorf("head = %d, want 5", head)
		}
	})
}

func TestSightings_MoveFoundByAnotherDaemon(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		must(s.Sightings.Save(t.Context(), store.ScanResult{Now: now, Sighted: []forum.Arrival{newArrival(10, 1)}}))(t)
		must(s.Sightings.Save(t.Context(), store.ScanResult{Now: now, Sighted: []forum.Arrival{newArrival(10, 2), newArrival(11, 2)}}))(t)
		want := []digest.Sighting{{Seq: 1, Post: 10, Section: 1, PostedAt: now}, {Seq: 2, Post: 10, Section: 2, MovedFrom: 1, PostedAt: now, VisibleSince: now}, {Seq: 3, Post: 11, Section: 2, PostedAt: now}}
		if got := must(s.Sightings.Between(t.Context(), 0, 3))(t); !slices.Equal(got, want) {
			t.Errorf("sightings = %v, want %v", got, want)
		}
	})
}

func TestSightings_VisibleSinceIfFoundPending(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		must(s.Sightings.Save(t.Context(), store.ScanResult{Now: now, Sighted: []forum.Arrival{newArrival(10, 1)}, Pending: []forum.PostID{11}}))(t)
		later := now.Add(time.Hour)
		must(s.Sightings.Save(t.Context(), store.ScanResult{Now: later, Sighted: []forum.Arrival{newArrival(11, 1)}, Settled: []forum.PostID{11}}))(t)
		want := []digest.Sighting{{Seq: 1, Post: 10, Section: 1, PostedAt: now}, {Seq: 2, Post: 11, Section: 1, PostedAt: now, VisibleSince: later}}
		if got := must(s.Sightings.Between(t.Context(), 0, 2))(t); !slices.Equal(got, want) {
			t.Errorf("sightings = %v, want %v", got, want)
		}
		for _, x := range must(s.Sightings.Records(t.Context(), []forum.PostID{10, 11}))(t) {
			if got := x.Sighting(); got != want[x.Seq-1] {
				t.Errorf("sighting = %v, want %v", got, want[x.Seq-1])
			}
		}
	})
}

func TestCurrentPlaces_AreLatest(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		must(s.Sightings.Save(t.Context(), store.ScanResult{Now: now.Add(-time.Hour), Sighted: []forum.Arrival{newArrival(9, 1)}}))(t)
		must(s.Sightings.Save(t.Context(), store.ScanResult{Now: now, Sighted: []forum.Arrival{newArrival(10, 1), newArrival(11, 1)}}))(t)
		must(s.Sightings.Save(t.Context(), store.ScanResult{Now: now, Moved: []store.Move{{Arrival: newArrival(10, 5), From: 1}}}))(t)
		want := []store.Place{{Post: 11, Thread: 7, Section: 1, Author: 3, PostedAt: now}, {Post: 10, Thread: 7, Section: 5, Author: 3, PostedAt: now}}
		if got := must(s.Sightings.CurrentPlaces(t.Context(), now))(t); !slices.Equal(got, want) {
			t.Errorf("places = %v, want %v", got, want)
		}
	})
}

func TestPending_UntilSettled(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		must(s.Sightings.Save(t.Context(), store.ScanResult{Now: now, Pending: []forum.PostID{30, 20}}))(t)
		must(s.Sightings.Save(t.Context(), store.ScanResult{Now: now.Add(time.Minute), Pending: []forum.PostID{20, 10}}))(t)
		if got, want := must(s.Sightings.Pending(t.Context(), 9))(t), []forum.PostID{20, 30, 10}; !slices.Equal(got, want) {
			t.Errorf("pending = %v, want %v: the oldest first", got, want)
		}
		must(s.Sightings.Save(t.Context(), store.ScanResult{Now: now, Settled: []forum.PostID{20}, Sighted: []forum.Arrival{newArrival(20, 1)}}))(t)
		if got, want := must(s.Sightings.Pending(t.Context(), 1))(t), []forum.PostID{30}; !slices.Equal(got, want) {
			t.Errorf("pending = %v, want %v", got, want)
		}
	})
}

func TestCursor_NeverGoesBack(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		if _, known, err := s.Sightings.Cursor(t.Context()); known || err != nil {
			t.Errorf("there is a cursor before the first scan (%v)", err)
		}
		for _, cursor := range []forum.PostID{50, 40, 0} {
			must(s.Sightings.Save(t.Context(), store.ScanResult{Now: now, Cursor: cursor}))(t)
		}
		if got, known, err := s.Sightings.Cursor(t.Context()); got != 50 || !known || err != nil {
			t.Errorf("cursor = %d, %v, %v; want 50", got, known, err)
		}
	})
}

func TestSightings_ConcurrentScansLeaveNoGap(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		const gatherers, rounds, posts = 4, 10, 20
		var wg sync.WaitGroup
		for g := range gatherers {
			s := open(t, dsn)
			wg.Go(func() {
				for round := range rounds {
					var list []forum.Arrival
					for i := range posts { // half of each page is also seen by the next scan
						list = append(list, newArrival(forum.PostID(1000*round+posts/2*g+i), 1))
					}
					head, err := s.Sightings.LastSeq(t.Context())
					if err != nil {
						t.Error(err)
					}
					if _, err := s.Sightings.Save(t.Context(), store.ScanResult{Now: now, Sighted: list}); err != nil {
						t.Error(err)
					}
					seen, err := s.Sightings.Between(t.Context(), 0, head)
					if err != nil || int64(len(seen)) != head {
						t.Errorf("up to %d there are %d sightings (%v): a smaller number was added later", head, len(seen), err)
					}
				}
			})
		}
		wg.Wait()
		s := open(t, dsn)
		const want = rounds * (posts + (gatherers-1)*posts/2)
		seen := must(s.Sightings.Between(t.Context(), 0, 1<<40))(t)
		if head := must(s.Sightings.LastSeq(t.Context()))(t); head != want || len(seen) != want {
			t.Errorf("head = %d with %d sightings, want %d", head, len(seen), want)
		}
		for i, x := range seen {
			if x.Seq != int64(i+1) {
				t.Fatalf("sighting %d has number %d", i+1, x.Seq)
			}
		}
	})
}

func TestSightings_PlacesOfThreadsInSeveralSections(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		several := newArrival(10, 5)
		several.AlsoIn = []forum.SectionID{12, 7}
		place := several.Place()
		fewer := newArrival(10, 5)
		fewer.AlsoIn = []forum.SectionID{7}
		must(s.Sightings.Save(t.Context(), store.ScanResult{Now: now, Sighted: []forum.Arrival{several, newArrival(11, 5)}}))(t)
		if added := must(s.Sightings.Save(t.Context(), store.ScanResult{Now: now, Sighted: []forum.Arrival{several}}))(t); added != 0 {
			t.Errorf("added %d, want 0: it is at the same place", added)
		}
		must(s.Sightings.Save(t.Context(), store.ScanResult{Now: now, Moved: []store.Move{{Arrival: fewer, From: place}}}))(t)
		want := []digest.Sighting{
			{Seq: 1, Post: 10, Section: place, PostedAt: now}, {Seq: 2, Post: 11, Section: 5, PostedAt: now},
			{Seq: 3, Post: 10, Section: fewer.Place(), MovedFrom: place, PostedAt: now, VisibleSince: now},
		}
		if got := must(s.Sightings.Between(t.Context(), 0, 9))(t); !slices.Equal(got, want) {
			t.Errorf("sightings = %v, want %v", got, want)
		}
		places := must(s.Sightings.Places(t.Context(), []forum.SectionID{place, fewer.Place(), -1}))(t)
		if len(places) != 2 || !slices.Equal(places[place], []forum.SectionID{5, 7, 12}) || !slices.Equal(places[fewer.Place()], []forum.SectionID{5, 7}) {
			t.Errorf("places = %v, want sections 5, 7, 12 and 5, 7", places)
		}
	})
}
