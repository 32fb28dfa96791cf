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

// recordingChannel is a channel that writes down what it hears.
type recordingChannel struct {
	mu       sync.Mutex
	received []string
	failing  bool
}

func (e *recordingChannel) Name() string { return "ear" }

func (e *recordingChannel) Notify(_ context.Context, n Notification) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failing {
		return errors.New("nobody hears it")
	}
	word := "raised"
	if n.Resolved {
		word = "over"
	}
	e.received = append(e.received, strings.TrimSpace(fmt.Sprintf("%s %s %s", word, n.Kind, n.Object)))
	return nil
}

// take gives what was heard since it was last asked.
func (e *recordingChannel) take() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	heard := e.received
	e.received = nil
	return heard
}

// testManager is a bell with its store, its clock and its only listener.
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

// restart is a new process on the same store.
func (w *testManager) restart() {
	s := openStore(w.t, w.path)
	w.Manager = New(s, slog.New(slog.NewTextHandler(w.log, nil)), func() time.Time { return w.at }, w.channel)
}

// advance lets time go by, with a ring every half minute, while do says what is met then.
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
		w.t.Errorf("%s it says %q, want %q", when, got, want)
	}
}

func noEvents() {}

func TestFlush_NotifiesOnceWhenRaisedAndOnceWhenResolved(t *testing.T) {
	w := newTestManager(t)
	down := func() { w.Raise(Relay, "", "connection refused") }
	up := func() { w.Clear(Relay, "") }
	w.wantNotifications("in the first minute", w.advance(time.Minute, down))
	w.wantNotifications("when it lasts", w.advance(30*time.Minute, down), "raised relay")
	w.wantNotifications("with nothing seen", w.advance(30*time.Minute, noEvents))
	w.wantNotifications("just after it is good again", w.advance(9*time.Minute, up), "over relay")
	w.wantNotifications("later", w.advance(30*time.Minute, up))
	if log := w.log.String(); strings.Count(log, "level=ERROR msg=alarm alarm=relay") != 1 || !strings.Contains(log, `detail="connection refused"`) || strings.Count(log, "alarm is over") != 1 {
		t.Errorf("the log says\n%s", log)
	}
}

func TestFlush_NotifiesOnceForFlappingAlarm(t *testing.T) {
	w := newTestManager(t)
	good := false
	w.wantNotifications("in half an hour of flapping", w.advance(30*time.Minute, func() {
		if good = !good; good {
			w.Clear(Relay, "")
		} else {
			w.Raise(Relay, "", "timed out")
		}
	}), "raised relay")
	w.wantNotifications("in the calm after it", w.advance(30*time.Minute, func() { w.Clear(Relay, "") }), "over relay")
}

func TestFlush_IgnoresShortFaults(t *testing.T) {
	w := newTestManager(t)
	w.wantNotifications("in a minute of it", w.advance(time.Minute, func() { w.Raise(Forum, "", "gone away") }))
	w.wantNotifications("after it", w.advance(30*time.Minute, func() { w.Clear(Forum, "") }))
}

func TestFlush_RaisesAuthImmediately(t *testing.T) {
	w := newTestManager(t)
	w.wantNotifications("at the first ring", w.advance(time.Second, func() { w.Raise(Auth, "", "535 no") }), "raised auth")
}

func TestFlush_DoesNotRepeatAfterRestart(t *testing.T) {
	w := newTestManager(t)
	down := func() { w.Raise(Relay, "", "connection refused") }
	w.wantNotifications("before the restart", w.advance(10*time.Minute, down), "raised relay")
	w.restart()
	w.wantNotifications("after it", w.advance(30*time.Minute, down))
	w.restart()
	w.wantNotifications("when the new process finds it good", w.advance(30*time.Minute, func() { w.Clear(Relay, "") }), "over relay")
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
	w.wantNotifications("with two held", got, "raised held gmail.com", "raised held gmx.de")
	w.wantNotifications("with one lifted", w.advance(15*time.Minute, held("gmx.de")), "over held gmail.com")
	w.restart()
	w.wantNotifications("with none held after a restart", w.advance(15*time.Minute, held()), "over held gmx.de")
}

func TestFlush_RetriesFailingChannelForOneDay(t *testing.T) {
	w := newTestManager(t)
	down := func() { w.Raise(Auth, "", "535 no") }
	w.channel.failing = true
	w.wantNotifications("while nobody hears", w.advance(30*time.Minute, down))
	w.channel.failing = false
	w.wantNotifications("when somebody does", w.advance(20*time.Minute, down), "raised auth")

	w.channel.failing = true
	w.advance(30*time.Minute, func() { w.Clear(Auth, "") })
	w.at = w.at.Add(25 * time.Hour)
	w.advance(time.Minute, noEvents)
	w.channel.failing = false
	w.wantNotifications("after more than a day", w.advance(30*time.Minute, noEvents))
	if !strings.Contains(w.log.String(), "given_up=true") {
		t.Error("the log does not say that a note was given up")
	}
}

func TestFlush_NotifiesOnceForTwoDaemons(t *testing.T) {
	dsn := servertest.Postgres(t)
	e := &recordingChannel{}
	at := time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)
	var bells []*Manager
	for range 2 {
		s, err := store.Open(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		if _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		bells = append(bells, New(s, slog.New(slog.DiscardHandler), func() time.Time { return at }, e))
	}
	ring := func(minutes int, met ...func(*Manager)) []string {
		for range minutes {
			at = at.Add(time.Minute)
			var rings sync.WaitGroup
			for i, b := range bells {
				rings.Go(func() {
					met[i](b)
					if err := b.Flush(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			rings.Wait()
		}
		return e.take()
	}
	bad := func(b *Manager) { b.Raise(Relay, "", "refused") }
	good := func(b *Manager) { b.Clear(Relay, "") }
	none := func(*Manager) {}
	if got := ring(20, bad, bad); !slices.Equal(got, []string{"raised relay"}) {
		t.Errorf("both cannot reach it: %q", got)
	}
	if got := ring(20, bad, good); len(got) > 0 {
		t.Errorf("one cannot reach it: %q", got)
	}
	if got := ring(20, none, good); !slices.Equal(got, []string{"over relay"}) {
		t.Errorf("one has ended, the other reaches it: %q", got)
	}
}

func TestFlush_NotifiesWithoutStore(t *testing.T) {
	w := newTestManager(t)
	s := openStore(t, w.path)
	w.store = s
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range 20 { // five minutes in which the store does not answer
		w.at = w.at.Add(15 * time.Second)
		w.Raise(Auth, "", "535 no")
		if w.Flush(t.Context()) == nil {
			t.Fatal("a closed store answers")
		}
	}
	got := w.channel.take()
	slices.Sort(got)
	w.wantNotifications("with a store that does not answer", got, "raised auth", "raised store")
	w.store = openStore(t, w.path)
	good := func() { w.Clear(Store, ""); w.Clear(Auth, "") }
	w.wantNotifications("when it answers again", w.advance(5*time.Minute, good))
	got = w.advance(15*time.Minute, good)
	slices.Sort(got)
	w.wantNotifications("later", got, "over auth", "over store")
}
