package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"postrider/store"
)

func (c *cmdEnv) backup() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the store to a file while the daemon runs",
		Long: "Makes a consistent copy of a SQLite store in a new file, which only you can read. The daemon may be running.\n" +
			"The file must not exist. To restore: stop the daemon, remove the store's -wal and -shm files, replace the store by\n" +
			"the copy, and start the daemon. It then sends nothing until you decide about messages sent since; see\n" +
			"postrider restored --help. A store in PostgreSQL is copied with pg_dump.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.backupStore(cmd.Context(), args[0]) },
	}
}

func (c *cmdEnv) backupStore(ctx context.Context, path string) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	return c.withStore(ctx, func(s *store.Store) error {
		err := s.Backup(ctx, time.Now(), path)
		if errors.Is(err, store.ErrNoBackup) {
			return usagef("%w; run: pg_dump --format=custom --file=%s '%s'", err, path, withoutPassword(cfg.Store.DSN))
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "Copied the store to %s.\n", path)
		return nil
	})
}

// withoutPassword removes the password from a URL. pg_dump asks for it, or reads it from ~/.pgpass.
func withoutPassword(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		return "postgres://..."
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	return u.String()
}

func (c *cmdEnv) restored() *cobra.Command {
	return &cobra.Command{
		Use:   "restored skip|send",
		Short: "Decide what to send after the store was restored from a backup",
		Long: "A daemon that starts on an old copy of its store does not know what was sent since. It scans the forum, but plans and\n" +
			"sends nothing until you decide:\n\n" +
			"  skip  count everything that existed when the daemon started as sent: nobody gets a message twice, and posts since\n" +
			"        the copy that were not sent are left out\n" +
			"  send  send everything that the copy has not recorded as sent: members may get a message a second time, with the\n" +
			"        same Message-ID\n\n" +
			"The daemon carries out the decision within seconds. Active announcements are paused in both cases. Preferences,\n" +
			"unsubscribes and bounces since the copy are lost.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := restoreDecision(args[0])
			if err != nil {
				return err
			}
			return c.withStore(cmd.Context(), func(s *store.Store) error {
				if err := s.DecideRestored(cmd.Context(), d); err != nil {
					return err
				}
				fmt.Fprintln(c.out, "The daemon carries this out with its next round.")
				return nil
			})
		},
	}
}

func restoreDecision(text string) (store.RestoreDecision, error) {
	switch d := store.RestoreDecision(text); d {
	case store.SkipRestored, store.SendRestored:
		return d, nil
	}
	return "", usagef("invalid decision %q: must be skip or send; see: postrider restored --help", text)
}

// checkRestored notices a store that is an old copy, and records the decision of --restored.
func (s *service) checkRestored(ctx context.Context) error {
	r, err := s.store.NoticeRestore(ctx)
	if r == nil || err != nil {
		return err
	}
	if s.restored != "" {
		return s.store.DecideRestored(ctx, store.RestoreDecision(s.restored))
	}
	if r.Decision == "" {
		s.log.Error("nothing is sent: the store is an old copy, and messages may have been sent since", "of", r.Of,
			"fix", `run "postrider restored skip" or "postrider restored send"`)
	}
	return nil
}
