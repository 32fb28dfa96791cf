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

// watched is a world whose administrator is told of alarms.
type watched struct {
	*world
	mu    sync.Mutex
	heard []string
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	w := &watched{world: newDays(t)}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var note struct{ Event, Alarm, Object, Detail string }
		if err := json.NewDecoder(r.Body).Decode(&note); err != nil {
			t.Error(err)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.heard = append(w.heard, strings.TrimSpace(note.Event+" "+note.Alarm+" "+note.Object)+": "+note.Detail)
	}))
	t.Cleanup(server.Close)
	w.set.Alarms = alarm.Config{Email: "Admin <" + admin + ">", Webhook: server.URL}
	w.restart()
	w.relay.all()
	return w
}

// minutes runs a round each minute, whatever comes of it, and gives what the webhook heard in that time.
func (w *watched) minutes(n int) []string {
	w.Helper()
	for range n {
		w.turn(w.clock().Add(time.Minute))
		_, _ = w.daemon.RunOnce(w.Context())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	heard := w.heard
	w.heard = nil
	return heard
}

// mails are the subjects of those that the administrator got.
func (w *watched) mails(t *testing.T) (subjects []string) {
	t.Helper()
	for _, try := range w.relay.all() {
		if try.to == admin && try.out.Result == mail.Accepted {
			head, text, html := parts(t, try.raw)
			subjects = append(subjects, head.Get("Subject"))
			if head.Get("List-Unsubscribe") != "" || !strings.Contains(text, "Since ") || !strings.Contains(html, "Since ") {
				t.Errorf("the mail is\n%s", try.raw)
			}
		}
	}
	return subjects
}

func (w *watched) hears(when string, got []string, wants ...string) {
	w.Helper()
	if len(got) != len(wants) {
		w.Errorf("%s the webhook heard %q, want %q", when, got, wants)
		return
	}
	for i, want := range wants {
		if !strings.Contains(got[i], want) {
			w.Errorf("%s the webhook heard %q, want %q", when, got[i], want)
		}
	}
}

// unreachable is what a relay comes to that does not answer, or refuses the login.
func unreachable(code int) func(string, int) mail.Outcome {
	return func(string, int) mail.Outcome {
		return mail.Outcome{Result: mail.NotSent, Stage: mail.Connecting, Code: code, Reply: "as told", Err: errors.New("connection refused")}
	}
}

func TestARelayThatIsDownIsToldByTheWebhookAndByMailOnceItIsBack(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.post(w.thread(tonight))
	w.relay.answer = unreachable(0)
	w.at(5, "08:00")
	w.hears("in the first minute", w.minutes(1))
	w.hears("when it lasts", w.minutes(10), "raised relay: connection refused")
	if got := w.mails(t); len(got) > 0 {
		t.Errorf("mails came through a relay that is down: %q", got)
	}
	w.relay.works()
	w.hears("when it is back", w.minutes(30), "over relay: ")
	want := []string{"[The Upper Berth] Alarm: The relay cannot be reached", "[The Upper Berth] Resolved: The relay cannot be reached"}
	if got := w.mails(t); !slices.Equal(got, want) {
		t.Errorf("mails are %q, want %q", got, want)
	}
}

func TestALoginThatIsRefusedIsToldAtOnce(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.post(w.thread(tonight))
	w.relay.answer = unreachable(535)
	w.at(5, "08:00")
	w.hears("at once", w.minutes(1), "raised auth: 535 as told")
	w.restart()
	w.hears("after a restart", w.minutes(5))
}

func TestAForumThatCannotBeReadIsTold(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.hears("while all is well", w.minutes(3))
	w.sql(`ALTER TABLE post RENAME TO posts`)
	w.hears("for a moment", w.minutes(1))
	w.sql(`ALTER TABLE posts RENAME TO post`)
	w.hears("after a moment", w.minutes(20))
	w.sql(`ALTER TABLE post RENAME TO posts`)
	w.hears("when it lasts", w.minutes(20), "raised forum: ")
	w.sql(`ALTER TABLE posts RENAME TO post`)
	w.hears("when it is over", w.minutes(20), "over forum: ")
}

func TestAStoreThatTakesNothingIsToldAllTheSame(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	var mend []func()
	for _, table := range []string{"memory", "alarm"} {
		mend = append(mend, breakStore(w.world, "INSERT", table))
	}
	w.hears("when it lasts", w.minutes(10), "raised store: ")
	if got, want := w.mails(t), []string{"[The Upper Berth] Alarm: Postrider cannot write to its store"}; !slices.Equal(got, want) {
		t.Errorf("mails are %q, want %q", got, want)
	}
	for _, m := range mend {
		m()
	}
	w.hears("when it is over", w.minutes(20), "over store: ")
}

func TestADomainThatIsHeldIsTold(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	hold := store.DomainHold{Domain: "gmail.com", Since: w.clock(), Until: w.clock().Add(30 * time.Minute), Reason: "refused 12 of 14"}
	if err := w.store.Holds.Add(t.Context(), hold); err != nil {
		t.Fatal(err)
	}
	w.hears("when it is held", w.minutes(25), "raised held gmail.com: refused 12 of 14")
	w.hears("when it is over", w.minutes(20), "over held gmail.com: ")
}

func TestADaemonThatHangsIsTold(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	sit := func(quiet time.Duration) []string {
		w.daemon.lastProgress.Store(time.Now().Add(-quiet).UnixNano())
		w.daemon.checkStalled()
		w.daemon.flushAlarms(t.Context())
		w.mu.Lock()
		defer w.mu.Unlock()
		heard := w.heard
		w.heard = nil
		return heard
	}
	w.hears("after nine minutes", sit(9*time.Minute))
	w.hears("after eleven", sit(11*time.Minute), "raised overdue: nothing was done for 11m")
	w.daemon.settings.Scan.Interval = time.Minute
	w.hears("when gathers are rarer", sit(29*time.Minute))
}

func TestADaemonThatCannotStartTellsWhyOnce(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	for range 3 { // as a service manager would
		w.restart()
		w.daemon.RaiseAlarm(t.Context(), alarm.SelfCheck, errors.New("the column is_deleted is gone"))
		w.turn(w.clock().Add(10 * time.Second))
	}
	got := w.mails(t)
	if want := []string{"[The Upper Berth] Alarm: The forum self-check failed"}; !slices.Equal(got, want) {
		t.Errorf("mails are %q, want %q", got, want)
	}
	w.restart()
	w.hears("once it starts", w.minutes(20), "raised self_check: the column is_deleted is gone", "over self_check: ")
}

func TestEveryKindOfAlarmCanBeTold(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	for _, kind := range alarm.Kinds {
		n := alarm.Notification{Kind: kind, Object: "gmail.com", Detail: "why", Since: w.clock(), At: w.clock()}
		if err := (alarmMail{w.daemon}).Notify(t.Context(), n); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if what, cure := w.daemon.Renderer.AlarmText(string(kind), ""); what == "" || cure == "" {
			t.Errorf("%s has no words", kind)
		}
	}
	if got := w.mails(t); len(got) != len(alarm.Kinds) {
		t.Errorf("%d mails, want one for each of %s", len(got), fmt.Sprint(alarm.Kinds))
	}
}

func TestTheDaemonIsWatchedWhileARoundHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newDays(t)
		w.set.Alarms = alarm.Config{Email: admin}
		w.restart()
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() {
			w.daemon.watchdog(ctx)
			close(over)
		}()
		told := func() (subjects []string) {
			synctest.Wait()
			for _, try := range w.relay.all() {
				if try.to == admin {
					head, _, _ := parts(t, try.raw)
					subjects = append(subjects, head.Get("Subject"))
				}
			}
			return subjects
		}
		time.Sleep(9 * time.Minute)
		if got := told(); len(got) > 0 {
			t.Errorf("after nine minutes the administrator has %q", got)
		}
		time.Sleep(2 * time.Minute)
		if got, want := told(), []string{"[The Upper Berth] Alarm: The daemon is stalled"}; !slices.Equal(got, want) {
			t.Errorf("after eleven minutes the administrator has %q, want %q", got, want)
		}
		stop()
		<-over
	})
}
