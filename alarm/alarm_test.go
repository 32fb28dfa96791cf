package alarm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postrider/internal/servertest"
	"postrider/store"
)

// recordingChannel records the notifications that it receives.
type recordingChannel struct {
	mu       sync.Mutex
	received []string
	failing  bool
}

func (c *recordingChannel) Name() string { return "recording" }

func (c *recordingChannel) Notify(_ context.Context, n Notification) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failing {
		return errors.New("the channel is down")
	}
	word := "raised"
	if n.Resolved {
		word = "resolved"
	}
	c.received = append(c.received, strings.TrimSpace(fmt.Sprintf("%s %s %s", word, n.Kind, n.Object)))
	return nil
}

// take returns what was received since the last call.
func (c *recordingChannel) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	received := c.received
	c.received = nil
	return received
}

// testManager is a Manager with its store, its clock and its only channel.
type testManager struct {
	*Manager
	t       *testing.T
	path    string
	channel *recordingChannel
	log     *bytes.Buffer
	at      time.Time
}

func openStore(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func newTestManager(t *testing.T) *testManager {
	t.Helper()
	w := &testManager{t: t, channel: &recordingChannel{}, log: &bytes.Buffer{}, at: time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC), path: filepath.Join(t.TempDir(), "postrider.db")}
	w.restart()
	return w
}

// restart simulates a new process on the same store.
func (w *testManager) restart() {
	s := openStore(w.t, w.path)
	w.Manager = New(s.Alarms, slog.New(slog.NewTextHandler(w.log, nil)), func() time.Time { return w.at }, w.channel)
}

