package store_test

import (
	"fmt"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

func copiesOf(t *testing.T, s *store.Store) string {
	t.Helper()
	return fmt.Sprint(must(s.Outbox.Copies(t.Context(), 1, now.Add(-time.Hour)))(t))
}

func TestCopies_EachThatMayHaveArrived(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 0)
		plan(t, s, now, edition(1, "a", 9))
		sending := store.InFlight{Key: "digest/1/a", Posts: []store.SentPost{{Post: 3}, {Post: 1}, {Post: 2}, {Post: 7}}}
		mark := func(at time.Time) store.Row {
			t.Helper()
			rows := claim(t, s, at)
			if len(rows) != 1 {
				t.Fatalf("%d messages were claimed at %s, want 1", len(rows), at)
			}
			must(s.Outbox.MarkInFlight(t.Context(), owner, nil, []store.InFlight{sending}))(t)
			return rows[0]
		}
		mark(now)
		equal(t, "copies in flight", copiesOf(t, s), "map[]")
		check(t, s.Outbox.Release(t.Context(), owner, []string{"digest/1/a"}))
		equal(t, "copies after a release", copiesOf(t, s), "map[]")

		late := now.Add(time.Hour)
		mark(now)
		reclaimExpired(t, s, late)
		equal(t, "copies after a crash", copiesOf(t, s), "map[digest/1/a:[[{1 false} {2 false} {3 false} {7 false}]]]")

		late = late.Add(wait)
		x := retryLater(mark(late), "try again", late)
		x.Brought = sending.Posts
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{x}))
		equal(t, "copies after a rejection", copiesOf(t, s), "map[digest/1/a:[[{1 false} {2 false} {3 false} {7 false}]]]")

		x = accepted(mark(late), late)
		x.Brought = []store.SentPost{{Post: 7}, {Post: 2, Folded: true}, {Post: 3, Folded: true}, {Post: 4}}
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{x}))
		want := "map[digest/1/a:[[{1 false} {2 false} {3 false} {7 false}] [{2 true} {3 true} {4 false} {7 false}]]]"
		equal(t, "copies at the end", copiesOf(t, s), want)
		equal(t, "copies settled later", fmt.Sprint(must(s.Outbox.Copies(t.Context(), 1, late.Add(time.Hour)))(t)), "map[]")
	})
}

func TestSettle_UncertainWithNothingLeftAdvances(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		plan(t, s, now, edition(1, "a", 20))
		x := accepted(claim(t, s, now)[0], now)
		x.State, x.Result = store.StateUncertain, store.StateSkipped
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{x}))
		equal(t, "covered sequence", subscriber(t, s, 1).CoveredSeq, 20)
	})
}

func TestDrop_UncertainMessageStaysUncertain(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		plan(t, s, now, edition(1, "a", 20))
		markInFlight(t, s, claim(t, s, now)...)
		reclaimExpired(t, s, now.Add(time.Hour))
		must(s.Queue.Drop(t.Context(), now.Add(time.Hour), []string{"digest/1/a"}, "not wanted"))(t)
		list := must(s.Queue.List(t.Context(), store.QueueFilter{States: store.MessageStates, Limit: 10}))(t)
		if len(list) != 1 || list[0].State != store.StateUncertain || list[0].Last.Result != store.StateSkipped || !list[0].Covers() {
			t.Errorf("the outbox has %+v, want the message uncertain, and its sightings covered", list)
		}
		equal(t, "covered sequence", subscriber(t, s, 1).CoveredSeq, 20)
	})
}

func TestBroughtBefore_DigestThatCoversTheSighting(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 2, 0)
		for i, until := range []int64{9, 19} {
			day := now.Add(time.Duration(i) * 25 * time.Hour)
			plan(t, s, day, edition(1, fmt.Sprint(until), until))
			x := accepted(claim(t, s, day)[0], day)
			x.Brought = []store.SentPost{{Post: forum.PostID(until)}}
			if i == 0 {
				x.Deferred = []digest.DeferredPost{{Post: 5, Seq: 5, NotBefore: day, Reason: digest.HeldForWeek}}
			} else {
				x.Brought = append(x.Brought, store.SentPost{Post: 5})
			}
			check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{x}))
		}
		for _, tt := range []struct {
			x    store.CoveredPost
			want string
		}{
			{store.CoveredPost{Member: 1, Post: 9, Seq: 4}, "map[1:[9]]"},
			{store.CoveredPost{Member: 1, Post: 19, Seq: 4}, "map[]"},     // it was left out
			{store.CoveredPost{Member: 1, Post: 5, Seq: 5}, "map[1:[5]]"}, // it was deferred to the second
			{store.CoveredPost{Member: 1, Post: 19, Seq: 10}, "map[1:[19]]"},
			{store.CoveredPost{Member: 1, Post: 19, Seq: 20}, "map[]"},
			{store.CoveredPost{Member: 2, Post: 9, Seq: 4}, "map[]"},
		} {
			got := must(s.Outbox.BroughtBefore(t.Context(), []store.CoveredPost{tt.x}))(t)
			equal(t, fmt.Sprintf("brought of %+v", tt.x), fmt.Sprint(got), tt.want)
		}
	})
}
