package daemon

import (
	"context"

	"postrider/alarm"
	"postrider/source"
)

// ensureForumHealthy repeats the self-check before a batch is built, at intervals and after a failed round. If it fails, the
// batch stays in the queue without counting an attempt, and an alarm is active until the self-check passes.
func (l *loop) ensureForumHealthy(ctx context.Context) error {
	fresh, err := l.selfCheck.Check(ctx, l.Forum)
	if fresh {
		l.watchdog.setAlarm(alarm.SelfCheck, err)
	}
	return err
}

// checkForumAfterFailure checks after each failed round, until one succeeds, whether the forum is the cause.
func (l *loop) checkForumAfterFailure(ctx context.Context, failed bool) {
	if !failed && !l.lastRoundFailed {
		return
	}
	if failed {
		l.selfCheck.Expire()
	}
	err := l.Forum.Read(ctx, func(s *source.Snapshot) error {
		_, err := s.LastPostID(ctx)
		return err
	})
	if ctx.Err() == nil {
		l.watchdog.setAlarm(alarm.Forum, err)
		l.lastRoundFailed = failed
	}
}
