package cli

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"postrider/daemon"
)

func (c *cmdEnv) forecast() *cobra.Command {
	var o forecastOptions
	cmd := &cobra.Command{
		Use:   "forecast",
		Short: "Forecast what the next hours would send; nothing is sent",
		Long: "Forecasts what the next hours would send, based on posts that exist now and the same rules as a run. New posts\n" +
			"and their alerts are not included. If a member would get several digests in that time, only the first counts.\n\n" +
			"With --config, also forecasts with another configuration and shows which members would gain or lose a message.\n" +
			"Nothing is sent or written: the store is opened read-only. A daemon may be running on it.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.hours < 1 || o.hours > 24*31 {
				return usagef("invalid --hours %d: must be 1 to 744", o.hours)
			}
			o.running = cmd.Flags().Changed("running")
			return c.runForecast(cmd.Context(), o)
		},
	}
	// Here --config names the new configuration, so the running one needs a different flag than in other commands.
	cmd.Flags().StringVarP(&c.config, "running", "c", c.config, "configuration `file` in use")
	cmd.Flags().StringVar(&o.config, "config", "", "compare with this new configuration `file`")
	cmd.Flags().IntVar(&o.hours, "hours", 24, "how many `hours` to forecast")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

type forecastOptions struct {
	config  string
	hours   int
	asJSON  bool
	running bool // -c was given
}

func (c *cmdEnv) runForecast(ctx context.Context, o forecastOptions) error {
	now := time.Now().Truncate(time.Second)
	until := now.Add(time.Duration(o.hours) * time.Hour)
	if o.config != "" && !o.running {
		// With a single configuration, --config names it, as in every other command.
		if _, err := os.Stat(c.config); errors.Is(err, os.ErrNotExist) {
			c.config, o.config = o.config, ""
		}
	}
	d, done, err := c.openForecast(ctx, c.config, now)
	if err != nil {
		return err
	}
	defer done()
	if o.config == "" {
		return c.printForecast(ctx, d, until, o.asJSON)
	}
	then, done, err := c.openForecast(ctx, o.config, now)
	if err != nil {
		return err
	}
	defer done()
	diff, err := daemon.Compare(ctx, d, then, until)
	if err != nil {
		return err
	}
	if o.asJSON {
		return c.json(newForecastDiffJSON(diff))
	}
	say, err := c.phraser()
	if err != nil {
		return err
	}
	return c.printDiff(diff, say)
}

// openForecast creates a dry-run daemon for a configuration.
func (c *cmdEnv) openForecast(ctx context.Context, config string, now time.Time) (d *daemon.Daemon, done func(), err error) {
	reader := *c
	reader.config = config
	cfg, err := reader.load()
	if err != nil {
		return nil, nil, err
	}
	a, err := c.openReadOnly(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	if d, err = a.newDryRunDaemon(now); err != nil {
		a.close()
		return nil, nil, err
	}
	return d, a.close, nil
}

func (c *cmdEnv) printForecast(ctx context.Context, d *daemon.Daemon, until time.Time, asJSON bool) error {
	report, errs := d.Forecast(ctx, until)
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	if asJSON {
		return c.json(newForecastJSON(report))
	}
	say, err := c.phraser()
	if err != nil {
		return err
	}
	return c.printForecastSummary(report, say)
}
