package daemon

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postrider/alarm"
	"postrider/daemon/settings"
	"postrider/mail"
	"postrider/store"
)

// twoRelays is a world in which announcements have their own relay, and an announcement and a digest are due for each member.
type twoRelays struct {
	*world
	own *fakeRelay
	id  int64 // of the announcement
}

// newTwoRelays returns such a world with some members in each domain, at eight o'clock.
func newTwoRelays(t *testing.T, members map[string]int) *twoRelays {
	t.Helper()
	w := newWorld(t)
	w.execSQL("UPDATE member SET state = 'disabled'")
	first := 1000
	for _, domain := range slices.Sorted(maps.Keys(members)) {
		w.addMembers(first, members[domain], domain)
		first += 1000
	}
	w.set.Announce = settings.DefaultAnnouncements()
	w.set.Announce.MaxRejected = 100
	w.set.Connections, w.set.AnnounceConnections = 2, 3
	r := &twoRelays{world: w, own: &fakeRelay{clock: w.clock}}
	w.ownRelay = r.own
	w.restart()
	w.round()
	w.writePost(w.thread(tonight))
	w.setClock(5, "08:00")
	r.id = w.startAnnouncement(announcementToAll())
	return r
}

// accepted counts the messages that each relay accepted: "12 announcements, 0 others; 0 announcements, 12 others" is what they
// should be, first through their own.
func (r *twoRelays) accepted() string {
	r.Helper()
	var parts []string
	for _, relay := range []*fakeRelay{r.own, r.relay} {
		announcements, others := 0, 0
		for _, sent := range relay.messages() {
			head, _, _ := parseMessage(r, sent.raw)
			switch {
			case sent.out.Result != mail.Accepted:
			case head.Get("X-Postrider-Reason") == store.KindAnnouncement:
				announcements++
			default:
				others++
			}
		}
		parts = append(parts, fmt.Sprintf("%d announcements, %d others", announcements, others))
	}
	return strings.Join(parts, "; ")
}

func (r *twoRelays) wantAccepted(when string, own, shared int) {
	r.Helper()
	if got, want := r.accepted(), fmt.Sprintf("%d announcements, 0 others; 0 announcements, %d others", own, shared); got != want {
		r.Errorf("%s: the relays accepted %s, want %s", when, got, want)
	}
}

// refuseConnection is the outcome of a relay that is down.
func refuseConnection(string, int) mail.Outcome {
	return mail.Outcome{Result: mail.NotSent, Stage: mail.Connecting, Err: fmt.Errorf("connection refused")}
}

func TestOwnRelay_SendsAnnouncementsAndTheirTests(t *testing.T) {
	t.Parallel()
	r := newTwoRelays(t, map[string]int{"a.example": 4})
	r.round()
	r.wantAccepted("after a round", 4, 4)
	r.wantState(r.id, store.Done)
	a := announcementToAll()
	a.ID = 7
	if out, err := r.daemon.SendTestAnnouncement(t.Context(), &a, "", "admin@example.org"); err != nil || out.Result != mail.Accepted {
		t.Fatal(out, err)
	}
	r.wantAccepted("after a test", 5, 4)
	if got, want := r.daemon.Relays(), map[string]bool{"smtp": true, "smtp.announcements": true}; !maps.Equal(got, want) {
		t.Errorf("the relays in use are %v, want %v", got, want)
	}
}

func TestOwnRelay_OneThatIsDownDoesNotHoldUpTheOther(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		down        func(*twoRelays) *fakeRelay
		own, shared int
		alarm       string
		inUse       map[string]bool
	}{
		"that of announcements": {func(r *twoRelays) *fakeRelay { return r.own }, 0, 20, "announcements", map[string]bool{"smtp": true, "smtp.announcements": false}},
		"that of the others":    {func(r *twoRelays) *fakeRelay { return r.relay }, 20, 0, "", map[string]bool{"smtp": false, "smtp.announcements": true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newTwoRelays(t, map[string]int{"a.example": 20})
			tt.down(r).answer = refuseConnection
			for range 4 { // a minute each: the alarm is raised when it lasts
				r.runAfter(time.Minute)
			}
			r.wantAccepted("while one is down", tt.own, tt.shared)
			if got := r.daemon.Relays(); !maps.Equal(got, tt.inUse) {
				t.Errorf("the relays in use are %v, want %v", got, tt.inUse)
			}
			var raised []string
			all, err := r.store.Alarms.All(t.Context())
			check(t, err)
			for _, a := range all {
				if kind, object := alarm.ParseKey(a.Key); a.Active() {
					raised = append(raised, string(kind)+"/"+object)
				}
			}
			if want := []string{"relay/" + tt.alarm}; !slices.Equal(raised, want) {
				t.Errorf("active alarms are %q, want %q", raised, want)
			}
			tt.down(r).acceptAll()
			r.restart() // or the circuit breaker waits, in real time
			r.runAfter(time.Minute)
			r.wantAccepted("when it works again", 20, 20)
		})
	}
}

