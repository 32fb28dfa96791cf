package store

import (
	"context"
	"errors"
	"os"
	"syscall"

	"postrider/internal/sqlfile"
)

// InUse reports whether a daemon runs on the store: whether anyone else holds the lock that AcquireInstance takes.
func (s *Store) InUse(ctx context.Context) bool {
	if s.engine == sqlfile.SQLite {
		return s.fileLocked()
	}
	const locks = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
	var held bool
	s.sent.Add(1)
	return s.read.QueryRowContext(ctx, locks).Scan(&held) == nil && held
}

func (s *database) fileLocked() bool {
	lock, err := os.Open(s.path + ".lock")
	if err != nil {
		return false
	}
	defer lock.Close()
	return errors.Is(syscall.Flock(int(lock.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}
