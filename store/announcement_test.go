package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

const admin = "cli: ray"

// newAnnouncement returns an announcement without a canary.
func newAnnouncement() digest.Announcement {
	return digest.Announcement{Variants: []digest.Variant{{Locale: "en", Title: "We move", Body: "On *Saturday*."}}}
}

// startAnnouncement drafts an announcement and starts it.
func startAnnouncement(t *testing.T, s *store.Store, a digest.Announcement, size int) store.Announcement {
	t.Helper()
	a.ID = must(s.Announcements.Draft(t.Context(), now, admin, a))(t)
	must(s.Announcements.Start(t.Context(), now, admin, a, size))(t)
	return readAnnouncement(t, s, a.ID)
}

func readAnnouncement(t *testing.T, s *store.Store, id int64) store.Announcement {
	t.Helper()
	return must(s.Announcements.Get(t.Context(), id))(t)
}

func recipients(from, to forum.MemberID) (list []store.Recipient) {
	for id := from; id <= to; id++ {
		list = append(list, store.Recipient{Member: id, NotBefore: now})
	}
	return list
}

// enqueueMembers enqueues a range of members.
func enqueueMembers(t *testing.T, s *store.Store, id int64, from, to forum.MemberID, fanned bool) {
	t.Helper()
	if _, taken, err := s.Announcements.Enqueue(t.Context(), now, readAnnouncement(t, s, id), recipients(from, to), to, fanned, 20); !taken || err != nil {
		t.Fatalf("enqueueing %d to %d: accepted %v, %v", from, to, taken, err)
	}
}

func countByState(t *testing.T, s *store.Store, id int64) map[string]int {
	t.Helper()
	return must(s.Announcements.CountMessages(t.Context(), id))(t).States
}

func TestAnnouncements_GetReturnsSavedDraft(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		want := digest.Announcement{
			Variants: []digest.Variant{{Locale: "en", Title: "Terms & {{name}}", Body: strings.Repeat("All of *it*.\n", 500)}, {Locale: "de", Title: "Regeln", Body: "Ä"}},
			Audience: digest.Audience{
				Groups: []forum.GroupID{4}, Sections: []forum.SectionID{9}, Locales: []string{"de"}, MinPosts: 3, MaxPosts: 9,
				JoinedAfter: now, VisitedBefore: now.Add(time.Hour), Only: []forum.MemberID{1, 2}, Except: []forum.MemberID{2}, ExceptGroups: []forum.GroupID{5},
			},
			Forced: true, Speed: 600, Canary: digest.Canary{Share: 0.015, Wait: 90 * time.Minute},
		}
		want.ID = must(s.Announcements.Draft(t.Context(), now, admin, newAnnouncement()))(t)
		check(t, s.Announcements.Revise(t.Context(), now.Add(time.Minute), admin, want))
		got := readAnnouncement(t, s, want.ID)
		if !reflect.DeepEqual(got.Announcement, want) {
			t.Errorf("got  %+v\nwant %+v", got.Announcement, want)
		}
		equal(t, "state", got.State, store.Draft)
		equal(t, "changed", got.Changed.Sub(got.Created), time.Minute)
		second := must(s.Announcements.Draft(t.Context(), now, admin, newAnnouncement()))(t)
		list := must(s.Announcements.List(t.Context()))(t)
		if len(list) != 2 || list[0].ID != second || list[1].ID != want.ID {
			t.Errorf("listed are %v", list)
		}
	})
}

