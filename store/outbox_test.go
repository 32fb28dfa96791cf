package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"postrider/forum"
	"postrider/store"
)

const (
	owner = "daemon 1"
	lease = 2 * time.Minute
)

// edition is the plan of a member's edition.
func edition(member forum.MemberID, day string, until int64) store.Plan {
	return store.Plan{
		Key: fmt.Sprintf("digest/%d/%s", member, day), Kind: "digest", Member: member,
		Until: until, NextDue: now.Add(24 * time.Hour), Priority: 30,
	}
}

// accepted settles a row as a relay that took it.
func accepted(r store.Row, at time.Time) store.Settlement {
	return store.Settlement{
		Key: r.Key, State: "accepted", CountAttempt: true,
		Result: "accepted", Code: 250, Enhanced: "2.0.0", Reply: "queued as 4F", QueueID: "4F", At: at, Posts: 3, Bytes: 20480,
	}
}

// retryLater settles a row for another attempt.
func retryLater(r store.Row, result string, notBefore time.Time) store.Settlement {
	return store.Settlement{
		Key: r.Key, State: "queued", NotBefore: notBefore, CountAttempt: true,
		Result: result, Code: 451, Reason: "greylisted", At: now,
	}
}

func plan(t testing.TB, s *store.Store, at time.Time, plans ...store.Plan) int {
	t.Helper()
	return must(s.Outbox.Plan(t.Context(), at, plans))(t)
}

func claim(t testing.TB, s *store.Store, at time.Time) []store.Row {
	t.Helper()
	return must(s.Outbox.Claim(t.Context(), at, owner, lease, store.AllPriorities, 500))(t)
}

func marksOf(keys ...string) []store.InFlight {
	var all []store.InFlight
	for _, k := range keys {
		all = append(all, store.InFlight{Key: k})
	}
	return all
}

func keysOf(rows []store.Row) []string {
	var all []string
	for _, r := range rows {
		all = append(all, r.Key)
	}
	return all
}

func countsByState(t testing.TB, s *store.Store) map[string]int {
	t.Helper()
	all := make(map[string]int)
	for _, c := range must(s.Queue.Counts(t.Context()))(t) {
		all[c.Kind+" "+c.State] = c.Messages
	}
	return all
}

func TestPlan_TwicePlansOnce(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 2, 10)
		plans := []store.Plan{edition(1, "2026-05-04", 20), edition(2, "2026-05-04", 20)}
		if got := plan(t, s, now, plans...); got != 2 {
			t.Errorf("planned %d, want 2", got)
		}
		if got := plan(t, s, now, plans...); got != 0 {
			t.Errorf("planned %d the second time, want 0", got)
		}
		if due := must(s.Subscribers.Due(t.Context(), now, 10))(t); len(due) != 0 {
			t.Errorf("%d are due still", len(due))
		}
		if got := subscriber(t, s, 1).Due; !got.Equal(now.Add(24 * time.Hour)) {
			t.Errorf("due again at %v, want a day later", got)
		}
		want := store.Row{Key: "digest/1/2026-05-04", Kind: "digest", Member: 1, From: 10, Until: 20, Created: now}
		if got := claim(t, s, now); len(got) != 2 || got[0] != want {
			t.Errorf("claimed %v, want two rows, the first %v", got, want)
		}
	})
}

func TestPlan_WithoutKeyOnlyAdvancesDue(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 0)
		if got := plan(t, s, now, store.Plan{Kind: "digest", Member: 1}); got != 0 {
			t.Errorf("planned %d, want none", got)
		}
		if sub := subscriber(t, s, 1); !sub.Due.IsZero() {
			t.Errorf("due at %v, want never", sub.Due)
		}
	})
}

