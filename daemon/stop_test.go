package daemon

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postrider/daemon/settings"
	"postrider/mail"
)

// blockMessages makes the relay block on every message until release. It sends the recipient of each message to arrived.
func (r *fakeRelay) blockMessages() (arrived chan string, release func()) {
	arrived, gate := make(chan string, 1000), make(chan struct{})
	r.answer = func(to string, _ int) mail.Outcome {
		arrived <- to
		<-gate
		return mail.Outcome{Result: mail.Accepted, Code: 250}
	}
	return arrived, func() { close(gate) }
}

func TestStop_FinishesMessagesInFlight(t *testing.T) {
	t.Parallel()
	const members = 40
	w, p := newBusyWorld(t, members)
	arrived, release := w.relay.blockMessages()
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() {
		_, err := w.daemon.RunOnce(ctx)
		over <- err
	}()
	for range w.set.Connections {
		<-arrived
	}
	stop()
	release()
	if err := <-over; err != nil {
		t.Errorf("a stop is not an error: %v", err)
	}
	if n := len(w.relay.messages()); n != w.set.Connections {
		t.Errorf("%d messages were sent, want %d: those in flight", n, w.set.Connections)
	}
	counts := w.countByState()
	if counts["queued"] != members-w.set.Connections || counts["leased"] != 0 {
		t.Errorf("the outbox is %v, want %d queued and none leased", counts, members-w.set.Connections)
	}
	w.relay.acceptAll()
	w.restart()
	w.round()
	for i := range members {
		w.wantMessages(fmt.Sprintf("m%d", i), posts(p))
	}
}

func TestDispatcher_RebuildsOldBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const members = 6
		w, p := newBusyWorld(t, members)
		w.relay.answer = func(string, int) mail.Outcome {
			time.Sleep(settings.MaxBatchAge + time.Second) // a slow relay
			return mail.Outcome{Result: mail.Accepted, Code: 250}
		}
		over := make(chan error, 1)
		go func() {
			_, err := w.daemon.RunOnce(t.Context())
			over <- err
		}()
		time.Sleep(settings.MaxBatchAge / 2) // the first messages are in flight, all others are built
		w.execSQL(`UPDATE post SET state = 'deleted' WHERE id = ?`, p)
		if err := <-over; err != nil {
			t.Fatal(err)
		}
		if n := len(w.relay.messages()); n != w.set.Connections {
			t.Errorf("%d messages were sent, want %d: none after the deletion", n, w.set.Connections)
		}
	})
}

func TestDeliver_SlowForum(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, p := newBusyWorld(t, 3)
		w.prepare()
		w.daemon.Now = func() time.Time {
			time.Sleep(2 * settings.MaxBatchAge) // simulates a build that takes this long
			return w.clock()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*settings.MaxBatchAge)
		defer cancel()
		if err := w.daemon.main.deliver(ctx); err != nil {
			t.Fatal(err)
		}
		w.wantMessages("m0", posts(p))
	})
}

func TestRun_SendsAndStops(t *testing.T) {
	t.Parallel()
	// One second is also the interval of another job.
	for _, interval := range []time.Duration{time.Minute, time.Second} {
		t.Run(interval.String(), func(t *testing.T) {
			t.Parallel()
			runSendsAndStops(t, interval)
		})
	}
}

func runSendsAndStops(t *testing.T, interval time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.set.Scan.Interval = interval
		w.restart()
		w.member(101, "anna", passenger, tonight)
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan error, 1)
		go func() { over <- w.daemon.Run(ctx) }()
		tick := func() { time.Sleep(2 * time.Minute); synctest.Wait() }

		tick()
		thread := w.thread(tonight)
		p := w.writePost(thread)
		w.setClock(5, "08:00")
		tick()
		w.wantMessages("anna", posts(p))

		w.member(102, "bert", passenger, tonight) // synced within ten minutes
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		w.execSQL(`ALTER TABLE post RENAME TO away`)
		w.setClock(6, "08:00")
		tick()
		w.wantMessages("anna")
		if !strings.Contains(w.log.String(), "round failed, retrying later") {
			t.Errorf("the outage of the forum is not logged:\n%s", w.log)
		}
		w.execSQL(`ALTER TABLE away RENAME TO post`)
		q := w.writePost(thread)
		tick()
		w.wantMessages("anna", posts(q))
		w.wantMessages("bert", posts(q))
		if t.Failed() {
			t.Log(w.log)
		}

		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
		w.writePost(thread)
		w.setClock(7, "08:00")
		tick()
		w.wantMessages("anna")
	})
}

func TestRun_WaitsForMessagesInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const members = 10
		w, p := newBusyWorld(t, members)
		w.setTime(worldStart) // no member is due at the start
		w.set.Scan.Interval = time.Minute
		w.restart()
		arrived, release := w.relay.blockMessages()
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan error, 1)
		go func() { over <- w.daemon.Run(ctx) }()
		synctest.Wait()
		w.setClock(5, "08:00")
		for range w.set.Connections {
			<-arrived
		}
		stop()
		synctest.Wait()
		select {
		case <-over:
			t.Fatal("Run returned while messages are in flight")
		default:
		}
		release()
		if err := <-over; err != nil {
			t.Error(err)
		}
		if got := w.countByState(); got["accepted"] != w.set.Connections || got["queued"] != members-w.set.Connections {
			t.Errorf("the outbox is %v, want %d accepted and the rest queued", got, w.set.Connections)
		}
		w.relay.acceptAll()
		w.round()
		for i := range members {
			w.wantMessages(fmt.Sprintf("m%d", i), posts(p))
		}
	})
}
