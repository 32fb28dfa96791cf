package daemon

import (
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// newLimitedWorld returns an alert world with a limit of messages per member and local day.
func newLimitedWorld(t *testing.T, perDay int) *world {
	t.Helper()
	w := newAlertWorld(t)
	w.set.Delivery.MaxPerMemberPerDay = perDay
	w.setAlertMode(digest.EveryReply)
	return w
}

// writeThreads writes a post in each of several new threads, an hour apart, with rounds that send alerts.
func (w *world) writeThreads(threads int) (list []forum.PostID) {
	w.Helper()
	for range threads {
		list = append(list, w.writePost(w.thread(tonight)))
		w.round()
		w.advanceClock(time.Hour)
	}
	return list
}

func TestDailyLimit_AlertsJoinNextDigest(t *testing.T) {
	t.Parallel()
	w := newLimitedWorld(t, 2)
	p := w.writeThreads(4)
	w.wantAlerts("anna", posts(p[0]), posts(p[1]))
	if got := w.skipReasons(101); len(got) != 2 || got[0] != digest.ReasonDailyLimit {
		t.Errorf("two alerts were skipped with %q, want %q", got, digest.ReasonDailyLimit)
	}
	w.setClock(5, "08:00")
	w.round()
	w.wantAlerts("anna", posts(p[3], p[2])) // a digest: the newest first
	nextDay := w.writeThreads(1)            // the next day
	w.wantAlerts("anna", nextDay)
}

func TestDailyLimit_CountsWithinBatch(t *testing.T) {
	t.Parallel()
	w := newLimitedWorld(t, 2)
	var p []forum.PostID
	for range 4 {
		p = append(p, w.writePost(w.thread(tonight)))
	}
	w.round()
	w.advanceClock(time.Hour)
	if n := len(w.relay.withdraw(address("anna"))); n != 2 {
		t.Errorf("Anna got %d alerts, want 2", n)
	}
	w.setClock(5, "08:00")
	w.round()
	if got := w.relay.withdraw(address("anna")); len(got) != 1 || len(postsOf(t, got[0].raw)) != 2 {
		t.Errorf("Anna got %d messages the next morning, want one with the two other posts of %v", len(got), p)
	}
}

func TestDailyLimit_AlertsWaitWithoutDigests(t *testing.T) {
	t.Parallel()
	w := newLimitedWorld(t, 1)
	w.setPreferences(101, digest.Preferences{Schedule: &digest.Schedule{Cadence: digest.Off}})
	w.round()
	p := w.writeThreads(3)
	w.wantAlerts("anna", p[:1])
	w.setClock(5, "07:59")
	w.round()
	w.wantAlerts("anna")
	w.setClock(5, "08:00")
	w.round()
	w.wantAlerts("anna", p[1:])
}

func TestDailyLimit_DigestMergedIntoNext(t *testing.T) {
	t.Parallel()
	w := newLimitedWorld(t, 1)
	w.member(105, "emma", passenger, tonight, routes)
	w.setOverride(105, routes, digest.WithDigest)
	w.round()
	w.setClock(5, "06:00")
	alerted := w.writeThreads(1)
	w.wantAlerts("emma", alerted)
	first := w.writePost(w.thread(routes))
	w.setClock(5, "08:00")
	w.round()
	w.advanceClock(10 * time.Hour)
	w.wantAlerts("emma")
	second := w.writePost(w.thread(routes))
	w.setClock(6, "08:00")
	w.round()
	w.wantAlerts("emma", posts(second, first)) // a digest: the newest first
	w.setClock(7, "08:00")
	w.round()
	w.wantAlerts("emma")
}

func TestDailyLimit_AnnouncementsWait(t *testing.T) {
	t.Parallel()
	for _, forced := range []bool{false, true} {
		w := newAnnouncementWorld(t, 1)
		w.set.Delivery.MaxPerMemberPerDay = 1
		w.restart()
		w.setClock(4, "10:00")
		w.startAnnouncement(announcementToAll())
		w.round()
		a := announcementToAll()
		a.Forced = forced
		w.startAnnouncement(a)
		w.runAfter(time.Hour)
		want := []string{"m1001"}
		if forced { // it must reach all members
			want = append(want, "m1001")
		}
		w.wantAnnouncementTo(want...)
		w.setClock(5, "08:00")
		w.round()
		w.wantAnnouncementTo("m1001", "m1001")
	}
}

// Alerts have their own loop, and several daemons may share a store. Messages in flight in one daemon are not yet among the
// accepted ones.
func TestDailyLimit_CountsOtherDaemons(t *testing.T) {
	t.Parallel()
	w := newLimitedWorld(t, 1)
	other := store.Plan{Key: "announce/1/101", Kind: store.KindAnnouncement, Member: 101, Priority: store.PriorityAnnouncement}
	if _, err := w.store.Outbox.Plan(t.Context(), w.clock(), []store.Plan{other}); err != nil {
		t.Fatal(err)
	}
	if rows, err := w.store.Outbox.Claim(t.Context(), w.clock(), "another daemon", 24*time.Hour, store.AllPriorities, 10); err != nil || len(rows) != 1 {
		t.Fatalf("another daemon claims %d messages (%v)", len(rows), err)
	}
	p := w.writePost(w.thread(tonight))
	w.round()
	w.advanceClock(time.Hour)
	w.wantAlerts("anna")
	done := store.Settlement{Key: other.Key, State: "accepted", Result: "accepted", At: w.clock()}
	if err := w.store.Outbox.Settle(t.Context(), "another daemon", []store.Settlement{done}); err != nil {
		t.Fatal(err)
	}
	w.setClock(5, "08:00")
	w.round()
	w.wantAlerts("anna", posts(p))
}
