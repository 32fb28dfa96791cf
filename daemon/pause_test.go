package daemon

import (
	"strings"
	"testing"

	"postrider/daemon/settings"
	"postrider/internal/racetest"
	"postrider/mail"
)

// countLogged counts the log lines with a message.
func (w *world) countLogged(message string) int {
	return strings.Count(w.log.String(), `msg="`+message)
}

func TestDeliver_PauseAndResume(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	p := w.writePost(w.thread(tonight))
	pause, err := w.store.Queue.Pause(t.Context(), w.clock(), "the wrong relay")
	if err != nil {
		t.Fatal(err)
	}
	w.setClock(5, "08:00")
	report := w.round()
	if report.Sighted == 0 || report.Planned == 0 {
		t.Errorf("a paused round sighted %d posts and planned %d editions, want some of both", report.Sighted, report.Planned)
	}
	w.setClock(5, "08:05")
	w.round()
	if n := len(w.relay.messages()); n != 0 {
		t.Errorf("%d messages were sent during the pause", n)
	}
	if c := w.countByState(); c["queued"] != report.Planned || c["leased"] != 0 {
		t.Errorf("the outbox is %v, want %d queued and none leased", c, report.Planned)
	}
	if n := w.countLogged("delivery is paused"); n != 1 || !strings.Contains(w.log.String(), pause.Reason) {
		t.Errorf("the pause is logged %d times, want once and with its reason:\n%s", n, w.log)
	}
	w.restart() // a daemon that starts during a pause also sends nothing
	w.round()
	if n := len(w.relay.messages()); n != 0 {
		t.Errorf("%d messages were sent by a daemon that was started during the pause", n)
	}
	if paused, err := w.store.Queue.Resume(t.Context()); !paused || err != nil {
		t.Errorf("Resume = %v, %v; want true", paused, err)
	}
	w.setClock(5, "08:10")
	w.round()
	w.wantMessages("anna", posts(p))
	w.round()
	if n := w.countLogged("delivery resumed"); n != 1 {
		t.Errorf("the resume is logged %d times, want once", n)
	}
}

func TestDeliver_PauseStopsBeforeNextBatch(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	w, _ := newBusyWorld(t, settings.BatchSize+20)
	w.relay.answer = func(string, int) mail.Outcome {
		if _, err := w.store.Queue.Pause(t.Context(), w.clock(), ""); err != nil {
			t.Error(err)
		}
		return mail.Outcome{Result: mail.Accepted, Code: 250}
	}
	w.round()
	if n := len(w.relay.messages()); n != settings.BatchSize {
		t.Errorf("%d messages were sent, want %d: the batch in progress", n, settings.BatchSize)
	}
	if c := w.countByState(); c["queued"] != 20 {
		t.Errorf("the outbox is %v, want 20 queued", c)
	}
}

func TestDeliver_UnreadablePauseSendsNothing(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	w.writePost(w.thread(tonight))
	if err := w.store.Values.Set(t.Context(), "paused", "{"); err != nil {
		t.Fatal(err)
	}
	w.setClock(5, "08:00")
	if report, err := w.daemon.RunOnce(t.Context()); err == nil || report.Sent != 0 {
		t.Errorf("a round sent %d messages: %v", report.Sent, err)
	}
}
