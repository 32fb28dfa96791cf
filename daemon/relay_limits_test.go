package daemon

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"postrider/alarm"
	"postrider/bounce"
	"postrider/forum"
	"postrider/mail"
	"postrider/store"
)

// TestDeliver_DailyLimitOfRelay sends through a relay that accepts a hundred messages a day, like Gmail.
func TestDeliver_DailyLimitOfRelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newDailyWorld(t)
		for i := range 20 {
			w.addMembers(200+i, 1, fmt.Sprintf("d%d.example", i%3))
		}
		w.round()
		w.writePost(w.thread(tonight))
		accepted := 0
		w.relay.answer = func(string, int) mail.Outcome {
			if accepted == 10 {
				return mail.Outcome{Result: mail.Refused, Stage: mail.Data, Code: 550, Enhanced: "5.4.5", Reply: "5.4.5 Daily user sending limit exceeded."}
			}
			accepted++
			return mail.Outcome{Result: mail.Accepted, Code: 250}
		}
		w.setClock(5, "08:00")
		w.round()
		w.setClock(5, "08:20")
		w.round()
		states := w.countByState()
		if states["refused"] != 0 || states["queued"] == 0 {
			t.Errorf("messages by state = %v, want those above the limit queued", states)
		}
		holds, err := w.store.Holds.Active(t.Context(), w.clock())
		if err != nil || len(holds) != 0 {
			t.Errorf("holds = %v (%v), want none", holds, err)
		}
		if got := w.suppressedAddresses(); len(got) != 0 {
			t.Errorf("suppressed addresses = %v, want none", got)
		}
		wantOneAlarm(w, alarm.Quota)
		w.relay.acceptAll()
		time.Sleep(time.Hour) // the longest rest
		w.setClock(5, "12:00")
		for range 3 {
			w.round()
			w.setTime(w.clock().Add(time.Minute))
		}
		if n := w.countByState()["queued"]; n != 0 {
			t.Errorf("%d messages still wait after the limit", n)
		}
	})
}

// wantOneAlarm checks that a single alarm is active, and of which kind.
func wantOneAlarm(w *world, kind alarm.Kind) {
	w.Helper()
	list, err := w.store.Alarms.All(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	var active []string
	for _, a := range list {
		if a.Active() {
			active = append(active, a.Key)
		}
	}
	if len(active) != 1 || alarm.Kind(strings.SplitN(active[0], " ", 2)[0]) != kind {
		w.Errorf("the active alarms are %q, want one of kind %q", active, kind)
	}
}

// TestDeliver_RateLimitOfRelay sends through a relay that accepts 14 messages a second, like Amazon SES.
func TestDeliver_RateLimitOfRelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newDailyWorld(t)
		w.addMembers(200, 333, "many.example")
		w.round()
		w.writePost(w.thread(tonight))
		var mu sync.Mutex
		var accepted []time.Time
		w.relay.answer = func(string, int) mail.Outcome {
			time.Sleep(5 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			now, lately := time.Now(), 0
			for _, at := range accepted {
				if now.Sub(at) < time.Second {
					lately++
				}
			}
			if lately >= 14 {
				return mail.Outcome{Result: mail.TempFail, Stage: mail.Data, Code: 454, Reply: "Throttling failure: Maximum sending rate exceeded."}
			}
			accepted = append(accepted, now)
			return mail.Outcome{Result: mail.Accepted, Code: 250}
		}
		began := time.Now()
		w.setClock(5, "08:00")
		w.round()
		w.setClock(5, "08:01")
		w.round()
		if n := w.countByState()["queued"]; n != 0 || len(accepted) < 333 {
			t.Errorf("%d messages were accepted and %d wait, want all accepted", len(accepted), n)
		}
		if took := time.Since(began); took > 40*time.Second {
			t.Errorf("delivery took %v, want about 26 s", took)
		}
		if refused := len(w.relay.messages()) - len(accepted); refused > 40 {
			t.Errorf("%d messages were too fast, want few", refused)
		}
		if got := w.suppressedAddresses(); len(got) != 0 {
			t.Errorf("suppressed addresses = %v, want none", got)
		}
	})
}

// saveReports saves a report about a message to each member, sent this minute.
func (w *world) saveReports(first, members int, domain string) {
	w.Helper()
	var reports []store.Refusal
	for i := range members {
		id := first + i
		reports = append(reports, store.Refusal{
			Key: fmt.Sprintf("digest/%d/2026-05-05", id), Source: store.FromReport, Member: forum.MemberID(id), Address: fmt.Sprintf("m%d@%s", id, domain),
			SentAt: w.clock(), At: w.clock(), Class: bounce.ClassUnknownUser, Code: 550, Enhanced: "5.1.1", Reply: "no such user",
		})
	}
	check(w, w.store.Suppressions.SaveRefusals(w.Context(), reports))
}

func TestEvaluateRefusals_ReportsHoldNoDomain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addMembers(200, 12, "big.example")
	w.round()
	w.writePost(w.thread(tonight))
	w.setClock(5, "08:00")
	w.round()
	w.saveReports(200, 12, "big.example")
	w.setClock(5, "08:20")
	w.round()
	if holds, err := w.store.Holds.Active(t.Context(), w.clock()); err != nil || len(holds) != 0 {
		t.Errorf("holds = %+v (%v), want none because of reports", holds, err)
	}
	if got := w.suppressedAddresses(); len(got) != 0 {
		t.Errorf("suppressed addresses = %v, want none: most of a minute's messages were rejected", got)
	}
}

func TestEvaluateRefusals_AcceptedProbeShortensNextHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addMembers(200, 12, "big.example")
	w.round()
	for day := 5; day <= 6; day++ {
		w.writePost(w.thread(tonight))
		w.relay.rejectDomain("@big.example", 550, "5.1.1")
		if day == 6 { // the first message after the hold is accepted
			answer := w.relay.answer
			probed := false
			w.relay.answer = func(to string, n int) mail.Outcome {
				if !probed && strings.HasSuffix(to, "@big.example") {
					probed = true
					return mail.Outcome{Result: mail.Accepted, Code: 250}
				}
				return answer(to, n)
			}
		}
		w.setClock(day, "08:00")
		w.round()
		w.setClock(day, "08:01")
		w.round()
		holds, err := w.store.Holds.Active(t.Context(), w.clock())
		if err != nil || len(holds) != 1 || holds[0].Until.Sub(w.clock()) != bounce.MinHold {
			t.Errorf("on day %d holds are %+v (%v), want one of %v", day, holds, err, bounce.MinHold)
		}
	}
}
