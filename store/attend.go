package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"syscall"

	"postrider/internal/sqlfile"
)

// ErrAttended means that another daemon works on a SQLite store.
var ErrAttended = errors.New("another postrider is at work on this store; SQLite serves one daemon, PostgreSQL several")

// Attend makes a daemon known as owner until Close, and gives back what daemons that have died since
// held, without waiting for their leases to end. A daemon that was killed and started again goes on
// where it stopped.
func (s *Store) Attend(ctx context.Context, owner string) error {
	if s.engine == sqlfile.SQLite {
		return s.attendSQLite(ctx)
	}
	return s.attendPostgres(ctx, owner)
}

// attendSQLite locks a file beside the database: whoever has it is the only daemon, so every lease is a
// dead one's. The system lets go of the lock when the process ends, however it ends.
func (s *Store) attendSQLite(ctx context.Context) error {
	lock, err := os.OpenFile(s.path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("locking the store: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("locking %s: %w", s.path, ErrAttended)
		}
		return fmt.Errorf("locking the store: %w", err)
	}
	s.attending = lock
	return s.orphans(ctx, func(string) (bool, error) { return true, nil })
}

// attendPostgres holds an advisory lock with the owner's name on a connection of its own: PostgreSQL
// lets go of it when the connection ends. Owners whose lock is free are dead, or have lost that connection:
// then their leases, had they any, may go to a daemon that starts in that moment, and what they were
// handing over may be repeated.
func (s *Store) attendPostgres(ctx context.Context, owner string) error {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("making this daemon known: %w", err)
	}
	s.attending = conn
	switch free, err := tryLock(ctx, conn, owner); {
	case err != nil:
		return fmt.Errorf("making this daemon known: %w", err)
	case !free:
		return fmt.Errorf("making this daemon known: there is a daemon called %q already", owner)
	}
	return s.orphans(ctx, func(other string) (bool, error) {
		free, err := tryLock(ctx, conn, other)
		if !free || err != nil {
			return false, err
		}
		s.sent.Add(1)
		_, err = conn.ExecContext(ctx, "SELECT pg_advisory_unlock(hashtextextended($1, 0))", other)
		return true, err
	})
}

func tryLock(ctx context.Context, conn *sql.Conn, owner string) (free bool, err error) {
	err = conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock(hashtextextended($1, 0))", owner).Scan(&free)
	return free, err
}

// orphans gives back the leases of all owners that are dead.
func (s *Store) orphans(ctx context.Context, dead func(owner string) (bool, error)) error {
	var owners []string
	err := s.query(ctx, nil, "owners", nil, func(scan scan) error {
		var owner string
		err := scan(&owner)
		owners = append(owners, owner)
		return err
	})
	if err != nil {
		return fmt.Errorf("looking for leases of dead daemons: %w", err)
	}
	for _, owner := range owners {
		gone, err := dead(owner)
		if err == nil && gone {
			_, err = s.exec(ctx, nil, "orphan", args{"owner": owner})
		}
		if err != nil {
			return fmt.Errorf("taking back leases of a dead daemon: %w", err)
		}
	}
	return nil
}
