// Package source reads a forum's own database, and never writes to it.
//
// One Go type, [DB], reads every forum. A forum type is a pair of files, such as xenforo2.go and
// xenforo2.sql. The Go file defines the type's URLs, markup, permissions and time zones. The SQL file contains
// the queries below. A file of the administrator can replace single queries ([Config.Queries]), so an unusual
// or custom forum needs no Go code.
//
// Open a DB, call Check to find out whether the forum is supported, then read everything else within
// [DB.Read], which is one read-only transaction with consistent results. The methods of [Snapshot] take whole
// batches of IDs, and split them into statements of at most 1,000.
//
// # The query contract
//
// [contract] lists the queries with their parameters and columns, what each returns, and what applies if it is missing.
// docs/query-contract.md shows the same as a page. In a list of columns, "?" marks those that a query may lack.
package source

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"postrider/forum"
	dsntext "postrider/internal/dsn"
	"postrider/internal/sqlfile"
)

// The reasons why a member gets no email: the values of the column no_mail.
const (
	Banned           = "banned"
	NotConfirmed     = "not confirmed"
	Bouncing         = "bouncing"
	Disabled         = "disabled"
	AwaitingApproval = "awaiting approval"
	Rejected         = "rejected"
	NoAddress        = "no address"
	AddressLeft      = "address left, must be confirmed" // in a mirror
	NotARecipient    = "left out by the query recipients"
	OptedOut         = forum.OptedOut // in an administrator's query: of all kinds
)

// MayRead reports whether a member may read the forum at all, even if they get no email.
func MayRead(m forum.Member) bool {
	switch m.NoMail {
	case "", NoAddress, AddressLeft, Bouncing, NotARecipient:
		return true
	}
	return false
}

// DB is a forum's database.
type DB struct {
	kind     forumType
	engine   sqlfile.Engine
	queries  map[string]sqlfile.Query
	sql      *sql.DB
	links    *addresses
	base     string
	prefix   string
	timeout  time.Duration // of one statement
	showTags []string      // [forum] show_tags
	optOut   string        // [forum] opt_out

	mailFlagOff string // [forum] mail_flag_off
	lacks       []lack // optional tables that the forum lacks

	dialectMu  sync.Mutex
	dialect    *dialect // nil: not read yet
	statements atomic.Int64
}

// Open connects to a forum's database. Check tests whether the forum is supported.
func Open(ctx context.Context, c Config) (*DB, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	k, _ := forumTypeNamed(c.Type)
	t, err := parseDSN(c.DSN)
	if err != nil {
		return nil, err
	}
	if k.homemade {
		if k, err = customType(c.Queries); err != nil {
			return nil, err
		}
		if !k.supports(t.engine) {
			return nil, &QueriesError{fmt.Errorf("%s is written for %s, and dsn in [forum] names a database of %s", c.Queries, engineNames(k.engines), t.engine)}
		}
	}
	prefix := c.Prefix
	if prefix == "" {
		prefix = k.prefix
	}
	optional := &optionalTables{engine: t.engine, prefix: prefix}
	queries, err := loadQueriesWith(k, optional, c.Queries)
	if err != nil {
		return nil, err
	}
	pool, err := t.open(c.Timeout)
	if err != nil {
		return nil, err
	}
	if err := pool.PingContext(ctx); err != nil {
		pool.Close()
		err = fmt.Errorf("connecting to %s: %w", t, err)
		if t.engine == sqlfile.MySQL && !refusesLogin(err) || t.engine == sqlfile.Postgres && dsntext.Unreachable(err) {
			err = UnreachableError{err}
		}
		return nil, err
	}
	base := strings.TrimRight(c.URL, "/")
	db := &DB{
		kind: k, engine: t.engine, queries: queries, sql: pool,
		links: newAddresses(k.links(base)), base: base, prefix: prefix, timeout: c.Timeout, showTags: c.ShowTags,
		optOut: c.OptOut, mailFlagOff: c.MailFlagOff,
	}
	if err := db.findLacks(ctx, optional); err != nil {
		pool.Close()
		return nil, err
	}
	if len(db.lacks) > 0 {
		if db.queries, err = loadQueriesWith(k, optional, c.Queries); err != nil {
			pool.Close()
			return nil, err
		}
	}
	_, _ = db.currentDialect(ctx) // so that the first Read is as fast as the others; an error comes again there
	return db, nil
}

// Close ends all connections.
func (db *DB) Close() error { return db.sql.Close() }

// Links returns the URLs of the forum's own pages.
func (db *DB) Links() forum.Links { return db.links }

// Overlap is how many IDs of posts below the newest known one a scan must read again, if the forum does not count its posts; 0: it counts them.
func (db *DB) Overlap() forum.PostID { return forum.PostID(db.kind.overlap) }

// ZonesAreOffsets reports whether the forum stores UTC offsets, so that a member's zone changes with daylight saving time.
func (db *DB) ZonesAreOffsets() bool { return db.kind.offsetOnly || db.lacksTable(db.kind.zonesIn) }

// MailsDirect reports whether the forum itself emails members who watch nothing about posts that quote or mention them.
func (db *DB) MailsDirect() bool { return db.kind.mailsDirect }

// Statements returns the number of SQL statements sent so far.
func (db *DB) Statements() int64 { return db.statements.Load() }

// Read calls ask within one read-only transaction. If the engine has snapshots (InnoDB, SQLite), all results
// show the forum as it was at the first query. MyISAM, which MyBB may use, has none.
func (db *DB) Read(ctx context.Context, ask func(*Snapshot) error) (err error) {
	d, err := db.currentDialect(ctx)
	if err != nil {
		return err
	}
	return db.transaction(ctx, func(s *Snapshot) error {
		s.dialect = d
		return ask(s)
	})
}

// transaction calls ask within one read-only transaction.
func (db *DB) transaction(ctx context.Context, ask func(*Snapshot) error) (err error) {
	var options *sql.TxOptions // MySQL and SQLite: the connection itself is read-only, see connect.go
	if db.engine == sqlfile.Postgres {
		options = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true} // without options, lib/pq asks for READ WRITE
	}
	tx, err := db.sql.BeginTx(ctx, options)
	if err != nil {
		return fmt.Errorf("starting to read the forum: %w", err)
	}
	db.statements.Add(1)
	defer func() {
		if end := tx.Rollback(); end != nil && !errors.Is(end, sql.ErrTxDone) && err == nil {
			err = fmt.Errorf("finishing to read the forum: %w", end)
		}
	}()
	return ask(&Snapshot{db: db, tx: tx})
}