func TestOwnRelay_OneThatHangsDoesNotHoldUpTheOther(t *testing.T) {
	t.Parallel()
	for name, hangs := range map[string]func(*twoRelays) *fakeRelay{
		"that of announcements": func(r *twoRelays) *fakeRelay { return r.own },
		"that of the others":    func(r *twoRelays) *fakeRelay { return r.relay },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newTwoRelays(t, map[string]int{"a.example": 20})
				r.world.run()
				slow := hangs(r)
				slow.answer = func(string, int) mail.Outcome {
					time.Sleep(5 * time.Minute)
					return mail.Outcome{Result: mail.NotSent, Stage: mail.Connecting, Err: context.DeadlineExceeded}
				}
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- r.daemon.Run(ctx) }()
				time.Sleep(30 * time.Second)
				if slow == r.own {
					r.wantAccepted("while it hangs", 0, 20)
				} else {
					r.wantAccepted("while it hangs", 20, 0)
				}
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestOwnRelay_HoldsAndRefusalsConcernOneRelay(t *testing.T) {
	t.Parallel()
	r := newTwoRelays(t, map[string]int{"a.example": 20, "b.example": 20})
	r.own.rejectDomain("@a.example", 550, "5.7.1")
	r.round()
	r.wantAccepted("on the first day", 20, 40)
	r.runAfter(time.Minute)
	holds, err := r.store.Holds.Active(t.Context(), r.clock())
	if err != nil || len(holds) != 1 || holds[0].Key() != (store.HoldKey{Relay: store.AnnouncementRelay, Domain: "a.example"}) {
		t.Fatalf("holds are %+v, want one of a.example at the relay of announcements", holds)
	}
	r.own.acceptAll()
	r.writePost(r.thread(tonight))
	r.startAnnouncement(announcementToAll())
	r.runAfter(time.Minute)
	r.wantAccepted("during the hold, a second announcement", 40, 40)
	if got := r.countLogged("domain on hold: most messages rejected"); got != 1 {
		t.Errorf("%d holds were logged, want 1", got)
	}
	if released, err := r.store.Holds.Release(t.Context(), r.clock(), holds[0].Key()); !released || err != nil {
		t.Errorf("the hold was released: %v, %v", released, err)
	}
	r.runAfter(time.Second)
	r.wantAccepted("when it was released", 60, 40)
	r.setClock(6, "08:00")
	r.round()
	r.wantAccepted("the next day", 60, 80)
	r.setClock(6, "09:00")
	r.round()
	if got := r.suppressedAddresses(); len(got) != 0 {
		t.Errorf("suppressed are %v, want none: the domain rejected the relay", got)
	}
}

// A domain that rejects the relay of announcements must not excuse addresses that bounce at the other one.
func TestOwnRelay_FaultOfOneRelayExcusesNoAddressAtTheOther(t *testing.T) {
	t.Parallel()
	r := newTwoRelays(t, map[string]int{"a.example": 20})
	r.own.rejectDomain("", 554, "5.7.1")
	r.relay.rejectDomain("m1003@a.example", 550, "5.1.1")
	r.round()
	r.runAfter(time.Minute)
	r.runAfter(15 * time.Minute)
	if got, want := r.suppressedAddresses(), []string{"m1003@a.example"}; !slices.Equal(got, want) {
		t.Errorf("suppressed are %v, want %v", got, want)
	}
	r.own.acceptAll()
	r.restart()
	second := r.startAnnouncement(announcementToAll())
	r.setClock(6, "10:00")
	r.round()
	r.wantSkipped(second, map[string]int{"address bounces": 1})
}

func TestOwnRelay_ThrottlesOfProvidersAreApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newTwoRelays(t, map[string]int{"gmail.com": 40})
		r.own.answer = func(_ string, attempt int) mail.Outcome {
			if attempt%2 == 0 {
				return mail.Outcome{Result: mail.NotSent, Stage: mail.Recipient, Code: 421, Enhanced: "4.7.28", Reply: "4.7.28 unusual rate"}
			}
			return mail.Outcome{Result: mail.Accepted, Code: 250}
		}
		r.world.run()
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
		defer stop()
		if err := r.daemon.Run(ctx); err != nil {
			t.Error(err)
		}
		if got := len(r.relay.messages()); got != 40 {
			t.Errorf("%d digests were sent, want all at once", got)
		}
		if got := len(r.own.messages()); got > 20 {
			t.Errorf("%d announcements were tried, want few", got)
		}
		if log := r.log.String(); !strings.Contains(log, "provider is rate limiting us") || strings.Count(log, "relay=smtp.announcements") == 0 {
			t.Errorf("the log does not name the relay:\n%s", log)
		}
	})
}

func TestOwnRelay_AddedOrRemovedTakesWhatWaits(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ before, after bool }{"added": {false, true}, "removed": {true, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newTwoRelays(t, map[string]int{"a.example": 20})
			restart := func(own bool) {
				if r.ownRelay = nil; own {
					r.ownRelay = r.own
				}
				r.restart()
			}
			restart(tt.before)
			h := store.DomainHold{Domain: "a.example", Since: r.clock(), Until: r.clock().Add(5 * time.Hour), Reason: "no"}
			if tt.before {
				h.Relay = store.AnnouncementRelay
			}
			check(t, r.store.Holds.Add(t.Context(), h))
			r.round()
			announcements := func(relay *fakeRelay) (n int) {
				for _, sent := range relay.messages() {
					if strings.Contains(string(sent.raw), "X-Postrider-Reason: announcement") {
						n++
					}
				}
				return n
			}
			if got := announcements(r.own) + announcements(r.relay); got != 0 {
				t.Fatalf("%d announcements were sent during the hold", got)
			}
			restart(tt.after)
			r.runAfter(time.Minute)
			r.runAfter(time.Minute)
			if own, shared := announcements(r.own), announcements(r.relay); own+shared != 20 || (own == 20) != tt.after {
				t.Errorf("%d announcements went through their own relay, %d through the other, want 20 through the new one", own, shared)
			}
		})
	}
}
