package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"postrider/internal/line"
	"postrider/store"
)

func (c *cmdEnv) queueRetry() *cobra.Command {
	var state, kind string
	cmd := &cobra.Command{
		Use:   "retry KEY... | --state uncertain|refused",
		Short: "Requeue messages for immediate delivery",
		Long: "Requeues messages for the daemon's next round: those waiting to retry, rejected, or with an uncertain result. Leased,\n" +
			"accepted, skipped and merged messages cannot be retried. A settled digest can be retried only if it is the\n" +
			"member's newest, because a newer one includes its posts. The attempt count is kept, so a message that failed its\n" +
			"last attempt gets one more. Exits with 1 if a message cannot be retried.",
		RunE: func(cmd *cobra.Command, keys []string) error {
			switch {
			case len(keys) == 0 && state == "":
				return usagef("no messages selected: give keys, or --state uncertain or refused")
			case len(keys) > 0 && (state != "" || kind != ""):
				return usagef("give either keys, or --state and --kind")
			case state != "" && state != "uncertain" && state != "refused":
				return usagef("invalid --state %q: must be uncertain or refused", state)
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
	cmd.Flags().StringVar(&state, "state", "", "all messages in this `state`: uncertain or refused")
	cmd.Flags().StringVar(&kind, "kind", "", "with --state: only messages of this `kind`: digest, alert, announcement or confirmation")
	return cmd
}

const (
	queuedAgain = "requeued"
	// retryBatchSize is how many messages are requeued in one transaction. The daemon's writes wait for it.
	retryBatchSize = 1000
)

// retryAll requeues all messages in a state. It lists them, and counts those that it could not requeue.
func (c *cmdEnv) retryAll(ctx context.Context, s *store.Store, state, kind string) error {
	keys, err := s.Queue.Keys(ctx, state, kind)
	if err != nil {
		return err
	}
	unchanged := make(map[store.Blocker]int)
	for some := range slices.Chunk(keys, retryBatchSize) {
		list, err := s.Queue.Retry(ctx, time.Now(), some)
		if err != nil {
			return err
		}
		for _, v := range list {
			if v.Obstacle != "" {
				unchanged[v.Obstacle]++
				continue
			}
			fmt.Fprintf(c.out, "%s: %s\n", v.Key, queuedAgain)
		}
	}
	for _, why := range []store.Blocker{store.Superseded, store.Covered, store.Leased, store.HeldByAnnouncement, store.AlreadySettled, store.NotKnown} {
		if n := unchanged[why]; n > 0 {
			fmt.Fprintf(c.out, "%d unchanged: %s\n", n, why)
		}
	}
	if len(keys) == 0 {
		fmt.Fprintf(c.out, "No messages are %s.\n", state)
	}
	return nil
}

func (c *cmdEnv) queueDrop() *cobra.Command {
	return &cobra.Command{
		Use:   "drop KEY...",
		Short: "Drop waiting messages: they are not sent",
		Long: "Marks waiting messages as skipped, with the reason \"" + store.DroppedByHand + "\". Posts in a dropped digest\n" +
			"count as covered and will not appear in the member's next digest. This cannot be undone. Leased messages cannot be\n" +
			"dropped: pause delivery first. Exits with 1 if a message cannot be dropped.",
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

// printResults prints a line for each message. It returns errSilent if one was not changed.
func (c *cmdEnv) printResults(list []store.ActionResult, done string) error {
	var err error
	for _, v := range list {
		text := done
		if v.Obstacle != "" {
			text, err = "unchanged: "+string(v.Obstacle), errSilent
			if v.Obstacle == store.AlreadySettled {
				text += " (" + v.State + ")"
			}
		}
		fmt.Fprintf(c.out, "%s: %s\n", line.Fit(v.Key, 200), text)
	}
	return err
}
