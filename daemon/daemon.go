// Package daemon runs the rounds that send a forum's posts to its members.
//
// A round scans the forum for new posts (scan.go), syncs the subscribers (subscribers.go), plans alerts (alert_plan.go) and the
// editions that are due (digest_plan.go), and delivers the outbox (package delivery). Every step can be repeated after a crash.
// docs/architecture.md describes the whole path. RunOnce is the shortest way through it in code.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/robfig/cron/v3"

	"postrider/alarm"
	"postrider/daemon/audience"
	"postrider/daemon/calendar"
	"postrider/daemon/delivery"
	"postrider/daemon/settings"
	"postrider/internal/link"
	"postrider/mail"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

// Deps are the dependencies of a daemon.
type Deps struct {
	Forum    *source.DB
	Store    *store.Store
	Renderer *templates.Renderer
	Composer *mail.Composer
	Signer   *mail.Signer // nil: the relay signs
	// AnnouncementSigner signs announcements; nil: the relay does.
	AnnouncementSigner *mail.Signer

	Sender   delivery.Sender
	Fallback delivery.Sender // used while Sender is unreachable; nil: none
	// AnnouncementSender is the relay of announcements; nil: they use Sender and Fallback.
	AnnouncementSender delivery.Sender
	Links              *link.Signer
	Log                *slog.Logger
	Now                func() time.Time // the clock for everything that is saved
	Observer           Observer         // nil: none
}

// base is what all parts of a daemon use.
type base struct {
	Deps
	settings settings.Settings
	calendar calendar.Calendar
	restored atomic.Bool // the store is an old copy, and nobody has decided about it: nothing is planned
}

func (b *base) now() time.Time { return b.Now() }

// Daemon runs rounds over one forum and one store.
type Daemon struct {
	*base
	wakeup         wakeup
	watchdog       *watchdog
	audience       *audience.Resolver
	refusalWindows *refusalWindows
	shared         *delivery.Shared
	ownRelay       *delivery.Shared // of announcements; nil: they have none of their own
	main           *loop            // all messages, or while Run runs, those that have no loop of their own
	alerts         *loop            // alerts while Run runs; nil: main sends them
	announcements  *loop            // announcements while Run runs, if they have their own relay; nil: main sends them
}

// New returns a daemon without starting anything. The forum must have passed its self-check.
func New(p Deps, set settings.Settings) *Daemon {
	if p.Observer == nil {
		p.Observer = nopObserver{}
	}
	b := &base{Deps: p, settings: set, calendar: calendar.New(set.Digest, calendar.NewZones(set.Digest.Zone))}
	d := &Daemon{base: b, wakeup: newWakeup(), audience: audience.New(p.Forum, p.Store, set.Digest), refusalWindows: newRefusalWindows()}
	var relays *delivery.Relays
	d.watchdog, relays = newWatchdog(b)
	d.shared = delivery.NewShared(relays, set.Delivery)
	if p.AnnouncementSender != nil {
		d.ownRelay = delivery.NewShared(delivery.NewAnnouncementRelay(p.AnnouncementSender, d.watchdog.alarms, p.Log), set.Delivery)
	}
	d.main = d.newLoop(store.AllPriorities)
	return d
}

// Relays reports whether each relay is in use, by the name of its configuration table.
func (d *Daemon) Relays() map[string]bool {
	up := d.shared.Relays.InUse()
	if d.ownRelay != nil {
		maps.Copy(up, d.ownRelay.Relays.InUse())
	}
	return up
}

// RaiseAlarm reports a problem that keeps the daemon from running at all.
func (d *Daemon) RaiseAlarm(ctx context.Context, kind alarm.Kind, why error) {
	d.watchdog.alarms.Raise(kind, "", why.Error())
	d.watchdog.flushAlarms(ctx)
}

// RunOnce runs one full round: evaluate rejections, scan, sync subscribers, plan, and deliver everything that is due.
func (d *Daemon) RunOnce(ctx context.Context) (Report, error) {
	l := d.main
	for _, s := range l.deliveries() {
		s.MaxSlowWait = settings.MaxBatchAge // there is no later round for deferred messages
	}
	d.watchdog.alarms.Clear(alarm.SelfCheck, "") // the self-check passed before we run
	if err := d.noticeRestore(ctx); err != nil {
		return Report{}, err
	}
	report, err := l.runTick(ctx, "once", d.applyRelays, d.evaluateRefusals, l.scanner.scanAll, l.settleRestored, l.scanner.scanMoves, l.subscribers.syncSubscribers,
		l.alerts.planAlerts, l.digests.planDigests, l.deliver)
	d.watchdog.checkHealth(ctx)
	d.watchdog.flushAlarms(ctx)
	return report, err
}

