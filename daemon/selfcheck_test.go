package daemon

import (
	"testing"
	"testing/synctest"
	"time"

	"postrider/alarm"
	"postrider/source"
	"postrider/store"
)

// hasAlarm reports whether an alarm is active.
func (w *world) hasAlarm(kind alarm.Kind) bool {
	w.Helper()
	list, err := w.store.Alarms.All(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	for _, a := range list {
		if a.Key == string(kind) && a.Active() {
			return true
		}
	}
	return false
}

// Digests do not query the table of roles, but a forum without it does not have the schema that the adapter expects.
func TestSelfCheck_FailureStopsSending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newDailyWorld(t)
		p := w.writePost(w.thread(tonight))
		w.setClock(5, "08:00")
		w.prepare()
		planned := w.countByState()["queued"]
		w.execSQL(`ALTER TABLE role RENAME TO away`)
		time.Sleep(source.SelfCheckTTL) // since the self-check at the start
		for range 3 {
			if err := w.daemon.main.deliver(w.Context()); err == nil {
				t.Error("RunOnce succeeded despite a failed self-check")
			}
			time.Sleep(source.FailedCheckTTL)
		}
		w.daemon.watchdog.flushAlarms(w.Context())
		if n := len(w.relay.messages()); n != 0 || w.countByState()["queued"] != planned {
			t.Errorf("%d messages were sent and %d rows are waiting, want none and %d", n, w.countByState()["queued"], planned)
		}
		if !w.hasAlarm(alarm.SelfCheck) {
			t.Error("no alarm was raised")
		}
		w.execSQL(`ALTER TABLE away RENAME TO role`)
		w.setTime(w.clock().Add(time.Minute))
		w.deliver()
		w.daemon.watchdog.flushAlarms(w.Context())
		w.wantMessages("anna", posts(p))
		for _, o := range w.outcomes(101) {
			if o.Result == store.StateAccepted && o.Attempt != 1 {
				t.Errorf("the message had %d attempts, want 1: attempts while the self-check failed do not count", o.Attempt)
			}
		}
		if w.hasAlarm(alarm.SelfCheck) {
			t.Error("the alarm is still active")
		}
	})
}

func TestSelfCheck_RepeatedAfterFailedRound(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	p := w.writePost(w.thread(tonight))
	w.setClock(5, "08:00")
	w.execSQL(`ALTER TABLE post RENAME TO away`)
	if _, err := w.daemon.RunOnce(w.Context()); err == nil {
		t.Error("RunOnce succeeded with an unreadable forum")
	}
	w.execSQL(`ALTER TABLE away RENAME TO post`)
	w.execSQL(`ALTER TABLE role RENAME TO away`)
	if r, err := w.daemon.RunOnce(w.Context()); err == nil || r.Sent > 0 {
		t.Errorf("%d messages were sent, %v; want none before the forum is readable again", r.Sent, err)
	}
	w.execSQL(`ALTER TABLE away RENAME TO role`)
	w.daemon.main.selfCheck = source.SelfCheckCache{} // the failed check has expired
	w.round()
	w.wantMessages("anna", posts(p))
}
