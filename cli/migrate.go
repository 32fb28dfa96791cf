package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"postrider/store"
)

func (c *cmdEnv) migrate() *cobra.Command {
	var newKey bool
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the store up to date (run does so too)",
		Long: "Brings the store up to date. With --new-link-key, also makes a new key for the links in mails: restart all\n" +
			"daemons on the store, and it signs. Links that were signed with older keys go on working.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.migrateStore(cmd.Context(), newKey) },
	}
	cmd.Flags().BoolVar(&newKey, "new-link-key", false, "make a new key for the links in mails")
	return cmd
}

func (c *cmdEnv) migrateStore(ctx context.Context, newKey bool) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, cfg.Store.DSN)
	if err != nil {
		return fmt.Errorf("opening the store: %w", err)
	}
	defer s.Close()
	steps, err := s.Migrate(ctx)
	if err != nil {
		return fmt.Errorf("bringing the store up to date: %w", err)
	}
	if steps == 0 {
		fmt.Fprintln(c.out, "The store is up to date.")
	} else {
		fmt.Fprintf(c.out, "The store is up to date after %d steps.\n", steps)
	}
	if !newKey {
		return nil
	}
	keys, err := s.LinkKeys.Add(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "There is a new key for links, now %d in all. Restart every daemon on this store: it signs then.\n", keys)
	return nil
}
