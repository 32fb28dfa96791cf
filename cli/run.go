package cli

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"postrider/alarm"
	"postrider/daemon"
	"postrider/daemon/delivery"
	"postrider/inbound"
	"postrider/metrics"
)

func (c *cmdEnv) run() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the daemon",
		Long: "Runs the daemon until SIGTERM or Ctrl-C. Messages that are being sent are finished first. With --once, runs one full\n" +
			"round (scan, plan, deliver) and exits.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.runDaemon(cmd.Context(), o) },
	}
	cmd.Flags().BoolVar(&o.once, "once", false, "run one full round, then exit")
	cmd.Flags().BoolVar(&o.json, "json", false, "with --once: print the report as JSON")
	cmd.Flags().StringVar(&o.now, "now", "", "with --once: run as if it were this `time` (RFC 3339)")
	cmd.Flags().StringVar(&o.mailDir, "mail-dir", "", "write messages as .eml files into this `directory` instead of sending them")
	return cmd
}

type runOptions struct {
	once    bool
	now     string
	mailDir string
	json    bool
}

// clock returns the real clock, or one that always shows --now.
func (o runOptions) clock() (func() time.Time, error) {
	if o.now == "" {
		return time.Now, nil
	}
	if !o.once {
		return nil, usagef("--now needs --once: a daemon cannot run with a fixed time")
	}
	now, err := parseTime("--now", o.now)
	return func() time.Time { return now }, err
}

func parseTime(flag, text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, usagef("invalid %s %q: must be an RFC 3339 time, for example 2026-05-04T08:00:00Z", flag, text)
	}
	return t, nil
}

func (c *cmdEnv) runDaemon(ctx context.Context, o runOptions) error {
	clock, err := o.clock()
	if err != nil {
		return err
	}
	if o.json && !o.once {
		return usagef("--json needs --once: a daemon reports its rounds in the log")
	}
	cfg, err := c.load()
	if err != nil {
		return err
	}
	a, err := c.openStore(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.close()
	sender, done, err := a.sender(o.mailDir)
	if err != nil {
		return err
	}
	defer done()
	if err := a.openForum(ctx); err != nil {
		return a.reportStartFailure(ctx, sender, alarm.Forum, err)
	}
	if err := a.selfCheck(ctx); err != nil {
		return a.reportStartFailure(ctx, sender, alarm.SelfCheck, err)
	}
	if err := a.store.AcquireInstance(ctx, a.owner); err != nil {
		return err
	}
	if c.getenv("GOGC") == "" {
		// Messages become garbage as soon as they are sent; cached fragments live long. Collecting half as often saves
		// 8 % of the CPU time and costs 50 MB.
		debug.SetGCPercent(200)
	}
	counts := metrics.New()
	a.watcher = counts
	d, err := a.daemon(ctx, sender, clock)
	if err != nil {
		return err
	}
	box, err := a.inbound(ctx, clock)
	if err != nil {
		return err
	}
	if box.Replies, err = a.replies(func() (delivery.Sender, error) { return sender, nil }); err != nil {
		return err
	}
	box.Observe = counts.InboundReceived
	if o.once {
		if err := box.Collect(ctx, cfg.Bounces.Config); err != nil {
			a.log.Warn("cannot process inbound messages", "err", err)
		}
		defer killAfterGrace(ctx, done)()
		report, err := d.RunOnce(ctx)
		a.log.Info("round done", "report", report)
		if o.json {
			return errors.Join(err, c.json(newRoundJSON(report)))
		}
		return errors.Join(err, c.printRound(report))
	}
	pages, err := a.openPages(ctx, d, clock)
	if err != nil {
		return err
	}
	adminPages, err := a.openAdmin(ctx, d, clock)
	if err != nil {
		return err
	}
	scrapes, err := a.openMetrics(ctx, counts, d)
	if err != nil {
		return err
	}
	intake, err := box.Open(cfg.Bounces.Config)
	if err != nil {
		return err
	}
	defer a.startInbound(ctx, intake)()
	return serve(ctx, a, d, done, pages, adminPages, scrapes)
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

// shutdownGrace is how long messages that are being sent may take after the stop signal. Service managers wait at least
// ten seconds before they kill a process.
const shutdownGrace = 7 * time.Second

// killAfterGrace calls cut when shutdownGrace has passed since the end of ctx. The returned function cancels that.
func killAfterGrace(ctx context.Context, cut func()) (over func()) {
	stopped := make(chan struct{})
	context.AfterFunc(ctx, func() {
		select {
		case <-stopped:
		case <-time.After(shutdownGrace):
			cut()
		}
	})
	return func() { close(stopped) }
}

// startInbound starts receiving inbound messages. The returned function stops it and waits for messages in progress.
func (a *app) startInbound(ctx context.Context, intake *inbound.Receivers) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var ways sync.WaitGroup
	ways.Go(func() {
		if err := intake.Run(ctx); err != nil {
			a.log.Error("inbound stopped", "err", err)
		}
	})
	return func() {
		cancel()
		ways.Wait()
	}
}

// serve runs the daemon and the page listeners until ctx ends.
func serve(ctx context.Context, a *app, d *daemon.Daemon, cut func(), pages ...func() error) error {
	defer killAfterGrace(ctx, cut)()
	warnDescriptors(a.log)
	a.log.Info("postrider started", "version", readVersion().Version, "forum", a.cfg.Forum.Type, "url", a.cfg.Forum.URL)
	var listeners sync.WaitGroup
	for _, listen := range pages {
		listeners.Go(func() {
			if err := listen(); err != nil { // delivery continues
				a.log.Error("pages closed", "err", err)
			}
		})
	}
	err := d.Run(ctx)
	listeners.Wait()
	a.log.Info("postrider stopped")
	return err
}
