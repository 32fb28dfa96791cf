package daemon

import (
	"database/sql"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"postrider/forum"
	"postrider/mail"
)

func TestOutage_UnreadableForumSendsNothing(t *testing.T) {
	t.Parallel()
	// Each table is needed by a different query; all of them run before anything is sent.
	for _, table := range []string{"post", "section", "permission", "ignored", "post_like", "badge"} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			w := newDailyWorld(t)
			p := w.writePost(w.thread(tonight))
			w.setClock(5, "08:00")
			w.prepare()
			planned := w.countByState()["queued"]
			w.execSQL(`ALTER TABLE ` + table + ` RENAME TO away`)
			if err := w.daemon.main.deliver(w.Context()); err == nil {
				t.Error("RunOnce succeeded with an unreadable forum")
			}
			if report, err := w.daemon.RunOnce(w.Context()); err == nil || report.Sent != 0 {
				t.Errorf("a round sent %d messages: %v", report.Sent, err)
			}
			if n := len(w.relay.messages()); n != 0 {
				t.Errorf("%d messages were sent", n)
			}
			if n := w.countByState()["queued"]; n != planned {
				t.Errorf("%d rows are waiting, want %d", n, planned)
			}
			w.execSQL(`ALTER TABLE away RENAME TO ` + table)
			w.setClock(5, "08:10")
			w.round()
			w.wantMessages("anna", posts(p))
			w.wantMessages("carl", posts(p))
		})
	}
}

func TestOutage_ForumDownForDaysLosesNoPost(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	var all []forum.PostID
	for day := 4; day < 9; day++ {
		w.setClock(day, "12:00")
		all = append(all, w.writePost(thread))
		w.execSQL(`ALTER TABLE post RENAME TO away`)
		w.setClock(day+1, "08:00")
		if _, err := w.daemon.RunOnce(w.Context()); err == nil {
			t.Error("RunOnce succeeded with an unreadable forum")
		}
		w.execSQL(`ALTER TABLE away RENAME TO post`)
	}
	w.setClock(9, "09:00")
	w.round()
	w.wantMessages("anna", all)
	w.setClock(10, "08:00")
	w.round()
	w.wantMessages("anna")
}

// breakStore makes every write of a kind to the store fail; the returned function repairs it.
func breakStore(w *world, event, table string) (repair func()) {
	w.Helper()
	db, err := sql.Open("sqlite", "file:"+w.storePath+"?_pragma=busy_timeout(5000)")
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { db.Close() })
	do := func(query string) {
		w.Helper()
		if _, err := db.ExecContext(w.Context(), query); err != nil {
			w.Fatal(err)
		}
	}
	do(fmt.Sprintf(`CREATE TRIGGER broken_%[2]s BEFORE %[1]s ON %[2]s BEGIN SELECT RAISE(ABORT, 'disk full'); END`, event, table))
	return func() { w.Helper(); do(`DROP TRIGGER broken_` + table) }
}

func TestOutage_FailedReleaseIsRepeatedBeforeTheLeaseEnds(t *testing.T) {
	t.Parallel()
	w, p := newBusyWorld(t, 10)
	w.prepare()
	w.execSQL(`ALTER TABLE post RENAME TO away`)
	repair := breakStore(w, "UPDATE OF handed", "outbox")
	if err := w.daemon.main.deliver(w.Context()); err == nil {
		t.Error("deliver succeeded without the forum and without the store")
	}
	if n := w.countByState()["leased"]; n != 10 {
		t.Errorf("%d messages are leased, want 10", n)
	}
	w.execSQL(`ALTER TABLE away RENAME TO post`)
	repair()
	w.deliver()
	w.wantMessages("m0", posts(p))
	w.wantMessages("m9", posts(p))
}

