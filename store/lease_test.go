package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/store"
)

// wait is how long an uncertain message waits for its retry.
const wait = 15 * time.Minute

// markInFlight marks rows of owner as in flight and returns the keys of those that it may send.
func markInFlight(t testing.TB, s *store.Store, rows ...store.Row) []string {
	t.Helper()
	return must(s.Outbox.MarkInFlight(t.Context(), owner, nil, marksOf(keysOf(rows)...)))(t)
}

func reclaimExpired(t testing.TB, s *store.Store, at time.Time) []store.UncertainMessage {
	t.Helper()
	return must(s.Outbox.ReclaimExpired(t.Context(), at, store.UncertainPolicy{Most: 1, Again: at.Add(wait)}))(t)
}

func TestLeases_ExpireUnlessRenewedOrReleased(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 0)
		plan(t, s, now, edition(1, "a", 9))
		other := func(at time.Time) int {
			t.Helper()
			reclaimExpired(t, s, at)
			return len(must(s.Outbox.Claim(t.Context(), at, "daemon 2", lease, store.AllPriorities, 9))(t))
		}
		claim(t, s, now)
		if n := other(now.Add(lease)); n != 0 {
			t.Error("another daemon claimed a leased row")
		}
		check(t, s.Outbox.Renew(t.Context(), now.Add(lease), owner, lease))
		if n := other(now.Add(lease + time.Second)); n != 0 {
			t.Error("another daemon claimed a row whose lease was renewed")
		}
		if n := other(now.Add(2*lease + time.Second)); n != 1 {
			t.Error("a lease that ran out did not return")
		}
		check(t, s.Outbox.Release(t.Context(), owner, []string{"digest/1/a"})) // not the owner any more
		if rows := claim(t, s, now.Add(2*lease+2*time.Second)); len(rows) != 0 {
			t.Error("a former owner gave the lease of another back")
		}
		check(t, s.Outbox.Release(t.Context(), "daemon 2", []string{"digest/1/a"}))
		if rows := claim(t, s, now.Add(2*lease+2*time.Second)); len(rows) != 1 {
			t.Error("a lease that was given back did not return")
		}
	})
}

// planAndClaim plans editions for this many members and leases them to owner.
func planAndClaim(t testing.TB, s *store.Store, members int) []store.Row {
	t.Helper()
	enroll(t, s, members, 10)
	var plans []store.Plan
	for _, id := range memberIDs(members) {
		plans = append(plans, edition(id, "a", 20))
	}
	plan(t, s, now, plans...)
	return claim(t, s, now)
}

func TestReclaimExpired_OnlyInFlightIsUncertain(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		rows := planAndClaim(t, s, 3)
		if got := markInFlight(t, s, rows[0]); !slices.Equal(got, keysOf(rows[:1])) {
			t.Errorf("%v may be sent, want all that were requested", got)
		}
		late := now.Add(lease + time.Second)
		want := []store.UncertainMessage{{Key: rows[0].Key, Kind: "digest", Member: rows[0].Member}}
		equal(t, "uncertain", reclaimExpired(t, s, late), want)
		equal(t, "uncertain the second time", reclaimExpired(t, s, late), nil)
		equal(t, "claimed immediately", keysOf(claim(t, s, late)), keysOf(rows[1:]))
		again := claim(t, s, late.Add(wait))
		if len(again) != 1 || again[0].UncertainCount != 1 || again[0].Attempt != 1 {
			t.Fatalf("claimed %+v, want the uncertain message, after its wait", again)
		}
		m, history := readMessage(t, s, rows[0].Key)
		if len(history) != 1 || history[0].Result != "uncertain" || !strings.HasPrefix(history[0].Reason, "the daemon stopped while sending") || !history[0].At.Equal(late) {
			t.Errorf("its history is %+v, want why it is uncertain", history)
		}
		if m.InFlight {
			t.Error("it is in flight again already")
		}
	})
}

func TestReclaimExpired_SettlesAfterTooManyUncertain(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		markInFlight(t, s, planAndClaim(t, s, 1)...)
		at := now.Add(time.Hour)
		equal(t, "final the first time", reclaimExpired(t, s, at)[0].Final, false)
		at = at.Add(wait)
		markInFlight(t, s, claim(t, s, at)...)
		at = at.Add(time.Hour)
		equal(t, "final the second time", reclaimExpired(t, s, at)[0].Final, true)
		equal(t, "the outbox", countsByState(t, s), map[string]int{"digest uncertain": 1})
		equal(t, "claimed", keysOf(claim(t, s, at.Add(wait))), nil)
		equal(t, "the mark", subscriber(t, s, 1).CoveredSeq, int64(10))
		_, history := readMessage(t, s, "digest/1/a")
		equal(t, "outcomes", len(history), 2)
	})
}

