package daemon

import (
	"context"

	"github.com/robfig/cron/v3"
)

// wakeup wakes the loops of a running daemon.
type wakeup struct{ alerts, main, announcements chan struct{} }

func newWakeup() wakeup {
	return wakeup{make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{}, 1)}
}

// wake wakes all loops.
func (w wakeup) wake() {
	for _, loop := range []chan struct{}{w.alerts, w.main, w.announcements} {
		select {
		case loop <- struct{}{}:
		default: // already woken
		}
	}
}

// onWake runs a job each time the main loop is woken, until ctx ends.
func (w wakeup) onWake(ctx context.Context, job cron.Job) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.main:
			job.Run()
		}
	}
}

// Wake makes a running daemon scan the forum immediately and deliver the messages that are due in all loops. A digest on
// demand is already in the outbox, so it needs no further queries on the forum.
func (d *Daemon) Wake() { d.wakeup.wake() }
