package store

import (
	"database/sql"
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

const readConns = 4 // connections that read a SQLite file beside the one that writes

// connect makes the pools, to look only if that is enough. It does not speak to a server yet. No error of it holds a
// password.
func connect(dsn string, readOnly bool) (*database, error) {
	scheme, rest, found := strings.Cut(dsn, ":")
	postgres := scheme == "postgres" || scheme == "postgresql"
	switch {
	case found && scheme == "sqlite" && readOnly:
		return readSQLite(rest)
	case found && scheme == "sqlite":
		return connectSQLite(rest)
	case found && postgres && readOnly:
		return readPostgres(dsn)
	case found && postgres:
		return connectPostgres(dsn)
	case !found:
		return nil, errors.New(`store: dsn names no database: give "sqlite:FILE" or "postgres://user:password@host/database"`)
	}
	return nil, fmt.Errorf(`store: dsn begins with %q: give "sqlite:FILE" or "postgres://user:password@host/database"`, scheme+":")
}

// connectSQLite opens a file twice: once to write, so that writers queue in the program instead of meeting
// SQLITE_BUSY, and once to read, which in WAL mode waits for nobody.
func connectSQLite(path string) (*database, error) {
	if path == "" || strings.HasPrefix(path, ":memory:") {
		return nil, errors.New(`store: "sqlite:" wants the name of a file: what is not on disk is not remembered`)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	// The file holds the key that signs links: it is for the daemon's eyes only.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store: opening the SQLite file: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("store: opening the SQLite file: %w", err)
	}
	// FULL, not NORMAL: after a power cut NORMAL may have forgotten that mails were sent. It costs one
	// fsync a batch.
	const always = busyTimeout + "&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
	write, err := openSQLite(path, always+"&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := openSQLite(path, always+"&_pragma=query_only(1)")
	if err != nil {
		return nil, err
	}
	read.SetMaxOpenConns(readConns)
	read.SetMaxIdleConns(readConns)
	return &database{engine: sqlfile.SQLite, write: write, read: read, path: path}, nil
}

// readSQLite opens a file to look only. It must be there.
func readSQLite(path string) (*database, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("store: opening the SQLite file: %w", err)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	pool, err := openSQLite(path, "mode=ro&"+busyTimeout+"&_pragma=query_only(1)")
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

func openSQLite(path, settings string) (*sqlx.DB, error) {
	name := url.URL{Scheme: "file", Path: path, RawQuery: settings}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, fmt.Errorf("store: opening the SQLite file: %w", err)
	}
	return sqlx.NewDb(db, "sqlite3"), nil // the name by which sqlx knows how SQLite writes parameters
}
