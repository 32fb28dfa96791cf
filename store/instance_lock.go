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
	"time"

	"postrider/internal/sqlfile"
)

// ErrStoreInUse means that another daemon uses a SQLite store.
var ErrStoreInUse = errors.New("another postrider process is using this SQLite store; use PostgreSQL to run more than one")

// AcquireInstance registers a daemon as owner until Close. It reclaims the leases of dead daemons without waiting for their
// end, so a daemon that was killed and restarted continues where it stopped.
func (s *Store) AcquireInstance(ctx context.Context, owner string) error {
	if s.engine == sqlfile.SQLite {
		return s.acquireSQLite(ctx)
	}
	return s.acquirePostgres(ctx, owner)
}

// acquireSQLite locks a file next to the database. Its holder is the only daemon, so all leases belong to dead daemons. The
// system releases the lock when the process ends, even after a crash.
func (s *database) acquireSQLite(ctx context.Context) error {
	_, err := os.Stat(s.path + ".lock")
	s.freshLock = errors.Is(err, os.ErrNotExist)
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

// acquirePostgres takes an advisory lock on the owner's name, on a dedicated connection. PostgreSQL releases it when the
// connection ends. An owner whose lock is free is dead, or has lost that connection and claimed nothing since.
func (s *database) acquirePostgres(ctx context.Context, owner string) error {
	a := &instanceLock{pool: s.write.DB, owner: owner}
	s.instance = a
	switch held, err := a.renew(ctx); {
	case err != nil:
		return fmt.Errorf("registering this daemon: %w", err)
	case !held:
		return fmt.Errorf("registering this daemon: another daemon is already named %q", owner)
	}
	return s.reclaimOrphanedLeases(ctx, func(other string) (bool, error) {
		s.sent.Add(1)
		return a.ownerGone(ctx, other)
	})
}

// instanceLock is the connection whose lock shows that a daemon is alive.
type instanceLock struct {
	pool  *sql.DB
	owner string

	mu       sync.Mutex
	conn     *sql.Conn         // nil: lost
	settings map[string]string // see AgreeOnSettings; nil: none
}

// renew checks that the lock is held, and takes it on a new connection if the old one is lost, for example in a failover. Held
// is false while the server has not noticed that the old connection is lost, because that one still has the lock.
func (a *instanceLock) renew(ctx context.Context) (held bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.conn != nil {
		if _, err := a.conn.ExecContext(ctx, "SELECT 1"); err == nil {
			return true, nil
		}
		a.unlock()
	}
	// The other connections of the pool may be dead, too. The pool only notices when it uses them.
	for range maxPostgresConns + 1 {
		if held, err = a.lock(ctx); !errors.Is(err, driver.ErrBadConn) {
			break
		}
	}
	return held, err
}

// lock takes the lock on a connection of the pool.
func (a *instanceLock) lock(ctx context.Context) (held bool, err error) {
	if a.conn, err = a.pool.Conn(ctx); err != nil {
		a.conn = nil
		return false, err
	}
	if held, err = tryLock(ctx, a.conn, a.owner); !held || err != nil {
		a.unlock()
		return held, err
	}
	if a.settings == nil {
		return true, nil
	}
	if err = a.tryAgree(ctx, a.settings); err != nil { // others may have agreed on new ones while the connection was lost
		_ = a.conn.Raw(func(any) error { return driver.ErrBadConn }) // ends the session with its lock, instead of keeping it in the pool
		a.unlock()
	}
	return err == nil, err
}

// ownerGone reports whether the lock of another owner is free.
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
	_ = a.conn.Close() // an error only means that the connection is lost
	a.conn = nil
}

// unlockTimeout is how long Close waits for the server.
const unlockTimeout = 2 * time.Second

// Close releases the lock. Without the statement, the server would release it only a little after the connection has ended, and a
// daemon that starts meanwhile with other settings would be turned away.
func (a *instanceLock) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), unlockTimeout)
	defer cancel()
	_, _ = a.conn.ExecContext(ctx, "SELECT pg_advisory_unlock_all()") // an error: the end of the connection releases it
	a.unlock()                                                        // returns the connection to the pool, which is closed next
	return nil
}

func tryLock(ctx context.Context, conn *sql.Conn, owner string) (free bool, err error) {
	err = conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock(hashtextextended($1, 0))", owner).Scan(&free)
	return free, err
}

// ensureInstance makes sure that a daemon still holds its lock before it claims messages.
func (s *database) ensureInstance(ctx context.Context) error {
	a, shared := s.instance.(*instanceLock)
	if !shared {
		return nil
	}
	s.sent.Add(1)
	if _, err := a.renew(ctx); err != nil {
		return fmt.Errorf("registering this daemon again: %w", err)
	}
	return nil
}

// reclaimOrphanedLeases ends the leases of all dead owners.
func (s *database) reclaimOrphanedLeases(ctx context.Context, dead func(owner string) (bool, error)) error {
	var owners []string
	err := s.query(ctx, nil, "lease_owners", nil, func(scan scanFunc) error {
		var owner string
		err := scan(&owner)
		owners = append(owners, owner)
		return err
	})
	if err != nil {
		return fmt.Errorf("reading the owners of leases: %w", err)
	}
	for _, owner := range owners {
		gone, err := dead(owner)
		if err == nil && gone {
			_, err = s.exec(ctx, nil, "expire_leases", args{"owner": owner})
		}
		if err != nil {
			return fmt.Errorf("reclaiming leases of a dead daemon: %w", err)
		}
	}
	return nil
}
