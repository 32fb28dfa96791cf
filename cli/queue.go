package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postrider/store"
)

func (c *cmdEnv) queue() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "queue",
		Short: "Look at the mails that wait, retry or drop them, pause delivery",
		Long: "Looks at the outbox in the store and changes what becomes of its mails, whether the daemon runs or not.\n" +
			"The forum and the relay are not asked. All times are UTC.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.queueList(), c.queueShow(), c.queueRetry(), c.queueDrop(), c.queueFlush(), c.queuePause(), c.queueResume())
	return cmd
}

// withStore opens the store, and nothing else, for the time of do. It must be there and up to date: these
// commands are for a store that a daemon works with.
func (c *cmdEnv) withStore(ctx context.Context, do func(*store.Store) error) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if path, ok := strings.CutPrefix(cfg.Store.DSN, "sqlite:"); ok {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("there is no store at %s yet: the first run makes it", path)
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
		Short: "Tell all that is known of a mail, with every attempt to send it",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withStore(cmd.Context(), func(s *store.Store) error {
				m, history, known, err := s.Queue.Message(cmd.Context(), args[0])
				switch {
				case err != nil:
					return err
				case !known:
					return fmt.Errorf("there is no mail %q: keys look like digest/42/2026-05-04, see: postrider queue list", args[0])
				case asJSON:
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
		Long: "Stops delivery for all daemons that share the store, and for those that are started later. They look before\n" +
			"every batch: what is under way is finished first, at most 1,000 mails a daemon and at most about a minute. New posts\n" +
			"are still gathered and digests planned, so nothing is missed.",
		RunE: func(cmd *cobra.Command, words []string) error {
			return c.withStore(cmd.Context(), func(s *store.Store) error {
				p, err := s.Queue.Pause(cmd.Context(), time.Now(), strings.Join(words, " "))
				if err != nil {
					return err
				}
				fmt.Fprintf(c.out, "Delivery is paused %s. A batch that is under way is finished first.\n", pauseText(p))
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
				fmt.Fprintln(c.out, "Delivery goes on with the daemon's next round.")
				return nil
			})
		},
	}
}

// pauseText words how long delivery has been paused, and why.
func pauseText(p store.Pause) string {
	text := "since " + formatTime(p.Since) + " UTC"
	if p.Reason != "" {
		text += " (" + oneLine(p.Reason, 200) + ")"
	}
	return text
}