func TestAnnouncements_ActionsNeedRightState(t *testing.T) {
	orders := map[string]func(*testing.T, *store.Store, int64) error{
		"start": func(t *testing.T, s *store.Store, id int64) error {
			_, err := s.Announcements.Start(t.Context(), now, admin, digest.Announcement{ID: id}, 5)
			return err
		},
		"pause": func(t *testing.T, s *store.Store, id int64) error {
			return s.Announcements.Pause(t.Context(), now, admin, id, "x")
		},
		"resume": func(t *testing.T, s *store.Store, id int64) error {
			return s.Announcements.Resume(t.Context(), now, admin, id)
		},
		"cancel": func(t *testing.T, s *store.Store, id int64) error {
			return s.Announcements.Cancel(t.Context(), now, admin, id)
		},
		"revise": func(t *testing.T, s *store.Store, id int64) error {
			a := newAnnouncement()
			a.ID = id
			return s.Announcements.Revise(t.Context(), now, admin, a)
		},
	}
	// The result of each action on an announcement after the actions before it.
	for _, tt := range []struct {
		path []string
		then map[string]string
	}{
		{nil, map[string]string{"start": store.Sending, "cancel": store.Cancelled, "revise": store.Draft}},
		{[]string{"start"}, map[string]string{"pause": store.Paused, "cancel": store.Cancelled}},
		{[]string{"start", "pause"}, map[string]string{"resume": store.Sending, "cancel": store.Cancelled}},
		{[]string{"start", "pause", "resume"}, map[string]string{"pause": store.Paused, "cancel": store.Cancelled}},
		{[]string{"start", "cancel"}, nil},
	} {
		t.Run(strings.Join(append([]string{"draft"}, tt.path...), " "), func(t *testing.T) {
			onBothEngines(t, func(t *testing.T, dsn string) {
				s := open(t, dsn)
				for order, carryOut := range orders {
					id := must(s.Announcements.Draft(t.Context(), now, admin, newAnnouncement()))(t)
					for _, step := range tt.path {
						check(t, orders[step](t, s, id))
					}
					before := readAnnouncement(t, s, id)
					err := carryOut(t, s, id)
					want, allowed := tt.then[order]
					if allowed {
						check(t, err)
						equal(t, order, readAnnouncement(t, s, id).State, want)
						continue
					}
					if e, refused := errors.AsType[*store.StateError](err); !refused || e.ID != id || e.State != before.State {
						t.Errorf("%s: %v, want an error in state %s", order, err, before.State)
					}
					equal(t, "after a rejected "+order, readAnnouncement(t, s, id), before)
				}
			})
		})
	}
}

func TestAnnouncements_ActionsOnUnknownID(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		for name, err := range map[string]error{
			"pause":  s.Announcements.Pause(t.Context(), now, admin, 9, ""),
			"resume": s.Announcements.Resume(t.Context(), now, admin, 9),
			"cancel": s.Announcements.Cancel(t.Context(), now, admin, 9),
		} {
			if !errors.Is(err, store.ErrNoAnnouncement) {
				t.Errorf("%s: %v, want %v", name, err, store.ErrNoAnnouncement)
			}
		}
		if _, err := s.Announcements.Get(t.Context(), 9); !errors.Is(err, store.ErrNoAnnouncement) {
			t.Errorf("reading: %v", err)
		}
	})
}

func TestEnqueue_EnrollsEachMemberOnce(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		a := startAnnouncement(t, s, newAnnouncement(), 100)
		if n, taken, err := s.Announcements.Enqueue(t.Context(), now, a, recipients(1, 10), 10, false, 20); n != 10 || !taken || err != nil {
			t.Fatalf("enrolled %d, %v, %v", n, taken, err)
		}
		// The same range again, by a daemon that read the announcement earlier.
		if n, taken, err := s.Announcements.Enqueue(t.Context(), now, a, recipients(1, 10), 10, false, 20); n != 0 || taken || err != nil {
			t.Errorf("enrolled %d again, %v, %v", n, taken, err)
		}
		// An overlapping range: the canary was enqueued before the others.
		if n, taken, err := s.Announcements.Enqueue(t.Context(), now, readAnnouncement(t, s, a.ID), recipients(8, 15), 15, true, 20); n != 5 || !taken || err != nil {
			t.Errorf("enrolled %d of an overlapping range, want 5 (%v, %v)", n, taken, err)
		}
		if n, taken, err := s.Announcements.Enqueue(t.Context(), now, readAnnouncement(t, s, a.ID), recipients(16, 20), 20, true, 20); n != 0 || taken || err != nil {
			t.Errorf("enrolled %d after the end, %v, %v", n, taken, err)
		}
		equal(t, "messages", countByState(t, s, a.ID), map[string]int{"queued": 15})
		m, _, known, err := s.Queue.Message(t.Context(), fmt.Sprintf("announce/%d/7", a.ID))
		if err != nil || !known || m.Kind != "announcement" || m.Member != 7 {
			t.Errorf("the message to member 7 is %+v, %v", m, err)
		}
	})
}

