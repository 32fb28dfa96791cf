// Package daemon runs the rounds that send a forum's posts to its members.
//
// A round scans the forum for new posts (scan.go), syncs the subscribers (subscribers.go), plans the editions that are due
// (schedule.go), and delivers the outbox (deliver.go): it claims a batch, builds it (editions), renders and sends each message,
// and settles it (settle.go). Every step can be repeated after a crash. docs/architecture.md describes the whole path.
package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/robfig/cron/v3"
	"golang.org/x/time/rate"

	"postrider/alarm"
	"postrider/daemon/audience"
	"postrider/daemon/calendar"
	"postrider/daemon/editions"
	"postrider/daemon/settings"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/mail"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

// Sender sends a rendered message. *mail.SMTP and *mail.Folder implement it.
type Sender interface {
	Send(ctx context.Context, from, to string, raw []byte) mail.Outcome
}

// Deps are the dependencies of a daemon.
type Deps struct {
	Forum    *source.DB
	Store    *store.Store
	Renderer *templates.Renderer
	Composer *mail.Composer
	Signer   *mail.Signer // nil: the relay signs
	Sender   Sender
	Fallback Sender // used while Sender is unreachable; nil: none
	Links    *link.Signer
	Log      *slog.Logger
	Now      func() time.Time // the clock for everything that is saved
	Observer Observer         // nil: none
}

// Daemon runs rounds over one forum and one store.
type Daemon struct {
	Deps
	settings              settings.Settings
	builder               *editions.Builder
	audience              *audience.Resolver
	calendar              calendar.Calendar
	relays                *relayPool
	throttles             *throttles
	domainHolds           *domainHolds
	rateLimit             *rate.Limiter // of all messages together; nil: none
	maxSlowWait           time.Duration // how long a batch waits for slow providers when nothing else can be sent
	refusalWindows        *refusalWindows
	preparedAnnouncements map[int64]*preparedAnnouncement
	announceBackoffUntil  time.Time                        // until then only regular rounds send announcements
	pausedLogged          bool                             // delivery was paused at the last check
	recentPosts           map[forum.PostID]forum.SectionID // already sighted posts in the overlap, see postClassifier
	report                Report
	unsettled             *unsettledBatch     // a batch whose results are not saved yet; nil: none
	strayClaims           bool                // messages may be leased that are in no batch, see releaseStray
	priorities            store.PriorityRange // the messages that it delivers
	wakeAlerts            chan struct{}       // wakes the alert loop, see Wake
	wakeDelivery          chan struct{}       // wakes the main loop
	dryRun                *editions.Overlay   // of a forecast; nil: a real run
	alarms                *alarm.Manager
	backlog               backlog
	selfCheck             source.SelfCheckCache
	lastRoundFailed       bool          // also true before the first round
	lastProgress          *atomic.Int64 // Unix nanoseconds, real clock
}

// New returns a daemon without starting anything. The forum must have passed its self-check.
func New(p Deps, set settings.Settings) *Daemon {
	if p.Observer == nil {
		p.Observer = nopObserver{}
	}
	builder := editions.New(p.Forum, p.Store, set.Digest)
	d := &Daemon{
		Deps:                  p,
		settings:              set,
		builder:               builder,
		calendar:              calendar.New(set.Digest, calendar.NewZones(set.Digest.Zone)),
		throttles:             newThrottles(set.Delivery),
		domainHolds:           new(domainHolds),
		rateLimit:             set.Delivery.Limiter(),
		maxSlowWait:           slowProviderWait,
		audience:              audience.New(p.Forum, p.Store, set.Digest),
		refusalWindows:        newMoods(),
		preparedAnnouncements: make(map[int64]*preparedAnnouncement),
		recentPosts:           make(map[forum.PostID]forum.SectionID),
		priorities:            store.AllPriorities,
		wakeAlerts:            make(chan struct{}, 1),
		wakeDelivery:          make(chan struct{}, 1),
		selfCheck:             source.SelfCheckPassed(),
		lastRoundFailed:       true,
		lastProgress:          new(atomic.Int64),
	}
	d.alarms = d.newAlarms()
	d.relays = newRelays(p.Sender, p.Fallback, d.alarms, p.Log)
	d.touchProgress()
	return d
}

// RunOnce runs one full round: evaluate rejections, scan, sync subscribers, plan, and deliver everything that is due.
func (d *Daemon) RunOnce(ctx context.Context) (Report, error) {
	d.maxSlowWait = settings.MaxBatchAge // there is no later round for deferred messages
	d.alarms.Clear(alarm.SelfCheck, "")  // the self-check passed before we run
	report, err := d.runTick(ctx, "once", d.evaluateRefusals, d.scanAll, d.scanMoves, d.syncSubscribers, d.planAlerts, d.planDigests, d.deliver)
	d.checkHealth(ctx)
	d.flushAlarms(ctx)
	return report, err
}