// Run runs rounds until ctx ends. Before it returns, it finishes messages in flight and saves the results of sent ones.
//
// robfig/cron generates the ticks, in UTC, and every tick can be repeated. Cron skips or repeats local hours when clocks
// change, so members' hours are never cron entries. SkipIfStillRunning wraps Recover: the other way round, a panic would
// keep the job from ever running again.
func (d *Daemon) Run(ctx context.Context) error {
	logger := cronLog{d.Log}
	recovers := cron.Recover(logger)
	chain := cron.WithChain(cron.SkipIfStillRunning(logger), recovers)
	ticks := cron.New(cron.WithLocation(time.UTC), cron.WithLogger(logger), chain)
	if err := d.noticeRestore(ctx); err != nil {
		if ctx.Err() != nil { // stopped while it started
			return nil
		}
		return err
	}
	d.main = d.newLoop(d.exceptOwnRelay(delivery.ExceptAlerts))
	tick := d.main.exclusive(ctx)
	for _, job := range d.schedule(tick) {
		if _, err := ticks.AddFunc(job.spec, job.run); err != nil {
			return fmt.Errorf("scheduling %q: %w", job.spec, err)
		}
	}
	d.watchdog.alarms.Clear(alarm.SelfCheck, "") // the self-check passed before we run
	d.watchdog.alarms.Clear(alarm.Forum, "")
	var background sync.WaitGroup
	background.Go(func() {
		d.watchdog.flushAlarms(ctx)
		d.watchdog.run(ctx)
	})
	defer background.Wait()
	l := d.main
	recovers(cron.FuncJob(tick("start", d.applyRelays, l.scanner.scanAll, l.waitForDecision, l.scanner.scanMoves, l.subscribers.syncSubscribers, l.alerts.planAlerts, l.digests.planDigests))).Run()
	d.alerts = d.newLoop(delivery.AlertsOnly)
	background.Go(func() { d.alerts.runAlerts(ctx, d.wakeup.alerts, recovers) })
	if d.ownRelay != nil {
		d.announcements = d.newLoop(delivery.AnnouncementsOnly)
		background.Go(func() { d.announcements.runAnnouncements(ctx, d.wakeup.announcements, recovers) })
	}
	recovers(cron.FuncJob(tick("editions", l.deliver))).Run()
	background.Go(func() { d.wakeup.onWake(ctx, recovers(cron.FuncJob(tick("woken", l.deliver)))) })
	ticks.Start()
	<-ctx.Done()
	<-ticks.Stop().Done()
	background.Wait()
	return d.FlushUnsettled(context.WithoutCancel(ctx))
}

// FlushUnsettled saves results that the store did not accept while the daemon ran. It is safe to call after Run.
func (d *Daemon) FlushUnsettled(ctx context.Context) error {
	var err error
	for _, l := range []*loop{d.main, d.alerts, d.announcements} {
		if l == nil {
			continue
		}
		for _, s := range l.deliveries() {
			err = errors.Join(err, s.FlushUnsettled(ctx))
		}
	}
	return err
}

// cronJob is a job and when it runs.
type cronJob struct {
	spec string
	run  func()
}

// schedule returns the jobs of the main loop.
func (d *Daemon) schedule(tick func(name string, steps ...func(context.Context) error) func()) []cronJob {
	l := d.main
	announcements := tick("announcements", l.tickAnnouncements)
	if d.ownRelay != nil {
		announcements = func() {} // they have their own loop
	}
	return []cronJob{
		{fmt.Sprintf("@every %s", d.settings.Scan.Interval), tick("editions", l.scanIfDue, l.digests.planDigests, l.deliver)},
		{"@every 1s", announcements},
		{"@every 5m", tick("moves", l.scanner.scanMoves)},
		{"* * * * *", tick("judge", d.evaluateRefusals)},
		{"*/10 * * * *", tick("members", l.subscribers.syncSubscribers)},
		{"17 3 * * *", tick("prune", d.prune)},
	}
}

func (b *base) prune(ctx context.Context) error {
	if err := b.Store.Prune(ctx, b.Now()); err != nil {
		return fmt.Errorf("deleting expired rows: %w", err)
	}
	return nil
}

// cronLog writes cron's messages to the daemon's log.
type cronLog struct{ log *slog.Logger }

func (l cronLog) Info(msg string, args ...any) { l.log.Debug("cron: "+msg, args...) }

func (l cronLog) Error(err error, msg string, args ...any) {
	l.log.Error("cron: "+msg, append(args, "err", err)...)
}
