package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"postrider/daemon"
)

func (c *cmdEnv) forecast() *cobra.Command {
	var o forecastOptions
	cmd := &cobra.Command{
		Use:   "forecast",
		Short: "Tell what the coming hours would send; nothing is sent",
		Long: "Tells what would be sent in the coming hours, to how many and how much, as forum and store stand now: by the\n" +
			"same choice as a run, of what is written already. What members write in the meantime, and alerts of it, come on\n" +
			"top. Of several digests that a member would get in that time, the first is counted.\n\n" +
			"With --config, does the same with another configuration and tells which members would gain or lose mail by it.\n" +
			"Nothing is sent, and nothing is written: the store is opened so that it cannot be. A daemon may be at work on it.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.hours < 1 || o.hours > 24*31 {
				return fmt.Errorf("--hours is %d: choose 1 to 744", o.hours)
			}
			o.running = cmd.Flags().Changed("running")
			return c.runForecast(cmd.Context(), o)
		},
	}
	// Here --config names the new configuration, so that the running one needs another name than elsewhere.
	cmd.Flags().StringVarP(&c.config, "running", "c", c.config, "the configuration `file` that is in use")
	cmd.Flags().StringVar(&o.config, "config", "", "compare with this new configuration `file`")
	cmd.Flags().IntVar(&o.hours, "hours", 24, "so many `hours` from now on")
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
		// Whoever has but one configuration names it with --config, as everywhere.
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
	contrast, err := daemon.Compare(ctx, d, then, until)
	if err != nil {
		return err
	}
	if o.asJSON {
		return c.json(newContrastJSON(contrast))
	}
	return c.printDiff(contrast)
}

// openForecast readies a daemon to forecast as a configuration says.
func (c *cmdEnv) openForecast(ctx context.Context, config string, now time.Time) (d *daemon.Daemon, done func(), err error) {
	reader := *c
	reader.config = config
	cfg, err := reader.load()
	if err != nil {
		return nil, nil, err
	}
	h, err := c.openReadOnly(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	if d, err = h.newDryRunDaemon(now); err != nil {
		h.close()
		return nil, nil, err
	}
	return d, h.close, nil
}

func (c *cmdEnv) printForecast(ctx context.Context, d *daemon.Daemon, until time.Time, asJSON bool) error {
	report, prospects := d.Forecast(ctx, until)
	for _, err := range prospects {
		if err != nil {
			return err
		}
	}
	if asJSON {
		return c.json(newForecastJSON(report))
	}
	return c.printForecastSummary(report)
}
