// Package store is what the daemon remembers: sightings, members' marks and due times, the outbox and
// its outcomes. It keeps no text of any post.
//
// [Open] it, [Store.Migrate] it, then go the way of a post: [Store.SaveScan] notes what gathering met,
// [Store.Due] and [Store.Plan] put editions into the outbox, [Store.Claim] leases them, [Store.Settle]
// says what became of them, by which the members' marks move. Each of these is for a whole batch and a
// handful of statements: rows travel as one JSON parameter, so that the text of a statement never changes
// and all are prepared once, at the start, where a bad one stops the program.
//
// SQLite serves one daemon, PostgreSQL several. One text of a query serves both where that is possible;
// the files in queries and migrations say where it is not. All times are Unix seconds, UTC.
package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/internal/sqlfile"
)

// Store is the daemon's memory. It is safe for concurrent use.
type Store struct {
	engine     sqlfile.Engine
	write      *sqlx.DB // of SQLite the one connection that may write
	read       *sqlx.DB // of PostgreSQL the same as write
	statements map[string]*sqlx.NamedStmt
	prepareErr error // why there are no statements
	sent       atomic.Int64
	fault      func(statement string) error // see FailWith; nil: none
	readOnly   bool                         // nothing is written, see OpenReadOnly
	path       string                       // of the SQLite file
	instance   io.Closer                    // what makes this daemon known, see Attend; nil: nobody attends
}

// ErrNotMigrated means that the database is not at the step that this program needs.
var ErrNotMigrated = errors.New("store: the database is not at this program's step: migrate it first")

// Open opens the store that dsn names: "sqlite:FILE" or "postgres://user:password@host/database".
// A database that is not migrated yet can only be migrated, and one that is ahead can only be asked for its version.
func Open(ctx context.Context, dsn string) (*Store, error) { return open(ctx, dsn, false) }

// OpenReadOnly opens a store that is there and migrated, from which nothing but reading is possible: the database itself
// refuses all else. A daemon may be at work on it.
func OpenReadOnly(ctx context.Context, dsn string) (*Store, error) {
	s, err := open(ctx, dsn, true)
	if err == nil && s.statements == nil {
		s.Close()
		return nil, s.prepareErr
	}
	return s, err
}

func open(ctx context.Context, dsn string, look bool) (*Store, error) {
	s, err := connect(dsn, look)
	if err != nil {
		return nil, err
	}
	s.readOnly = look
	if err := s.begin(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// begin prepares the statements if the database is ready for them.
func (s *Store) begin(ctx context.Context) error {
	have, want, err := s.Version(ctx)
	if err != nil {
		return err
	}
	s.prepareErr = ErrNotMigrated
	if have > want {
		s.prepareErr = fmt.Errorf("%w (step %d, known are %d)", ErrSchemaTooNew, have, want)
	}
	if have != want {
		return nil
	}
	return s.prepare(ctx)
}

// Close closes the store.
func (s *Store) Close() error {
	var errs []error
	for _, stmt := range s.statements {
		errs = append(errs, stmt.Close())
	}
	if s.instance != nil {
		errs = append(errs, s.instance.Close())
	}
	errs = append(errs, s.write.Close())
	if s.read != s.write {
		errs = append(errs, s.read.Close())
	}
	return errors.Join(errs...)
}

// Statements is how many statements were sent so far, without the BEGIN and COMMIT around them.
func (s *Store) Statements() int64 { return s.sent.Load() }

// SetValue keeps a value under a key.
func (s *Store) SetValue(ctx context.Context, key, value string) error {
	if _, err := s.exec(ctx, nil, "remember", args{"key": key, "value": value}); err != nil {
		return fmt.Errorf("remembering %s: %w", key, err)
	}
	return nil
}

// Value reads what was kept under a key.
func (s *Store) Value(ctx context.Context, key string) (value string, known bool, err error) {
	err = s.query(ctx, nil, "recall", args{"key": key}, func(scan scanFunc) error {
		known = true
		return scan(&value)
	})
	if err != nil {
		return "", false, fmt.Errorf("recalling %s: %w", key, err)
	}
	return value, known, nil
}

// unixOrNull is a time as the database keeps it; NULL for the zero time.
func unixOrNull(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	unix := t.Unix()
	return &unix
}

// marshalRows writes rows as the JSON that a statement takes for all of them.
func marshalRows[T any](list []T) (string, error) {
	text, err := json.Marshal(list)
	if err != nil {
		return "", fmt.Errorf("writing rows: %w", err)
	}
	if bytes.Contains(text, []byte(`\u0000`)) { // else it takes longer
		return jsonZeros.Replace(string(text)), nil
	}
	return string(text), nil
}

// jsonZeros takes zero bytes out of JSON: PostgreSQL cannot keep them, and one would keep all other rows out. A backslash that is
// written as two is no part of one.
var jsonZeros = strings.NewReplacer(`\\`, `\\`, `\u0000`, "")

// marshalIDs writes ids as the JSON that a statement takes for all of them.
func marshalIDs[T ~int64](list []T) string {
	if len(list) == 0 {
		return "[]"
	}
	text, _ := json.Marshal(list) // whole numbers cannot fail
	return string(text)
}

// maxText is how many bytes of what a relay or an error said are kept.
const maxText = 1000

// sanitizeText shortens a text from outside, and drops zero bytes and what is not UTF-8, which PostgreSQL cannot keep.
func sanitizeText(text string) string {
	return stripNUL(strings.ToValidUTF8(text[:min(len(text), maxText)], ""))
}

func stripNUL(text string) string { return strings.ReplaceAll(text, "\x00", "") }
