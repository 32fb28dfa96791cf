package cli

import (
	"context"
	"errors"
	"net"
	"runtime/debug"
	"time"

	"postrider/alarm"
	"postrider/config"
	"postrider/daemon"
	"postrider/daemon/delivery"
	"postrider/inbound"
	"postrider/metrics"
	"postrider/store"
)

// service is a daemon with everything around it: the relay, inbound messages and metrics. A reload replaces it by another one,
// which takes over what is shared.
type service struct {
	*app
	*shared
	sender       delivery.Sender
	closeSenders func()
	daemon       *daemon.Daemon
	inbound      *inbound.Processor
}

// shared is what stays while the configuration is reloaded.
type shared struct {
	clock    func() time.Time
	mailDir  string
	restored string // the decision about a restored store; empty: none
	rehearse bool   // see settings.Settings.AwaitSlot
	counts   *metrics.Metrics
	sockets  sockets
}

// startService opens everything that run needs, except the listeners. Messages go to the relay, or to a folder if one is set. If
// wait is set, it waits for a forum that cannot be reached.
func (c *cmdEnv) startService(ctx context.Context, cfg config.Config, part *shared, wait bool) (_ *service, err error) {
	a, err := c.openStore(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s := &service{app: a, shared: part, closeSenders: func() {}}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	a.watcher, a.rehearse = s.counts, part.rehearse
	if s.sender, s.closeSenders, err = a.sender(part.mailDir); err != nil {
		s.closeSenders = func() {}
		return nil, err
	}
	if err := s.register(ctx); err != nil {
		return nil, err
	}
	if err := s.checkRestored(ctx); err != nil {
		return nil, err
	}
	open := s.openForum
	if wait {
		open = func(ctx context.Context) error { return c.awaitForum(ctx, s) }
	}
	if err := s.openCheckedForum(ctx, open); err != nil {
		return nil, err
	}
	if c.getenv("GOGC") == "" {
		// Messages become garbage as soon as they are sent; cached fragments live long. Collecting half as often saves
		// 8 % of the CPU time and costs 50 MB.
		debug.SetGCPercent(200)
	}
	return s, s.connect(ctx)
}

// register registers this process as a daemon on the store. Other daemons on it must have the same [digest] settings.
func (s *service) register(ctx context.Context) error {
	err := s.store.AcquireInstance(ctx, s.owner)
	switch {
	case errors.Is(err, store.ErrStoreInUse):
		return errors.Join(err, asConflict(s.store.CompareSettings(ctx, s.cfg.Shared())))
	case err != nil:
		return err
	}
	return asConflict(s.store.AgreeOnSettings(ctx, s.cfg.Shared()))
}

// stop closes what startService opened.
func (s *service) stop() {
	s.closeSenders()
	s.close()
	s.sockets.close()
}

// openCheckedForum opens the forum and runs its self-check. A failure raises an alarm.
func (s *service) openCheckedForum(ctx context.Context, open func(context.Context) error) error {
	if err := open(ctx); errors.Is(err, errReload) || isUnreachable(err) && ctx.Err() != nil {
		return err
	} else if err != nil {
		return s.reportStartFailure(ctx, s.sender, alarm.Forum, err)
	}
	if err := s.selfCheck(ctx); err != nil {
		return s.reportStartFailure(ctx, s.sender, alarm.SelfCheck, err)
	}
	return nil
}

// connect creates the daemon and what processes inbound messages.
func (s *service) connect(ctx context.Context) (err error) {
	if s.daemon, err = s.app.daemon(ctx, s.sender, s.clock); err != nil {
		return err
	}
	if s.inbound, err = s.app.inbound(ctx, s.clock); err != nil {
		return err
	}
	s.inbound.Observe = s.counts.InboundReceived
	s.inbound.Socket = func(listen string) (net.Listener, error) {
		return s.sockets.listen("bounces", func() (net.Listener, error) { return inbound.OpenSocket(listen) })
	}
	s.inbound.Replies, err = s.replies(func() (delivery.Sender, error) { return s.sender, nil })
	return err
}

// runOnce collects inbound messages and runs one round.
func (s *service) runOnce(ctx context.Context) (daemon.Report, error) {
	if err := s.inbound.Collect(ctx, s.cfg.Bounces.Config); err != nil {
		s.log.Warn("cannot process inbound messages", "err", err)
	}
	if _, err := s.tendMirrorOnce(ctx); err != nil {
		s.log.Warn("cannot update the mirror", "err", err)
	}
	defer killAfterGrace(ctx, s.closeSenders)()
	report, err := s.daemon.RunOnce(ctx)
	s.log.Info("round done", "report", report)
	return report, err
}

// reportStartFailure raises an alarm with the reason why the daemon does not start, and returns it.
func (a *app) reportStartFailure(ctx context.Context, sender delivery.Sender, kind alarm.Kind, why error) error {
	d, err := a.daemon(ctx, sender, time.Now)
	if err != nil {
		return errors.Join(why, err)
	}
	d.RaiseAlarm(ctx, kind, why)
	return why
}