// advance moves the clock by d. Every half minute it calls do, which raises or clears alarms, and then Flush.
func (w *testManager) advance(d time.Duration, do func()) []string {
	w.t.Helper()
	for end := w.at.Add(d); w.at.Before(end); {
		w.at = w.at.Add(30 * time.Second)
		do()
		if err := w.Flush(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
	return w.channel.take()
}

func (w *testManager) wantNotifications(when string, got []string, want ...string) {
	w.t.Helper()
	if !slices.Equal(got, want) {
		w.t.Errorf("%s: notifications are %q, want %q", when, got, want)
	}
}

func noEvents() {}

func TestFlush_NotifiesOnceWhenRaisedAndOnceWhenResolved(t *testing.T) {
	w := newTestManager(t)
	down := func() { w.Raise(Relay, "", "connection refused") }
	up := func() { w.Clear(Relay, "") }
	w.wantNotifications("in the first minute", w.advance(time.Minute, down))
	w.wantNotifications("while it lasts", w.advance(30*time.Minute, down), "raised relay")
	w.wantNotifications("with no events", w.advance(30*time.Minute, noEvents))
	w.wantNotifications("soon after the relay is up again", w.advance(9*time.Minute, up), "resolved relay")
	w.wantNotifications("later", w.advance(30*time.Minute, up))
	if log := w.log.String(); strings.Count(log, "level=ERROR msg=alarm alarm=relay") != 1 || !strings.Contains(log, `detail="connection refused"`) || strings.Count(log, "alarm resolved") != 1 {
		t.Errorf("the log is\n%s", log)
	}
}

func TestFlush_NotifiesOnceForFlappingAlarm(t *testing.T) {
	w := newTestManager(t)
	isUp := false
	w.wantNotifications("in half an hour of flapping", w.advance(30*time.Minute, func() {
		if isUp = !isUp; isUp {
			w.Clear(Relay, "")
		} else {
			w.Raise(Relay, "", "timed out")
		}
	}), "raised relay")
	w.wantNotifications("in the quiet time after it", w.advance(30*time.Minute, func() { w.Clear(Relay, "") }), "resolved relay")
}

func TestFlush_IgnoresShortFaults(t *testing.T) {
	w := newTestManager(t)
	w.wantNotifications("during the first minute", w.advance(time.Minute, func() { w.Raise(Forum, "", "gone away") }))
	w.wantNotifications("after the fault", w.advance(30*time.Minute, func() { w.Clear(Forum, "") }))
}

func TestFlush_RaisesAuthImmediately(t *testing.T) {
	w := newTestManager(t)
	w.wantNotifications("at the first flush", w.advance(time.Second, func() { w.Raise(Auth, "", "535 no") }), "raised auth")
}

func TestFlush_DoesNotRepeatAfterRestart(t *testing.T) {
	w := newTestManager(t)
	down := func() { w.Raise(Relay, "", "connection refused") }
	w.wantNotifications("before the restart", w.advance(10*time.Minute, down), "raised relay")
	w.restart()
	w.wantNotifications("after the restart", w.advance(30*time.Minute, down))
	w.restart()
	w.wantNotifications("when the new process reaches the relay", w.advance(30*time.Minute, func() { w.Clear(Relay, "") }), "resolved relay")
}

func TestSetActive_ResolvesMissingObjects(t *testing.T) {
	w := newTestManager(t)
	held := func(domains ...string) func() {
		bad := map[string]string{}
		for _, d := range domains {
			bad[d] = "5.7.1 blocked"
		}
		return func() { w.SetActive(Held, bad) }
	}
	got := w.advance(time.Minute, held("gmail.com", "gmx.de"))
	slices.Sort(got)
	w.wantNotifications("with two domains on hold", got, "raised held gmail.com", "raised held gmx.de")
	w.wantNotifications("with one hold lifted", w.advance(15*time.Minute, held("gmx.de")), "resolved held gmail.com")
	w.restart()
	w.wantNotifications("with no holds after a restart", w.advance(15*time.Minute, held()), "resolved held gmx.de")
}

func TestFlush_RetriesFailingChannelForOneDay(t *testing.T) {
	w := newTestManager(t)
	down := func() { w.Raise(Auth, "", "535 no") }
	w.channel.failing = true
	w.wantNotifications("while the channel fails", w.advance(30*time.Minute, down))
	w.channel.failing = false
	w.wantNotifications("when the channel works again", w.advance(20*time.Minute, down), "raised auth")

	w.channel.failing = true
	w.advance(30*time.Minute, func() { w.Clear(Auth, "") })
	w.at = w.at.Add(25 * time.Hour)
	w.advance(time.Minute, noEvents)
	w.channel.failing = false
	w.wantNotifications("after more than a day", w.advance(30*time.Minute, noEvents))
	if !strings.Contains(w.log.String(), "given_up=true") {
		t.Error("the log does not say that a notification was given up")
	}
}

func TestFlush_NotifiesOnceForTwoDaemons(t *testing.T) {
	dsn := servertest.Postgres(t)
	e := &recordingChannel{}
	at := time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)
	var managers []*Manager
	for range 2 {
		s, err := store.Open(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		if _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		managers = append(managers, New(s.Alarms, slog.New(slog.DiscardHandler), func() time.Time { return at }, e))
	}
	flushEachMinute := func(minutes int, events ...func(*Manager)) []string {
		for range minutes {
			at = at.Add(time.Minute)
			var flushes sync.WaitGroup
			for i, m := range managers {
				flushes.Go(func() {
					events[i](m)
					if err := m.Flush(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			flushes.Wait()
		}
		return e.take()
	}
	raiseRelay := func(m *Manager) { m.Raise(Relay, "", "refused") }
	clearRelay := func(m *Manager) { m.Clear(Relay, "") }
	none := func(*Manager) {}
	if got := flushEachMinute(20, raiseRelay, raiseRelay); !slices.Equal(got, []string{"raised relay"}) {
		t.Errorf("neither daemon reaches the relay: %q", got)
	}
	if got := flushEachMinute(20, raiseRelay, clearRelay); len(got) > 0 {
		t.Errorf("one daemon does not reach the relay: %q", got)
	}
	if got := flushEachMinute(20, none, clearRelay); !slices.Equal(got, []string{"resolved relay"}) {
		t.Errorf("one daemon has stopped, the other reaches the relay: %q", got)
	}
}

func TestFlush_NotifiesWithoutStore(t *testing.T) {
	w := newTestManager(t)
	s := openStore(t, w.path)
	w.store = s.Alarms
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range 20 { // five minutes without the store
		w.at = w.at.Add(15 * time.Second)
		w.Raise(Auth, "", "535 no")
		if w.Flush(t.Context()) == nil {
			t.Fatal("Flush succeeded with a closed store")
		}
	}
	got := w.channel.take()
	slices.Sort(got)
	w.wantNotifications("while the store is unavailable", got, "raised auth", "raised store")
	w.store = openStore(t, w.path).Alarms
	clearBoth := func() { w.Clear(Store, ""); w.Clear(Auth, "") }
	w.wantNotifications("when the store is available again", w.advance(5*time.Minute, clearBoth))
	got = w.advance(15*time.Minute, clearBoth)
	slices.Sort(got)
	w.wantNotifications("later", got, "resolved auth", "resolved store")
}
