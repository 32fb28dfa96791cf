package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"postrider/internal/sqlfile"
)

// ErrNoBackup means that PostgreSQL makes its own backups.
var ErrNoBackup = errors.New("the store is in PostgreSQL")

// Backup makes a consistent copy of a SQLite store while daemons use it. It marks the copy, so that a daemon that starts on it knows
// that it is old. It does not overwrite a file.
func (s *Store) Backup(ctx context.Context, now time.Time, path string) error {
	if s.engine == sqlfile.Postgres {
		return ErrNoBackup
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".postrider-backup-*") // readable for the owner only
	if err != nil {
		return fmt.Errorf("creating the backup: %w", err)
	}
	temp := f.Name()
	defer os.Remove(temp)
	if err := f.Close(); err != nil {
		return fmt.Errorf("creating the backup: %w", err)
	}
	s.sent.Add(1)
	if _, err := s.write.ExecContext(ctx, "VACUUM INTO ?", temp); err != nil {
		return fmt.Errorf("copying the store: %w", err)
	}
	if err := markBackup(ctx, temp, now); err != nil {
		return fmt.Errorf("marking the backup: %w", err)
	}
	if err := syncFile(temp); err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	if err := os.Link(temp, path); err != nil { // unlike Rename, it never overwrites
		return fmt.Errorf("naming the backup: %w", err)
	}
	return syncFile(dir)
}

// markBackup records in a copy when it was made.
func markBackup(ctx context.Context, path string, now time.Time) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "INSERT INTO memory (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
		backupKey, now.UTC().Format(time.RFC3339))
	return errors.Join(err, db.Close())
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
