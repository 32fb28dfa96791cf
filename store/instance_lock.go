package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"postrider/internal/sqlfile"
)

// ErrStoreInUse means that another daemon works on a SQLite store.
var ErrStoreInUse = errors.New("another postrider is at work on this store; SQLite serves one daemon, PostgreSQL several")

// AcquireInstance makes a daemon known as owner until Close, and gives back what daemons that have died since
// held, without waiting for their leases to end. A daemon that was killed and started again goes on
// where it stopped.
func (s *Store) AcquireInstance(ctx context.Context, owner string) error {
	if s.engine == sqlfile.SQLite {
		return s.attendSQLite(ctx)
	}
	return s.attendPostgres(ctx, owner)
}

// attendSQLite locks a file beside the database: whoever has it is the only daemon, so every lease is a
// dead one's. The system lets go of the lock when the process ends, however it ends.
func (s *database) attendSQLite(ctx context.Context) error {
	lock, err := os.OpenFile(s.path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("locking the store: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("locking %s: %w", s.path, ErrStoreInUse)
		}
		return fmt.Errorf("locking the store: %w", err)
	}
	s.instance = lock
	return s.reclaimOrphanedLeases(ctx, func(string) (bool, error) { return true, nil })
}

// attendPostgres holds an advisory lock with the owner's name on a connection of its own: PostgreSQL
// lets go of it when the connection ends. Owners whose lock is free are dead, or have lost that connection
// and not claimed anything since.
func (s *database) attendPostgres(ctx context.Context, owner string) error {
	a := &instanceLock{pool: s.write.DB, owner: owner}
	s.instance = a
	switch held, err := a.renew(ctx); {
	case err != nil:
		return fmt.Errorf("making this daemon known: %w", err)
	case !held:
		return fmt.Errorf("making this daemon known: there is a daemon called %q already", owner)
	}
	return s.reclaimOrphanedLeases(ctx, func(other string) (bool, error) {
		s.sent.Add(1)
		return a.ownerGone(ctx, other)
	})
}

// instanceLock is the connection whose lock says that a daemon is alive.
type instanceLock struct {
	pool  *sql.DB
	owner string

	mu   sync.Mutex
	conn *sql.Conn // nil: lost
}

// renew sees to it that the lock is held, on a new connection if the old one is lost: with its server, or at a failover.
// Held is false while the server has not noticed yet that the old one is lost; until then the lock is held by that.
func (a *instanceLock) renew(ctx context.Context) (held bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.conn != nil {
		if _, err := a.conn.ExecContext(ctx, "SELECT 1"); err == nil {
			return true, nil
		}
		a.unlock()
	}
	// All connections of the pool may be as dead as that one was, and only those that are used are found out.
	for range maxPostgresConns + 1 {
		if held, err = a.lock(ctx); !errors.Is(err, driver.ErrBadConn) {
			break
		}
	}
	return held, err
}

// lock locks on a connection of the pool.
func (a *instanceLock) lock(ctx context.Context) (held bool, err error) {
	if a.conn, err = a.pool.Conn(ctx); err != nil {
		a.conn = nil
		return false, err
	}
	if held, err = tryLock(ctx, a.conn, a.owner); !held || err != nil {
		a.unlock()
	}
	return held, err
}

// ownerGone tells whether nobody holds the lock of another owner.
func (a *instanceLock) ownerGone(ctx context.Context, other string) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.conn == nil {
		return false, driver.ErrBadConn
	}
	free, err := tryLock(ctx, a.conn, other)
	if !free || err != nil {
		return false, err
	}
	_, err = a.conn.ExecContext(ctx, "SELECT pg_advisory_unlock(hashtextextended($1, 0))", other)
	return true, err
}

func (a *instanceLock) unlock() {
	_ = a.conn.Close() // of a lost connection it would say what is known
	a.conn = nil
}

// Close lets go of the lock.
func (a *instanceLock) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.conn != nil {
		a.unlock() // into a pool that is closed next
	}
	return nil
}

func tryLock(ctx context.Context, conn *sql.Conn, owner string) (free bool, err error) {
	err = conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock(hashtextextended($1, 0))", owner).Scan(&free)
	return free, err
}

// ensureInstance makes sure that a daemon which claims is known to be alive.
func (s *database) ensureInstance(ctx context.Context) error {
	a, shared := s.instance.(*instanceLock)
	if !shared {
		return nil
	}
	s.sent.Add(1)
	if _, err := a.renew(ctx); err != nil {
		return fmt.Errorf("making this daemon known again: %w", err)
	}
	return nil
}

// reclaimOrphanedLeases gives back the leases of all owners that are dead.
func (s *database) reclaimOrphanedLeases(ctx context.Context, dead func(owner string) (bool, error)) error {
	var owners []string
	err := s.query(ctx, nil, "owners", nil, func(scan scanFunc) error {
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