// runTick runs the steps of a tick and reports what they did. It saves the report if they did anything or failed.
func (d *Daemon) runTick(ctx context.Context, tick string, steps ...func(context.Context) error) (Report, error) {
	start := time.Now()
	d.report = Report{Began: d.Now()}
	before := d.statements()
	err := d.steps(ctx, steps...)
	d.checkForumAfterFailure(ctx, err != nil)
	d.report.Took = time.Since(start)
	d.report.ForumStatements, d.report.StoreStatements = d.statements().since(before)
	if d.report.sampleMemory(); d.report.Busy() || err != nil {
		if e := d.Store.Rounds.Save(context.WithoutCancel(ctx), d.report.run(d.settings.Owner, tick, err)); e != nil {
			d.Log.Warn("cannot save the report of a round", "err", e)
		}
	}
	d.Observer.RoundFinished(tick, d.report, err)
	return d.report, err
}

func (d *Daemon) steps(ctx context.Context, steps ...func(context.Context) error) error {
	for _, step := range steps {
		err := step(ctx)
		d.touchProgress()
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil // asked to stop; the remaining steps can run later
		}
	}
	return nil
}

// Run runs rounds until ctx ends. Before it returns, it finishes messages in flight and saves the results of sent ones.
//
// robfig/cron generates the ticks, in UTC, and every tick can be repeated. Cron skips or repeats local hours when clocks
// change, so members' hours are never cron entries. SkipIfStillRunning wraps Recover: the other way round, a panic would
// keep the job from ever running again. Alerts have a separate loop, so that they do not wait for a hundred thousand
// digests.
func (d *Daemon) Run(ctx context.Context) error {
	logger := cronLog{d.Log}
	recovers := cron.Recover(logger)
	chain := cron.WithChain(cron.SkipIfStillRunning(logger), recovers)
	ticks := cron.New(cron.WithLocation(time.UTC), cron.WithLogger(logger), chain)
	lock := make(chan struct{}, 1) // only one tick runs its steps at a time
	tick := func(name string, steps ...func(context.Context) error) func() {
		return func() {
			select {
			case lock <- struct{}{}:
				defer func() { <-lock }()
				d.tick(ctx, name, steps...)
			case <-ctx.Done():
			}
		}
	}
	every := fmt.Sprintf("@every %s", d.settings.Scan.Interval)
	for spec, job := range map[string]func(){
		every:          tick("editions", d.scanIfDue, d.planDigests, d.deliver),
		"@every 1s":    tick("announcements", d.tickAnnouncements),
		"@every 5m":    tick("moves", d.scanMoves),
		"* * * * *":    tick("judge", d.evaluateRefusals),
		"*/10 * * * *": tick("members", d.syncSubscribers),
		"17 3 * * *":   tick("prune", d.prune),
	} {
		if _, err := ticks.AddFunc(spec, job); err != nil {
			return fmt.Errorf("scheduling %q: %w", spec, err)
		}
	}
	d.alarms.Clear(alarm.SelfCheck, "") // the self-check passed before we run
	var background sync.WaitGroup
	background.Go(func() { d.watchdog(ctx) })
	defer background.Wait()
	recovers(cron.FuncJob(tick("start", d.scanAll, d.scanMoves, d.syncSubscribers, d.planAlerts, d.planDigests))).Run()
	urgent := d.fork(alertsOnly)
	d.priorities = nonAlerts
	background.Go(func() { urgent.alertLoop(ctx, recovers) })
	recovers(cron.FuncJob(tick("editions", d.deliver))).Run()
	background.Go(func() { d.wakeLoop(ctx, recovers(cron.FuncJob(tick("woken", d.deliver)))) })
	ticks.Start()
	<-ctx.Done()
	<-ticks.Stop().Done()
	return d.flushUnsettled(context.WithoutCancel(ctx))
}

// tick runs steps and logs the result.
func (d *Daemon) tick(ctx context.Context, name string, steps ...func(context.Context) error) {
	report, err := d.runTick(ctx, name, steps...)
	switch {
	case err != nil && ctx.Err() != nil:
		d.Log.Info("round interrupted", "tick", name)
	case err != nil:
		// Nothing is lost: messages wait in the outbox, covered sequences are unchanged, and the next tick tries again.
		d.Log.Warn("round failed, retrying later", "tick", name, "err", err)
	case report.Busy():
		d.Log.Info("round done", "tick", name, "report", report)
	}
}

func (d *Daemon) prune(ctx context.Context) error {
	if err := d.Store.Prune(ctx, d.Now()); err != nil {
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
