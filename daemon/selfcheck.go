package daemon

import (
	"context"
	"time"

	"postrider/alarm"
	"postrider/source"
)

const (
	// selfCheckTTL is how long a self-check of the forum holds. A forum may be upgraded, moved, or its rights changed under us.
	selfCheckTTL = 10 * time.Minute
	// failedCheckTTL is how long one that failed holds.
	failedCheckTTL = 30 * time.Second
)

// selfCheckCache is what is thought of the forum. The zero value is nothing yet.
type selfCheckCache struct {
	checked time.Time // by the real clock; zero: it is to be checked first
	fault   error     // nil: it is as the adapter thinks
}

// check has the forum checked again, if the last time was too long ago, and tells whether that was done.
func (t *selfCheckCache) check(ctx context.Context, f *source.DB) (fresh bool, err error) {
	holds := selfCheckTTL
	if t.fault != nil {
		holds = failedCheckTTL
	}
	if time.Since(t.checked) < holds {
		return false, t.fault
	}
	_, err = f.SelfCheck(ctx) // warnings were told at the start
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	*t = selfCheckCache{time.Now(), err}
	return true, err
}

// ensureForumHealthy has the forum checked again before a batch is built, every now and then and whenever a round has failed. A fault
// keeps the batch in the queue, at the cost of no attempt, and is told as an alarm until it is gone.
func (d *Daemon) ensureForumHealthy(ctx context.Context) error {
	fresh, err := d.selfCheck.check(ctx, d.Forum)
	if fresh {
		d.setAlarm(alarm.SelfCheck, err)
	}
	return err
}
