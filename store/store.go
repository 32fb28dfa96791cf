// Package store keeps the daemon's own data: sightings, subscribers, preferences, the outbox and the result of each message.
// It keeps no text of any post.
//
// A [Store] is a list of parts, one for each noun, over one database. A message takes this way through them:
//
//  1. [Open] the store and [Store.Migrate] it.
//  2. [Sightings.Save] records which posts a scan found visible.
//  3. [Subscribers.Due] and [Outbox.Plan] put editions into the outbox; [Alerts.Plan] puts alerts there,
//     [Announcements.Enqueue] announcements.
//  4. [Outbox.Claim] leases messages, [Outbox.MarkInFlight] records that they are about to be sent.
//  5. [Outbox.Settle] records the results, and moves the covered sequence of each member.
//
// Each step works on a whole batch with a handful of statements. Rows travel as one JSON parameter, so the text of a statement
// never changes. All statements are prepared at the start, so a bad one stops the program.
//
// SQLite supports one daemon, PostgreSQL several. Most queries have one text for both engines; the files in queries and
// migrations mark the exceptions. All times are Unix seconds, UTC.
//
// Some tables keep names from before the glossary: "owed" holds deferred posts, "wish" overrides, "basis" preference baselines,
// "notice" alert items, "tally" delivery counts, "member" subscribers, "mark" a covered sequence, "run" rounds.
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

// Store gives access to the daemon's data, part by part. It is safe for concurrent use.
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
	Confirmations Confirmations
	Consents      Consents
}

// The parts of a store. Each is a handle on the same database, cheap to copy.
type (
	// Sightings records which posts were seen visible, and where.
	Sightings struct{ *database }
	// Subscribers keeps the members who watch anything, their covered sequences and due times.
	Subscribers struct{ *database }
	// Preferences keeps what members chose: for all their email and for single watches.
	Preferences struct{ *database }
	// Outbox holds the messages from planning to settling.
	Outbox struct{ *database }
	// Queue is the outbox as operators see it: lists, retries, drops, the pause.
	Queue struct{ *database }
	// Alerts plans alerts and keeps their items.
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
	// Audit is the log of actions by administrators and operators.
	Audit struct{ *database }
	// Sessions keeps the logins of the admin pages.
	Sessions struct{ *database }
	// Rounds keeps a record of each round that did anything.
	Rounds struct{ *database }
	// Counts keeps how many messages were planned and sent.
	Counts struct{ *database }
	// LinkKeys keeps the keys that sign links.
	LinkKeys struct{ *database }
	// Values keeps single values by key.
	Values struct{ *database }
	// Confirmations keeps the messages that ask the owner of an address to confirm a subscription.
	Confirmations struct{ *database }
	// Consents keeps the confirmed subscriptions.
	Consents struct{ *database }
)

// database is the connection that all parts share.
type database struct {
	engine     sqlfile.Engine
	write      *sqlx.DB // SQLite: the only connection that may write
	read       *sqlx.DB // PostgreSQL: the same as write
	statements map[string]*sqlx.NamedStmt
	prepareErr error // why statements is nil
	sent       atomic.Int64
	readOnly   bool      // see OpenReadOnly
	path       string    // of the SQLite file
	instance   io.Closer // the lock of this daemon, see AcquireInstance; nil: not acquired
	freshLock  bool      // AcquireInstance has created the lock file of a SQLite store
}

func newStore(db *database) *Store {
	return &Store{
		db, Sightings{db}, Subscribers{db}, Preferences{db}, Outbox{db}, Queue{db}, Alerts{db}, Deferred{db}, Announcements{db},
		Suppressions{db}, Holds{db}, Alarms{db}, Audit{db}, Sessions{db}, Rounds{db}, Counts{db}, LinkKeys{db}, Values{db}, Confirmations{db}, Consents{db},
	}
}

// ErrNotMigrated means that the database does not have the schema that this program needs.
var ErrNotMigrated = errors.New(`store: the database schema is out of date: run "postrider migrate"`)

