package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"postrider/alarm"
	"postrider/daemon"
	"postrider/inbound"
	"postrider/metrics"
)

func (c *cmdEnv) run() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the daemon",
		Long: "Runs the daemon until it is told to stop (SIGTERM or Ctrl-C): what is being handed over then\n" +
			"is finished first. With --once, runs one full round (gather, plan, send all that is due) and exits.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.runDaemon(cmd.Context(), o) },
	}
	cmd.Flags().BoolVar(&o.once, "once", false, "run one full round, then exit")
	cmd.Flags().BoolVar(&o.json, "json", false, "print what the round did as JSON; with --once")
	cmd.Flags().StringVar(&o.now, "now", "", "pretend that the clock shows this `time` (RFC 3339); with --once")
	cmd.Flags().StringVar(&o.mailDir, "mail-dir", "", "write mails as .eml files into this `directory` instead of sending them")
	return cmd
}

type runOptions struct {
	once    bool
	now     string
	mailDir string
	json    bool
}

// clock is the real clock, or one that stands still where --now says.
func (o runOptions) clock() (func() time.Time, error) {
	if o.now == "" {
		return time.Now, nil
	}
	if !o.once {
		return nil, errors.New("--now needs --once: a daemon cannot run on a clock that stands still")
	}
	now, err := parseTime("--now", o.now)
	return func() time.Time { return now }, err
}

func parseTime(flag, text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("invalid %s %q: must be an RFC 3339 time, for example 2026-05-04T08:00:00Z", flag, text)
	}
	return t, nil
}

func (c *cmdEnv) runDaemon(ctx context.Context, o runOptions) error {
	clock, err := o.clock()
	if err != nil {
		return err
	}
	if o.json && !o.once {
		return errors.New("--json needs --once: a daemon tells what its rounds do in its log")
	}
	cfg, err := c.load()
	if err != nil {
		return err
	}
	h, err := c.openStore(ctx, cfg)
	if err != nil {
		return err
	}
	defer h.close()
	sender, done, err := h.sender(o.mailDir)
	if err != nil {
		return err
	}
	defer done()
	if err := h.openForum(ctx); err != nil {
		return h.reportStartFailure(ctx, sender, alarm.Forum, err)
	}
	if err := h.selfCheck(ctx); err != nil {
		return h.reportStartFailure(ctx, sender, alarm.SelfCheck, err)
	}
	if err := h.store.AcquireInstance(ctx, h.owner); err != nil {
		return err
	}
	if c.getenv("GOGC") == "" {
		// Mails are garbage as soon as they are sent, and what stays (rendered pieces) stays long: collecting half as
		// often saves 8 % of all work for 50 MB.
		debug.SetGCPercent(200)
	}
	counts := metrics.New()
	h.watcher = counts
	d, err := h.daemon(ctx, sender, clock)
	if err != nil {
		return err
	}
	box, err := h.inbound(ctx, clock)
	if err != nil {
		return err
	}
	if o.once {
		if err := box.Collect(ctx, cfg.Bounces.Config); err != nil {
			h.log.Warn("what came back could not be taken in", "err", err)
		}
		defer killAfterGrace(ctx, done)()
		report, err := d.RunOnce(ctx)
		h.log.Info("round done", "report", report)
		if o.json {
			return errors.Join(err, c.json(newRoundJSON(report)))
		}
		return errors.Join(err, c.printRound(report))
	}
	pages, err := h.openPages(ctx, d, clock)
	if err != nil {
		return err
	}
	room, err := h.openAdmin(ctx, d, clock)
	if err != nil {
		return err
	}
	scrapes, err := h.openMetrics(ctx, counts, d)
	if err != nil {
		return err
	}
	intake, err := box.Open(cfg.Bounces.Config)
	if err != nil {
		return err
	}
	defer h.startInbound(ctx, intake)()
	return serve(ctx, h, d, done, pages, room, scrapes)
}

// reportStartFailure tells the administrator why the daemon does not start, and gives that back.
func (h *app) reportStartFailure(ctx context.Context, sender daemon.Sender, kind alarm.Kind, why error) error {
	d, err := h.daemon(ctx, sender, time.Now)
	if err != nil {
		return errors.Join(why, err)
	}
	d.RaiseAlarm(ctx, kind, why)
	return why
}

// shutdownGrace is how long mails that are being handed over may take once the daemon is told to stop. Service
// managers wait ten seconds and more before they kill.
const shutdownGrace = 7 * time.Second

// killAfterGrace cuts off what is still under way when the grace after the end of ctx is over. The function that it
// gives says that nothing is under way any more.
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

// processBounce takes in what comes back. The function that it gives ends that, and waits for what is under way.
func (h *app) startInbound(ctx context.Context, intake *inbound.Receivers) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var ways sync.WaitGroup
	ways.Go(func() {
		if err := intake.Run(ctx); err != nil {
			h.log.Error("what comes back is not taken in any more", "err", err)
		}
	})
	return func() {
		cancel()
		ways.Wait()
	}
}

// serve runs the daemon, and listeners with pages beside it, until ctx ends.
func serve(ctx context.Context, h *app, d *daemon.Daemon, cut func(), pages ...func() error) error {
	defer killAfterGrace(ctx, cut)()
	h.log.Info("postrider started", "version", readVersion().Version, "forum", h.cfg.Forum.Type, "url", h.cfg.Forum.URL)
	var beside sync.WaitGroup
	for _, listen := range pages {
		beside.Go(func() {
			if err := listen(); err != nil { // mails go out all the same
				h.log.Error("pages closed", "err", err)
			}
		})
	}
	err := d.Run(ctx)
	beside.Wait()
	h.log.Info("postrider stopped")
	return err
}
