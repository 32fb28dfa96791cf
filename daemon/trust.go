package daemon

import (
	"context"
	"time"

	"postrider/alarm"
)

const (
	// trusted is how long a self-check of the forum holds. A forum may be upgraded, moved, or its rights changed under us.
	trusted = 10 * time.Minute
	// suspicion is how long one that failed holds.
	suspicion = 30 * time.Second
)

// trust is what the daemon thinks of the forum.
type trust struct {
	checked time.Time // by the real clock; zero: it is to be checked before anything is sent
	fault   error     // nil: it is as the adapter thinks
}

// trusts has the forum checked again before a batch is built, every now and then and whenever a round has failed. A fault
// keeps the batch in the queue, at the cost of no attempt, and is told as an alarm until it is gone.
func (d *Daemon) trusts(ctx context.Context) error {
	holds := trusted
	if d.trust.fault != nil {
		holds = suspicion
	}
	if time.Since(d.trust.checked) < holds {
		return d.trust.fault
	}
	_, err := d.Forum.Trust(ctx) // warnings were told at the start
	if ctx.Err() != nil {
		return ctx.Err()
	}
	d.trust = trust{time.Now(), err}
	d.sound(alarm.SelfCheck, err)
	return err
}
