package e2e

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"postrider/alarm"
)

// life is a trial: a forum, a daemon, and what the test knows about both.
type life struct {
	*lifeWorld
	forumModel *lifeForum
	seed       uint64
	began      time.Time
	steps      map[int][]func() // by minute
	causes     []*cause
	binary     string

	checked  int                     // messages of the relay that were checked
	copies   int                     // messages with a Message-ID that arrived before
	ids      map[string]int          // Message-IDs, and how often each arrived
	got      map[readerPost]string   // the message that brought a post
	shown    map[readerPost][]string // all messages with a post
	verdicts map[string]int
	faults   int
	failed   int // rounds that failed
	kills    int
	restarts int // of servers while messages were sent
}

// TestLife_EightHours plays eight hours of a forum in accelerated time, with faults of every part. A day later, messages, ledger,
// explanations, counters and alarms must agree. POSTRIDER_LIFE is the number of trials, and POSTRIDER_SEED the first seed.
func TestLife_EightHours(t *testing.T) {
	trials, err := strconv.Atoi(os.Getenv("POSTRIDER_LIFE"))
	if err != nil || trials < 1 {
		t.Skip("SKIPPED: set POSTRIDER_LIFE=1 to play eight hours of a forum; it takes five to ten minutes")
	}
	binary := buildBinary(t)
	first := uint64(envInt(t, "POSTRIDER_SEED", 1))
	for seed := first; seed < first+uint64(trials); seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { playLife(t, seed, binary) })
	}
}

const lifeMinutes = 8 * 60

func playLife(t *testing.T, seed uint64, binary string) {
	began := time.Date(2026, 11, 25, 5, 0, 0, 0, time.UTC) // after the posts of the dump
	l := &life{
		lifeWorld: newLifeWorld(t, began.Add(-time.Hour)), seed: seed, began: began, binary: binary, steps: map[int][]func(){},
		ids: map[string]int{}, got: map[readerPost]string{}, shown: map[readerPost][]string{}, verdicts: map[string]int{},
	}
	l.forumModel = newLifeForum(l.lifeWorld, seed, 30)
	l.round() // the store is new: nothing is due
	l.advance(time.Hour)
	l.schedule()
	for minute := range lifeMinutes {
		for _, step := range l.steps[minute] {
			step()
		}
		for range l.forumModel.random.IntN(4) {
			if l.forumUp() {
				l.forumModel.happen()
			}
		}
		l.round()
		l.advance(time.Minute)
	}
	for l.clock().Before(began.Add(34 * time.Hour)) {
		l.round()
		l.advance(10 * time.Minute)
	}
	l.checkExplanations()
	l.checkLedger()
	l.checkMetrics()
	l.checkAlarms()
	l.report()
}

func (l *life) fault(format string, a ...any) {
	l.Helper()
	if l.faults++; l.faults <= 20 {
		l.Errorf("seed %d, %s: %s", l.seed, l.clock().Format("2 Jan 15:04"), fmt.Sprintf(format, a...))
	}
}

// round runs a round and checks what it sent. A round may fail only for a known cause.
func (l *life) round() {
	l.Helper()
	if _, err := l.daemon.RunOnce(l.Context()); err != nil {
		if l.failed++; !slices.ContainsFunc(l.causes, func(c *cause) bool { return c.explains(l.clock()) }) {
			l.fault("a round failed: %v", err)
		}
	}
	l.checkArrived()
	l.observeAlarms()
	time.Sleep(l.pause())
}

// pause returns how long a minute must last at least. Circuit breakers and self-checks use the real clock: a failed self-check is
// valid for 30 seconds, which must be shorter than the ten minutes after which an alarm is resolved.
func (l *life) pause() time.Duration {
	switch {
	case l.lasts("column renamed"):
		return 4 * time.Second
	case !l.daemon.Relays()["smtp"] || l.inTrouble():
		return time.Second
	}
	return 0
}

// lasts reports whether a fault is active, or was until a short time ago.
func (l *life) lasts(name string) bool {
	return slices.ContainsFunc(l.causes, func(c *cause) bool { return c.name == name && c.explains(l.clock()) })
}

// report prints what happened.
func (l *life) report() {
	l.Helper()
	messages := l.relay.messages()
	l.Logf("seed %d: %d posts in %d threads, %d members; %d messages, %d of them copies; %d rounds failed, %d daemons killed, %d servers restarted while messages were sent, %d messages limited; %d faults",
		l.seed, len(l.forumModel.posts), len(l.forumModel.threads), len(l.forumModel.members), len(messages), l.copies, l.failed, l.kills, l.restarts, l.relay.limitedMessages(), l.faults)
	l.Logf("events: %s", countsText(l.forumModel.counts))
	l.Logf("explanations: %s", countsText(l.verdicts))
	for _, c := range l.causes {
		l.Logf("%s from %s to %s: %s", c.name, c.from.Format(time.TimeOnly), c.until.Format(time.TimeOnly), c.alarmText())
	}
}

func countsText(counts map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[name], name))
	}
	return strings.Join(parts, ", ")
}

// cause is a fault of a part, and the alarms that it may raise.
type cause struct {
	name        string
	kinds       []alarm.Kind // empty: it may raise none
	from, until time.Time    // until is zero while it lasts
	felt        time.Time    // the first message that a fault of the relay stopped; zero: none
	raised      time.Time
	resolved    time.Time
}

// explains reports whether a round may fail because of the cause. After it, the daemon gets ten minutes.
func (c *cause) explains(now time.Time) bool {
	return !now.Before(c.from) && (c.until.IsZero() || now.Before(c.until.Add(10*time.Minute)))
}

func (c *cause) alarmText() string {
	switch {
	case c.raised.IsZero():
		return "no alarm"
	case c.resolved.IsZero():
		return "alarm raised at " + c.raised.Format(time.TimeOnly)
	}
	return "alarm raised at " + c.raised.Format(time.TimeOnly) + ", resolved at " + c.resolved.Format(time.TimeOnly)
}
