package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postrider/store"
)

func (c *console) queue() *cobra.Command {
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

// inStore opens the store, and nothing else, for the time of do. It must be there and up to date: these
// commands are for a store that a daemon works with.
func (c *console) inStore(ctx context.Context, do func(*store.Store) error) error {
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

// statesOf are the states that --state names: one, or one of the two words for several.
func statesOf(choice string) ([]string, error) {
	switch choice {
	case "open":
		return store.OpenStates, nil
	case "all":
		return store.MailStates, nil
	}
	for _, s := range store.MailStates {
		if s == choice {
			return []string{s}, nil
		}
	}
	return nil, fmt.Errorf("--state is %q: give open, all, %s", choice, strings.Join(store.MailStates, ", "))
}

func (c *console) queueList() *cobra.Command {
	var f store.QueueFilter
	var state, since string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List mails of the outbox, and count them all by kind and state",
		Long: "Lists what waits by its time, then what is settled, the latest first; below, all mails of the outbox are\n" +
			"counted by kind and state. Without --state it lists what is open: queued, leased by a daemon, or held by its\n" +
			"announcement. States are " + strings.Join(store.MailStates, ", ") + ".",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if f.States, err = statesOf(state); err != nil {
				return err
			}
			if f.Since, err = sinceWhen(since, time.Now()); err != nil {
				return err
			}
			if f.Limit < 1 {
				return fmt.Errorf("--limit is %d: give at least 1", f.Limit)
			}
			return c.inStore(cmd.Context(), func(s *store.Store) error { return c.listQueue(cmd.Context(), s, f, asJSON) })
		},
	}
	cmd.Flags().StringVar(&state, "state", "open", "open, all, or one `state`")
	cmd.Flags().StringVar(&f.Kind, "kind", "", "only mails of this `kind`, such as digest")
	cmd.Flags().Int64Var((*int64)(&f.Member), "member", 0, "only mails of the member with this `number`")
	cmd.Flags().StringVar(&f.Domain, "domain", "", "only mails whose last attempt went to an address of this `domain`")
	cmd.Flags().StringVar(&f.Reason, "reason", "", "only mails with this `text` in their reason or in what the relay said")
	cmd.Flags().StringVar(&since, "since", "", "only mails settled, or planned if they wait, since this `time`: 24h, or RFC 3339")
	cmd.Flags().IntVar(&f.Limit, "limit", 50, "at most so many `mails`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (c *console) listQueue(ctx context.Context, s *store.Store, f store.QueueFilter, asJSON bool) error {
	mails, err := s.Queue(ctx, f)
	if err != nil {
		return err
	}
	counts, err := s.Counts(ctx)
	if err != nil {
		return err
	}
	pause, paused, err := s.Paused(ctx)
	if err != nil {
		return err
	}
	troubles, err := troublesOf(ctx, s, time.Now())
	if err != nil {
		return err
	}
	if asJSON {
		return c.json(newQueueJSON(mails, counts, troubles, pause, paused))
	}
	if paused {
		fmt.Fprintf(c.out, "DELIVERY IS PAUSED %s. Nothing is handed over until: postrider queue resume\n", since(pause))
	}
	c.printTroubles(troubles)
	if paused || len(troubles) > 0 {
		fmt.Fprintln(c.out)
	}
	return c.printQueue(mails, counts, time.Now())
}

// sinceWhen reads a time: a while ago, or a moment. Empty: ever.
func sinceWhen(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago > 0 {
		return now.Add(-ago), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("--since is %q: give a while such as 24h or 90m, or a moment such as 2026-05-04T08:00:00Z", text)
	}
	return at, nil
}

func (c *console) queueShow() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show KEY",
		Short: "Tell all that is known of a mail, with every attempt to send it",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.inStore(cmd.Context(), func(s *store.Store) error {
				m, history, known, err := s.Mail(cmd.Context(), args[0])
				switch {
				case err != nil:
					return err
				case !known:
					return fmt.Errorf("there is no mail %q: keys look like digest/42/2026-05-04, see: postrider queue list", args[0])
				case asJSON:
					return c.json(newShownJSON(m, history))
				}
				return c.printMail(m, history)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (c *console) queueRetry() *cobra.Command {
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
			ctx := cmd.Context()
			return c.inStore(ctx, func(s *store.Store) error {
				if state != "" {
					return c.retryAll(ctx, s, state, kind)
				}
				list, err := s.RetryNow(ctx, time.Now(), keys)
				if err != nil {
					return err
				}
				return c.printVerdicts(list, queuedAgain)
			})
		},
	}
	cmd.Flags().StringVar(&state, "state", "", "all mails of this `state`: uncertain or refused")
	cmd.Flags().StringVar(&kind, "kind", "", "with --state: only mails of this `kind`, such as digest")
	return cmd
}

const (
	queuedAgain = "queued again"
	// retryAtATime is how many mails are queued again in one transaction: the daemon's own writing waits for it.
	retryAtATime = 1000
)

// retryAll tells of the mails that it queues, and counts the others.
func (c *console) retryAll(ctx context.Context, s *store.Store, state, kind string) error {
	keys, err := s.QueueKeys(ctx, state, kind)
	if err != nil {
		return err
	}
	stay := make(map[store.Obstacle]int)
	for some := range slices.Chunk(keys, retryAtATime) {
		list, err := s.RetryNow(ctx, time.Now(), some)
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
	for _, why := range []store.Obstacle{store.Superseded, store.Covered, store.AtWork, store.HeldBack, store.Over, store.NotKnown} {
		if n := stay[why]; n > 0 {
			fmt.Fprintf(c.out, "%d stay as they are: %s\n", n, why)
		}
	}
	if len(keys) == 0 {
		fmt.Fprintf(c.out, "No mail is %s.\n", state)
	}
	return nil
}

func (c *console) queueDrop() *cobra.Command {
	return &cobra.Command{
		Use:   "drop KEY...",
		Short: "Settle mails that wait as skipped: they are not sent",
		Long: "Settles mails that wait as skipped, for the reason \"" + store.DroppedByHand + "\". The posts of a digest that is\n" +
			"dropped count as covered: the member's next digest begins after them, and nothing brings them back. What a\n" +
			"daemon is at work on cannot be dropped; pause delivery first. Exits with 1 if a KEY stays as it is.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, keys []string) error {
			return c.inStore(cmd.Context(), func(s *store.Store) error {
				list, err := s.Drop(cmd.Context(), time.Now(), keys, store.DroppedByHand)
				if err != nil {
					return err
				}
				return c.printVerdicts(list, "dropped")
			})
		},
	}
}

func (c *console) queuePause() *cobra.Command {
	return &cobra.Command{
		Use:   "pause [REASON]",
		Short: "Hand nothing over until queue resume",
		Long: "Stops delivery for all daemons that share the store, and for those that are started later. They look before\n" +
			"every batch: what is under way is finished first, at most 1,000 mails a daemon and at most about a minute. New posts\n" +
			"are still gathered and digests planned, so nothing is missed.",
		RunE: func(cmd *cobra.Command, words []string) error {
			return c.inStore(cmd.Context(), func(s *store.Store) error {
				p, err := s.Pause(cmd.Context(), time.Now(), strings.Join(words, " "))
				if err != nil {
					return err
				}
				fmt.Fprintf(c.out, "Delivery is paused %s. A batch that is under way is finished first.\n", since(p))
				return nil
			})
		},
	}
}

func (c *console) queueResume() *cobra.Command {
	return &cobra.Command{
		Use:   "resume",
		Short: "Let delivery go on after queue pause",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.inStore(cmd.Context(), func(s *store.Store) error {
				paused, err := s.Resume(cmd.Context())
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

// since words how long delivery has been paused, and why.
func since(p store.Pause) string {
	text := "since " + clock(p.Since) + " UTC"
	if p.Reason != "" {
		text += " (" + oneLine(p.Reason, 200) + ")"
	}
	return text
}

// printVerdicts tells what was done, a line each, and is silent failure if something was not.
func (c *console) printVerdicts(list []store.Verdict, done string) error {
	var err error
	for _, v := range list {
		text := done
		if v.Obstacle != "" {
			text, err = "stays as it is: "+string(v.Obstacle), errSilent
			if v.Obstacle == store.Over {
				text += " (" + v.State + ")"
			}
		}
		fmt.Fprintf(c.out, "%s: %s\n", oneLine(v.Key, 200), text)
	}
	return err
}
