package daemon

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"postrider/daemon/members"
	"postrider/internal/racetest"
	"postrider/mail"
)

// runDaemon starts the clock of the world and the daemon, in a bubble of testing/synctest. The returned function stops the daemon.
func (w *world) runDaemon() (stop func()) {
	w.Helper()
	start, began := w.clock(), time.Now()
	w.daemon.Now = func() time.Time {
		w.setTime(start.Add(time.Since(began)))
		return w.clock()
	}
	ctx, cancel := context.WithCancel(w.Context())
	over := make(chan error, 1)
	go func() { over <- w.daemon.Run(ctx) }()
	return func() {
		w.Helper()
		cancel()
		if err := <-over; err != nil {
			w.Error(err)
		}
	}
}

func TestRun_AlertOvertakesDigests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, thread := newAlertWorld(t), int64(0)
		w.set.Alerts.Debounce = 0
		w.set.Scan.Interval = 2 * time.Second
		w.restart()
		thread = w.thread(routes)
		for i := range int64(60) {
			w.member(200+i, fmt.Sprintf("m%d", i), passenger, routes)
			w.execSQL(`UPDATE section_watch SET mail = 0 WHERE member_id = ?`, 200+i) // a digest, no alert
		}
		w.round()
		w.writePost(thread)
		w.relay.answer = func(to string, _ int) mail.Outcome {
			time.Sleep(10 * time.Second) // a slow relay
			return mail.Outcome{Result: mail.Accepted, Code: 250}
		}
		w.setClock(5, "07:59")
		stop := w.runDaemon()
		time.Sleep(90 * time.Second)
		digests := len(w.relay.messages())
		if digests == 0 || digests > 30 {
			t.Fatalf("%d digests were sent, want the round in progress", digests)
		}
		p := w.writePost(w.thread(tonight))
		time.Sleep(15 * time.Second) // scanned within two, and sent within ten more
		w.wantAlerts("anna", posts(p))
		if n := len(w.relay.messages()); n > 40 {
			t.Errorf("%d digests were sent before the alert", n)
		}
		stop()
	})
}

func TestAlertLoop_SendsWhenDueNotAtNextScan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newAlertWorld(t)
		w.set.Scan.Interval = time.Minute
		w.restart()
		stop := w.runDaemon()
		time.Sleep(50 * time.Second)
		w.daemon.Now() // sets the clock of the world
		p := w.writePost(w.thread(tonight))
		time.Sleep(59 * time.Second) // scanned at 60 s, due at 110 s
		w.wantAlerts("anna")
		time.Sleep(2 * time.Second)
		w.wantAlerts("anna", posts(p))
		stop()
	})
}

func TestWake_ScansImmediately(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newAlertWorld(t)
		w.set.Alerts.Debounce = 0
		w.set.Scan.Interval = time.Hour
		w.restart()
		stop := w.runDaemon()
		time.Sleep(time.Second)
		p := w.writePost(w.thread(tonight))
		w.daemon.Wake()
		w.daemon.Wake()
		time.Sleep(time.Second)
		w.wantAlerts("anna", posts(p))
		stop()
	})
}

func TestWake_SendsDigestOnDemand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newAlertWorld(t)
		w.execSQL(`UPDATE section_watch SET mail = 0`)
		w.set.Scan.Interval = time.Hour
		w.restart()
		p := w.writePost(w.thread(tonight))
		stop := w.runDaemon()
		time.Sleep(time.Second)
		service := members.New(w.source, w.store, w.set)
		a, err := service.Account(t.Context(), w.clock(), annaID)
		if err != nil {
			t.Fatal(err)
		}
		if demand, err := service.SendNow(t.Context(), w.clock(), a); demand != members.SendNowQueued || err != nil {
			t.Fatalf("SendNow = %q, %v", demand, err)
		}
		w.daemon.Wake()
		time.Sleep(time.Second)
		w.wantAlerts("anna", posts(p))
		w.daemon.Wake()
		before := w.source.Statements()
		time.Sleep(time.Second)
		if n := w.source.Statements() - before; n > 2 {
			t.Errorf("woken without reason, it sent %d statements to the forum, want BEGIN and one query", n)
		}
		stop()
	})
}

func TestScanNew_OneQueryWithoutNewPosts(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	w := newAlertWorld(t)
	thread := w.thread(tonight)
	for range rescanOverlap + 200 { // more than each scan reads again
		w.insertPost(w.next(), thread, w.clock().Unix(), "visible")
	}
	w.writePostAs(thread, "moderated")
	w.round()
	for range 3 {
		before := w.source.Statements()
		if err := w.daemon.main.steps(t.Context(), w.daemon.main.scanner.scanNew, w.daemon.main.alerts.planAlerts, w.daemon.main.deliver); err != nil {
			t.Fatal(err)
		}
		if n := w.source.Statements() - before; n != 2 {
			t.Errorf("%d statements, want BEGIN and one query", n)
		}
	}
}

func TestAlertLoop_FindsApprovedPost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newAlertWorld(t)
		w.set.Alerts.Debounce = 0
		w.set.Scan.Interval = 2 * time.Second
		w.restart()
		stop := w.runDaemon()
		time.Sleep(time.Second)
		p := w.writePostAs(w.thread(tonight), "moderated")
		time.Sleep(5 * time.Second)
		w.wantAlerts("anna")
		w.execSQL(`UPDATE post SET state = 'visible' WHERE id = ?`, p)
		time.Sleep(pendingRecheckInterval + 2*time.Second)
		w.wantAlerts("anna", posts(p))
		stop()
	})
}
