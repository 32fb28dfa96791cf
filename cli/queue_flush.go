package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"postrider/store"
)

func (c *cmdEnv) queueFlush() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "flush",
		Short: "Expire messages that exceeded their queue lifetime",
		Long: fmt.Sprintf("Settles what no relay has taken in time: alerts after %.0f hours, and announcements after %.0f. The daemon does so\n"+
			"before every delivery; this is for a store whose daemon rests. What an alert would have told comes with the\n"+
			"member's next digest. Digests have no time of their own: the next one takes in what waits.",
			store.MaxQueueAge("alert").Hours(), store.MaxQueueAge("announcement").Hours()),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withStore(cmd.Context(), func(s *store.Store) error {
				list, err := s.Outbox.Expire(cmd.Context(), time.Now())
				if err != nil {
					return err
				}
				return c.printFlushed(list, asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (c *cmdEnv) printFlushed(list []store.Expired, asJSON bool) error {
	if asJSON {
		keys := make([]string, len(list))
		for i, m := range list {
			keys[i] = m.Key
		}
		return c.json(map[string][]string{"expired": keys})
	}
	for _, m := range list {
		fmt.Fprintf(c.out, "%s: expired\n", oneLine(m.Key, 200))
	}
	if len(list) == 0 {
		fmt.Fprintln(c.out, "No mail's time is over.")
	}
	return nil
}
