package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"postrider/alarm"
	"postrider/mail"
	"postrider/store"
)

const admin = "admin@upperberth.example"

// alarmWorld is a world with alarm notifications by webhook and email.
type alarmWorld struct {
	*world
	mu            sync.Mutex
	notifications []string
}

func newAlarmWorld(t *testing.T) *alarmWorld {
	t.Helper()
	w := &alarmWorld{world: newDailyWorld(t)}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var note struct{ Event, Alarm, Object, Detail string }
		if err := json.NewDecoder(r.Body).Decode(&note); err != nil {
			t.Error(err)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.notifications = append(w.notifications, strings.TrimSpace(note.Event+" "+note.Alarm+" "+note.Object)+": "+note.Detail)
	}))
	t.Cleanup(server.Close)
	w.set.Alarms = alarm.Config{Email: "Admin <" + admin + ">", Webhook: server.URL}
	w.restart()
	w.relay.messages()
	return w
}

// runMinutes runs a round each minute, ignoring errors, and returns the notifications that the webhook got.
func (w *alarmWorld) runMinutes(n int) []string {
	w.Helper()
	for range n {
		w.setTime(w.clock().Add(time.Minute))
		_, _ = w.daemon.RunOnce(w.Context())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	notifications := w.notifications
	w.notifications = nil
	return notifications
}

// mailSubjects returns the subjects of the messages to the administrator.
func (w *alarmWorld) mailSubjects(t *testing.T) (subjects []string) {
	t.Helper()
	for _, sent := range w.relay.messages() {
		if sent.to == admin && sent.out.Result == mail.Accepted {
			head, text, html := parseMessage(t, sent.raw)
			subjects = append(subjects, head.Get("Subject"))
			if head.Get("List-Unsubscribe") != "" || !strings.Contains(text, "Since ") || !strings.Contains(html, "Since ") {
				t.Errorf("the message is\n%s", sent.raw)
			}
		}
	}
	return subjects
}

func (w *alarmWorld) wantAlarms(when string, got []string, wants ...string) {
	w.Helper()
	if len(got) != len(wants) {
		w.Errorf("%s: the webhook got %q, want %q", when, got, wants)
		return
	}
	for i, want := range wants {
		if !strings.Contains(got[i], want) {
			w.Errorf("%s: the webhook got %q, want %q", when, got[i], want)
		}
	}
}

// unreachable returns outcomes of a relay that does not respond or, with a code, rejects the login.
func unreachable(code int) func(string, int) mail.Outcome {
	return func(string, int) mail.Outcome {
		return mail.Outcome{Result: mail.NotSent, Stage: mail.Connecting, Code: code, Reply: "as configured", Err: errors.New("connection refused")}
	}
}

func TestAlarms_RelayDownNotifiesByWebhookAndLaterByMail(t *testing.T) {
	t.Parallel()
	w := newAlarmWorld(t)
	w.writePost(w.thread(tonight))
	w.relay.answer = unreachable(0)
	w.setClock(5, "08:00")
	w.wantAlarms("in the first minute", w.runMinutes(1))
	w.wantAlarms("when it lasts", w.runMinutes(10), "raised relay: connection refused")
	if got := w.mailSubjects(t); len(got) > 0 {
		t.Errorf("messages were sent through a relay that is down: %q", got)
	}
	w.relay.acceptAll()
	w.wantAlarms("when the relay is back", w.runMinutes(30), "resolved relay: ")
	want := []string{"[The Upper Berth] Alarm: The relay cannot be reached", "[The Upper Berth] Resolved: The relay cannot be reached"}
	if got := w.mailSubjects(t); !slices.Equal(got, want) {
		t.Errorf("subjects = %q, want %q", got, want)
	}
}

func TestAlarms_RejectedLoginNotifiesImmediately(t *testing.T) {
	t.Parallel()
	w := newAlarmWorld(t)
	w.writePost(w.thread(tonight))
	w.relay.answer = unreachable(535)
	w.setClock(5, "08:00")
	w.wantAlarms("immediately", w.runMinutes(1), "raised auth: 535 as configured")
	w.restart()
	w.wantAlarms("after a restart", w.runMinutes(5))
}

func TestAlarms_UnreadableForum(t *testing.T) {
	t.Parallel()
	w := newAlarmWorld(t)
	w.wantAlarms("while the forum is readable", w.runMinutes(3))
	w.execSQL(`ALTER TABLE post RENAME TO posts`)
	w.wantAlarms("during a short failure", w.runMinutes(1))
	w.execSQL(`ALTER TABLE posts RENAME TO post`)
	w.wantAlarms("after a short failure", w.runMinutes(20))
	w.execSQL(`ALTER TABLE post RENAME TO posts`)
	w.wantAlarms("when it lasts", w.runMinutes(20), "raised forum: ")
	w.execSQL(`ALTER TABLE posts RENAME TO post`)
	w.wantAlarms("when it has ended", w.runMinutes(20), "resolved forum: ")
}

func TestAlarms_StoreRejectsWrites(t *testing.T) {
	t.Parallel()
	w := newAlarmWorld(t)
	var mend []func()
	for _, table := range []string{"memory", "alarm"} {
		mend = append(mend, breakStore(w.world, "INSERT", table))
	}
	w.wantAlarms("when it lasts", w.runMinutes(10), "raised store: ")
	if got, want := w.mailSubjects(t), []string{"[The Upper Berth] Alarm: Postrider cannot write to its store"}; !slices.Equal(got, want) {
		t.Errorf("subjects = %q, want %q", got, want)
	}
	for _, m := range mend {
		m()
	}
	w.wantAlarms("when it has ended", w.runMinutes(20), "resolved store: ")
}

func TestAlarms_DomainOnHold(t *testing.T) {
	t.Parallel()
	w := newAlarmWorld(t)
	hold := store.DomainHold{Domain: "gmail.com", Since: w.clock(), Until: w.clock().Add(30 * time.Minute), Reason: "refused 12 of 14"}
	if err := w.store.Holds.Add(t.Context(), hold); err != nil {
		t.Fatal(err)
	}
	w.wantAlarms("while the domain is on hold", w.runMinutes(25), "raised held gmail.com: refused 12 of 14")
	w.wantAlarms("when it has ended", w.runMinutes(20), "resolved held gmail.com: ")
}

func TestAlarms_StalledDaemon(t *testing.T) {
	t.Parallel()
	w := newAlarmWorld(t)
	stallFor := func(quiet time.Duration) []string {
		w.daemon.watchdog.lastProgress.Store(time.Now().Add(-quiet).UnixNano())
		w.daemon.watchdog.checkStalled()
		w.daemon.watchdog.flushAlarms(t.Context())
		w.mu.Lock()
		defer w.mu.Unlock()
		notifications := w.notifications
		w.notifications = nil
		return notifications
	}
	w.wantAlarms("after nine minutes", stallFor(9*time.Minute))
	w.wantAlarms("after eleven", stallFor(11*time.Minute), "raised overdue: no progress for 11m")
	w.daemon.settings.Scan.Interval = time.Minute
	w.wantAlarms("with rarer scans", stallFor(29*time.Minute))
}

func TestRaiseAlarm_NotifiesOnceIfDaemonCannotStart(t *testing.T) {
	t.Parallel()
	w := newAlarmWorld(t)
	for range 3 { // like a service manager
		w.restart()
		w.daemon.RaiseAlarm(t.Context(), alarm.SelfCheck, errors.New("the column is_deleted is gone"))
		w.setTime(w.clock().Add(10 * time.Second))
	}
	got := w.mailSubjects(t)
	if want := []string{"[The Upper Berth] Alarm: The forum self-check failed"}; !slices.Equal(got, want) {
		t.Errorf("subjects = %q, want %q", got, want)
	}
	w.restart()
	w.wantAlarms("once the daemon starts", w.runMinutes(20), "raised self_check: the column is_deleted is gone", "resolved self_check: ")
}

func TestAlarms_EveryKindHasText(t *testing.T) {
	t.Parallel()
	w := newAlarmWorld(t)
	for _, kind := range alarm.Kinds {
		n := alarm.Notification{Kind: kind, Object: "gmail.com", Detail: "why", Since: w.clock(), At: w.clock()}
		if err := (&alarmMail{w.daemon.base, w.daemon.shared.Relays}).Notify(t.Context(), n); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if what, cure := w.daemon.Renderer.AlarmText(string(kind), ""); what == "" || cure == "" {
			t.Errorf("%s has no text", kind)
		}
	}
	if got := w.mailSubjects(t); len(got) != len(alarm.Kinds) {
		t.Errorf("%d messages, want one for each of %s", len(got), fmt.Sprint(alarm.Kinds))
	}
}

func TestWatchdog_RunsWhileRoundHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newDailyWorld(t)
		w.set.Alarms = alarm.Config{Email: admin}
		w.restart()
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() {
			w.daemon.watchdog.run(ctx)
			close(over)
		}()
		subjects := func() (subjects []string) {
			synctest.Wait()
			for _, sent := range w.relay.messages() {
				if sent.to == admin {
					head, _, _ := parseMessage(t, sent.raw)
					subjects = append(subjects, head.Get("Subject"))
				}
			}
			return subjects
		}
		time.Sleep(9 * time.Minute)
		if got := subjects(); len(got) > 0 {
			t.Errorf("after nine minutes the administrator got %q", got)
		}
		time.Sleep(2 * time.Minute)
		if got, want := subjects(), []string{"[The Upper Berth] Alarm: The daemon is stalled"}; !slices.Equal(got, want) {
			t.Errorf("after eleven minutes the administrator got %q, want %q", got, want)
		}
		stop()
		<-over
	})
}