func TestEnqueue_ConcurrentDaemonsEnrollOnce(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		first := open(t, dsn)
		a := startAnnouncement(t, first, newAnnouncement(), 1000)
		var fanning sync.WaitGroup
		for _, s := range []*store.Store{first, open(t, dsn), open(t, dsn)} {
			fanning.Go(func() {
				for {
					a, err := s.Announcements.Get(t.Context(), a.ID)
					if err != nil || a.AllEnqueued {
						return
					}
					from := a.Cursor + 1
					if _, _, err := s.Announcements.Enqueue(t.Context(), now, a, recipients(from, from+49), from+49, from > 950, 20); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		fanning.Wait()
		equal(t, "messages", countByState(t, first, a.ID), map[string]int{"queued": 1000})
		equal(t, "cursor", readAnnouncement(t, first, a.ID).Cursor, 1000)
	})
}

func TestAnnouncements_PausedNotClaimedUntilResumed(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		a := startAnnouncement(t, s, newAnnouncement(), 10)
		enqueueMembers(t, s, a.ID, 1, 10, true)
		claimed := must(s.Outbox.Claim(t.Context(), now, "one", time.Minute, store.AllPriorities, 4))(t)
		must(s.Outbox.MarkInFlight(t.Context(), "one", nil, marksOf(claimed[0].Key, claimed[1].Key)))(t)
		check(t, s.Announcements.Pause(t.Context(), now, admin, a.ID, "a typo"))
		// Leased messages that are not in flight are taken from their daemon.
		equal(t, "messages", countByState(t, s, a.ID), map[string]int{"leased": 2, "held": 8})
		if ours := must(s.Outbox.MarkInFlight(t.Context(), "one", nil, marksOf(claimed[2].Key, claimed[3].Key)))(t); len(ours) != 0 {
			t.Errorf("%v may be sent while paused", ours)
		}
		if rows := must(s.Outbox.Claim(t.Context(), now, "two", time.Minute, store.AllPriorities, 100))(t); len(rows) != 0 {
			t.Errorf("%d messages were claimed while paused", len(rows))
		}
		equal(t, "reason", readAnnouncement(t, s, a.ID).Reason, "a typo")
		// Messages in flight are queued again, and then held, too.
		check(t, s.Outbox.Settle(t.Context(), "one", []store.Settlement{{Key: claimed[0].Key, State: "accepted", Result: "accepted", At: now}}))
		check(t, s.Outbox.Release(t.Context(), "one", keysOf(claimed)))
		check(t, s.Announcements.HoldRequeued(t.Context(), a.ID))
		equal(t, "paused", countByState(t, s, a.ID), map[string]int{"accepted": 1, "held": 9})
		check(t, s.Announcements.Resume(t.Context(), now, admin, a.ID))
		check(t, s.Announcements.HoldRequeued(t.Context(), a.ID)) // a daemon that does not know of the pause yet
		check(t, s.Announcements.ReleaseAll(t.Context(), a.ID))
		equal(t, "resumed", countByState(t, s, a.ID), map[string]int{"accepted": 1, "queued": 9})
		check(t, s.Announcements.HoldRequeued(t.Context(), a.ID))
		equal(t, "rows in the queue", len(must(s.Outbox.Claim(t.Context(), now, "two", time.Minute, store.AllPriorities, 100))(t)), 9)
	})
}

func TestEnqueue_NothingWhilePaused(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		a := startAnnouncement(t, s, newAnnouncement(), 10)
		check(t, s.Announcements.Pause(t.Context(), now, admin, a.ID, ""))
		if n, taken, err := s.Announcements.Enqueue(t.Context(), now, a, recipients(1, 10), 10, true, 20); n != 0 || taken || err != nil {
			t.Errorf("enrolled %d, %v, %v", n, taken, err)
		}
	})
}

func TestAnnouncements_CancelSkipsUnlessInFlight(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		a := startAnnouncement(t, s, newAnnouncement(), 10)
		other := startAnnouncement(t, s, newAnnouncement(), 10)
		enqueueMembers(t, s, a.ID, 1, 10, true)
		enqueueMembers(t, s, other.ID, 1, 3, true)
		claimed := must(s.Outbox.Claim(t.Context(), now, "one", time.Minute, store.AllPriorities, 4))(t)
		must(s.Outbox.MarkInFlight(t.Context(), "one", nil, marksOf(claimed[0].Key)))(t)
		check(t, s.Announcements.Cancel(t.Context(), now, admin, a.ID))
		got := must(s.Announcements.CountMessages(t.Context(), a.ID))(t)
		equal(t, "messages", got, store.Progress{States: map[string]int{"leased": 1, "skipped": 9}, Skipped: map[string]int{store.WasCancelled: 9}})
		equal(t, "enrolled", got.Enrolled(), 10)
		equal(t, "another announcement", countByState(t, s, other.ID), map[string]int{"queued": 3})
	})
}

