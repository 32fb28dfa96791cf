package daemon

import (
	"context"
	"time"

	"github.com/robfig/cron/v3"

	"postrider/store"
)

// pendingRecheckInterval is how often posts that were not visible are checked again. Approved posts are not urgent.
const pendingRecheckInterval = 30 * time.Second

// runAlerts scans the forum and sends alerts until ctx ends. It scans at intervals and when it is woken, and delivers
// whenever an alert is due.
func (l *loop) runAlerts(ctx context.Context, woken <-chan struct{}, recovers cron.JobWrapper) {
	run := func(name string, steps ...func(context.Context) error) {
		recovers(cron.FuncJob(func() { l.tick(ctx, name, steps...) })).Run()
	}
	ticks := time.NewTicker(l.settings.Scan.Interval)
	defer ticks.Stop()
	looked := time.Now()
	run("alerts", l.deliver)
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return
		case <-l.nextAlertTimer(ctx):
			run("alerts", l.deliver)
			continue
		case <-ticks.C:
		case <-woken:
		}
		look := l.scanner.scanNew
		if time.Since(looked) >= pendingRecheckInterval {
			look, looked = l.scanner.scanAll, time.Now()
		}
		run("gather", look, l.waitForDecision, l.alerts.planAlerts, l.deliver)
	}
}

// nextAlertTimer fires when the next alert is due. It never fires if none is waiting or it cannot be sent now.
func (l *loop) nextAlertTimer(ctx context.Context) <-chan time.Time {
	at, err := l.Store.Alerts.Next(ctx, store.PriorityAlert)
	now := l.Now()
	if err != nil || !at.After(now) {
		return nil
	}
	return time.After(at.Sub(now))
}
