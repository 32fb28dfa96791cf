package daemon

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postrider/daemon/explain"
	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/mail"
	"postrider/store"
)

func TestUncertain_LeftToNextEditionIfConfigured(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	w.set.Delivery.OnUncertain = settings.UncertainGiveUp
	w.restart()
	thread := w.thread(tonight)
	a := w.writePost(thread)
	w.relay.answerWith(mail.Uncertain, 0)
	w.setClock(5, "08:00")
	if report := w.round(); report.Uncertain == 0 {
		t.Errorf("the report is %+v, want Anna's message uncertain", report)
	}
	w.relay.acceptAll()
	w.setClock(5, "20:00")
	w.round()
	w.wantMessages("anna")
	if last := w.outcomes(101)[1]; last.Result != "uncertain" || !strings.Contains(last.Reason, "the next edition covers its posts") {
		t.Errorf("outcome = %+v, want the reason why it was given up", last)
	}
	b := w.writePost(thread)
	w.setClock(6, "08:00")
	w.round()
	w.wantMessages("anna", posts(a, b))
}

// crash simulates a daemon crash during delivery: its rows stay claimed, and this many of them are marked as in flight, with these posts.
func (w *world) crash(marked int, posts ...forum.PostID) {
	w.Helper()
	d := w.daemon
	w.prepare()
	rows, err := w.store.Outbox.Claim(w.Context(), w.clock(), d.settings.Owner, d.settings.Lease, store.AllPriorities, settings.BatchSize)
	if err != nil || len(rows) < marked {
		w.Fatalf("%d rows were claimed: %v", len(rows), err)
	}
	var marks []store.InFlight
	for _, r := range rows[:marked] {
		m := store.InFlight{Key: r.Key}
		for _, p := range posts {
			m.Posts = append(m.Posts, store.SentPost{Post: p})
		}
		marks = append(marks, m)
	}
	if _, err := w.store.Outbox.MarkInFlight(w.Context(), d.settings.Owner, nil, marks); err != nil {
		w.Fatal(err)
	}
}

func TestCrash_RepeatsOnlyMessagesInFlight(t *testing.T) {
	t.Parallel()
	w, p := newBusyWorld(t, 10)
	w.crash(3)
	w.setClock(5, "08:02") // the lease has expired
	report := w.round()
	if report.Uncertain != 3 || report.Sent != 7 {
		t.Errorf("%d messages are uncertain and %d were sent, want 3 and 7", report.Uncertain, report.Sent)
	}
	w.setClock(5, "08:16")
	if n := w.round().Sent; n != 0 {
		t.Errorf("%d uncertain messages were sent before they were due", n)
	}
	w.setClock(5, "08:17")
	if n := w.round().Sent; n != 3 {
		t.Errorf("%d uncertain messages were repeated, want 3", n)
	}
	for _, name := range []string{"m0", "m5", "m9"} {
		w.wantMessages(name, posts(p))
	}
	if n := w.countLogged("a daemon stopped during delivery"); n != 1 {
		t.Errorf("it is logged %d times, want once:\n%s", n, w.log)
	}
}

// A message that was in flight is uncertain, although nothing is left to repeat: the member may have it.
func TestCrash_MessageWithNothingLeftStaysUncertain(t *testing.T) {
	t.Parallel()
	w, p := newBusyWorld(t, 2)
	w.crash(1, p)
	w.setClock(5, "08:02")
	w.execSQL(`UPDATE post SET state = 'deleted' WHERE id = ?`, p)
	if report := w.round(); report.Uncertain != 1 || report.Skipped[digest.ReasonNothingNew] != 1 {
		t.Errorf("the report is %+v, want the message in flight uncertain and the other one skipped", report)
	}
	w.setClock(5, "08:17")
	if report := w.round(); report.Uncertain != 1 || len(report.Skipped) != 0 {
		t.Errorf("the report is %+v, want the repeated message uncertain", report)
	}
	if c := w.countByState(); c["uncertain"] != 1 {
		t.Errorf("the outbox is %v, want 1 uncertain", c)
	}
	w.wantExplained(1000, p, explain.Unclear, "digest/1000/2026-05-05", "may or may not have")
	w.wantExplained(1001, p, explain.Omitted, "", "post deleted")
	w.execSQL(`UPDATE post SET state = 'visible' WHERE id = ?`, p)
	q := w.writePost(w.thread(tonight))
	w.setClock(6, "08:00")
	w.round()
	w.wantMessages("m0", posts(q))
}

// The second copy of a message leaves out what was deleted. Its reader may have it with the first one.
func TestCrash_PostOfFirstCopyIsUncertain(t *testing.T) {
	t.Parallel()
	w, p := newBusyWorld(t, 1)
	q := w.writePost(w.thread(tonight))
	w.crash(1, p, q)
	w.setClock(5, "08:02")
	w.execSQL(`UPDATE post SET state = 'deleted' WHERE id = ?`, p)
	w.round()
	w.setClock(5, "08:17")
	w.round()
	w.wantMessages("m0", posts(q))
	w.wantExplained(1000, p, explain.Unclear, "digest/1000/2026-05-05", "may or may not have")
	w.wantExplained(1000, q, explain.Sent, "digest/1000/2026-05-05", "in a digest")
}

