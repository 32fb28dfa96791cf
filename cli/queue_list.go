package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postrider/store"
)

// parseStates are the states that --state names: one, or one of the two words for several.
func parseStates(choice string) ([]string, error) {
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

// checkKind refuses a kind of which there are no mails.
func checkKind(kind string) error {
	switch kind {
	case "", store.KindDigest, store.KindAlert, store.KindAnnouncement:
		return nil
	}
	return fmt.Errorf("--kind is %q: give digest, alert or announcement", kind)
}

func (c *cmdEnv) queueList() *cobra.Command {
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
			if f.States, err = parseStates(state); err != nil {
				return err
			}
			if err = checkKind(f.Kind); err != nil {
				return err
			}
			if f.Since, err = parseSince(since, time.Now()); err != nil {
				return err
			}
			if f.Limit < 1 {
				return fmt.Errorf("--limit is %d: give at least 1", f.Limit)
			}
			return c.withStore(cmd.Context(), func(s *store.Store) error { return c.listQueue(cmd.Context(), s, f, asJSON) })
		},
	}
	cmd.Flags().StringVar(&state, "state", "open", "open, all, or one `state`")
	cmd.Flags().StringVar(&f.Kind, "kind", "", "only mails of this `kind`: digest, alert or announcement")
	cmd.Flags().Int64Var((*int64)(&f.Member), "member", 0, "only mails of the member with this `number`")
	cmd.Flags().StringVar(&f.Domain, "domain", "", "only mails whose last attempt went to an address of this `domain`")
	cmd.Flags().StringVar(&f.Reason, "reason", "", "only mails with this `text` in their reason or in what the relay said")
	cmd.Flags().StringVar(&since, "since", "", "only mails settled, or planned if they wait, since this `time`: 24h, or RFC 3339")
	cmd.Flags().IntVar(&f.Limit, "limit", 50, "at most so many `mails`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (c *cmdEnv) listQueue(ctx context.Context, s *store.Store, f store.QueueFilter, asJSON bool) error {
	most := f.Limit
	f.Limit++
	mails, err := s.Queue.List(ctx, f)
	if err != nil {
		return err
	}
	counts, err := s.Queue.Counts(ctx)
	if err != nil {
		return err
	}
	pause, paused, err := s.Queue.Paused(ctx)
	if err != nil {
		return err
	}
	troubles, err := loadBlockers(ctx, s, time.Now())
	if err != nil {
		return err
	}
	more := len(mails) > most
	mails = mails[:min(len(mails), most)]
	if asJSON {
		return c.json(newQueueJSON(mails, more, counts, troubles, pause, paused))
	}
	if paused {
		fmt.Fprintf(c.out, "DELIVERY IS PAUSED %s. Nothing is handed over until: postrider queue resume\n", pauseText(pause))
	}
	c.printBlockers(troubles)
	if paused || len(troubles) > 0 {
		fmt.Fprintln(c.out)
	}
	return c.printQueue(mails, more, counts, time.Now())
}

// parseSince reads a time: a while ago, or a moment. Empty: ever.
func parseSince(text string, now time.Time) (time.Time, error) {
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