func TestCanary_PassReleasesOthers(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		a := newAnnouncement()
		a.Canary = digest.Canary{Share: 0.01, Wait: time.Hour}
		x := startAnnouncement(t, s, a, 100)
		equal(t, "state", x.State, store.InCanary)
		enqueueMembers(t, s, x.ID, 3, 4, true)
		check(t, s.Announcements.StartCanaryWait(t.Context(), x.ID, now.Add(time.Hour)))
		equal(t, "before all were tried", readAnnouncement(t, s, x.ID).CanaryUntil, time.Time{})
		check(t, s.Announcements.PassCanary(t.Context(), now, x.ID, ""))
		equal(t, "before it is evaluated", readAnnouncement(t, s, x.ID).State, store.InCanary)
		rows := must(s.Outbox.Claim(t.Context(), now, "one", time.Minute, store.AllPriorities, 4))(t)
		check(t, s.Outbox.Settle(t.Context(), "one", []store.Settlement{
			{Key: rows[0].Key, State: "accepted", Result: "accepted", At: now},
			{Key: rows[1].Key, State: "queued", Result: "try again", At: now, NotBefore: now.Add(time.Hour)}, // greylisted: tried
		}))
		check(t, s.Announcements.StartCanaryWait(t.Context(), x.ID, now.Add(time.Hour)))
		check(t, s.Announcements.StartCanaryWait(t.Context(), x.ID, now.Add(2*time.Hour)))
		equal(t, "evaluated at", readAnnouncement(t, s, x.ID).CanaryUntil, now.Add(time.Hour))
		check(t, s.Announcements.PassCanary(t.Context(), now, x.ID, ""))
		got := readAnnouncement(t, s, x.ID)
		if got.State != store.Sending || got.Cursor != 0 || got.AllEnqueued {
			t.Errorf("after the canary: %s, cursor %d, fanned %v", got.State, got.Cursor, got.AllEnqueued)
		}
		enqueueMembers(t, s, x.ID, 1, 100, true)
		equal(t, "messages", must(s.Announcements.CountMessages(t.Context(), x.ID))(t).Enrolled(), 100)
	})
}

func TestCanary_ResumeAfterEvaluationReleasesOthers(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		a := newAnnouncement()
		a.Canary = digest.Canary{Share: 0.01, Wait: time.Hour}
		x := startAnnouncement(t, s, a, 100)
		enqueueMembers(t, s, x.ID, 3, 4, true)
		check(t, s.Announcements.PauseBySystem(t.Context(), now, x.ID, "2 of 2 were refused", true))
		check(t, s.Announcements.PauseBySystem(t.Context(), now, x.ID, "by another daemon", true))
		got := readAnnouncement(t, s, x.ID)
		if got.State != store.Paused || !got.PausedByDaemon || got.Resumes != store.Sending || got.Reason != "2 of 2 were refused" || got.Cursor != 0 || got.AllEnqueued {
			t.Errorf("stopped: %+v", got)
		}
		check(t, s.Announcements.Resume(t.Context(), now, admin, x.ID))
		got = readAnnouncement(t, s, x.ID)
		if got.State != store.Sending || got.PausedByDaemon {
			t.Errorf("resumed: %+v", got)
		}
	})
}

func TestReleaseAtRate_FollowsSpeed(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		a := newAnnouncement()
		a.Speed = 120
		x := startAnnouncement(t, s, a, 1000)
		enqueueMembers(t, s, x.ID, 1, 1000, true)
		at := func(after time.Duration) int {
			t.Helper()
			x := readAnnouncement(t, s, x.ID)
			gone := must(s.Announcements.ReleaseAtRate(t.Context(), now.Add(after), x))(t)
			if twice := must(s.Announcements.ReleaseAtRate(t.Context(), now.Add(after), x))(t); twice != 0 { // another daemon at the same moment
				t.Errorf("%d more were released in the same moment", twice)
			}
			return gone
		}
		for _, tt := range []struct {
			after time.Duration
			want  int
		}{
			{0, 0}, {400 * time.Millisecond, 0}, {500 * time.Millisecond, 1}, {1400 * time.Millisecond, 1}, {1500 * time.Millisecond, 1},
			{6500 * time.Millisecond, 10},
			{time.Hour, 20}, // after downtime it catches up on ten seconds only
			{time.Hour + time.Second, 2},
		} {
			if got := at(tt.after); got != tt.want {
				t.Errorf("after %v %d messages are released, want %d", tt.after, got, tt.want)
			}
		}
	})
}

