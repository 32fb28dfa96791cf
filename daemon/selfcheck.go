package daemon

import (
	"context"
	"time"

	"postrider/alarm"
	"postrider/source"
)

const (
	// selfCheckTTL is how long a self-check of the forum is valid. Meanwhile the forum may be upgraded or moved, or database
	// permissions may change.
	selfCheckTTL = 10 * time.Minute
	// failedCheckTTL is how long a failed self-check is valid.
	failedCheckTTL = 30 * time.Second
)

// selfCheckCache caches the result of the self-check. The zero value is an empty cache.
type selfCheckCache struct {
	checked time.Time // real clock; zero: not checked yet
	fault   error     // nil: passed
}

// check repeats the self-check if the last result is too old. fresh reports whether it did.
func (t *selfCheckCache) check(ctx context.Context, f *source.DB) (fresh bool, err error) {
	holds := selfCheckTTL
	if t.fault != nil {
		holds = failedCheckTTL
	}
	if time.Since(t.checked) < holds {
		return false, t.fault
	}
	_, err = f.SelfCheck(ctx) // warnings were logged at the start
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	*t = selfCheckCache{time.Now(), err}
	return true, err
}

// ensureForumHealthy repeats the self-check before a batch is built, at intervals and after a failed round. If it fails, the
// batch stays in the queue without counting an attempt, and an alarm is active until the self-check passes.
func (d *Daemon) ensureForumHealthy(ctx context.Context) error {
	fresh, err := d.selfCheck.check(ctx, d.Forum)
	if fresh {
		d.setAlarm(alarm.SelfCheck, err)
	}
	return err
}