// newBusyWorld returns a world with many due members and one post for all of them.
func newBusyWorld(t *testing.T, members int) (w *world, p forum.PostID) {
	t.Helper()
	w = newWorld(t)
	for i := range members {
		w.member(int64(1000+i), fmt.Sprintf("m%d", i), passenger, tonight)
	}
	w.round()
	p = w.writePost(w.thread(tonight))
	w.setClock(5, "08:00")
	return w, p
}

func TestOutage_StoreFailureStopsSendingWithoutRepeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const members = 100
		w, p := newBusyWorld(t, members)
		w.prepare()
		repair := breakStore(w, "UPDATE OF settled_at", "outbox")
		if err := w.daemon.main.deliver(w.Context()); err == nil {
			t.Errorf("deliver succeeded with a failing store")
		}
		// The message whose settlement failed, and those that were in flight at that time.
		first := len(w.relay.messages())
		if most := 1 + w.set.Connections; first > most {
			t.Errorf("%d messages were sent, want at most %d", first, most)
		}
		if err := w.daemon.main.deliver(w.Context()); err == nil {
			t.Error("the daemon claims more messages while it cannot save the last results")
		}
		if n := len(w.relay.messages()); n != first {
			t.Errorf("%d more messages were sent", n-first)
		}
		repair()
		w.setClock(5, "08:02") // the lease has expired, and no other daemon has claimed the messages
		if report := w.round(); report.Uncertain != 0 || report.Sent != members {
			t.Errorf("%d messages are uncertain and %d were sent, want none and all: their results were kept in memory", report.Uncertain, report.Sent)
		}
		w.setClock(5, "08:17")
		w.round()
		mailed := make(map[string]bool)
		for _, sent := range w.relay.messages() {
			mailed[sent.to] = true
			if got := postsOf(t, sent.raw); len(got) != 1 || got[0] != p {
				t.Errorf("%s got posts %v, want %d", sent.to, got, p)
			}
		}
		if n := len(w.relay.messages()); n != members || len(mailed) != members {
			t.Errorf("%d members got %d messages, want one for each of %d", len(mailed), n, members)
		}
	})
}

func TestOutage_ShortStoreFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const members = 50
		w, p := newBusyWorld(t, members)
		w.prepare()
		repair := breakStore(w, "UPDATE OF settled_at", "outbox")
		over := make(chan error, 1)
		go func() { over <- w.daemon.main.deliver(t.Context()) }()
		time.Sleep(4 * time.Second) // results are retried for longer
		repair()
		if err := <-over; err != nil {
			t.Error(err)
		}
		for i := range members {
			w.wantMessages(fmt.Sprintf("m%d", i), posts(p))
		}
	})
}

func TestOutage_FailedPlanIsRepeated(t *testing.T) {
	t.Parallel()
	for _, broken := range []struct{ event, table string }{
		{"INSERT", "sighting"}, {"INSERT", "outbox"}, {"UPDATE OF due_at", "member"}, {"UPDATE OF lease_owner", "outbox"}, {"UPDATE", "counter"},
	} {
		t.Run(broken.event+" "+broken.table, func(t *testing.T) {
			t.Parallel()
			w := newDailyWorld(t)
			p := w.writePost(w.thread(tonight))
			w.setClock(5, "08:00")
			repair := breakStore(w, broken.event, broken.table)
			_, err := w.daemon.RunOnce(w.Context())
			if sent := len(w.relay.messages()); err == nil || sent != 0 {
				t.Errorf("the round succeeded and sent %d messages", sent)
			}
			repair()
			w.setClock(5, "08:05")
			w.round()
			w.wantMessages("anna", posts(p))
			w.setClock(6, "08:00")
			w.round()
			w.wantMessages("anna")
		})
	}
}

func TestOutage_DeferredMessageSurvivesRestart(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	p := w.writePost(w.thread(tonight))
	w.relay.answerWith(mail.TempFail, 450)
	w.setClock(5, "08:00")
	w.round()
	w.restart()
	w.relay.acceptAll()
	w.setClock(5, "08:10")
	w.round()
	w.wantMessages("anna", posts(p))
}
