package store

import (
	"context"
	"fmt"
	"path/filepath"
	"syscall"
	"time"

	"postrider/internal/sqlfile"
)

// DatabaseTime returns the time of the database server. Known is false for SQLite, which has no clock.
func (s *Store) DatabaseTime(ctx context.Context) (at time.Time, known bool, err error) {
	if s.engine == sqlfile.SQLite {
		return time.Time{}, false, nil
	}
	var seconds float64
	s.sent.Add(1)
	if err := s.read.QueryRowContext(ctx, "SELECT extract(epoch FROM clock_timestamp())").Scan(&seconds); err != nil {
		return time.Time{}, false, fmt.Errorf("reading the time of the store's server: %w", err)
	}
	return time.UnixMilli(int64(1000 * seconds)), true, nil
}

// FreeDiskBytes returns how many bytes are free on the disk of a SQLite store. Known is false for PostgreSQL, whose disk may be
// on another machine.
func (s *Store) FreeDiskBytes() (left int64, known bool, err error) {
	if s.engine != sqlfile.SQLite {
		return 0, false, nil
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(s.path), &disk); err != nil {
		return 0, false, fmt.Errorf("reading the free space on the disk of %s: %w", s.path, err)
	}
	return int64(disk.Bavail) * int64(disk.Bsize), true, nil
}
