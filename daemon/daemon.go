// Package daemon runs the rounds that bring a forum's posts to its members' mailboxes.
//
// A round gathers what is new (gather.go), learns who watches (roll.go), plans the editions that
// are due (plan.go), and delivers what is planned (deliver.go): it claims a batch, builds it
// (build.go), renders and hands over each mail, and settles what became of it (settle.go). Every step
// can be repeated after a crash; docs/architecture.md shows the whole path.
package daemon

import (
	"context"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"sync"
	"sync/atomic"
	"time"

	"github.com/robfig/cron/v3"
	"golang.org/x/time/rate"

	"postrider/alarm"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/mail"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

// Sender hands a rendered message over. *mail.SMTP and *mail.Folder are two.
type Sender interface {
	Send(ctx context.Context, from, to string, raw []byte) mail.Outcome
}

// Deps are the rooms that a daemon works with.
type Deps struct {
	Forum    *source.DB
	Store    *store.Store
	Renderer *templates.Renderer
	Composer *mail.Composer
	Signer   *mail.Signer // nil: the relay signs
	Sender   Sender
	Fallback Sender // takes over while Sender cannot be reached; nil: nobody does
	Links    *link.Signer
	Log      *slog.Logger
	Now      func() time.Time // the clock; the daemon asks no other for what it writes down
	Observer Observer         // nil: nobody watches
}

// Settings are what the owner has chosen.
type Settings struct {
	Digest      DigestConfig
	Alerts      AlertConfig
	Scan        ScanConfig
	Delivery    DeliveryConfig
	Alarms      alarm.Config
	Announce    AnnouncementConfig
	Site        string // the forum's name
	URL         string // the forum's address
	Host        string // the forum's host, for List-Id
	From        netmail.Address
	ReplyTo     netmail.Address // empty: none
	Connections int             // mails under way at a time
	Lease       time.Duration
	Owner       string // names this daemon among those that share a store
	Bounces     string // domain to which mails that cannot be delivered come back; empty: to From
}

// Daemon runs rounds over one forum and one store.
type Daemon struct {
	Deps
	settings              Settings
	builder               *Builder
	audience              *Resolver
	calendar              scheduler
	relays                *relayPool
	throttles             *throttles
	domainHolds           *domainHolds
	rateLimit             *rate.Limiter // of all mails together; nil: none
	maxSlowWait           time.Duration // how long a batch waits for slow providers when there is nothing else to do
	refusalWindows        *refusalWindows
	preparedAnnouncements map[int64]*preparedAnnouncement
	announceBackoffUntil  time.Time                        // until then announcements wait for the ticks of all mails
	pausedLogged          bool                             // delivery was paused when it was last asked
	recentPosts           map[forum.PostID]forum.SectionID // posts of the overlap that the store knows already, see sieve
	report                Report
	unsettled             *unsettledBatch     // nil: the store has taken what became of every mail
	priorities            store.PriorityRange // the messages that it hands over
	wakeAlerts            chan struct{}       // lets the urgent lane look at once, see Wake
	wakeDelivery          chan struct{}       // and the other one
	dryRun                *sightingOverlay    // of a rehearsal; nil: what is done is done
	alarms                *alarm.Manager
	backlog               backlog
	selfCheck             selfCheckCache
	lastRoundFailed       bool          // the last round failed, or there was none yet
	lastProgress          *atomic.Int64 // when work last got on: Unix nanoseconds of the real clock
}

// New makes a daemon; it starts nothing. The forum has passed its self-check.
func New(p Deps, set Settings) *Daemon {
	if p.Observer == nil {
		p.Observer = nopObserver{}
	}
	builder := NewBuilder(p.Forum, p.Store, set.Digest)
	d := &Daemon{
		Deps:                  p,
		settings:              set,
		builder:               builder,
		calendar:              scheduler{set.Digest, builder.zones},
		throttles:             newThrottles(set.Delivery),
		domainHolds:           new(domainHolds),
		rateLimit:             set.Delivery.limiter(),
		maxSlowWait:           slowProviderWait,
		audience:              NewHerald(p.Forum, p.Store, set.Digest),
		refusalWindows:        newMoods(),
		preparedAnnouncements: make(map[int64]*preparedAnnouncement),
		recentPosts:           make(map[forum.PostID]forum.SectionID),
		priorities:            store.AllPriorities,
		wakeAlerts:            make(chan struct{}, 1),
		wakeDelivery:          make(chan struct{}, 1),
		selfCheck:             selfCheckCache{checked: time.Now()},
		lastRoundFailed:       true,
		lastProgress:          new(atomic.Int64),
	}
	d.alarms = d.newAlarms()
	d.relays = newRelays(p.Sender, p.Fallback, d.alarms, p.Log)
	d.touchProgress()
	return d
}

// RunOnce runs one full round: judge what came back, gather, learn, plan, and send all that is due.
func (d *Daemon) RunOnce(ctx context.Context) (Report, error) {
	d.maxSlowWait = maxBatchAge         // nobody comes back for what is put off
	d.alarms.Clear(alarm.SelfCheck, "") // or nobody would run us
	report, err := d.runTick(ctx, "once", d.evaluateRefusals, d.scanAll, d.scanMoves, d.syncSubscribers, d.planAlerts, d.planDigests, d.deliver)
	d.checkHealth(ctx)
	d.flushAlarms(ctx)
	return report, err
}

// runTick runs the steps of a tick, and reports what they did. What did anything, or failed, is written down, too.
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
			d.Log.Warn("what a round did could not be written down", "err", e)
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
			return nil // asked to stop: what is done is done, the rest keeps
		}
	}
	return nil
}

// Run runs rounds until ctx ends. What is under way then is finished first: a message that is being
// handed over, and the settling of those that were.
//
// robfig/cron gives the ticks, in UTC and all of them repeatable: it skips or doubles local hours when
// clocks change, so no member's hour is ever a cron entry. Skip stands outside Recover, because the
// other way round one panic would keep the job from ever running again. Alerts have a lane of their own, because what is
// told at once must not wait for a hundred thousand digests.
func (d *Daemon) Run(ctx context.Context) error {
	logger := cronLog{d.Log}
	recovers := cron.Recover(logger)
	chain := cron.WithChain(cron.SkipIfStillRunning(logger), recovers)
	ticks := cron.New(cron.WithLocation(time.UTC), cron.WithLogger(logger), chain)
	lock := make(chan struct{}, 1) // steps of different ticks take turns
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
	d.alarms.Clear(alarm.SelfCheck, "") // or nobody would run us
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

// tick runs steps and logs what came of them.
func (d *Daemon) tick(ctx context.Context, name string, steps ...func(context.Context) error) {
	report, err := d.runTick(ctx, name, steps...)
	switch {
	case err != nil && ctx.Err() != nil:
		d.Log.Info("round interrupted", "tick", name)
	case err != nil:
		// Nothing is lost: rows wait, marks stand, and the next tick tries again.
		d.Log.Warn("round failed, will be tried again", "tick", name, "err", err)
	case report.Busy():
		d.Log.Info("round done", "tick", name, "report", report)
	}
}

func (d *Daemon) prune(ctx context.Context) error {
	if err := d.Store.Prune(ctx, d.Now()); err != nil {
		return fmt.Errorf("clearing out the store: %w", err)
	}
	return nil
}

// cronLog lets cron speak through the daemon's log.
type cronLog struct{ log *slog.Logger }

func (l cronLog) Info(msg string, args ...any) { l.log.Debug("cron: "+msg, args...) }

func (l cronLog) Error(err error, msg string, args ...any) {
	l.log.Error("cron: "+msg, append(args, "err", err)...)
}
