package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"postrider/config"
	"postrider/daemon"
	"postrider/internal/addr"
	"postrider/internal/link"
	"postrider/mail"
	"postrider/store"
)

// openReadOnly opens the forum and the store read-only. If a SQLite store does not exist yet, it uses an empty one in a
// temporary directory.
func (c *cmdEnv) openReadOnly(ctx context.Context, cfg config.Config) (_ *app, err error) {
	a, err := c.newApp(cfg)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			a.close()
		}
	}()
	switch a.store, err = store.OpenReadOnly(ctx, cfg.Store.DSN); {
	case errors.Is(err, os.ErrNotExist) && strings.HasPrefix(cfg.Store.DSN, "sqlite:"):
		if err := a.openEmptyStore(ctx); err != nil {
			return nil, err
		}
	case errors.Is(err, store.ErrNotMigrated):
		return nil, fmt.Errorf("%w; see: postrider migrate --help", err)
	case err != nil:
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	// These links are never sent, but the oldest key decides who is in delivery.share.
	if a.links, err = readOnlyLinks(ctx, cfg, a.store); err != nil {
		return nil, err
	}
	if err := a.openForum(ctx); err != nil {
		return nil, err
	}
	return a, a.selfCheck(ctx)
}

// openEmptyStore opens an empty store, which close removes.
func (a *app) openEmptyStore(ctx context.Context) (err error) {
	if a.tempDir, err = os.MkdirTemp("", "postrider-look-"); err != nil {
		return fmt.Errorf("creating an empty store: %w", err)
	}
	if a.store, err = store.Open(ctx, "sqlite:"+filepath.Join(a.tempDir, "postrider.db")); err != nil {
		return fmt.Errorf("creating an empty store: %w", err)
	}
	if _, err = a.store.Migrate(ctx); err != nil {
		return fmt.Errorf("creating an empty store: %w", err)
	}
	return nil
}

// readOnlyLinks returns the signer of a store, or one with a random key if the store has none.
func readOnlyLinks(ctx context.Context, cfg config.Config, s *store.Store) (*link.Signer, error) {
	keys, err := s.LinkKeys.All(ctx) // creates a key if there is none, which fails
	if err != nil || len(keys) == 0 {
		keys = [][]byte{randomKey()}
	}
	return newLinks(cfg, keys...)
}

func randomKey() []byte {
	key := make([]byte, 32)
	rand.Read(key)
	return key
}

// newDryRunDaemon creates a daemon without a sender, for forecasts only.
func (a *app) newDryRunDaemon(now time.Time) (*daemon.Daemon, error) {
	composer, err := mail.NewComposer(addr.Domain(address(a.cfg.SMTP.From).Address), randomKey())
	if err != nil {
		return nil, err
	}
	signer, announcementSigner, err := signers(a.cfg)
	if err != nil {
		return nil, err
	}
	return daemon.New(daemon.Deps{
		Forum: a.forum, Store: a.store, Renderer: a.renderer, Composer: composer, Signer: signer, AnnouncementSigner: announcementSigner, Links: a.links,
		Log: a.log, Now: func() time.Time { return now },
	}, a.settings()), nil
}
