package digest

import (
	"slices"
	"testing"
	"time"

	"postrider/forum"
)

// dailyReader returns a reader with daily digests at eight in Berlin. Weekly overrides are due on Mondays, monthly ones on the 15th.
func dailyReader(overrides Overrides) Reader {
	r := watcher()
	r.Overrides = overrides
	r.Schedule = Schedule{Cadence: Daily, Hour: 8, Weekday: time.Monday, Day: 15}
	r.Zone = berlin
	return r
}

var berlin = time.FixedZone("Berlin", 2*3600)

func TestDeferred_WeeklyPostsWaitForTheirDay(t *testing.T) {
	weekly := Overrides{Sections: map[forum.SectionID]Cadence{1: Weekly}}
	monthly := Overrides{Threads: map[forum.ThreadID]Cadence{10: Monthly}}
	at := func(day, hour int) time.Time { return time.Date(2026, 5, day, hour, 0, 0, 0, berlin) }
	tests := []struct {
		name      string
		overrides Overrides
		posted    time.Time
		planned   time.Time
		until     time.Time // deferred until; zero: sent now
	}{
		{"weekly, on the next day", weekly, at(5, 14), at(6, 8), at(11, 8)}, // 4 and 11 May are Mondays
		{"weekly, on its day", weekly, at(5, 14), at(11, 8), time.Time{}},
		{"weekly, written on its day before eight", weekly, at(11, 7), at(11, 8), time.Time{}},
		{"weekly, written on its day after eight", weekly, at(11, 9), at(12, 8), at(18, 8)},
		{"weekly, its day was missed", weekly, at(5, 14), at(12, 8), time.Time{}},
		{"weekly, sighted late", weekly, at(1, 8), at(6, 8), time.Time{}},
		{"monthly", monthly, at(5, 14), at(6, 8), at(15, 8)},
		{"monthly, on its day", monthly, at(5, 14), at(15, 8), time.Time{}},
		{"no override", Overrides{}, at(5, 14), at(6, 8), time.Time{}},
		{"override: with the digest", Overrides{Sections: map[forum.SectionID]Cadence{1: WithDigest}}, at(5, 14), at(6, 8), time.Time{}},
		{"immediately, and no alert contained it", Overrides{Sections: map[forum.SectionID]Cadence{1: Instant}}, at(5, 14), at(6, 8), time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := withReply()
			f.posts[0].PostedAt = tt.posted
			r := dailyReader(tt.overrides)
			r.At = tt.planned
			w := f.window()
			got, deferred := ids(w.Select(r)), w.Deferred(r)
			if tt.until.IsZero() {
				if !slices.Equal(got, []forum.PostID{5}) || len(deferred) != 0 {
					t.Errorf("the edition has %v and defers %v, want post 5 in it", got, deferred)
				}
				return
			}
			if len(got) != 0 || len(deferred) != 1 || deferred[0].Post != 5 || deferred[0].Seq != 1 || !deferred[0].NotBefore.Equal(tt.until) {
				t.Errorf("the edition has %v and defers %+v, want post 5 deferred until %v", got, deferred, tt.until)
			}
			if omitted := w.Omissions(r); len(omitted) != 1 || omitted[0].Reason != deferred[0].Reason {
				t.Errorf("omissions = %v, want the reason of the deferral", omitted)
			}
		})
	}
}

func TestDeferred_SkipsDeletedPosts(t *testing.T) {
	f := withReply()
	f.posts[0].State = forum.Deleted
	r := dailyReader(Overrides{Sections: map[forum.SectionID]Cadence{1: Weekly}})
	r.At = noon
	if deferred := f.window().Deferred(r); len(deferred) != 0 {
		t.Errorf("deferred = %v, want nothing", deferred)
	}
}

func TestSelect_IncludesDeferredPostsBeforeTheCoveredSequence(t *testing.T) {
	tests := []struct {
		name string
		edit func(f *testForum, r *Reader)
		want []forum.PostID
	}{
		{"nothing changed", func(*testForum, *Reader) {}, []forum.PostID{5}},
		{"deleted", func(f *testForum, _ *Reader) { f.posts[0].State = forum.Deleted }, nil},
		{"no longer watched", func(_ *testForum, r *Reader) { delete(r.Watches.Sections, 1) }, nil},
		{"a quote that is not watched", func(_ *testForum, r *Reader) {
			delete(r.Watches.Sections, 1)
			r.Deferred[5] = Quoted
		}, []forum.PostID{5}},
		{"muted", func(_ *testForum, r *Reader) { r.Overrides.Threads = map[forum.ThreadID]Cadence{10: Off} }, nil},
		{"not deferred for this member", func(_ *testForum, r *Reader) { r.Deferred = nil }, nil},
		{"also in the reader's range", func(_ *testForum, r *Reader) { r.After = 0 }, []forum.PostID{5}},
		{"moved in the reader's range", func(f *testForum, r *Reader) {
			r.Watches.Sections[2] = forum.Watch{Level: forum.AllPosts}
			f.threads[0].Section = 2
			f.sightings = append(f.sightings, Sighting{Seq: 9, Post: 5, Section: 2, MovedFrom: 1})
		}, []forum.PostID{5}},
		{"moved, and deferred to another edition", func(f *testForum, r *Reader) {
			r.Watches.Sections[2] = forum.Watch{Level: forum.AllPosts}
			f.threads[0].Section = 2
			f.sightings = append(f.sightings, Sighting{Seq: 9, Post: 5, Section: 2, MovedFrom: 3})
			r.Deferred, r.OtherRoute = nil, map[forum.PostID]Reason{5: ReasonDeferred}
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := withReply()
			r := watcher()
			r.After = 8 // the covered sequence is after the post
			r.Deferred = map[forum.PostID]AlertCause{5: ""}
			tt.edit(f, &r)
			if got := ids(f.window().Select(r)); !slices.Equal(got, tt.want) {
				t.Errorf("the edition has %v, want %v", got, tt.want)
			}
		})
	}
}

func TestSelect_OmitsPostsSentByAnotherMessage(t *testing.T) {
	for _, why := range []Reason{AlreadyAlerted, ReasonAlertPending, ReasonDeferred, ReasonInOtherEdition} {
		f := withReply()
		r := watcher()
		r.OtherRoute = map[forum.PostID]Reason{5: why}
		w := f.window()
		if got, omitted := ids(w.Select(r)), w.Omissions(r); len(got) != 0 || !slices.Equal(omitted, []Omitted{{5, why}}) {
			t.Errorf("the edition has %v and omits %v, want no post, reason: %s", got, omitted, why)
		}
	}
}