func TestPlan_MergesWaitingEdition(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		plan(t, s, now, edition(1, "2026-05-04", 20))
		row := claim(t, s, now)[0]
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{retryLater(row, "try again", now.Add(48*time.Hour))}))

		tomorrow := now.Add(24 * time.Hour)
		if got := plan(t, s, tomorrow, edition(1, "2026-05-05", 30)); got != 1 {
			t.Fatalf("planned %d, want 1", got)
		}
		got := claim(t, s, now.Add(72*time.Hour))
		if len(got) != 1 || got[0].Key != "digest/1/2026-05-05" || got[0].From != 10 || got[0].Until != 30 {
			t.Errorf("claimed %v, want the new edition from 10 to 30 alone", got)
		}
		if c := countsByState(t, s); c["digest merged"] != 1 || c["digest leased"] != 1 {
			t.Errorf("outbox = %v, want one merged, one leased", c)
		}
	})
}

func TestDue_NotWithEditionInDelivery(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		plan(t, s, now, edition(1, "2026-05-04", 20))
		later := now.Add(25 * time.Hour)
		row := must(s.Outbox.Claim(t.Context(), now, owner, 48*time.Hour, store.AllPriorities, 1))(t)[0]
		blocked := func(when string) {
			t.Helper()
			if due := must(s.Subscribers.Due(t.Context(), later, 10))(t); len(due) != 0 {
				t.Errorf("due while %s", when)
			}
			if got := plan(t, s, later, edition(1, "2026-05-05", 30)); got != 0 {
				t.Errorf("planned while %s", when)
			}
			if got := subscriber(t, s, 1).Due; !got.Equal(now.Add(24 * time.Hour)) {
				t.Errorf("the due time moved to %v while %s", got, when)
			}
		}
		blocked("the edition before is leased")
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{retryLater(row, "uncertain", now.Add(15*time.Minute))}))
		blocked("the relay may have it")
		row = claim(t, s, later)[0]
		if row.Key != "digest/1/2026-05-04" || row.Attempt != 1 {
			t.Errorf("claimed %v, want the same edition again", row)
		}
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{accepted(row, later)}))
		if due := must(s.Subscribers.Due(t.Context(), later, 10))(t); len(due) != 1 || due[0].CoveredSeq != 20 {
			t.Errorf("due = %v, want the member with mark 20", due)
		}
	})
}

func TestPlan_UncertainEditionIsNotMerged(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		plan(t, s, now, edition(1, "2026-05-04", 20))
		markInFlight(t, s, claim(t, s, now)...) // and the daemon dies, perhaps after the relay took it
		tomorrow := now.Add(24 * time.Hour)
		reclaimExpired(t, s, tomorrow)
		if got := plan(t, s, tomorrow, edition(1, "2026-05-05", 30)); got != 0 {
			t.Errorf("planned %d: the same posts would go out under another Message-ID", got)
		}
		if got := keysOf(claim(t, s, tomorrow.Add(wait))); !slices.Equal(got, []string{"digest/1/2026-05-04"}) {
			t.Errorf("claimed %v, want the first edition again", got)
		}
	})
}

func TestPlan_OtherKindsAreIndependent(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		plan(t, s, now, edition(1, "2026-05-04", 20))
		claim(t, s, now)
		alert := func(thread int) store.Plan {
			return store.Plan{Key: fmt.Sprintf("alert/1/T%d", thread), Kind: "alert", Member: 1, Until: 30, Priority: 10}
		}
		if got := plan(t, s, now, alert(7), alert(8)); got != 2 {
			t.Errorf("planned %d alerts, want 2", got)
		}
		if got := keysOf(claim(t, s, now)); len(got) != 2 {
			t.Errorf("claimed %v, want both alerts", got)
		}
	})
}

func TestClaim_ByPriorityThenTime(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 4, 0)
		plan(t, s, now, edition(3, "a", 9), edition(1, "a", 9))
		plan(t, s, now.Add(time.Second), edition(2, "a", 9), store.Plan{Key: "alert/4/T1", Kind: "alert", Member: 4, Priority: 10})
		if got := claim(t, s, now.Add(-time.Second)); len(got) != 0 {
			t.Errorf("claimed %v before their time", keysOf(got))
		}
		want := []string{"alert/4/T1", "digest/1/a", "digest/3/a"}
		if got := keysOf(must(s.Outbox.Claim(t.Context(), now.Add(time.Minute), owner, lease, store.AllPriorities, 3))(t)); !slices.Equal(got, want) {
			t.Errorf("claimed %v, want %v", got, want)
		}
		if got := keysOf(claim(t, s, now.Add(time.Minute))); !slices.Equal(got, []string{"digest/2/a"}) {
			t.Errorf("claimed %v, want the one that was left", got)
		}
	})
}

