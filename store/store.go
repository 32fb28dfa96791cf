// Package store is what the daemon remembers: sightings, subscribers, preferences, the outbox and what became of each message.
// It keeps no text of any post.
//
// A [Store] is a list of parts, one for each noun, over one database. A message takes this way through them:
//
//  1. [Open] the store and [Store.Migrate] it.
//  2. [Between.Save] records which posts a scan found visible.
//  3. [Get.Due] and [Outbox.Plan] put editions into the outbox; [Alerts.Plan] puts alerts there,
//     [List.Enqueue] announcements.
//  4. [Outbox.Claim] leases messages, [Outbox.MarkInFlight] records that they are about to be sent.
//  5. [Outbox.Settle] records the results, and moves the covered sequence of each member.
//
// Each step works on a whole batch with a handful of statements. Rows travel as one JSON parameter, so the text of a statement
// never changes. All statements are prepared at the start, where a bad one stops the program.
//
// SQLite serves one daemon, PostgreSQL several. One text of a query serves both engines where that is possible; the files in
// queries and migrations say where it is not. All times are Unix seconds, UTC.
//
// Some tables keep names from before the glossary: "owed" holds deferred posts, "wish" overrides, "basis" preference baselines,
// "notice" alert items, "tally" delivery counts, "roll" or "member" subscribers, "mark" a covered sequence, "run" rounds.
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

// Store is the daemon's memory, part by part. It is safe for concurrent use.
type Store struct {
	*database

	Sightings     Sightings
	Subscribers   Subscribers
	Preferences   Preferences
	Outbox        Outbox
	Queue         Queue
	Alerts        Alerts
	Deferred      Deferred
	Announcements Announcements
	Suppressions  Suppressions
	Holds         Holds
	Alarms        Alarms
	Audit         Audit
	Sessions      Sessions
	Rounds        Rounds
	Counts        Counts
	LinkKeys      LinkKeys
	Values        Values
}

// The parts of a store. Each is a handle on the same database, cheap to copy.
type (
	// Sightings records which posts were seen visible, and where.
	Sightings struct{ *database }
	// Subscribers keeps the members who watch anything, how far their digests have come and when each is due.
	Subscribers struct{ *database }
	// Preferences keeps what members chose: for all their email and for single watches.
	Preferences struct{ *database }
	// Outbox holds the messages from planning to settling.
	Outbox struct{ *database }
	// Queue is the outbox as operators see it: lists, retries, drops, the pause.
	Queue struct{ *database }
	// Alerts plans and remembers alerts and their items.
	Alerts struct{ *database }
	// Deferred keeps the posts that a later edition must bring.
	Deferred struct{ *database }
	// Announcements keeps announcements, their state and their progress.
	Announcements struct{ *database }
	// Suppressions keeps refusals, the health of addresses and who gets no email because of it.
	Suppressions struct{ *database }
	// Holds keeps the domains to which delivery is stopped.
	Holds struct{ *database }
	// Alarms keeps active alarms and the notifications that still have to go out.
	Alarms struct{ *database }
	// Audit is the log of what administrators and operators did.
	Audit struct{ *database }
	// Sessions keeps the logins of the admin pages.
	Sessions struct{ *database }
	// Rounds keeps a report of each round that did anything.
	Rounds struct{ *database }
	// Counts keeps how many messages were planned and what became of them.
	Counts struct{ *database }
	// All keeps the keys that sign links.
	LinkKeys struct{ *database }
	// Values keeps single values by key.
	Values struct{ *database }
)

// database is the connection that all parts share.
type database struct {
	engine     sqlfile.Engine
	write      *sqlx.DB // SQLite: the only connection that may write
	read       *sqlx.DB // PostgreSQL: the same as write
	statements map[string]*sqlx.NamedStmt
	prepareErr error // why there are no statements
	sent       atomic.Int64
	fault      func(statement string) error // see FailWith; nil: none
	readOnly   bool                         // nothing is written, see OpenReadOnly
	path       string                       // of the SQLite file
	instance   io.Closer                    // the lock of this daemon, see AcquireInstance; nil: none taken
}

func newStore(db *database) *Store {
	return &Store{
		db, Sightings{db}, Subscribers{db}, Preferences{db}, Outbox{db}, Queue{db}, Alerts{db}, Deferred{db}, Announcements{db},
		Suppressions{db}, Holds{db}, Alarms{db}, Audit{db}, Sessions{db}, Rounds{db}, Counts{db}, LinkKeys{db}, Values{db},
	}
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
	db, err := connect(dsn, look)
	if err != nil {
		return nil, err
	}
	s := newStore(db)
	s.readOnly = look
	if err := s.begin(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// begin prepares the statements if the database is ready for them.
func (s *database) begin(ctx context.Context) error {
	have, want, err := s.version(ctx)
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

// Set keeps a value under a key.
func (s Values) Set(ctx context.Context, key, value string) error {
	if _, err := s.exec(ctx, nil, "remember", args{"key": key, "value": value}); err != nil {
		return fmt.Errorf("remembering %s: %w", key, err)
	}
	return nil
}

// Get reads what was kept under a key.
func (s Values) Get(ctx context.Context, key string) (value string, known bool, err error) {
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