func TestReleaseAtRate_SlowSpeedIsNotZero(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		a := newAnnouncement()
		a.Speed = 1
		x := startAnnouncement(t, s, a, 10)
		enqueueMembers(t, s, x.ID, 1, 10, true)
		for minute, want := range []int{0, 1, 1, 1} {
			at := now.Add(time.Duration(minute) * time.Minute)
			if got := must(s.Announcements.ReleaseAtRate(t.Context(), at, readAnnouncement(t, s, x.ID)))(t); got != want {
				t.Errorf("after %d minutes %d messages are released, want %d", minute, got, want)
			}
		}
	})
}

func TestAnnouncements_ScheduledWaits(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		a := newAnnouncement()
		a.Start = digest.Start{At: now.Add(time.Hour)}
		x := startAnnouncement(t, s, a, 10)
		equal(t, "state", x.State, store.Scheduled)
		equal(t, "begins", x.BeginsAt, now.Add(time.Hour))
		equal(t, "start", x.Start, a.Start)
		check(t, s.Announcements.Pause(t.Context(), now, admin, x.ID, ""))
		check(t, s.Announcements.Begin(t.Context(), now.Add(time.Hour), x))
		equal(t, "a paused one", readAnnouncement(t, s, x.ID).State, store.Paused)
		check(t, s.Announcements.Resume(t.Context(), now, admin, x.ID))
		check(t, s.Announcements.Begin(t.Context(), now.Add(time.Hour), x))
		check(t, s.Announcements.Begin(t.Context(), now.Add(2*time.Hour), x))
		got := readAnnouncement(t, s, x.ID)
		if got.State != store.Sending || !got.Started.Equal(now.Add(time.Hour)) {
			t.Errorf("begun: %s at %v", got.State, got.Started)
		}
	})
}

func TestAnnouncements_DoneWhenNothingWaits(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		a := startAnnouncement(t, s, newAnnouncement(), 2)
		check(t, s.Announcements.Finish(t.Context(), now, a.ID))
		equal(t, "before anybody is enrolled", readAnnouncement(t, s, a.ID).State, store.Sending)
		enqueueMembers(t, s, a.ID, 1, 2, true)
		rows := must(s.Outbox.Claim(t.Context(), now, "one", time.Minute, store.AllPriorities, 4))(t)
		check(t, s.Outbox.Settle(t.Context(), "one", []store.Settlement{{Key: rows[0].Key, State: "refused", Result: "refused", At: now}}))
		check(t, s.Announcements.Finish(t.Context(), now, a.ID))
		equal(t, "while one is on its way", readAnnouncement(t, s, a.ID).State, store.Sending)
		check(t, s.Outbox.Settle(t.Context(), "one", []store.Settlement{{Key: rows[1].Key, State: "accepted", Result: "accepted", At: now}}))
		check(t, s.Announcements.Finish(t.Context(), now, a.ID))
		got := readAnnouncement(t, s, a.ID)
		if got.State != store.Done || !got.Ended.Equal(now) {
			t.Errorf("%s, ended %v", got.State, got.Ended)
		}
	})
}

func TestAnnouncements_ActionsAreAudited(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		a := newAnnouncement()
		a.Forced = true
		x := startAnnouncement(t, s, a, 9)
		check(t, s.Announcements.Pause(t.Context(), now.Add(time.Minute), "web: anna", x.ID, "why\x00not"))
		check(t, s.Audit.Record(t.Context(), store.AuditEntry{At: now.Add(time.Hour), Actor: admin, Action: "test", Object: store.AnnouncementObject(x.ID)}))
		object := fmt.Sprintf("announcement/%d", x.ID)
		want := []store.AuditEntry{
			{now, admin, "draft", object, ""},
			{now, admin, "start", object, "audience of 9, forced: includes members who opted out"},
			{now.Add(time.Minute), "web: anna", "pause", object, "whynot"},
			{now.Add(time.Hour), admin, "test", object, ""},
		}
		equal(t, "audit", must(s.Audit.OfSubject(t.Context(), object))(t), want)
	})
}
