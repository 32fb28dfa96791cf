package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postrider/internal/line"
	"postrider/store"
)

func (c *cmdEnv) queue() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "queue",
		Short: "Inspect the outbox, retry or drop messages, pause delivery",
		Long: "Inspects and changes the outbox in the store, whether or not a daemon is running. Does not connect to the forum or\n" +
			"the relay. All times are UTC.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.queueList(), c.queueShow(), c.queueRetry(), c.queueDrop(), c.queueFlush(), c.queuePause(), c.queueResume())
	return cmd
}

// withStore runs do with only the store open. The store must exist and be migrated: these commands work on the store of a
// daemon.
func (c *cmdEnv) withStore(ctx context.Context, do func(*store.Store) error) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if path, ok := strings.CutPrefix(cfg.Store.DSN, "sqlite:"); ok {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("no store at %s: the first run creates it", path)
		}
	}
	s, err := store.Open(ctx, cfg.Store.DSN)
	if err != nil {
		return fmt.Errorf("opening the store: %w", err)
	}
	defer s.Close()
	err = do(s)
	if errors.Is(err, store.ErrNotMigrated) {
		return fmt.Errorf("%w; see: postrider migrate --help", err)
	}
	return err
}

func (c *cmdEnv) queueShow() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show KEY",
		Short: "Show a message and its delivery attempts",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withStore(cmd.Context(), func(s *store.Store) error {
				m, history, known, err := s.Queue.Message(cmd.Context(), args[0])
				switch {
				case err != nil:
					return err
				case !known:
					return fmt.Errorf("no message %q: keys look like digest/42/2026-05-04; to list them, run: postrider queue list", args[0])
				}
				say, err := c.phraser()
				if err != nil {
					return err
				}
				m.Last.Reason = say.stored(m.Last.Reason)
				say.translateOutcomes(history)
				if asJSON {
					return c.json(newMessageDetailJSON(m, history))
				}
				return c.printMessage(m, history)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (c *cmdEnv) queuePause() *cobra.Command {
	return &cobra.Command{
		Use:   "pause [REASON]",
		Short: "Pause delivery",
		Long: "Pauses delivery for all daemons on this store, including any started later. Daemons check before every batch and\n" +
			"finish the current one: at most 1,000 messages per daemon, or about a minute. Scanning and planning continue, so\n" +
			"nothing is missed.",
		RunE: func(cmd *cobra.Command, words []string) error {
			return c.withStore(cmd.Context(), func(s *store.Store) error {
				p, err := s.Queue.Pause(cmd.Context(), time.Now(), strings.Join(words, " "))
				if err != nil {
					return err
				}
				fmt.Fprintf(c.out, "Delivery has been paused %s. Daemons finish their current batch first.\n", pauseText(p))
				return nil
			})
		},
	}
}

func (c *cmdEnv) queueResume() *cobra.Command {
	return &cobra.Command{
		Use:   "resume",
		Short: "Resume delivery",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withStore(cmd.Context(), func(s *store.Store) error {
				paused, err := s.Queue.Resume(cmd.Context())
				if err != nil {
					return err
				}
				if !paused {
					fmt.Fprintln(c.out, "Delivery was not paused.")
					return nil
				}
				fmt.Fprintln(c.out, "Delivery resumes with the daemon's next round.")
				return nil
			})
		},
	}
}

// pauseText describes since when and why delivery is paused.
func pauseText(p store.Pause) string {
	text := "since " + formatTime(p.Since) + " UTC"
	if p.Reason != "" {
		text += " (" + line.Fit(p.Reason, 200) + ")"
	}
	return text
}
