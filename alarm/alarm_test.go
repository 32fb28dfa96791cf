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

// ear is a channel that writes down what it hears.
type ear struct {
	mu    sync.Mutex
	heard []string
	deaf  bool
}

func (e *ear) Name() string { return "ear" }

func (e *ear) Notify(_ context.Context, n Notification) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.deaf {
		return errors.New("nobody hears it")
	}
	word := "raised"
	if n.Over {
		word = "over"
	}
	e.heard = append(e.heard, strings.TrimSpace(fmt.Sprintf("%s %s %s", word, n.Kind, n.Object)))
	return nil
}

// take gives what was heard since it was last asked.
func (e *ear) take() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	heard := e.heard
	e.heard = nil
	return heard
}

// tower is a bell with its store, its clock and its only listener.
type tower struct {
	*Manager
	t    *testing.T
	path string
	ear  *ear
	log  *bytes.Buffer
	at   time.Time
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

func newTower(t *testing.T) *tower {
	t.Helper()
	w := &tower{t: t, ear: &ear{}, log: &bytes.Buffer{}, at: time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC), path: filepath.Join(t.TempDir(), "postrider.db")}
	w.restart()
	return w
}

// restart is a new process on the same store.
func (w *tower) restart() {
	s := openStore(w.t, w.path)
	w.Manager = New(s, slog.New(slog.NewTextHandler(w.log, nil)), func() time.Time { return w.at }, w.ear)
}

// after lets time go by, with a ring every half minute, while do says what is met then.
func (w *tower) after(d time.Duration, do func()) []string {
	w.t.Helper()
	for end := w.at.Add(d); w.at.Before(end); {
		w.at = w.at.Add(30 * time.Second)
		do()
		if err := w.Flush(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
	return w.ear.take()
}

func (w *tower) hears(when string, got []string, want ...string) {
	w.t.Helper()
	if !slices.Equal(got, want) {
		w.t.Errorf("%s it says %q, want %q", when, got, want)
	}
}

func quiet() {}

func TestAFaultIsToldOnceAndItsEndOnce(t *testing.T) {
	w := newTower(t)
	down := func() { w.Raise(Relay, "", "connection refused") }
	up := func() { w.Clear(Relay, "") }
	w.hears("in the first minute", w.after(time.Minute, down))
	w.hears("when it lasts", w.after(30*time.Minute, down), "raised relay")
	w.hears("with nothing seen", w.after(30*time.Minute, quiet))
	w.hears("just after it is good again", w.after(9*time.Minute, up), "over relay")
	w.hears("later", w.after(30*time.Minute, up))
	if log := w.log.String(); strings.Count(log, "level=ERROR msg=alarm alarm=relay") != 1 || !strings.Contains(log, `detail="connection refused"`) || strings.Count(log, "alarm is over") != 1 {
		t.Errorf("the log says\n%s", log)
	}
}

func TestWhatComesAndGoesDoesNotRingEachTime(t *testing.T) {
	w := newTower(t)
	good := false
	w.hears("in half an hour of flapping", w.after(30*time.Minute, func() {
		if good = !good; good {
			w.Clear(Relay, "")
		} else {
			w.Raise(Relay, "", "timed out")
		}
	}), "raised relay")
	w.hears("in the calm after it", w.after(30*time.Minute, func() { w.Clear(Relay, "") }), "over relay")
}

func TestWhatPassesByItselfIsNotTold(t *testing.T) {
	w := newTower(t)
	w.hears("in a minute of it", w.after(time.Minute, func() { w.Raise(Forum, "", "gone away") }))
	w.hears("after it", w.after(30*time.Minute, func() { w.Clear(Forum, "") }))
}

func TestWhatCannotPassByItselfIsToldAtOnce(t *testing.T) {
	w := newTower(t)
	w.hears("at the first ring", w.after(time.Second, func() { w.Raise(Auth, "", "535 no") }), "raised auth")
}

func TestARestartDoesNotTellItAgain(t *testing.T) {
	w := newTower(t)
	down := func() { w.Raise(Relay, "", "connection refused") }
	w.hears("before the restart", w.after(10*time.Minute, down), "raised relay")
	w.restart()
	w.hears("after it", w.after(30*time.Minute, down))
	w.restart()
	w.hears("when the new process finds it good", w.after(30*time.Minute, func() { w.Clear(Relay, "") }), "over relay")
}

func TestAKindIsJudgedAsAWhole(t *testing.T) {
	w := newTower(t)
	held := func(domains ...string) func() {
		bad := map[string]string{}
		for _, d := range domains {
			bad[d] = "5.7.1 blocked"
		}
		return func() { w.SetActive(Held, bad) }
	}
	got := w.after(time.Minute, held("gmail.com", "gmx.de"))
	slices.Sort(got)
	w.hears("with two held", got, "raised held gmail.com", "raised held gmx.de")
	w.hears("with one lifted", w.after(15*time.Minute, held("gmx.de")), "over held gmail.com")
	w.restart()
	w.hears("with none held after a restart", w.after(15*time.Minute, held()), "over held gmx.de")
}

func TestAChannelThatFailsIsTriedAgainForADay(t *testing.T) {
	w := newTower(t)
	down := func() { w.Raise(Auth, "", "535 no") }
	w.ear.deaf = true
	w.hears("while nobody hears", w.after(30*time.Minute, down))
	w.ear.deaf = false
	w.hears("when somebody does", w.after(20*time.Minute, down), "raised auth")

	w.ear.deaf = true
	w.after(30*time.Minute, func() { w.Clear(Auth, "") })
	w.at = w.at.Add(25 * time.Hour)
	w.after(time.Minute, quiet)
	w.ear.deaf = false
	w.hears("after more than a day", w.after(30*time.Minute, quiet))
	if !strings.Contains(w.log.String(), "given_up=true") {
		t.Error("the log does not say that a note was given up")
	}
}

func TestOfTwoDaemonsOneTells(t *testing.T) {
	dsn := servertest.Postgres(t)
	e := &ear{}
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

func TestWithoutAStoreItIsToldAllTheSame(t *testing.T) {
	w := newTower(t)
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
	got := w.ear.take()
	slices.Sort(got)
	w.hears("with a store that does not answer", got, "raised auth", "raised store")
	w.store = openStore(t, w.path)
	good := func() { w.Clear(Store, ""); w.Clear(Auth, "") }
	w.hears("when it answers again", w.after(5*time.Minute, good))
	got = w.after(15*time.Minute, good)
	slices.Sort(got)
	w.hears("later", got, "over auth", "over store")
}
