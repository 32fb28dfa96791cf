package cli

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"postrider/config"
	"postrider/metrics"
)

func (c *cmdEnv) run() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the daemon",
		Long: "Runs the daemon until SIGTERM or Ctrl-C. Messages that are being sent are finished first. If the forum's database\n" +
			"server is down at the start, the daemon waits for it. SIGHUP reloads the configuration; if it is wrong, the old one\n" +
			"stays in use and the log says why. With --once, runs one full round (scan, plan, deliver) and exits. On a new store,\n" +
			"each member's first digest waits for their next hour.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.runDaemon(cmd.Context(), cmd.InOrStdin(), o) },
	}
	cmd.Flags().BoolVar(&o.once, "once", false, "run one full round, then exit")
	cmd.Flags().BoolVar(&o.first, "first", false, "on a new store: start without asking")
	cmd.Flags().BoolVar(&o.json, "json", false, "with --once: print the report as JSON")
	cmd.Flags().StringVar(&o.now, "now", "", "with --once: run as if it were this `time` (RFC 3339)")
	cmd.Flags().StringVar(&o.restored, "restored", "", "if the store is an old copy: \"skip\" or \"send\" what may have been sent since")
	cmd.Flags().StringVar(&o.mailDir, "mail-dir", "", "write messages as .eml files into this `directory` instead of sending them")
	return cmd
}

type runOptions struct {
	once     bool
	now      string
	mailDir  string
	json     bool
	restored string
	first    bool
}

// rehearses reports whether the round is one for trying things out: on a new store, the latest digests are due immediately.
func (o runOptions) rehearses() bool { return o.once && (o.now != "" || o.mailDir != "") }

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

func (c *cmdEnv) runDaemon(ctx context.Context, in io.Reader, o runOptions) error {
	clock, err := o.clock()
	if err != nil {
		return err
	}
	if o.json && !o.once {
		return usagef("--json needs --once: a daemon reports its rounds in the log")
	}
	if o.restored != "" {
		if _, err := restoreDecision(o.restored); err != nil {
			return err
		}
	}
	cfg, err := c.load()
	if err != nil {
		return err
	}
	part := &shared{clock: clock, mailDir: o.mailDir, restored: o.restored, rehearse: o.rehearses(), counts: metrics.New()}
	if !o.once {
		return c.runUntilStopped(ctx, cfg, part, func(s *service) error { return c.confirmFirstRun(ctx, s, in, o.first) })
	}
	s, err := c.startService(ctx, cfg, part, false)
	if err != nil {
		return err
	}
	defer s.stop()
	if !o.rehearses() {
		if err := c.confirmFirstRun(ctx, s, in, o.first); err != nil {
			return err
		}
	}
	if o.mailDir == "" {
		if f := s.deadLinks(ctx); f != nil { // another daemon may serve them later
			s.log.Warn("cannot reach the pages", "text", f.Text, "fix", "start a daemon with \"postrider run\", which serves them; if one runs: "+f.Fix)
		}
	}
	report, err := s.runOnce(ctx)
	if o.json {
		return errors.Join(err, c.json(newRoundJSON(report)))
	}
	return errors.Join(err, c.printRound(report))
}

// runUntilStopped runs the daemon until ctx ends, if confirm lets it start.
func (c *cmdEnv) runUntilStopped(ctx context.Context, cfg config.Config, part *shared, confirm func(*service) error) error {
	c.err = &lockedWriter{Writer: c.err}
	s, err := c.startService(ctx, cfg, part, true)
	for errors.Is(err, errReload) {
		changed, wrong := c.load()
		if wrong != nil {
			newLog(c.err, cfg.Log).Error("configuration not reloaded, the old one stays in use", "err", wrong)
		} else {
			cfg = changed
		}
		s, err = c.startService(ctx, cfg, part, true)
	}
	if err != nil {
		if ctx.Err() != nil && isUnreachable(err) {
			return nil // stopped while waiting for the forum
		}
		return err
	}
	return c.runReloading(ctx, s, confirm)
}
