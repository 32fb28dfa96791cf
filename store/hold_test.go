package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

func TestHolds_ActiveUntilEndOrRelease(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		for _, h := range []store.DomainHold{
			{Domain: "A.example", Since: now, Until: now.Add(time.Minute), Reason: "refused 12 of 14"},
			{Domain: "b.example", Since: now, Until: now.Add(time.Minute)},
			{Domain: "b.example", Since: now, Until: now.Add(time.Hour), Reason: "again"},
		} {
			check(t, s.Holds.Add(t.Context(), h))
		}
		domains := func(at time.Time) (list []string) {
			for _, h := range must(s.Holds.Active(t.Context(), at))(t) {
				list = append(list, h.Domain+": "+h.Reason)
			}
			return list
		}
		equal(t, "at the start", domains(now), []string{"a.example: refused 12 of 14", "b.example: again"})
		equal(t, "after a minute", domains(now.Add(time.Minute)), []string{"b.example: again"})
		equal(t, "released an ended hold", must(s.Holds.Release(t.Context(), now.Add(time.Minute), store.HoldKey{Domain: "a.example"}))(t), false)
		equal(t, "released an active hold", must(s.Holds.Release(t.Context(), now.Add(time.Minute), store.HoldKey{Domain: "B.example"}))(t), true)
		equal(t, "after that", domains(now.Add(time.Minute)), nil)
	})
}

// postponeFor queues a message that waits for an hour because a domain is on hold.
func postponeFor(t *testing.T, s *store.Store, key, domain string) {
	t.Helper()
	reason := digest.DomainHeld(domain, "no").Stored()
	check(t, s.Outbox.Postpone(t.Context(), owner, []store.DeferredMessage{{Key: key, NotBefore: now.Add(time.Hour), Reason: reason}}))
}

// newHeldStore returns a store with digests to two domains on hold, and a digest and an announcement to the first, which is on hold for
// both relays.
func newHeldStore(t *testing.T, dsn string) *store.Store {
	t.Helper()
	s := open(t, dsn)
	for i, domain := range []string{"a.example", "b.example", "aa.example"} {
		id := forum.MemberID(i + 1)
		check(t, s.Subscribers.Save(t.Context(), now, []store.Subscriber{{ID: id, Due: now}}))
		key := fmt.Sprintf("digest/%d/x", id)
		must(s.Outbox.Plan(t.Context(), now, []store.Plan{{Key: key, Kind: store.KindDigest, Member: id, Until: 1, NextDue: now, Priority: store.PriorityDigest}}))(t)
		must(s.Outbox.Claim(t.Context(), now, owner, time.Hour, store.AllPriorities, 9))(t)
		postponeFor(t, s, key, domain)
	}
	a := startAnnouncement(t, s, newAnnouncement(), 1)
	enqueueMembers(t, s, a.ID, 1, 1, true)
	check(t, s.Announcements.ReleaseAll(t.Context(), a.ID))
	must(s.Outbox.Claim(t.Context(), now, owner, time.Hour, store.AllPriorities, 9))(t)
	postponeFor(t, s, store.AnnouncementKey(a.ID, 1), "a.example")
	for _, h := range []store.HoldKey{{Domain: "a.example"}, {Domain: "aa.example"}, {Domain: "b.example"}, {Relay: store.AnnouncementRelay, Domain: "a.example"}} {
		check(t, s.Holds.Add(t.Context(), store.DomainHold{Relay: h.Relay, Domain: h.Domain, Since: now, Until: now.Add(time.Hour)}))
	}
	return s
}

// dueKeys claims what is due a minute from now.
func dueKeys(t *testing.T, s *store.Store) []string {
	t.Helper()
	keys := keysOf(must(s.Outbox.Claim(t.Context(), now.Add(time.Minute), owner, time.Hour, store.AllPriorities, 9))(t))
	slices.Sort(keys)
	return keys
}

func TestHolds_ReleaseMakesWaitingMessagesDue(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := newHeldStore(t, dsn)
		at := now.Add(time.Second)
		equal(t, "released a hold that the relay does not have", must(s.Holds.Release(t.Context(), at, store.HoldKey{Relay: store.AnnouncementRelay, Domain: "b.example"}))(t), false)
		equal(t, "due before", dueKeys(t, s), nil)
		equal(t, "released", must(s.Holds.Release(t.Context(), at, store.HoldKey{Relay: store.AnnouncementRelay, Domain: "a.example"}))(t), true)
		equal(t, "due at the relay of announcements", dueKeys(t, s), []string{"announce/1/1"})
		equal(t, "released", must(s.Holds.Release(t.Context(), at, store.HoldKey{Domain: "A.example"}))(t), true)
		equal(t, "due at the other relay", dueKeys(t, s), []string{"digest/1/x"})
		equal(t, "holds left", len(must(s.Holds.Active(t.Context(), at))(t)), 2)
	})
}

func TestHolds_AgreeOnRelaysLetsAnnouncementsTryTheirRelay(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := newHeldStore(t, dsn)
		for _, own := range []bool{true, false} {
			check(t, s.Holds.AgreeOnRelays(t.Context(), now.Add(time.Second), own))
			equal(t, "due", dueKeys(t, s), []string{"announce/1/1"})
			equal(t, "holds", len(must(s.Holds.Active(t.Context(), now))(t)), map[bool]int{true: 4, false: 3}[own])
			postponeFor(t, s, "announce/1/1", "a.example")
		}
	})
}

func TestPrune_DeletesHoldsAfterOneDay(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		check(t, s.Holds.Add(t.Context(), store.DomainHold{Domain: "a.example", Since: now, Until: now.Add(time.Hour)}))
		count := func() (n int) {
			if err := openRaw(t, dsn).QueryRow("SELECT count(*) FROM hold").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		check(t, s.Prune(t.Context(), now.Add(24*time.Hour)))
		equal(t, "holds after a day", count(), 1)
		check(t, s.Prune(t.Context(), now.Add(26*time.Hour)))
		equal(t, "holds a day after it ended", count(), 0)
	})
}
