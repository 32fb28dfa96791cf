package daemon

import (
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// newRationed is a world of alerts in which nobody gets more than so many mails in one of his days.
func newRationed(t *testing.T, perDay int) *world {
	t.Helper()
	w := newAlertWorld(t)
	w.set.Delivery.MaxPerMemberPerDay = perDay
	w.mode(digest.EveryReply)
	return w
}

// news writes a post into each of so many new threads, an hour apart, with rounds that tell of each.
func (w *world) news(threads int) (list []forum.PostID) {
	w.Helper()
	for range threads {
		list = append(list, w.post(w.thread(tonight)))
		w.round()
		w.later(time.Hour)
	}
	return list
}

func TestAlertsBeyondTheCeilingComeWithTheNextDigest(t *testing.T) {
	t.Parallel()
	w := newRationed(t, 2)
	p := w.news(4)
	w.told("anna", posts(p[0]), posts(p[1]))
	if got := w.reasons(101); len(got) != 2 || got[0] != reasonDailyLimit {
		t.Errorf("two alerts came to nothing because of %q, want %q", got, reasonDailyLimit)
	}
	w.at(5, "08:00")
	w.round()
	w.told("anna", p[2:])
	fresh := w.news(1) // a new day
	w.told("anna", fresh)
}

func TestAlertsBeyondTheCeilingAreCountedWithinABatch(t *testing.T) {
	t.Parallel()
	w := newRationed(t, 2)
	var p []forum.PostID
	for range 4 {
		p = append(p, w.post(w.thread(tonight)))
	}
	w.round()
	w.later(time.Hour)
	if n := len(w.relay.withdraw(address("anna"))); n != 2 {
		t.Errorf("she got %d alerts, want 2", n)
	}
	w.at(5, "08:00")
	w.round()
	if got := w.relay.withdraw(address("anna")); len(got) != 1 || len(postsOf(t, got[0].raw)) != 2 {
		t.Errorf("she got %d mails the next morning, want one with the two other posts of %v", len(got), p)
	}
}

func TestAlertsBeyondTheCeilingWaitForTheMorningWhereThereAreNoDigests(t *testing.T) {
	t.Parallel()
	w := newRationed(t, 1)
	w.choose(101, digest.Preferences{Schedule: &digest.Schedule{Cadence: digest.Off}})
	w.round()
	p := w.news(3)
	w.told("anna", p[:1])
	w.at(5, "07:59")
	w.round()
	w.told("anna")
	w.at(5, "08:00")
	w.round()
	w.told("anna", p[1:])
}

func TestADigestBeyondTheCeilingIsMergedIntoTheNext(t *testing.T) {
	t.Parallel()
	w := newRationed(t, 1)
	w.member(105, "emma", passenger, tonight, routes)
	w.wish(105, routes, digest.WithDigest)
	w.round()
	w.at(5, "06:00")
	told := w.news(1)
	w.told("emma", told)
	first := w.post(w.thread(routes))
	w.at(5, "08:00")
	w.round()
	w.later(10 * time.Hour)
	w.told("emma")
	second := w.post(w.thread(routes))
	w.at(6, "08:00")
	w.round()
	w.told("emma", posts(first, second))
	w.at(7, "08:00")
	w.round()
	w.told("emma")
}

func TestAnnouncementsBeyondTheCeilingWaitForTheMorning(t *testing.T) {
	t.Parallel()
	for _, forced := range []bool{false, true} {
		w := newHall(t, 1)
		w.set.Delivery.MaxPerMemberPerDay = 1
		w.restart()
		w.at(4, "10:00")
		w.start(toAll())
		w.round()
		a := toAll()
		a.Forced = forced
		w.start(a)
		w.after(time.Hour)
		want := []string{"m1001"}
		if forced { // it must reach everybody
			want = append(want, "m1001")
		}
		w.gotNotice(want...)
		w.at(5, "08:00")
		w.round()
		w.gotNotice("m1001", "m1001")
	}
}

// Alerts have a lane of their own, and several daemons share a store: what one of them is handing over, the others cannot find among
// what has arrived.
func TestWhatSomebodyElseIsHandingOverCountsForTheCeiling(t *testing.T) {
	t.Parallel()
	w := newRationed(t, 1)
	other := store.Plan{Key: "announce/1/101", Kind: store.KindAnnouncement, Member: 101, Priority: store.PriorityAnnouncement}
	if _, err := w.store.Outbox.Plan(t.Context(), w.clock(), []store.Plan{other}); err != nil {
		t.Fatal(err)
	}
	if rows, err := w.store.Outbox.Claim(t.Context(), w.clock(), "another daemon", 24*time.Hour, store.AllPriorities, 10); err != nil || len(rows) != 1 {
		t.Fatalf("another daemon claims %d mails (%v)", len(rows), err)
	}
	p := w.post(w.thread(tonight))
	w.round()
	w.later(time.Hour)
	w.told("anna")
	done := store.Settlement{Key: other.Key, State: "accepted", Result: "accepted", At: w.clock()}
	if err := w.store.Outbox.Settle(t.Context(), "another daemon", []store.Settlement{done}); err != nil {
		t.Fatal(err)
	}
	w.at(5, "08:00")
	w.round()
	w.told("anna", posts(p))
}
