package daemon

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postrider/daemon/settings"
	"postrider/forum"
	"postrider/internal/addr"
	"postrider/internal/racetest"
	"postrider/mail"
	"postrider/store"
)

// newMultiDomainWorld returns a world with members at several domains; members has their number by domain.
func newMultiDomainWorld(t *testing.T, members map[string]int) (*world, forum.PostID) {
	t.Helper()
	w := newWorld(t)
	id := int64(1000)
	for domain, n := range members {
		for i := range n {
			w.member(id, fmt.Sprintf("m%d", id), passenger, tonight)
			w.execSQL(`UPDATE member SET email = ? WHERE id = ?`, fmt.Sprintf("m%d@%s", i, domain), id)
			id++
		}
	}
	w.round()
	p := w.writePost(w.thread(tonight))
	w.setClock(5, "08:00")
	w.prepare()
	return w, p
}

// acceptedByDomain counts the accepted messages by domain.
func (w *world) acceptedByDomain() map[string]int {
	counts := make(map[string]int)
	for _, sent := range w.relay.messages() {
		if sent.out.Result == mail.Accepted {
			counts[addr.Domain(sent.to)]++
		}
	}
	return counts
}

func TestThrottle_SlowProviderDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, _ := newMultiDomainWorld(t, map[string]int{"slow.example": 40, "quick.example": 40, "other.example": 40})
		w.set.Connections = 4
		w.restart()
		w.relay.answer = func(to string, _ int) mail.Outcome {
			if addr.Domain(to) == "slow.example" {
				time.Sleep(10 * time.Second)
			}
			return mail.Outcome{Result: mail.Accepted, Code: 250}
		}
		over := make(chan error, 1)
		go func() { over <- w.daemon.main.deliver(t.Context()) }()
		time.Sleep(time.Second)
		if got := w.acceptedByDomain(); got["quick.example"] != 40 || got["other.example"] != 40 {
			t.Errorf("after a second %v were accepted, want all of the fast providers", got)
		}
		if err := <-over; err != nil {
			t.Error(err)
		}
		if got := w.acceptedByDomain(); got["slow.example"] != 40 {
			t.Errorf("in the end %v were accepted, want all", got)
		}
	})
}

func TestThrottle_SlowsOnlyRateLimitingProvider(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, _ := newMultiDomainWorld(t, map[string]int{"gmail.com": 60, "example.org": 60})
		var last time.Time // gmail accepts a message every two seconds
		w.relay.answer = func(to string, _ int) mail.Outcome {
			if addr.Domain(to) != "gmail.com" {
				return mail.Outcome{Result: mail.Accepted, Code: 250}
			}
			if time.Since(last) < 2*time.Second {
				return mail.Outcome{Result: mail.NotSent, Stage: mail.Recipient, Code: 421, Enhanced: "4.7.28", Reply: "4.7.28 unusual rate"}
			}
			last = time.Now()
			return mail.Outcome{Result: mail.Accepted, Code: 250}
		}
		w.deliver()
		if got := w.acceptedByDomain(); got["example.org"] != 60 || got["gmail.com"] == 0 {
			t.Errorf("%v were accepted, want all of example.org immediately", got)
		}
		if n := w.countLogged("provider is rate limiting us"); n == 0 {
			t.Errorf("the log has no entry:\n%s", w.log)
		}
		messages, err := w.store.Queue.List(t.Context(), store.QueueFilter{States: []string{"queued"}, Limit: 100})
		if err != nil || len(messages) != 60-w.acceptedByDomain()["gmail.com"] {
			t.Fatalf("%d are waiting: %v", len(messages), err)
		}
		times := make(map[time.Time]int)
		for _, m := range messages {
			if m.Attempt != 0 {
				t.Errorf("%s: %d attempts are counted", m.Key, m.Attempt)
			}
			if strings.HasPrefix(m.Last.Reason, "rate_limited?provider=gmail.com") {
				times[m.NotBefore]++
			}
		}
		if len(times) < 10 {
			t.Errorf("deferred messages are due at %d different times, want them spread", len(times))
		}
		for range 100 {
			time.Sleep(10 * time.Second)
			w.setTime(w.clock().Add(10 * time.Second))
			w.deliver()
		}
		if got := w.acceptedByDomain(); got["gmail.com"] != 60 {
			t.Errorf("after a while %v were accepted, want all", got)
		}
	})
}

