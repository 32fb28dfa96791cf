package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/robfig/cron/v3"

	"postrider/forum"
	"postrider/store"
)

// Run delivers alerts and all other messages in two loops.
var (
	alertsOnly = store.PriorityRange{First: store.AllPriorities.First, Last: store.PriorityAlert}
	nonAlerts  = store.PriorityRange{First: store.PriorityAlert + 1, Last: store.AllPriorities.Last}
)

// pendingRecheckInterval is how often posts are looked at again that were met invisible. Who approves a post is in no hurry.
const pendingRecheckInterval = 30 * time.Second

// fork is a daemon that works at the same time as d, on a lane of its own. It shares all but what one round at a time
// may use.
func (d *Daemon) fork(priorities store.PriorityRange) *Daemon {
	return &Daemon{
		Deps: d.Deps, settings: d.settings, builder: d.builder.clone(), calendar: d.calendar, relays: d.relays,
		audience: d.audience, refusalWindows: d.refusalWindows, preparedAnnouncements: make(map[int64]*preparedAnnouncement),
		throttles: d.throttles, domainHolds: d.domainHolds, rateLimit: d.rateLimit, maxSlowWait: d.maxSlowWait,
		recentPosts: make(map[forum.PostID]forum.SectionID), priorities: priorities, wakeAlerts: d.wakeAlerts, alarms: d.alarms, selfCheck: d.selfCheck, lastRoundFailed: true, lastProgress: d.lastProgress,
	}
}

// scanIfDue gathers before editions are planned, if any are due: they hold everything up to their hour, whenever the other
// lane last looked.
func (d *Daemon) scanIfDue(ctx context.Context) error {
	due, err := d.Store.Subscribers.Due(ctx, d.Now(), 1)
	if err != nil {
		return fmt.Errorf("reading who is due: %w", err)
	}
	if len(due) == 0 {
		return nil
	}
	return d.steps(ctx, d.scanNew, d.planAlerts)
}

// alertLoop gathers, and tells at once what is to be told at once, until ctx ends. It looks at the forum every so often, when it is
// woken, and at the outbox whenever the time of an alert has come.
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

// nextAlertTimer fires when the time of the next alert has come; never, if none waits or it cannot go now.
func (d *Daemon) nextAlertTimer(ctx context.Context) <-chan time.Time {
	at, err := d.Store.Alerts.Next(ctx, store.PriorityAlert)
	now := d.Now()
	if err != nil || !at.After(now) {
		return nil
	}
	return time.After(at.Sub(now))
}

// wakeLoop runs a job whenever the daemon is woken, until ctx ends.
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

// Wake lets a daemon that runs look at the forum at once, and hand over what waits in either lane. The forum is asked
// no more than that: what was put into the outbox for somebody who waits for it, a digest on demand, is there already.
func (d *Daemon) Wake() {
	for _, lane := range []chan struct{}{d.wakeAlerts, d.wakeDelivery} {
		select {
		case lane <- struct{}{}:
		default: // it is about to
		}
	}
}
