package cli

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"postrider/alarm"
	"postrider/config"
	"postrider/daemon"
	"postrider/daemon/delivery"
	"postrider/inbound"
	"postrider/metrics"
)

// service is a daemon with everything around it: the relay, inbound messages and metrics.
type service struct {
	*app
	clock        func() time.Time
	sender       delivery.Sender
	closeSenders func()
	counts       *metrics.Metrics
	daemon       *daemon.Daemon
	inbound      *inbound.Processor
}

// startService opens everything that run needs, except the listeners. Messages go to the relay, or to mailDir if it is set.
func (c *cmdEnv) startService(ctx context.Context, cfg config.Config, mailDir string, clock func() time.Time) (_ *service, err error) {
	a, err := c.openStore(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s := &service{app: a, clock: clock, closeSenders: func() {}, counts: metrics.New()}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	a.watcher = s.counts
	sender, closeSenders, err := a.sender(mailDir)
	if err != nil {
		return nil, err
	}
	s.sender, s.closeSenders = sender, closeSenders
	if err := s.openCheckedForum(ctx); err != nil {
		return nil, err
	}
	if err := a.store.AcquireInstance(ctx, a.owner); err != nil {
		return nil, err
	}
	if c.getenv("GOGC") == "" {
		// Messages become garbage as soon as they are sent; cached fragments live long. Collecting half as often saves
		// 8 % of the CPU time and costs 50 MB.
		debug.SetGCPercent(200)
	}
	return s, s.connect(ctx)
}

// stop closes what startService opened.
func (s *service) stop() {
	s.closeSenders()
	s.close()
}

// openCheckedForum opens the forum and runs its self-check. A failure raises an alarm.
func (s *service) openCheckedForum(ctx context.Context) error {
	if err := s.openForum(ctx); err != nil {
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
	s.inbound.Replies, err = s.replies(func() (delivery.Sender, error) { return s.sender, nil })
	return err
}

// runOnce collects inbound messages and runs one round.
func (s *service) runOnce(ctx context.Context) (daemon.Report, error) {
	if err := s.inbound.Collect(ctx, s.cfg.Bounces.Config); err != nil {
		s.log.Warn("cannot process inbound messages", "err", err)
	}
	defer killAfterGrace(ctx, s.closeSenders)()
	report, err := s.daemon.RunOnce(ctx)
	s.log.Info("round done", "report", report)
	return report, err
}

// runUntilStopped opens all listeners and runs the daemon until ctx ends. If messages leave, their links must work.
func (s *service) runUntilStopped(ctx context.Context, messagesLeave bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	listeners, err := s.openListeners(ctx, messagesLeave)
	if err != nil {
		return err
	}
	intake, err := s.inbound.Open(s.cfg.Bounces.Config)
	if err != nil {
		return err
	}
	wait := s.startListeners(listeners)
	defer func() {
		cancel()
		wait()
	}()
	if messagesLeave {
		if err := s.probePages(ctx); err != nil {
			return err
		}
	}
	defer s.startInbound(ctx, intake)()
	return s.serve(ctx)
}

// openListeners opens the listeners of the pages, the admin pages and the metrics. Each function serves until ctx ends. A
// trial without messages that leave needs no pages.
func (s *service) openListeners(ctx context.Context, needPages bool) ([]func() error, error) {
	pages, err := s.openPages(ctx, s.daemon, s.clock)
	switch {
	case err != nil && needPages:
		return nil, err
	case err != nil:
		s.log.Warn("the pages are not served", "err", err)
		pages = func() error { return nil }
	}
	adminPages, err := s.openAdmin(ctx, s.daemon, s.clock)
	if err != nil {
		return nil, err
	}
	scrapes, err := s.openMetrics(ctx, s.counts, s.daemon)
	if err != nil {
		return nil, err
	}
	return []func() error{pages, adminPages, scrapes}, nil
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

// serve runs the daemon until ctx ends.
func (s *service) serve(ctx context.Context) error {
	defer killAfterGrace(ctx, s.closeSenders)()
	warnDescriptors(s.log)
	s.log.Info("postrider started", "version", readVersion().Version, "forum", s.cfg.Forum.Type, "url", s.cfg.Forum.URL)
	err := s.daemon.Run(ctx)
	s.log.Info("postrider stopped")
	return err
}
