package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jmoiron/sqlx"
	_ "modernc.org/sqlite" // registers "sqlite"

	"postrider/internal/sqlfile"
)

const readConns = 4 // connections that read a SQLite file, next to the one that writes

// Option changes how the store connects to its database.
type Option func(driver.Connector) driver.Connector

// WithConnector puts a connector between the store and its driver, for example to trace statements. The store has two
// connection pools for SQLite; wrap is called for each.
func WithConnector(wrap func(driver.Connector) driver.Connector) Option { return wrap }

// openPool opens a connection pool.
func openPool(c driver.Connector, options []Option) *sql.DB {
	for _, wrap := range options {
		c = wrap(c)
	}
	return sql.OpenDB(c)
}

// dsnConnector connects with a driver that has no connector itself.
type dsnConnector struct {
	dsn    string
	driver driver.Driver
}

// Connect implements driver.Connector.
func (c dsnConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

// Driver implements driver.Connector.
func (c dsnConnector) Driver() driver.Driver { return c.driver }

// connect makes the connection pools. It does not connect to a server yet. Its errors never contain the password.
func connect(dsn string, readOnly bool, options []Option) (*database, error) {
	scheme, rest, found := strings.Cut(dsn, ":")
	postgres := scheme == "postgres" || scheme == "postgresql"
	switch {
	case found && scheme == "sqlite" && readOnly:
		return readSQLite(rest, options)
	case found && scheme == "sqlite":
		return connectSQLite(rest, options)
	case found && postgres && readOnly:
		return readPostgres(dsn, options)
	case found && postgres:
		return connectPostgres(dsn, options)
	case !found:
		return nil, errors.New(`invalid store dsn: must be "sqlite:FILE" or "postgres://user:password@host/database"`)
	}
	return nil, fmt.Errorf(`invalid store dsn: unknown scheme %q: must be "sqlite:FILE" or "postgres://user:password@host/database"`, scheme+":")
}

// connectSQLite opens a file twice. One pool writes on a single connection, so that writers queue in the program instead of
// getting SQLITE_BUSY. The other pool reads, which never waits in WAL mode.
func connectSQLite(path string, options []Option) (*database, error) {
	if path == "" || strings.HasPrefix(path, ":memory:") {
		return nil, errors.New(`invalid store dsn: "sqlite:" needs a file name: an in-memory database would lose its data`)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	// The file holds the key that signs links: only its owner may read it.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store: opening the SQLite file: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("store: opening the SQLite file: %w", err)
	}
	// FULL, not NORMAL: with NORMAL a power cut may lose the record of sent messages. It costs one fsync per batch.
	const always = busyTimeout + "&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
	write, err := openSQLite(path, always+"&_txlock=immediate", options)
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := openSQLite(path, always+"&_pragma=query_only(1)", options)
	if err != nil {
		return nil, err
	}
	read.SetMaxOpenConns(readConns)
	read.SetMaxIdleConns(readConns)
	return &database{engine: sqlfile.SQLite, write: write, read: read, path: path}, nil
}

// readSQLite opens an existing file read-only.
func readSQLite(path string, options []Option) (*database, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("store: opening the SQLite file: %w", err)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	pool, err := openSQLite(path, "mode=ro&"+busyTimeout+"&_pragma=query_only(1)", options)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(readConns)
	pool.SetMaxIdleConns(readConns)
	return &database{engine: sqlfile.SQLite, write: pool, read: pool, path: path}, nil
}

// busyTimeout is how long a statement waits for another process that writes, in milliseconds. SQLite polls for its lock,
// in no order, so with several writers on a slow disk one of them waits much longer than each write takes.
const busyTimeout = "_pragma=busy_timeout(30000)"

func openSQLite(path, settings string, options []Option) (*sqlx.DB, error) {
	name := url.URL{Scheme: "file", Path: path, RawQuery: settings}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, fmt.Errorf("store: opening the SQLite file: %w", err)
	}
	if len(options) > 0 {
		db.Close() // it has only served to find the driver
		db = openPool(dsnConnector{name.String(), db.Driver()}, options)
	}
	return sqlx.NewDb(db, "sqlite3"), nil // sqlx derives SQLite's parameter style from this name
}
