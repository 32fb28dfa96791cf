package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"postrider/store"
)

func (c *cmdEnv) queueRetry() *cobra.Command {
	var state, kind string
	cmd := &cobra.Command{
		Use:   "retry KEY... | --state uncertain|refused",
		Short: "Queue mails again at once",
		Long: "Makes mails go out with the daemon's next round: such as wait for a later attempt, and such as were refused\n" +
			"or are uncertain. Not what a daemon is at work on, nor what was accepted, skipped or merged. A digest that is\n" +
			"settled goes out again only while it is the member's newest: a newer one has its posts. Attempts go on being\n" +
			"counted, so a mail that was given up after its last attempt gets one more. Exits with 1 if a KEY stays as it is.",
		RunE: func(cmd *cobra.Command, keys []string) error {
			switch {
			case len(keys) == 0 && state == "":
				return errors.New("which mails? Give their keys, or --state uncertain or refused")
			case len(keys) > 0 && (state != "" || kind != ""):
				return errors.New("give keys, or --state with --kind, not both")
			case state != "" && state != "uncertain" && state != "refused":
				return fmt.Errorf("--state is %q: give uncertain or refused", state)
			}
			if err := checkKind(kind); err != nil {
				return err
			}
			ctx := cmd.Context()
			return c.withStore(ctx, func(s *store.Store) error {
				if state != "" {
					return c.retryAll(ctx, s, state, kind)
				}
				list, err := s.Queue.Retry(ctx, time.Now(), keys)
				if err != nil {
					return err
				}
				return c.printResults(list, queuedAgain)
			})
		},
	}
	cmd.Flags().StringVar(&state, "state", "", "all mails of this `state`: uncertain or refused")
	cmd.Flags().StringVar(&kind, "kind", "", "with --state: only mails of this `kind`: digest, alert or announcement")
	return cmd
}

const (
	queuedAgain = "queued again"
	// retryBatchSize is how many mails are queued again in one transaction: the daemon's own writing waits for it.
	retryBatchSize = 1000
)

// retryAll tells of the mails that it queues, and counts the others.
func (c *cmdEnv) retryAll(ctx context.Context, s *store.Store, state, kind string) error {
	keys, err := s.Queue.Keys(ctx, state, kind)
	if err != nil {
		return err
	}
	stay := make(map[store.Blocker]int)
	for some := range slices.Chunk(keys, retryBatchSize) {
		list, err := s.Queue.Retry(ctx, time.Now(), some)
		if err != nil {
			return err
		}
		for _, v := range list {
			if v.Obstacle != "" {
				stay[v.Obstacle]++
				continue
			}
			fmt.Fprintf(c.out, "%s: %s\n", v.Key, queuedAgain)
		}
	}
	for _, why := range []store.Blocker{store.Superseded, store.Covered, store.Leased, store.HeldByAnnouncement, store.AlreadySettled, store.NotKnown} {
		if n := stay[why]; n > 0 {
			fmt.Fprintf(c.out, "%d stay as they are: %s\n", n, why)
		}
	}
	if len(keys) == 0 {
		fmt.Fprintf(c.out, "No mail is %s.\n", state)
	}
	return nil
}

func (c *cmdEnv) queueDrop() *cobra.Command {
	return &cobra.Command{
		Use:   "drop KEY...",
		Short: "Settle mails that wait as skipped: they are not sent",
		Long: "Settles mails that wait as skipped, for the reason \"" + store.DroppedByHand + "\". The posts of a digest that is\n" +
			"dropped count as covered: the member's next digest begins after them, and nothing brings them back. What a\n" +
			"daemon is at work on cannot be dropped; pause delivery first. Exits with 1 if a KEY stays as it is.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, keys []string) error {
			return c.withStore(cmd.Context(), func(s *store.Store) error {
				list, err := s.Queue.Drop(cmd.Context(), time.Now(), keys, store.DroppedByHand)
				if err != nil {
					return err
				}
				return c.printResults(list, "dropped")
			})
		},
	}
}

// printResults tells what was done, a line each, and is silent failure if something was not.
func (c *cmdEnv) printResults(list []store.ActionResult, done string) error {
	var err error
	for _, v := range list {
		text := done
		if v.Obstacle != "" {
			text, err = "stays as it is: "+string(v.Obstacle), errSilent
			if v.Obstacle == store.AlreadySettled {
				text += " (" + v.State + ")"
			}
		}
		fmt.Fprintf(c.out, "%s: %s\n", oneLine(v.Key, 200), text)
	}
	return err
}
