package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"postrider/internal/line"
	"postrider/store"
)

func (c *cmdEnv) queueFlush() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "flush",
		Short: "Expire messages that exceeded their queue lifetime",
		Long: fmt.Sprintf("Expires messages that no relay accepted in time: alerts after %.0f hours, announcements after %.0f. The daemon does\n"+
			"this before every delivery, so the command is only needed while no daemon is running. Posts of expired alerts are\n"+
			"included in the member's next digest. Digests do not expire: the next one includes what a waiting digest has.",
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
		fmt.Fprintf(c.out, "%s: expired\n", line.Fit(m.Key, 200))
	}
	if len(list) == 0 {
		fmt.Fprintln(c.out, "No message has expired.")
	}
	return nil
}