// A mail server may drop the second copy of a message. So a post that was restored in the meantime comes in another one.
func TestCrash_SecondCopyBringsNoOtherPosts(t *testing.T) {
	t.Parallel()
	w, p := newBusyWorld(t, 1)
	q := w.writePost(w.thread(tonight))
	w.crash(1, q)
	w.setClock(5, "08:02")
	w.round()
	w.wantExplained(1000, p, explain.Upcoming, "", "an earlier copy of this message may have arrived without it")
	w.wantExplained(1000, q, explain.Waiting, "digest/1000/2026-05-05", "in a digest")
	w.setClock(5, "08:17")
	w.round()
	w.wantMessages("m0", posts(q))
	w.wantExplained(1000, p, explain.Upcoming, "", "in the next digest")
	w.setClock(6, "08:00")
	w.round()
	w.wantMessages("m0", posts(p))
}

func TestCrash_SecondCopyOfAlertBringsNoOtherPosts(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	thread := w.thread(tonight)
	p, q := w.writePost(thread), w.writePost(thread)
	w.round()
	w.setTime(w.clock().Add(10 * time.Minute))
	w.crash(1, q)
	w.advanceClock(2 * time.Minute)
	w.advanceClock(15 * time.Minute)
	w.wantMessages("anna", posts(q))
	w.wantExplained(101, q, explain.Sent, w.explainPost(101, q).Mail, "alert")
	w.wantExplained(101, p, explain.Upcoming, "", "in the next digest")
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna", posts(p))
}

func TestCrash_MessagesInFlightNotRetriedIfConfigured(t *testing.T) {
	t.Parallel()
	w, p := newBusyWorld(t, 10)
	w.set.Delivery.OnUncertain = settings.UncertainGiveUp
	w.restart()
	w.crash(3)
	w.setClock(5, "08:02")
	w.round()
	if c := w.countByState(); c["uncertain"] != 3 || c["accepted"] != 7 {
		t.Errorf("the outbox is %v, want 3 uncertain and 7 accepted", c)
	}
	w.setClock(6, "08:00")
	w.round()
	for _, name := range []string{"m0", "m5", "m9"} {
		w.wantMessages(name, posts(p))
	}
}

func TestCrash_LimitsRetriesOfCrashingMessage(t *testing.T) {
	t.Parallel()
	w, _ := newBusyWorld(t, 1)
	for n := range 21 {
		if c := w.countByState(); c["uncertain"] != 0 {
			t.Fatalf("the message was given up after %d crashes", n)
		}
		w.crash(1)
		w.setTime(w.clock().Add(2 * time.Minute))
		w.deliver()
		w.setTime(w.clock().Add(15 * time.Minute))
	}
	if c := w.countByState(); c["uncertain"] != 1 {
		t.Errorf("the outbox is %v, want the message settled as uncertain", c)
	}
}

func TestDispatcher_MarksFewMessagesAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const members = 200
		w, _ := newBusyWorld(t, members)
		arrived, letGo := w.relay.blockMessages()
		over := make(chan error, 1)
		go func() {
			_, err := w.daemon.RunOnce(t.Context())
			over <- err
		}()
		for range w.set.Connections {
			<-arrived
		}
		synctest.Wait()
		marked := 0
		messages, err := w.store.Queue.List(t.Context(), store.QueueFilter{States: []string{"leased"}, Limit: members})
		for _, m := range messages {
			if m.InFlight {
				marked++
			}
		}
		if most := 2 * w.set.Connections; err != nil || len(messages) != members || marked != most {
			t.Errorf("%d of %d messages are marked, want %d of %d: %v", marked, len(messages), most, members, err)
		}
		letGo()
		if err := <-over; err != nil {
			t.Error(err)
		}
		if c := w.countByState(); c["accepted"] != members {
			t.Errorf("the outbox is %v", c)
		}
	})
}

func TestDispatcher_SendsOnlyMarkedMessages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const members = 40
		w, _ := newBusyWorld(t, members)
		w.prepare()
		db, err := sql.Open("sqlite", "file:"+w.storePath+"?_pragma=busy_timeout(5000)")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		broken := make(chan func(), 1)
		second := make(chan struct{})
		w.relay.answer = func(to string, attempt int) mail.Outcome {
			switch attempt {
			case 1: // the next messages cannot be marked
				broken <- breakStore(w, "UPDATE OF handed", "outbox")
				<-second // otherwise the failed settlement of this message may stop delivery before another is in flight
			case 2: // until the store works again, while this message is still in flight
				close(second)
				time.Sleep(100 * time.Millisecond)
				(<-broken)()
				time.Sleep(100 * time.Millisecond)
			default:
				var noted bool
				row := db.QueryRowContext(w.Context(), `SELECT o.handed FROM outbox o WHERE o.state = 'leased' AND o.member_id = ?`, memberOf(t, to))
				if err := row.Scan(&noted); err != nil || !noted {
					t.Errorf("message %d is not marked: %v", attempt, err)
				}
			}
			return mail.Outcome{Result: mail.Accepted, Code: 250}
		}
		if err := w.daemon.main.deliver(w.Context()); err != nil {
			t.Error(err)
		}
		if c := w.countByState(); c["accepted"] < 2 {
			t.Errorf("the outbox is %v, want the messages in flight settled", c)
		}
		w.relay.acceptAll()
		w.round()
		if n := len(w.relay.messages()); n != members {
			t.Errorf("%d messages were sent in the end, want %d", n, members)
		}
	})
}

// memberOf returns the ID of the member with an address in a world of newBusyWorld.
func memberOf(t *testing.T, to string) (id int) {
	t.Helper()
	if _, err := fmt.Sscanf(to, "m%d@", &id); err != nil {
		t.Fatalf("%q is not the address of a member", to)
	}
	return 1000 + id
}
