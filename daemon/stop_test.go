package daemon

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postrider/mail"
)

// holds makes the relay hold every mail until the test lets go. Each that arrives is told on the first channel.
func (r *fakeRelay) holds() (arrived chan string, letGo func()) {
	arrived, gate := make(chan string, 1000), make(chan struct{})
	r.answer = func(to string, _ int) mail.Outcome {
		arrived <- to
		<-gate
		return mail.Outcome{Result: mail.Accepted, Code: 250}
	}
	return arrived, func() { close(gate) }
}

func TestAStopFinishesWhatIsUnderWayAndKeepsTheRest(t *testing.T) {
	t.Parallel()
	const members = 40
	w, p := crowded(t, members)
	arrived, letGo := w.relay.holds()
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
	letGo()
	if err := <-over; err != nil {
		t.Errorf("a stop is no fault: %v", err)
	}
	if n := len(w.relay.all()); n != w.set.Connections {
		t.Errorf("%d mails were handed over, want %d: those under way", n, w.set.Connections)
	}
	counts := w.counts()
	if counts["queued"] != members-w.set.Connections || counts["leased"] != 0 {
		t.Errorf("the outbox is %v, want %d queued and none leased", counts, members-w.set.Connections)
	}
	w.relay.works()
	w.restart()
	w.round()
	for i := range members {
		w.got(fmt.Sprintf("m%d", i), posts(p))
	}
}

func TestWhatWaitsTooLongForAConnectionIsBuiltAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const members = 6
		w, p := crowded(t, members)
		w.relay.answer = func(string, int) mail.Outcome {
			time.Sleep(maxBatchAge + time.Second) // a slow relay
			return mail.Outcome{Result: mail.Accepted, Code: 250}
		}
		over := make(chan error, 1)
		go func() {
			_, err := w.daemon.RunOnce(t.Context())
			over <- err
		}()
		time.Sleep(maxBatchAge / 2) // the first mails are under way, all others are built
		w.sql(`UPDATE post SET state = 'deleted' WHERE id = ?`, p)
		if err := <-over; err != nil {
			t.Fatal(err)
		}
		if n := len(w.relay.all()); n != w.set.Connections {
			t.Errorf("%d mails went out, want %d: the rest was told to nobody after its deletion", n, w.set.Connections)
		}
	})
}

func TestAForumThatAnswersSlowlyIsServedAllTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, p := crowded(t, 3)
		w.prepare()
		w.daemon.Now = func() time.Time {
			time.Sleep(2 * maxBatchAge) // stands for a build that takes so long
			return w.clock()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*maxBatchAge)
		defer cancel()
		if err := w.daemon.deliver(ctx); err != nil {
			t.Fatal(err)
		}
		w.got("m0", posts(p))
	})
}

func TestRunMailsWhatComesAndStopsWhenTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.set.Scan.Interval = time.Minute
		w.restart()
		w.member(101, "anna", passenger, tonight)
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan error, 1)
		go func() { over <- w.daemon.Run(ctx) }()
		tick := func() { time.Sleep(2 * time.Minute); synctest.Wait() }

		tick()
		thread := w.thread(tonight)
		p := w.post(thread)
		w.at(5, "08:00")
		tick()
		w.got("anna", posts(p))

		w.member(102, "bert", passenger, tonight) // he is learnt of in ten minutes at most
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		w.sql(`ALTER TABLE post RENAME TO away`)
		w.at(6, "08:00")
		tick()
		w.got("anna")
		if !strings.Contains(w.log.String(), "round failed, will be tried again") {
			t.Errorf("nobody is told that the forum is down:\n%s", w.log)
		}
		w.sql(`ALTER TABLE away RENAME TO post`)
		q := w.post(thread)
		tick()
		w.got("anna", posts(q))
		w.got("bert", posts(q))
		if t.Failed() {
			t.Log(w.log)
		}

		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
		w.post(thread)
		w.at(7, "08:00")
		tick()
		w.got("anna")
	})
}

func TestRunWaitsForTheMailsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const members = 10
		w, p := crowded(t, members)
		w.turn(born) // nobody is due when it starts
		w.set.Scan.Interval = time.Minute
		w.restart()
		arrived, letGo := w.relay.holds()
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan error, 1)
		go func() { over <- w.daemon.Run(ctx) }()
		synctest.Wait()
		w.at(5, "08:00")
		for range w.set.Connections {
			<-arrived
		}
		stop()
		synctest.Wait()
		select {
		case <-over:
			t.Fatal("Run has left mails behind that are under way")
		default:
		}
		letGo()
		if err := <-over; err != nil {
			t.Error(err)
		}
		if got := w.counts(); got["accepted"] != w.set.Connections || got["queued"] != members-w.set.Connections {
			t.Errorf("the outbox is %v, want %d accepted and the rest queued", got, w.set.Connections)
		}
		w.relay.works()
		w.round()
		for i := range members {
			w.got(fmt.Sprintf("m%d", i), posts(p))
		}
	})
}
