package digest

import (
	"slices"
	"testing"
	"time"

	"postrider/forum"
)

// mornings is a reader with daily digests at eight in Berlin, and what he wants weekly on Mondays and monthly on the 15th.
func mornings(wishes Overrides) Reader {
	r := watcher()
	r.Overrides = wishes
	r.Schedule = Schedule{Cadence: Daily, Hour: 8, Weekday: time.Monday, Day: 15}
	r.Zone = berlin
	return r
}

var berlin = time.FixedZone("Berlin", 2*3600)

func TestWhatIsWantedWeeklyWaitsForItsDay(t *testing.T) {
	weekly := Overrides{Sections: map[forum.SectionID]Cadence{1: Weekly}}
	monthly := Overrides{Threads: map[forum.ThreadID]Cadence{10: Monthly}}
	at := func(day, hour int) time.Time { return time.Date(2026, 5, day, hour, 0, 0, 0, berlin) }
	tests := []struct {
		name    string
		wishes  Overrides
		posted  time.Time
		planned time.Time
		held    time.Time // zero: it goes out
	}{
		{"weekly, on the next day", weekly, at(5, 14), at(6, 8), at(11, 8)}, // 4 and 11 May are Mondays
		{"weekly, on its day", weekly, at(5, 14), at(11, 8), time.Time{}},
		{"weekly, written on that day before eight", weekly, at(11, 7), at(11, 8), time.Time{}},
		{"weekly, written on that day after eight", weekly, at(11, 9), at(12, 8), at(18, 8)},
		{"weekly, its day was missed", weekly, at(5, 14), at(12, 8), time.Time{}},
		{"weekly, sighted late", weekly, at(1, 8), at(6, 8), time.Time{}},
		{"monthly", monthly, at(5, 14), at(6, 8), at(15, 8)},
		{"monthly, on its day", monthly, at(5, 14), at(15, 8), time.Time{}},
		{"no wish", Overrides{}, at(5, 14), at(6, 8), time.Time{}},
		{"with the digest", Overrides{Sections: map[forum.SectionID]Cadence{1: WithDigest}}, at(5, 14), at(6, 8), time.Time{}},
		{"at once, and no alert brought it", Overrides{Sections: map[forum.SectionID]Cadence{1: Instant}}, at(5, 14), at(6, 8), time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := answered()
			f.posts[0].PostedAt = tt.posted
			r := mornings(tt.wishes)
			r.At = tt.planned
			w := f.window()
			got, held := ids(w.Select(r)), w.Deferred(r)
			if tt.held.IsZero() {
				if !slices.Equal(got, []forum.PostID{5}) || len(held) != 0 {
					t.Errorf("the edition has %v and holds %v, want post 5 in it", got, held)
				}
				return
			}
			if len(got) != 0 || len(held) != 1 || held[0].Post != 5 || held[0].Seq != 1 || !held[0].NotBefore.Equal(tt.held) {
				t.Errorf("the edition has %v and holds %+v, want post 5 held until %v", got, held, tt.held)
			}
			if left := w.Omissions(r); len(left) != 1 || left[0].Reason != held[0].Reason {
				t.Errorf("the edition says %v, want why it holds the post", left)
			}
		})
	}
}

func TestWhatHeMayNotHaveIsNotHeld(t *testing.T) {
	f := answered()
	f.posts[0].State = forum.Deleted
	r := mornings(Overrides{Sections: map[forum.SectionID]Cadence{1: Weekly}})
	r.At = noon
	if held := f.window().Deferred(r); len(held) != 0 {
		t.Errorf("held = %v, want nothing", held)
	}
}

func TestWhatIsOwedComesWhereverTheMarkIs(t *testing.T) {
	tests := []struct {
		name string
		edit func(f *tiny, r *Reader)
		want []forum.PostID
	}{
		{"it comes", func(*tiny, *Reader) {}, []forum.PostID{5}},
		{"deleted meanwhile", func(f *tiny, _ *Reader) { f.posts[0].State = forum.Deleted }, nil},
		{"not watched any more", func(_ *tiny, r *Reader) { delete(r.Watches.Sections, 1) }, nil},
		{"a quote that is not watched", func(_ *tiny, r *Reader) {
			delete(r.Watches.Sections, 1)
			r.Deferred[5] = Quoted
		}, []forum.PostID{5}},
		{"muted meanwhile", func(_ *tiny, r *Reader) { r.Overrides.Threads = map[forum.ThreadID]Cadence{10: Off} }, nil},
		{"of a member who is not owed it", func(_ *tiny, r *Reader) { r.Deferred = nil }, nil},
		{"also in his stretch", func(_ *tiny, r *Reader) { r.After = 0 }, []forum.PostID{5}},
		{"moved in his stretch", func(f *tiny, r *Reader) {
			r.Watches.Sections[2] = forum.Watch{Level: forum.AllPosts}
			f.threads[0].Section = 2
			f.sightings = append(f.sightings, Sighting{Seq: 9, Post: 5, Section: 2, MovedFrom: 1})
		}, []forum.PostID{5}},
		{"moved, and owed by another edition", func(f *tiny, r *Reader) {
			r.Watches.Sections[2] = forum.Watch{Level: forum.AllPosts}
			f.threads[0].Section = 2
			f.sightings = append(f.sightings, Sighting{Seq: 9, Post: 5, Section: 2, MovedFrom: 3})
			r.Deferred, r.OtherRoute = nil, map[forum.PostID]Reason{5: ReasonDeferred}
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := answered()
			r := watcher()
			r.After = 8 // his mark is behind the post
			r.Deferred = map[forum.PostID]AlertCause{5: ""}
			tt.edit(f, &r)
			if got := ids(f.window().Select(r)); !slices.Equal(got, tt.want) {
				t.Errorf("the edition has %v, want %v", got, tt.want)
			}
		})
	}
}

func TestWhatComesElsewhereIsLeftOutForThatReason(t *testing.T) {
	for _, why := range []Reason{AlreadyAlerted, ReasonAlertPending, ReasonDeferred, ReasonInOtherEdition} {
		f := answered()
		r := watcher()
		r.OtherRoute = map[forum.PostID]Reason{5: why}
		w := f.window()
		if got, left := ids(w.Select(r)), w.Omissions(r); len(got) != 0 || !slices.Equal(left, []Omitted{{5, why}}) {
			t.Errorf("the edition has %v and leaves out %v, want nothing, for: %s", got, left, why)
		}
	}
}