func TestRelease_InFlightUnsentIsNotUncertain(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		rows := planAndClaim(t, s, 2)
		markInFlight(t, s, rows...)
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{retryLater(rows[0], "not sent", now.Add(time.Minute))}))
		check(t, s.Outbox.Release(t.Context(), owner, keysOf(rows)))
		claim(t, s, now.Add(time.Minute))
		late := now.Add(time.Hour)
		equal(t, "uncertain", reclaimExpired(t, s, late), nil)
		equal(t, "claimed", len(claim(t, s, late)), 2)
	})
}

func TestReleaseClaimed_OnlyOwnersMessagesOfThePriorities(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		rows := planAndClaim(t, s, 2)
		markInFlight(t, s, rows[0])
		none := store.PriorityRange{First: store.AllPriorities.Last, Last: store.AllPriorities.Last}
		check(t, s.Outbox.ReleaseClaimed(t.Context(), "daemon 2", store.AllPriorities))
		check(t, s.Outbox.ReleaseClaimed(t.Context(), owner, none))
		equal(t, "claimed while leased", keysOf(claim(t, s, now)), nil)
		check(t, s.Outbox.ReleaseClaimed(t.Context(), owner, store.AllPriorities))
		equal(t, "claimed once released", len(claim(t, s, now)), 2)
		equal(t, "uncertain", reclaimExpired(t, s, now.Add(time.Hour)), nil)
	})
}

func TestMarkInFlight_OnlyLeasedMessages(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		rows := planAndClaim(t, s, 3)
		late := now.Add(lease + time.Second)
		reclaimExpired(t, s, late) // the daemon was stopped for a while, and does not know
		must(s.Outbox.Claim(t.Context(), late, "daemon 2", lease, store.AllPriorities, 2))(t)
		equal(t, "may be sent", markInFlight(t, s, rows...), nil)
		check(t, s.Outbox.Release(t.Context(), "daemon 2", keysOf(rows)))
		got := must(s.Outbox.Claim(t.Context(), late, owner, lease, store.AllPriorities, 1))(t)
		equal(t, "may be sent", markInFlight(t, s, rows...), keysOf(got))
	})
}

func TestMarkInFlight_SettlesInSameTransaction(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		rows := planAndClaim(t, s, 4)
		before := s.Statements()
		ours := must(s.Outbox.MarkInFlight(t.Context(), owner, []store.Settlement{accepted(rows[0], now), accepted(rows[1], now)}, marksOf(keysOf(rows[2:])...)))(t)
		equal(t, "statements", s.Statements()-before, int64(2))
		slices.Sort(ours)
		equal(t, "may be sent", ours, keysOf(rows[2:]))
		for i, handed := range []bool{false, false, true, true} {
			m, _ := readMessage(t, s, rows[i].Key)
			equal(t, m.Key+" is in flight", m.InFlight, handed)
		}
		for _, r := range rows[:2] {
			equal(t, "the mark", subscriber(t, s, r.Member).CoveredSeq, int64(20))
		}
	})
}

func TestPostpone_KeepsReasonAndAttempts(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		rows := planAndClaim(t, s, 2)
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{retryLater(rows[0], "try again", now)}))
		rows = append(claim(t, s, now), rows[1])
		markInFlight(t, s, rows[1])
		later := now.Add(time.Minute)
		putOff := func(as string, r store.Row) {
			t.Helper()
			check(t, s.Outbox.Postpone(t.Context(), as, []store.DeferredMessage{{Key: r.Key, NotBefore: later, Reason: "waits its turn"}}))
		}
		putOff("another daemon", rows[0])
		m, _ := readMessage(t, s, rows[0].Key)
		equal(t, "the state after another daemon postponed it", m.State, "leased")
		for _, r := range rows {
			putOff(owner, r)
		}
		equal(t, "claimed immediately", keysOf(claim(t, s, now)), nil)
		m, history := readMessage(t, s, rows[0].Key)
		if m.Last.Reason != "waits its turn" || m.Last.Result != "try again" || m.Attempt != 1 || m.InFlight || len(history) != 1 {
			t.Errorf("the message is %+v, its history %+v; want its reason and no new outcome", m, history)
		}
		equal(t, "claimed later", len(claim(t, s, later)), 2)
		check(t, s.Outbox.Postpone(t.Context(), owner, nil))
	})
}
