package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/internal/sqlfile"
)

// Restored records that the store is an old copy: a daemon may have sent messages that it does not know of. Nothing is planned or
// sent until an operator decides.
type Restored struct {
	Of       time.Time       `json:"of"`       // last sign of life before the copy was made
	Noticed  time.Time       `json:"noticed"`  // everything that existed then may have been sent; zero: not determined yet
	Boundary int64           `json:"boundary"` // the newest sighting at that time
	Decision RestoreDecision `json:"decision"`
}

// RestoreDecision says what to do with messages that may have been sent since the copy was made.
type RestoreDecision string

// The decisions.
const (
	SkipRestored RestoreDecision = "skip" // count them as sent
	SendRestored RestoreDecision = "send" // send them: members may get some a second time, with the same Message-ID
)

const (
	restoredKey = "restored"
	backupKey   = "backup of" // set in a copy that Backup made
	beatsKey    = "beats"
	databaseKey = "database" // PostgreSQL: which database the store is in
)

// ErrNotRestored means that there is nothing to decide.
var ErrNotRestored = errors.New("this store is not known to be restored from a backup: there is nothing to decide")

// ErrUndecided means that an operator must decide first.
var ErrUndecided = errors.New(`this store is an old copy: to count everything until now as sent, run "postrider restored skip"; to send it, run "postrider restored send"`)

// NoticeRestore notices a store that is older than what a daemon did with it. AcquireInstance must have succeeded.
//
// A SQLite store and the lock file next to it both count the heartbeats. A store that was restored has fewer, and a copy in another
// folder has no lock file. A PostgreSQL store remembers the database that it is in, and pg_restore creates another one. A copy that
// Backup made is marked.
func (s *Store) NoticeRestore(ctx context.Context) (*Restored, error) {
	if r, err := s.Restored(ctx); r != nil || err != nil {
		return r, err
	}
	old, of, err := s.isOldCopy(ctx)
	if err == nil && old {
		err = s.saveRestored(ctx, Restored{Of: of})
	}
	if err == nil {
		err = s.Beat(ctx)
	}
	s.freshLock = false
	if err == nil {
		_, err = s.exec(ctx, nil, "delete_value", args{"key": backupKey})
	}
	if err != nil {
		return nil, fmt.Errorf("checking the age of the store: %w", err)
	}
	return s.Restored(ctx)
}

// isOldCopy reports whether the store is an old copy, and when the daemon was last alive in it.
func (s *Store) isOldCopy(ctx context.Context) (old bool, of time.Time, err error) {
	pulse, _, err := s.Values.Get(ctx, HeartbeatKey)
	if err != nil {
		return false, of, err
	}
	of, _ = time.Parse(time.RFC3339, pulse)
	made, marked, err := s.Values.Get(ctx, backupKey)
	if err != nil {
		return false, of, err
	}
	if marked {
		at, _ := time.Parse(time.RFC3339, made)
		return true, at, nil
	}
	if s.engine == sqlfile.Postgres {
		before, known, err := s.Values.Get(ctx, databaseKey)
		if err != nil {
			return false, of, err
		}
		now, err := s.databaseName(ctx)
		return known && before != now, of, err
	}
	beats, err := s.beats(ctx)
	lock, _ := s.instance.(*os.File)
	if err != nil || lock == nil {
		return false, of, err
	}
	beside, known := readBeats(lock)
	return beats > 0 && s.freshLock || known && beside > beats, of, nil
}

// Beat counts a heartbeat, in the store and next to it. It also copies the log of SQLite into the database file, so that a copy of
// that file alone, which is not the way to make a backup, is little older.
func (s *Store) Beat(ctx context.Context) error {
	if s.engine == sqlfile.Postgres {
		name, err := s.databaseName(ctx)
		if err != nil {
			return err
		}
		return s.Values.Set(ctx, databaseKey, name)
	}
	n, err := s.beats(ctx)
	if err != nil {
		return err
	}
	lock, ours := s.instance.(*os.File)
	if !ours {
		return nil
	}
	if beside, known := readBeats(lock); known {
		n = max(n, beside)
	}
	n++
	if err := s.Values.Set(ctx, beatsKey, strconv.FormatInt(n, 10)); err != nil {
		return err
	}
	if _, err := lock.WriteAt(fmt.Appendf(nil, "%020d\n", n), 0); err != nil {
		return fmt.Errorf("writing the lock file: %w", err)
	}
	s.sent.Add(1)
	_, err = s.write.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
	return err
}

