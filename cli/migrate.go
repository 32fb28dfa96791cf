package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"postrider/store"
)

func (c *console) migrate() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the store up to date (run does so too)",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return c.migrateStore(cmd.Context()) },
	}
}

func (c *console) migrateStore(ctx context.Context) error {
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
		return nil
	}
	fmt.Fprintf(c.out, "The store is up to date after %d steps.\n", steps)
	return nil
}