func TestRunOnce_WaitsForSlowProvider(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, _ := newMultiDomainWorld(t, map[string]int{"slow.example": 100, "example.org": 3})
		w.set.Delivery.DomainRate["slow.example"] = 1
		w.restart()
		start := time.Now()
		report := w.round()
		if took := time.Since(start); took < 58*time.Second || took > settings.MaxBatchAge+2*time.Second {
			t.Errorf("it took %v, want about %v", took, settings.MaxBatchAge)
		}
		if got := w.acceptedByDomain(); got["slow.example"] < 59 || got["slow.example"] > 62 || got["example.org"] != 3 {
			t.Errorf("%v were accepted, want one a second", got)
		}
		if want := 100 - w.acceptedByDomain()["slow.example"]; report.Waiting != want {
			t.Errorf("the report has %d waiting, want %d", report.Waiting, want)
		}
	})
}

func TestRun_DoesNotWaitForSlowProvider(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, _ := newMultiDomainWorld(t, map[string]int{"slow.example": 50, "example.org": 3})
		w.set.Delivery.DomainRate["slow.example"] = 1
		w.restart()
		start := time.Now()
		w.deliver()
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("it took %v, want no delay for other messages", took)
		}
		for range 60 {
			time.Sleep(time.Second)
			w.setTime(w.clock().Add(time.Second))
			w.deliver()
		}
		if got := w.acceptedByDomain(); got["slow.example"] != 50 {
			t.Errorf("a minute later %v were accepted, want all", got)
		}
	})
}

func TestDeliver_KeepsOverallRate(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, _ := newMultiDomainWorld(t, map[string]int{"a.example": 100, "b.example": 100, "c.example": 100})
		w.set.Delivery.Rate = 5
		w.restart()
		start := time.Now()
		w.round()
		if took := time.Since(start); took < 59*time.Second || took > 66*time.Second {
			t.Errorf("300 messages took %v, want a minute", took)
		}
		if got := len(w.relay.messages()); got != 300 {
			t.Errorf("%d were sent, want all: none is deferred", got)
		}
	})
}

// holdDomain puts a domain on hold for half an hour from now.
func (w *world) holdDomain(domain string) {
	w.Helper()
	h := store.DomainHold{Domain: domain, Since: w.clock(), Until: w.clock().Add(30 * time.Minute), Reason: "refused 12 of 14"}
	if err := w.store.Holds.Add(w.Context(), h); err != nil {
		w.Fatal(err)
	}
}

func TestHold_MessagesWaitWithoutAttempt(t *testing.T) {
	t.Parallel()
	w, _ := newMultiDomainWorld(t, map[string]int{"gmail.com": 20, "example.org": 5})
	w.holdDomain("gmail.com")
	report := w.round()
	if got := w.acceptedByDomain(); got["gmail.com"] != 0 || got["example.org"] != 5 || report.Waiting != 20 {
		t.Errorf("%v were accepted and %d are waiting, want those of the other domain, and 20 waiting", got, report.Waiting)
	}
	w.setClock(5, "08:29")
	w.round()
	if got := w.acceptedByDomain(); got["gmail.com"] != 0 {
		t.Errorf("%v were accepted before the hold ended", got)
	}
	messages, err := w.store.Queue.List(t.Context(), store.QueueFilter{States: []string{"queued"}, Limit: 100})
	if err != nil || len(messages) != 20 || messages[0].Attempt != 0 || !strings.HasPrefix(storedText(messages[0].Last.Reason), "gmail.com is on hold: refused 12 of 14") {
		t.Errorf("%d are waiting: %v, %+v; want the reason and no counted attempt", len(messages), err, messages[0])
	}
	w.setClock(5, "08:31")
	w.round()
	if got := w.acceptedByDomain(); got["gmail.com"] != 20 {
		t.Errorf("%v were accepted after the hold, want all", got)
	}
}

func TestHold_EndsWithSingleProbe(t *testing.T) {
	t.Parallel()
	for name, restart := range map[string]bool{"by the daemon that knew of it": false, "by one that was started since": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, _ := newMultiDomainWorld(t, map[string]int{"gmail.com": 20, "example.org": 5})
			w.holdDomain("gmail.com")
			w.round()
			w.relay.answer = func(string, int) mail.Outcome {
				return mail.Outcome{Result: mail.Refused, Stage: mail.Recipient, Code: 550, Enhanced: "5.7.1", Reply: "not you"}
			}
			w.relay.forget()
			w.setClock(5, "08:31")
			if restart {
				w.restart()
			}
			if report := w.round(); report.Refused != 1 || report.Waiting != 19 {
				t.Errorf("%d were rejected and %d are waiting, want one attempt and 19 waiting", report.Refused, report.Waiting)
			}
			w.setClock(5, "08:35")
			w.round()
			if n := len(w.relay.messages()); n != 1 {
				t.Errorf("%d were attempted by then, want one", n)
			}
			w.relay.acceptAll()
			w.setClock(5, "08:45")
			w.round()
			if got := w.acceptedByDomain(); got["gmail.com"] != 19 {
				t.Errorf("%v were accepted after the probe, want all others", got)
			}
		})
	}
}