func (s *Store) beats(ctx context.Context) (int64, error) {
	text, known, err := s.Values.Get(ctx, beatsKey)
	if err != nil || !known {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

// readBeats reads the lock file. It is empty if only an older version has used the store.
func readBeats(lock *os.File) (beats int64, known bool) {
	var text [20]byte
	if _, err := lock.ReadAt(text[:], 0); err != nil {
		return 0, false
	}
	beats, err := strconv.ParseInt(strings.TrimLeft(string(text[:]), "0"), 10, 64)
	return beats, err == nil
}

// databaseName identifies a PostgreSQL database and the table in it. A restored dump has other numbers.
func (s *database) databaseName(ctx context.Context) (name string, err error) {
	const query = `SELECT (SELECT oid FROM pg_database WHERE datname = current_database())::text || '/' || 'outbox'::regclass::oid::text`
	s.sent.Add(1)
	return name, s.read.QueryRowContext(ctx, query).Scan(&name)
}

// Restored returns what is known of a restored store; nil: it is not restored, or that is settled.
func (s *Store) Restored(ctx context.Context) (*Restored, error) {
	text, known, err := s.Values.Get(ctx, restoredKey)
	if err != nil || !known {
		return nil, err
	}
	r := new(Restored)
	if err := json.Unmarshal([]byte(text), r); err != nil {
		return nil, fmt.Errorf("parsing the record of a restored store: %w", err)
	}
	return r, nil
}

func (s *Store) saveRestored(ctx context.Context, r Restored) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return s.Values.Set(ctx, restoredKey, string(text))
}

// DecideRestored records the decision of an operator. The daemon carries it out in its next round.
func (s *Store) DecideRestored(ctx context.Context, d RestoreDecision) error {
	r, err := s.Restored(ctx)
	if err != nil {
		return err
	}
	if r == nil {
		return ErrNotRestored
	}
	r.Decision = d
	return s.saveRestored(ctx, *r)
}

// SettleRestored carries out the decision after a scan. Until then it returns ErrUndecided, and remembers what exists now: a daemon
// may have sent all of it.
func (s *Store) SettleRestored(ctx context.Context, now time.Time) (*Restored, error) {
	r, err := s.Restored(ctx)
	if r == nil || err != nil {
		return nil, err
	}
	if r.Noticed.IsZero() {
		p, err := s.Alerts.Progress(ctx)
		if err != nil {
			return nil, err
		}
		r.Noticed, r.Boundary = now.UTC().Truncate(time.Second), p.Head
		if err := s.saveRestored(ctx, *r); err != nil {
			return nil, err
		}
	}
	switch r.Decision {
	case SendRestored:
		_, err = s.exec(ctx, nil, "delete_value", args{"key": restoredKey})
	case SkipRestored:
		err = s.skipRestored(ctx, now, *r)
	default:
		return r, ErrUndecided
	}
	if err != nil {
		return r, fmt.Errorf("settling a restored store: %w", err)
	}
	return r, nil
}

// skipRestored counts all messages and posts up to the boundary as sent.
func (s *Store) skipRestored(ctx context.Context, now time.Time, r Restored) error {
	a := args{
		"now": now.Unix(), "noticed": r.Noticed.Unix(), "boundary": r.Boundary,
		"reason": "may have been sent before the store was restored",
	}
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		for _, counter := range []string{counterAlerted, counterAlerting, counterAlertingMember, "member"} {
			if _, err := s.lockCounter(ctx, tx, counter); err != nil {
				return err
			}
		}
		for _, query := range []string{"restored_omit_alerts", "restored_skip_messages", "restored_forget_deferred", "restored_cover"} {
			if _, err := s.exec(ctx, tx, query, a); err != nil {
				return err
			}
		}
		if err := s.Alerts.advance(ctx, tx, AlertProgress{Done: r.Boundary, Until: r.Boundary}); err != nil {
			return err
		}
		_, err := s.exec(ctx, tx, "delete_value", args{"key": restoredKey})
		return err
	})
}
