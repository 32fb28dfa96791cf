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

// Parts are the rooms that a daemon works with.
type Parts struct {
	Forum    *source.DB
	Store    *store.Store
	Press    *templates.Press
	Composer *mail.Composer
	Signer   *mail.Signer // nil: the relay signs
	Sender   Sender
	Fallback Sender // takes over while Sender cannot be reached; nil: nobody does
	Links    *link.Signer
	Log      *slog.Logger
	Now      func() time.Time // the clock; the daemon asks no other for what it writes down
	Watcher  Watcher          // nil: nobody watches
}

// Settings are what the owner has chosen.
type Settings struct {
	Digest      DigestConfig
	Alerts      AlertConfig
	Gather      GatherConfig
	Delivery    DeliveryConfig
	Alarms      alarm.Config
	Announce    AnnounceConfig
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
	Parts
	set       Settings
	builder   *Builder
	herald    *Herald
	calendar  calendar
	relays    *relays
	throttles *throttles
	gate      *gate
	pace      *rate.Limiter // of all mails together; nil: none
	patient   time.Duration // how long a batch waits for slow providers when there is nothing else to do
	moods     *moods
	notices   map[int64]*notice
	quiet     time.Time                        // until then announcements wait for the ticks of all mails
	rests     bool                             // delivery was paused when it was last asked
	met       map[forum.PostID]forum.SectionID // posts of the overlap that the store knows already, see sieve
	round     Report
	debt      *debt         // nil: the store has taken what became of every mail
	lane      lane          // the mails that it hands over
	waking    chan struct{} // lets the urgent lane look at once, see Wake
	waked     chan struct{} // and the other one
	dream     *dream        // of a rehearsal; nil: what is done is done
	bell      *alarm.Bell
	backlog   backlog
	trust     trust
	ill       bool          // the last round failed, or there was none yet
	pulse     *atomic.Int64 // when work last got on: Unix nanoseconds of the real clock
}

// New makes a daemon; it starts nothing. The forum has passed its self-check.
func New(p Parts, set Settings) *Daemon {
	if p.Watcher == nil {
		p.Watcher = unwatched{}
	}
	builder := NewBuilder(p.Forum, p.Store, set.Digest)
	d := &Daemon{
		Parts:     p,
		set:       set,
		builder:   builder,
		calendar:  calendar{set.Digest, builder.zones},
		throttles: newThrottles(set.Delivery),
		gate:      new(gate),
		pace:      set.Delivery.pace(),
		patient:   linger,
		herald:    NewHerald(p.Forum, p.Store, set.Digest),
		moods:     newMoods(),
		notices:   make(map[int64]*notice),
		met:       make(map[forum.PostID]forum.SectionID),
		lane:      everything,
		waking:    make(chan struct{}, 1),
		waked:     make(chan struct{}, 1),
		trust:     trust{checked: time.Now()},
		ill:       true,
		pulse:     new(atomic.Int64),
	}
	d.bell = d.newBell()
	d.relays = newRelays(p.Sender, p.Fallback, d.bell, p.Log)
	d.beat()
	return d
}

// Once runs one full round: judge what came back, gather, learn, plan, and send all that is due.
func (d *Daemon) Once(ctx context.Context) (Report, error) {
	d.patient = fresh                 // nobody comes back for what is put off
	d.bell.Clear(alarm.SelfCheck, "") // or nobody would run us
	report, err := d.measure(ctx, "once", d.judge, d.gather, d.moves, d.learn, d.alerts, d.plan, d.deliver)
	d.look(ctx)
	d.ring(ctx)
	return report, err
}

// measure runs the steps of a tick, and reports what they did. What did anything, or failed, is written down, too.
func (d *Daemon) measure(ctx context.Context, tick string, steps ...func(context.Context) error) (Report, error) {
	start := time.Now()
	d.round = Report{Began: d.Now()}
	before := d.statements()
	err := d.steps(ctx, steps...)
	d.examine(ctx, err != nil)
	d.round.Took = time.Since(start)
	d.round.ForumStatements, d.round.StoreStatements = d.statements().since(before)
	if d.round.weigh(); d.round.Busy() || err != nil {
		if e := d.Store.NoteRun(context.WithoutCancel(ctx), d.round.run(d.set.Owner, tick, err)); e != nil {
			d.Log.Warn("what a round did could not be written down", "err", e)
		}
	}
	d.Watcher.Ran(tick, d.round, err)
	return d.round, err
}

func (d *Daemon) steps(ctx context.Context, steps ...func(context.Context) error) error {
	for _, step := range steps {
		err := step(ctx)
		d.beat()
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
	every := fmt.Sprintf("@every %s", d.set.Gather.Every)
	for spec, job := range map[string]func(){
		every:          tick("editions", d.catchUp, d.plan, d.deliver),
		"@every 1s":    tick("announcements", d.proclaimed),
		"@every 5m":    tick("moves", d.moves),
		"* * * * *":    tick("judge", d.judge),
		"*/10 * * * *": tick("members", d.learn),
		"17 3 * * *":   tick("prune", d.prune),
	} {
		if _, err := ticks.AddFunc(spec, job); err != nil {
			return fmt.Errorf("scheduling %q: %w", spec, err)
		}
	}
	d.bell.Clear(alarm.SelfCheck, "") // or nobody would run us
	var beside sync.WaitGroup
	beside.Go(func() { d.watch(ctx) })
	defer beside.Wait()
	recovers(cron.FuncJob(tick("start", d.gather, d.moves, d.learn, d.alerts, d.plan))).Run()
	urgent := d.beside(alertsOnly)
	d.lane = allButAlerts
	beside.Go(func() { urgent.hurry(ctx, recovers) })
	recovers(cron.FuncJob(tick("editions", d.deliver))).Run()
	beside.Go(func() { d.obey(ctx, recovers(cron.FuncJob(tick("woken", d.deliver)))) })
	ticks.Start()
	<-ctx.Done()
	<-ticks.Stop().Done()
	return d.payUp(context.WithoutCancel(ctx))
}

// tick runs steps and logs what came of them.
func (d *Daemon) tick(ctx context.Context, name string, steps ...func(context.Context) error) {
	report, err := d.measure(ctx, name, steps...)
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
