package daemon

import (
	"context"
	"fmt"
	"slices"
	"time"

	"postrider/daemon/delivery"
	"postrider/daemon/editions"
	"postrider/daemon/members"
	"postrider/daemon/subscription"
	"postrider/forum"
	"postrider/store"
)

// loop runs rounds one after another, and has what only one round at a time may use. A running daemon has two loops: one for
// alerts and one for everything else, so that alerts do not wait for a hundred thousand digests.
type loop struct {
	*base
	watchdog             *watchdog
	scanner              *scanner
	subscribers          *subscriberSync
	alerts               *alertPlanner
	digests              *digestPlanner
	announcer            *announcer
	confirmer            *confirmer
	delivery             *delivery.Service // through the relays of [smtp]; nil: none
	ownDelivery          *delivery.Service // through the relay of announcements; nil: none
	report               *Report           // of the current round
	announceBackoffUntil time.Time         // until then only regular rounds send announcements
}

// newLoop returns a loop that delivers messages of some priorities.
func (d *Daemon) newLoop(priorities store.PriorityRange) *loop {
	report := new(Report)
	builder := editions.New(d.Forum, d.Store, d.settings)
	scan := &scanner{base: d.base, recentPosts: make(map[forum.PostID]metPost), report: report}
	l := &loop{
		base: d.base, watchdog: d.watchdog, scanner: scan, subscribers: &subscriberSync{d.base},
		alerts:  &alertPlanner{base: d.base, scanner: scan, builder: builder, report: report},
		digests: &digestPlanner{base: d.base, builder: builder, report: report},
		announcer: &announcer{
			base: d.base, audience: d.audience, refusalWindows: d.refusalWindows,
			prepared: make(map[int64]*preparedAnnouncement), report: report,
		},
		confirmer: &confirmer{d.base, subscription.NewReader(d.Links, d.Forum, members.New(d.Forum, d.Store, d.settings))},
		report:    report,
	}
	l.delivery, l.ownDelivery = d.newDelivery(l, priorities)
	return l
}

// hooks connects the delivery to the planners.
func (l *loop) hooks(priorities store.PriorityRange) delivery.Hooks {
	h := delivery.Hooks{
		Draft: map[string]delivery.Drafter{
			store.KindDigest: l.digests.draftDigests, store.KindAlert: l.alerts.draftAlerts, store.KindAnnouncement: l.announcer.draftAnnouncements,
			store.KindConfirmation: l.confirmer.draftConfirmations,
		},
		Groups:      l.groups,
		BeforeBatch: func(context.Context) (bool, error) { return false, nil },
		Healthy:     l.watchdog.ensureForumHealthy,
		Progress:    func() { l.report.sampleMemory(); l.watchdog.touchProgress() },
		Outcome:     l.Observer.MessageSettled,
		Settled:     l.announcer.refusalWindows.record,
	}
	if priorities.Includes(store.PriorityAnnouncement) {
		h.BeforeBatch = l.announcer.advanceAnnouncements
	}
	return h
}

// deliveries returns what sends the messages of the loop, one after the other.
func (l *loop) deliveries() []*delivery.Service {
	return slices.DeleteFunc([]*delivery.Service{l.delivery, l.ownDelivery}, func(s *delivery.Service) bool { return s == nil })
}

// deliver sends the messages that are due.
func (l *loop) deliver(ctx context.Context) error {
	for _, s := range l.deliveries() {
		report, err := s.Deliver(ctx)
		l.report.Add(report)
		if err != nil {
			return err
		}
	}
	return nil
}

// scanIfDue scans the forum if editions are due. They then cover all posts up to their hour, whenever the alert loop last
// scanned.
func (l *loop) scanIfDue(ctx context.Context) error {
	due, err := l.Store.Subscribers.Due(ctx, l.Now(), 1)
	if err != nil {
		return fmt.Errorf("reading due members: %w", err)
	}
	if len(due) == 0 {
		return nil
	}
	return l.steps(ctx, l.scanner.scanNew, l.alerts.planAlerts)
}

// tickAnnouncements delivers if an announcement is due, so that a new one does not wait for the next round. After an error
// it leaves delivery to the rounds for a while: they run less often and report the error as well.
func (l *loop) tickAnnouncements(ctx context.Context) error {
	if time.Now().Before(l.announceBackoffUntil) {
		return nil
	}
	active, err := l.announcer.anyActive(ctx)
	if err == nil && active {
		err = l.deliver(ctx)
	}
	if err != nil {
		l.announceBackoffUntil = time.Now().Add(l.settings.Scan.Interval)
	}
	return err
}

// exclusive returns a function that makes jobs of ticks. Only one of these jobs runs its steps at a time.
func (l *loop) exclusive(ctx context.Context) func(name string, steps ...func(context.Context) error) func() {
	lock := make(chan struct{}, 1)
	return func(name string, steps ...func(context.Context) error) func() {
		return func() {
			select {
			case lock <- struct{}{}:
				defer func() { <-lock }()
				l.tick(ctx, name, steps...)
			case <-ctx.Done():
			}
		}
	}
}

// tick runs the steps of a round and logs the result.
func (l *loop) tick(ctx context.Context, name string, steps ...func(context.Context) error) {
	report, err := l.runTick(ctx, name, steps...)
	switch {
	case err != nil && ctx.Err() != nil:
		l.Log.Info("round interrupted", "tick", name)
	case err != nil:
		// Nothing is lost: messages wait in the outbox, covered sequences are unchanged, and the next tick tries again.
		l.Log.Warn("round failed, retrying later", "tick", name, "err", err)
	case report.Busy():
		l.Log.Info("round done", "tick", name, "report", report)
	}
}

// runTick runs the steps of a round and reports what they did. It saves the report if they did anything or failed.
func (l *loop) runTick(ctx context.Context, tick string, steps ...func(context.Context) error) (Report, error) {
	start := time.Now()
	*l.report = Report{Began: l.Now()}
	before := l.statements()
	err := l.steps(ctx, steps...)
	l.watchdog.roundEnded(ctx, tick, err)
	l.report.Took = time.Since(start)
	l.report.ForumStatements, l.report.StoreStatements = l.statements().since(before)
	if l.report.sampleMemory(); l.report.Busy() || err != nil {
		if e := l.Store.Rounds.Save(context.WithoutCancel(ctx), l.report.run(l.settings.Owner, tick, err)); e != nil {
			l.Log.Warn("cannot save the report of a round", "err", e)
		}
	}
	l.Observer.RoundFinished(tick, *l.report, err)
	return *l.report, err
}

func (l *loop) steps(ctx context.Context, steps ...func(context.Context) error) error {
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
		l.watchdog.touchProgress()
		if ctx.Err() != nil {
			return nil // asked to stop; the remaining steps can run later
		}
	}
	return nil
}
