package e2e

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"postrider/internal/servertest"
	"postrider/internal/smtptest"
)

const (
	killCount    = 50 // daemons that are killed in each case
	killsPerHour = 6  // at most, by the moment; the relay has 120 messages an hour to take
)

// TestKill_DeliversEachPostOnce kills daemons in the middle of rounds and starts them again, while posts are
// written in the forum.
func TestKill_DeliversEachPostOnce(t *testing.T) {
	t.Parallel()
	binary := buildBinary(t)
	sqlite := func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "postrider.db") }
	postgres := func(t *testing.T) string { return servertest.Postgres(t) }
	for name, tt := range map[string]struct {
		store   func(*testing.T) string
		daemons int
		atOnce  int // how many are killed at the same moment
	}{
		"the only one, on SQLite":     {sqlite, 1, 1},
		"one of three, on PostgreSQL": {postgres, 3, 1},
		"two of three, on PostgreSQL": {postgres, 3, 2},
	} {
		t.Run(name, func(t *testing.T) {
			b := newTestForum(t, 120, time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC))
			relay := smtptest.New(t)
			config := appendConfig(t, writeConfig(t, t.TempDir(), "sample", "sqlite:"+b.path, tt.store(t), relay.URL()),
				"[digest]\ncadence = \"hours\"\nevery = 1\nhour = 0\n")
			s := killTest{testForum: b, binary: binary, config: config, relay: relay, random: rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))}
			s.runRound() // from now on, all members are known
			for s.killed < killCount {
				s.runHour(tt.daemons, tt.atOnce)
			}
			for range 2 { // the first retries uncertain messages, the second sends what came after them
				s.now = s.now.Add(time.Hour)
				s.runRound()
			}
			messages := relay.Messages()
			copies := b.checkDelivered(messages)
			t.Logf("%s: %d kills in %d hours, %d messages, %d of them copies with the same Message-ID", name, s.killed, s.hours, len(messages), copies)
			if most := s.killed * (connections + maxUnsettled); copies > most {
				t.Errorf("%d messages were repeated, want at most %d: those in flight at %d kills", copies, most, s.killed)
			}
			s.runRound()
			if after := len(relay.Messages()); after != len(messages) {
				t.Errorf("a round with nothing new sent %d messages", after-len(messages))
			}
		})
	}
}

// killTest is a forum and daemons that are killed.
type killTest struct {
	*testForum
	binary, config string
	relay          *smtptest.Server
	random         *rand.Rand
	hours, killed  int
}

// startRound starts a daemon that runs one round.
func (s *killTest) startRound() *process {
	s.Helper()
	return start(s.T, s.binary, "run", "-c", s.config, "--once", "--now", s.now.Format(time.RFC3339))
}

// runRound runs one round without a kill.
func (s *killTest) runRound() {
	s.Helper()
	s.awaitEnd(s.startRound())
}

// awaitEnd waits until a round has ended. It must succeed.
func (s *killTest) awaitEnd(p *process) {
	s.Helper()
	if err := <-p.done; err != nil {
		s.Errorf("a round ended with %v:\n%s", err, p.out)
	}
}

// runHour advances the clock by an hour, writes posts and runs daemons. Some of them are killed and started again.
func (s *killTest) runHour(daemons, atOnce int) {
	s.Helper()
	s.hours++
	s.now = s.now.Add(time.Hour)
	s.writePost(1 + s.random.IntN(10))
	s.writePost(1 + s.random.IntN(10))
	running := make([]*process, daemons)
	for i := range running {
		running[i] = s.startRound()
	}
	for range killsPerHour {
		s.waitRandomly(running)
		for _, i := range s.random.Perm(daemons)[:1+s.random.IntN(atOnce)] {
			if s.killRunning(running[i]) {
				running[i] = s.startRound()
			}
		}
	}
	for _, p := range running {
		s.awaitEnd(p)
	}
}

// waitRandomly waits until a random number of further messages have arrived. One time in five it waits at most a random short
// time, which may end before the first message. It also returns when a daemon has ended.
func (s *killTest) waitRandomly(running []*process) {
	more, end := s.relay.Count()+1+s.random.IntN(40), make(<-chan time.Time)
	if s.random.IntN(5) == 0 {
		end = time.After(time.Duration(s.random.IntN(200)) * time.Millisecond)
	}
	for s.relay.Count() < more && !slices.ContainsFunc(running, hasEnded) {
		select {
		case <-end:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// hasEnded reports whether a daemon has ended.
func hasEnded(p *process) bool {
	select {
	case err := <-p.done:
		p.done <- err
		return true
	default:
		return false
	}
}

// killRunning kills a daemon and reports whether it was still running.
func (s *killTest) killRunning(p *process) bool {
	s.Helper()
	if hasEnded(p) {
		return false
	}
	p.Process.Kill()
	if err := <-p.done; err == nil { // it finished before the kill
		p.done <- nil
		return false
	}
	s.killed++
	return true
}
