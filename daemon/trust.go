package daemon

import (
	"context"
	"time"

	"postrider/alarm"
	"postrider/source"
)

const (
	// trusted is how long a self-check of the forum holds. A forum may be upgraded, moved, or its rights changed under us.
	trusted = 10 * time.Minute
	// suspicion is how long one that failed holds.
	suspicion = 30 * time.Second
)

// trust is what is thought of the forum. The zero value is nothing yet.
type trust struct {
	checked time.Time // by the real clock; zero: it is to be checked first
	fault   error     // nil: it is as the adapter thinks
}

// ask has the forum checked again, if the last time was too long ago, and tells whether that was done.
func (t *trust) ask(ctx context.Context, f *source.DB) (fresh bool, err error) {
	holds := trusted
	if t.fault != nil {
		holds = suspicion
	}
	if time.Since(t.checked) < holds {
		return false, t.fault
	}
	_, err = f.SelfCheck(ctx) // warnings were told at the start
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	*t = trust{time.Now(), err}
	return true, err
}

// trusts has the forum checked again before a batch is built, every now and then and whenever a round has failed. A fault
// keeps the batch in the queue, at the cost of no attempt, and is told as an alarm until it is gone.
func (d *Daemon) trusts(ctx context.Context) error {
	fresh, err := d.trust.ask(ctx, d.Forum)
	if fresh {
		d.sound(alarm.SelfCheck, err)
	}
	return err
}
