package daemon

import (
	"context"
	"fmt"
	"sync"
	"time"

	"postrider/alarm"
	"postrider/source"
)

// recurringRounds are the rounds that a running daemon repeats, whether there is something to do or not. If one of them keeps
// failing, no other success makes up for it.
var recurringRounds = map[string]bool{"gather": true, "editions": true, "announcements": true, "moves": true, "judge": true, "members": true}

// failedRounds are the recurring rounds that failed the last time. It is safe for concurrent use.
type failedRounds struct {
	mu     sync.Mutex
	failed map[string]failedRound // by name
}

type failedRound struct {
	since time.Time // when the first one in a row ended, real clock
	times int       // in a row
	err   error     // of the last one
}

// record records the result of a round. It returns how often the round failed in a row, and whether it failed before that.
func (f *failedRounds) record(name string, err error) (times int, before bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	was, before := f.failed[name]
	switch {
	case err == nil:
		delete(f.failed, name)
		return 0, before
	case f.failed == nil:
		f.failed = make(map[string]failedRound)
	}
	if !before {
		was.since = time.Now()
	}
	f.failed[name] = failedRound{was.since, was.times + 1, err}
	return was.times + 1, before
}

// oldest returns the recurring round that has been failing for longest. name is empty if none fails.
func (f *failedRounds) oldest() (name string, round failedRound) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for n, r := range f.failed {
		if recurringRounds[n] && (name == "" || r.since.Before(round.since)) {
			name, round = n, r
		}
	}
	return name, round
}

// roundEnded checks after a failed round, and after the first one that succeeds again, whether the forum is the cause. After the
// second failure in a row, the forum may have been upgraded: the self-check runs.
func (wd *watchdog) roundEnded(ctx context.Context, name string, err error) {
	if ctx.Err() != nil {
		return
	}
	times, before := wd.rounds.record(name, err)
	if err == nil && !before {
		return
	}
	if err != nil {
		wd.selfCheck.Expire()
	}
	unreachable := wd.readForum(ctx)
	if ctx.Err() == nil {
		wd.setAlarm(alarm.Forum, unreachable)
	}
	if unreachable == nil && (times > 1 || err == nil) {
		_ = wd.ensureForumHealthy(ctx) // it raises or clears the alarm
	}
}

// ensureForumHealthy repeats the self-check at intervals and after a failed round. While it fails, an alarm is active and no
// batch is built: messages stay in the queue without counting an attempt.
func (wd *watchdog) ensureForumHealthy(ctx context.Context) error {
	fresh, err := wd.selfCheck.Check(ctx, wd.Forum)
	if fresh {
		wd.setAlarm(alarm.SelfCheck, err)
	}
	return err
}

// checkForum finds a forum that was upgraded while there is nothing to send. A query that fails once may have met an upgrade in
// progress; the second time the self-check runs.
func (wd *watchdog) checkForum(ctx context.Context) {
	switch {
	case wd.readForum(ctx) != nil:
		return // the rounds fail, and raise an alarm
	case wd.Forum.Probe(ctx) == nil:
		wd.probesFailed = 0
	default:
		if wd.probesFailed++; wd.probesFailed < 2 {
			return
		}
		wd.selfCheck.Expire()
	}
	_ = wd.ensureForumHealthy(ctx) // it raises or clears the alarm
}

// readForum returns an error if the simplest query on the forum fails.
func (wd *watchdog) readForum(ctx context.Context) error {
	return wd.Forum.Read(ctx, func(s *source.Snapshot) error {
		_, err := s.LastPostID(ctx)
		return err
	})
}

// checkStalled raises an alarm if nothing makes progress, or if a recurring round keeps failing. A long round makes progress
// with each step and each batch.
func (wd *watchdog) checkStalled() {
	limit := max(stallMinDuration, stallMaxScans*wd.settings.Scan.Interval)
	quiet := time.Since(time.Unix(0, wd.lastProgress.Load()))
	name, round := wd.rounds.oldest()
	switch {
	case quiet > limit:
		wd.alarms.Raise(alarm.Overdue, "", fmt.Sprintf("no progress for %v", quiet.Round(time.Second)))
	case name != "" && time.Since(round.since) > limit:
		wd.alarms.Raise(alarm.Overdue, "", fmt.Sprintf("each round %q has failed for %v, the last one with: %v", name, time.Since(round.since).Round(time.Second), round.err))
	default:
		wd.alarms.Clear(alarm.Overdue, "")
	}
}