func TestClaim_MembersFarBehindComeLast(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		check(t, s.Subscribers.Save(t.Context(), now, []store.Subscriber{{ID: 1, CoveredSeq: 5, Due: now}, {ID: 2, CoveredSeq: 90, Due: now}, {ID: 3, CoveredSeq: 90, Due: now}}))
		plan(t, s, now, edition(1, "a", 99), edition(2, "a", 99), edition(3, "a", 99))
		if got, want := keysOf(claim(t, s, now)), []string{"digest/2/a", "digest/3/a", "digest/1/a"}; !slices.Equal(got, want) {
			t.Errorf("claimed %v, want %v", got, want)
		}
	})
}

func TestClaim_ConcurrentWorkersClaimOnce(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		const workers, mails = 8, 2000
		s := open(t, dsn)
		enroll(t, s, mails, 0)
		for part := range slices.Chunk(memberIDs(mails), 500) {
			var plans []store.Plan
			for _, id := range part {
				plans = append(plans, edition(id, "a", 9))
			}
			plan(t, s, now, plans...)
		}
		got := make(chan string, 2*mails)
		var wg sync.WaitGroup
		for w := range workers {
			mine := open(t, dsn)
			wg.Go(func() {
				for {
					rows, err := mine.Outbox.Claim(t.Context(), now, fmt.Sprint("worker ", w), lease, store.AllPriorities, 50)
					if err != nil {
						t.Error(err)
					}
					if len(rows) == 0 {
						return
					}
					settlements := make([]store.Settlement, len(rows))
					for i, r := range rows {
						got <- r.Key
						settlements[i] = accepted(r, now)
					}
					if err := mine.Outbox.Settle(t.Context(), fmt.Sprint("worker ", w), settlements); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		close(got)
		met := make(map[string]bool)
		for key := range got {
			if met[key] {
				t.Errorf("%s was claimed twice", key)
			}
			met[key] = true
		}
		if len(met) != mails || countsByState(t, s)["digest accepted"] != mails {
			t.Errorf("claimed %d, outbox %v; want %d", len(met), countsByState(t, s), mails)
		}
	})
}

func memberIDs(n int) []forum.MemberID {
	all := make([]forum.MemberID, n)
	for i := range all {
		all[i] = forum.MemberID(i + 1)
	}
	return all
}

func TestMarkSeen_ConcurrentDaemonsDoNotDeadlock(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		const members, rounds = 300, 8
		enroll(t, open(t, dsn), members, 0)
		up := memberIDs(members)
		down := slices.Clone(up)
		slices.Reverse(down)
		orders := [][]forum.MemberID{up, down, up, down}
		stores := make([]*store.Store, len(orders)) // all open before the work begins: opening one writes, too
		for i := range stores {
			stores[i] = open(t, dsn)
		}
		var wg sync.WaitGroup
		for i, order := range orders {
			s := stores[i]
			wg.Go(func() {
				for round := range rounds {
					at := now.Add(time.Duration(round) * time.Minute)
					subs := make([]store.Subscriber, members)
					plans := make([]store.Plan, members)
					for i, id := range order {
						subs[i] = store.Subscriber{ID: id, Due: at}
						plans[i] = edition(id, fmt.Sprint(round), 9)
					}
					if err := s.Subscribers.Save(t.Context(), at, subs); err != nil {
						t.Error(err)
					}
					if _, err := s.Outbox.Plan(t.Context(), at, plans); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		s := open(t, dsn)
		if c := countsByState(t, s); c["digest queued"] != members {
			t.Errorf("outbox = %v, want one edition of each member waiting", c)
		}
	})
}