// Open opens the store at dsn: "sqlite:FILE" or "postgres://user:password@host/database". While the database is not migrated, only
// Migrate and Version work. If its schema is newer than this program, only Version works.
func Open(ctx context.Context, dsn string, options ...Option) (*Store, error) {
	return open(ctx, dsn, false, options)
}

// OpenReadOnly opens an existing, migrated store for reading. The database itself rejects writes. A daemon may be using it.
func OpenReadOnly(ctx context.Context, dsn string) (*Store, error) {
	s, err := open(ctx, dsn, true, nil)
	if err == nil && s.statements == nil {
		s.Close()
		return nil, s.prepareErr
	}
	return s, err
}

func open(ctx context.Context, dsn string, readOnly bool, options []Option) (*Store, error) {
	db, err := connect(dsn, readOnly, options)
	if err != nil {
		return nil, err
	}
	s := newStore(db)
	s.readOnly = readOnly
	if err := s.prepareIfMigrated(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// prepareIfMigrated prepares the statements if the database has the schema for them.
func (s *database) prepareIfMigrated(ctx context.Context) error {
	have, want, err := s.version(ctx)
	if err != nil {
		return err
	}
	s.prepareErr = ErrNotMigrated
	if have > want {
		s.prepareErr = fmt.Errorf("%w (it is at step %d, this postrider knows %d)", ErrSchemaTooNew, have, want)
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

// Statements returns how many statements were sent so far, not counting BEGIN and COMMIT.
func (s *Store) Statements() int64 { return s.sent.Load() }

// Set saves a value under a key.
func (s Values) Set(ctx context.Context, key, value string) error {
	if _, err := s.exec(ctx, nil, "set_value", args{"key": key, "value": value}); err != nil {
		return fmt.Errorf("saving the value %s: %w", key, err)
	}
	return nil
}

// Get returns the value of a key.
func (s Values) Get(ctx context.Context, key string) (value string, known bool, err error) {
	err = s.query(ctx, nil, "get_value", args{"key": key}, func(scan scanFunc) error {
		known = true
		return scan(&value)
	})
	if err != nil {
		return "", false, fmt.Errorf("reading the value %s: %w", key, err)
	}
	return value, known, nil
}

// HeartbeatKey is the key of the time of the last heartbeat.
const HeartbeatKey = "pulse"

// unixOrNull returns a time as Unix seconds; NULL for the zero time.
func unixOrNull(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	unix := t.Unix()
	return &unix
}

// marshalRows encodes rows as one JSON parameter.
func marshalRows[T any](list []T) (string, error) {
	text, err := json.Marshal(list)
	if err != nil {
		return "", fmt.Errorf("encoding rows: %w", err)
	}
	if bytes.Contains(text, []byte(`\u0000`)) { // rare, and Replace is slow
		return jsonZeros.Replace(string(text)), nil
	}
	return string(text), nil
}

// jsonZeros removes zero bytes from JSON: PostgreSQL cannot store them, and would reject the whole batch for one of them. The first
// pair matches escaped backslashes, so that a literal \u0000 in a text stays.
var jsonZeros = strings.NewReplacer(`\\`, `\\`, `\u0000`, "")

// marshalIDs encodes IDs as one JSON parameter.
func marshalIDs[T ~int64](list []T) string {
	if len(list) == 0 {
		return "[]"
	}
	text, _ := json.Marshal(list) // integers cannot fail
	return string(text)
}

// maxText is how many bytes of a relay's reply or an error are kept.
const maxText = 1000

// sanitizeText shortens an external text and removes zero bytes and invalid UTF-8, which PostgreSQL cannot store.
func sanitizeText(text string) string {
	return stripNUL(strings.ToValidUTF8(text[:min(len(text), maxText)], ""))
}

func stripNUL(text string) string { return strings.ReplaceAll(text, "\x00", "") }
