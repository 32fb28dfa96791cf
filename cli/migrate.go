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
		Short: "Upgrade the store to the current schema (run does this too)",
		Long: "Upgrades the store to the current schema. With --new-link-key, also creates a new key for the links in messages:\n" +
			"restart all daemons on the store to sign with it. Links signed with older keys keep working.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.migrateStore(cmd.Context(), newKey) },
	}
	cmd.Flags().BoolVar(&newKey, "new-link-key", false, "create a new key for the links in messages")
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
		return fmt.Errorf("upgrading the store: %w", err)
	}
	if steps == 0 {
		fmt.Fprintln(c.out, "The store is up to date.")
	} else {
		fmt.Fprintf(c.out, "The store is up to date after %s.\n", plural(steps, "migration", "migrations"))
	}
	if !newKey {
		return nil
	}
	keys, err := s.LinkKeys.Add(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "Created a link key; there are now %d. Restart every daemon on this store to sign with it.\n", keys)
	return nil
}
