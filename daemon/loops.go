package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/robfig/cron/v3"

	"postrider/forum"
	"postrider/store"
)

// Run delivers alerts and all other messages in two separate loops.
var (
	alertsOnly = store.PriorityRange{First: store.AllPriorities.First, Last: store.PriorityAlert}
	nonAlerts  = store.PriorityRange{First: store.PriorityAlert + 1, Last: store.AllPriorities.Last}
)

// pendingRecheckInterval is how often posts that were not visible are checked again. Approved posts are not urgent.
const pendingRecheckInterval = 30 * time.Second

// fork returns a daemon for a second loop that runs concurrently with d. It shares everything except what only one round at
// a time may use.
func (d *Daemon) fork(priorities store.PriorityRange) *Daemon {
	return &Daemon{
		Deps: d.Deps, settings: d.settings, builder: d.builder.Clone(), calendar: d.calendar, relays: d.relays,
		audience: d.audience, refusalWindows: d.refusalWindows, preparedAnnouncements: make(map[int64]*preparedAnnouncement),
		throttles: d.throttles, domainHolds: d.domainHolds, rateLimit: d.rateLimit, maxSlowWait: d.maxSlowWait,
		recentPosts: make(map[forum.PostID]forum.SectionID), priorities: priorities, wakeAlerts: d.wakeAlerts, alarms: d.alarms, selfCheck: d.selfCheck, lastRoundFailed: true, lastProgress: d.lastProgress,
	}
}

// scanIfDue scans the forum if editions are due. They then cover all posts up to their hour, whenever the alert loop last
// scanned.
func (d *Daemon) scanIfDue(ctx context.Context) error {
	due, err := d.Store.Subscribers.Due(ctx, d.Now(), 1)
	if err != nil {
		return fmt.Errorf("reading due members: %w", err)
	}
	if len(due) == 0 {
		return nil
	}
	return d.steps(ctx, d.scanNew, d.planAlerts)
}

// alertLoop scans the forum and sends alerts until ctx ends. It scans at intervals and when it is woken, and delivers
// whenever an alert is due.
func (d *Daemon) alertLoop(ctx context.Context, recovers cron.JobWrapper) {
	run := func(name string, steps ...func(context.Context) error) {
		recovers(cron.FuncJob(func() { d.tick(ctx, name, steps...) })).Run()
	}
	ticks := time.NewTicker(d.settings.Scan.Interval)
	defer ticks.Stop()
	looked := time.Now()
	run("alerts", d.deliver)
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return
		case <-d.nextAlertTimer(ctx):
			run("alerts", d.deliver)
			continue
		case <-ticks.C:
		case <-d.wakeAlerts:
		}
		look := d.scanNew
		if time.Since(looked) >= pendingRecheckInterval {
			look, looked = d.scanAll, time.Now()
		}
		run("gather", look, d.planAlerts, d.deliver)
	}
}

// nextAlertTimer fires when the next alert is due. It never fires if none is waiting or it cannot be sent now.
func (d *Daemon) nextAlertTimer(ctx context.Context) <-chan time.Time {
	at, err := d.Store.Alerts.Next(ctx, store.PriorityAlert)
	now := d.Now()
	if err != nil || !at.After(now) {
		return nil
	}
	return time.After(at.Sub(now))
}

// wakeLoop runs a job each time the daemon is woken, until ctx ends.
func (d *Daemon) wakeLoop(ctx context.Context, job cron.Job) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.wakeDelivery:
			job.Run()
		}
	}
}

// Wake makes a running daemon scan the forum immediately and deliver the messages that are due in both loops. A digest on
// demand is already in the outbox, so it needs no further queries on the forum.
func (d *Daemon) Wake() {
	for _, lane := range []chan struct{}{d.wakeAlerts, d.wakeDelivery} {
		select {
		case lane <- struct{}{}:
		default: // already woken
		}
	}
}
