package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postrider/store"
)

// parseStates returns the states that --state selects.
func parseStates(choice string) ([]string, error) {
	switch choice {
	case "open":
		return store.OpenStates, nil
	case "all":
		return store.MessageStates, nil
	}
	for _, s := range store.MessageStates {
		if s == choice {
			return []string{s}, nil
		}
	}
	return nil, usagef("invalid --state %q: must be open, all, %s", choice, strings.Join(store.MessageStates, ", "))
}

// checkKind rejects an unknown kind of message.
func checkKind(kind string) error {
	switch kind {
	case "", store.KindDigest, store.KindAlert, store.KindAnnouncement, store.KindConfirmation:
		return nil
	}
	return usagef("invalid --kind %q: must be digest, alert, announcement or confirmation", kind)
}

func (c *cmdEnv) queueList() *cobra.Command {
	var f store.QueueFilter
	var state, since string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List messages in the outbox, and count all by kind and state",
		Long: "Lists waiting messages by due time, then settled ones, newest first, followed by counts of all messages by kind and\n" +
			"state. Without --state, lists open messages: queued, leased by a daemon, or held by their announcement.\n" +
			"States are " + strings.Join(store.MessageStates, ", ") + ".",
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
				return usagef("invalid --limit %d: must be at least 1", f.Limit)
			}
			return c.withStore(cmd.Context(), func(s *store.Store) error { return c.listQueue(cmd.Context(), s, f, asJSON) })
		},
	}
	cmd.Flags().StringVar(&state, "state", "open", "open, all, or one `state`")
	cmd.Flags().StringVar(&f.Kind, "kind", "", "only messages of this `kind`: digest, alert, announcement or confirmation")
	cmd.Flags().Int64Var((*int64)(&f.Member), "member", 0, "only messages to the member with this `ID`")
	cmd.Flags().StringVar(&f.Domain, "domain", "", "only messages last sent to an address of this `domain`")
	cmd.Flags().StringVar(&f.Reason, "reason", "", "only messages with this `text` in their reason or the relay's reply")
	cmd.Flags().StringVar(&since, "since", "", "only messages settled (if waiting: planned) since this `time`: 24h, or RFC 3339")
	cmd.Flags().IntVar(&f.Limit, "limit", 50, "maximum `number` of messages")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (c *cmdEnv) listQueue(ctx context.Context, s *store.Store, f store.QueueFilter, asJSON bool) error {
	limit := f.Limit
	f.Limit++
	mails, err := s.Queue.List(ctx, f)
	if err != nil {
		return err
	}
	say, err := c.phraser()
	if err != nil {
		return err
	}
	say.translate(mails)
	counts, err := s.Queue.Counts(ctx)
	if err != nil {
		return err
	}
	pause, paused, err := s.Queue.Paused(ctx)
	if err != nil {
		return err
	}
	blockers, err := loadBlockers(ctx, s, time.Now(), say)
	if err != nil {
		return err
	}
	more := len(mails) > limit
	mails = mails[:min(len(mails), limit)]
	if asJSON {
		return c.json(newQueueJSON(mails, more, counts, blockers, pause, paused))
	}
	if paused {
		fmt.Fprintf(c.out, "DELIVERY IS PAUSED %s. To resume it, run: postrider queue resume\n", pauseText(pause))
	}
	c.printBlockers(blockers)
	if paused || len(blockers) > 0 {
		fmt.Fprintln(c.out)
	}
	return c.printQueue(mails, more, counts, time.Now())
}

// parseSince parses a duration before now, or a time. An empty text is the zero time.
func parseSince(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago > 0 {
		return now.Add(-ago), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, usagef("invalid --since %q: must be a duration, for example 24h, or a time, for example 2026-05-04T08:00:00Z", text)
	}
	return at, nil
}
