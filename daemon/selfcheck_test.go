package daemon

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"postrider/alarm"
	"postrider/internal/racetest"
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
	w.daemon.watchdog.selfCheck = new(source.SelfCheckCache) // the failed check has expired
	w.round()
	w.wantMessages("anna", posts(p))
}

// TestSelfCheck_UpgradeOfForumRaisesAlarm renames each column of the forum under a running daemon, one at a time.
func TestSelfCheck_UpgradeOfForumRaisesAlarm(t *testing.T) {
	t.Parallel()
	racetest.SkipIfRace(t)
	synctest.Test(t, func(t *testing.T) {
		w := newDailyWorld(t)
		w.set.Scan.Interval = time.Minute
		w.restart()
		stop := w.runDaemon()
		used := 0
		for _, c := range w.columns() {
			w.execSQL(fmt.Sprintf(`ALTER TABLE %s RENAME COLUMN %s TO renamed`, c.table, c.column))
			breaks := w.source.Probe(t.Context()) != nil
			time.Sleep(4 * time.Minute)
			if got := w.hasAlarm(alarm.SelfCheck) || w.hasAlarm(alarm.Forum); got != breaks {
				t.Errorf("without %s.%s the alarm is %t, want %t", c.table, c.column, got, breaks)
			}
			w.execSQL(fmt.Sprintf(`ALTER TABLE %s RENAME COLUMN renamed TO %s`, c.table, c.column))
			if breaks {
				used++
				time.Sleep(15 * time.Minute)
				if w.hasAlarm(alarm.SelfCheck) || w.hasAlarm(alarm.Forum) || w.hasAlarm(alarm.Overdue) {
					t.Errorf("with %s.%s again, an alarm is still active", c.table, c.column)
				}
			}
		}
		if used < 50 {
			t.Errorf("only %d columns are used", used)
		}
		stop()
	})
}

type column struct{ table, column string }

// columns lists the columns of the forum.
func (w *world) columns() (list []column) {
	w.Helper()
	rows, err := w.forum.QueryContext(w.Context(), `SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'`)
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.table, &c.column); err != nil {
			w.Fatal(err)
		}
		list = append(list, c)
	}
	if err := rows.Err(); err != nil {
		w.Fatal(err)
	}
	return list
}

// TestRounds_OverdueIfOneKeepsFailing breaks something that only one round reads, while the other rounds succeed.
func TestRounds_OverdueIfOneKeepsFailing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newDailyWorld(t)
		stop := w.runDaemon()
		time.Sleep(time.Minute)
		mend := breakStore(w, "INSERT", "sighting")
		w.writePost(w.thread(tonight))
		time.Sleep(16 * time.Minute)
		if !w.hasAlarm(alarm.Overdue) {
			t.Error("no alarm was raised")
		}
		mend()
		time.Sleep(15 * time.Minute)
		if w.hasAlarm(alarm.Overdue) {
			t.Error("the alarm is still active")
		}
		stop()
	})
}
