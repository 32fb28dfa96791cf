// Package mirror keeps a copy of what a site publishes, for sites whose database cannot be reached: a forum in the cloud, a news site.
//
// The copy is a database of our own. [Open] creates and upgrades it. It is filled by signed requests ([DB.Ingest]) and feeds ([Poller]). Package source reads
// it like any other forum, as type "mirror". Only this package writes it.
//
// A sender names everything by its own IDs, which may be any text. Sending the same thing again changes nothing.
package mirror

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	_ "modernc.org/sqlite" // registers "sqlite"

	dsntext "postrider/internal/dsn"
	"postrider/internal/sqlfile"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

//go:embed queries.sql
var queryText string

// DB is the database of a mirror. It is safe for concurrent use.
type DB struct {
	engine  sqlfile.Engine
	pool    *sqlx.DB
	queries map[string]sqlfile.Query

	// Unsubscribed tells which of these members have unsubscribed from everything; nil: nobody has.
	Unsubscribed func(ctx context.Context, now time.Time, members []int64) (map[int64]bool, error)
}

// ErrSchemaTooNew means that a newer version of the program has changed the database.
var ErrSchemaTooNew = errors.New("the schema of the mirror is newer than this postrider: run the newer version that upgraded it")

// ErrUnreachable means that the database server cannot be reached now, for example because it is still starting.
var ErrUnreachable = errors.New("the database of the mirror cannot be reached")

// Open opens the database of a mirror, "sqlite:FILE" or "postgres://...". It creates and upgrades the tables.
func Open(ctx context.Context, dsn string) (*DB, error) {
	db, err := connect(dsn)
	if err != nil {
		return nil, fmt.Errorf("opening the mirror: %w", err)
	}
	if err := db.pool.PingContext(ctx); err != nil && db.engine == sqlfile.Postgres && dsntext.Unreachable(err) {
		db.Close()
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	if db.queries, err = sqlfile.Parse("queries.sql", queryText, db.engine, nil); err == nil {
		err = db.migrate(ctx)
	}
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("opening the mirror: %w", err)
	}
	return db, nil
}

// Close ends all connections.
func (db *DB) Close() error { return db.pool.Close() }

func connect(dsn string) (*DB, error) {
	path, isFile := strings.CutPrefix(dsn, "sqlite:")
	if !isFile {
		return connectPostgres(dsn)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // it holds addresses of members: only its owner may read it
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	// The journals of single statements in memory: SQLite writes one for each post, as a file by default.
	options := url.Values{"_pragma": {"journal_mode(WAL)", "foreign_keys(1)", "busy_timeout(30000)", "temp_store(memory)"}, "_txlock": {"immediate"}}
	name := url.URL{Scheme: "file", Path: path, RawQuery: options.Encode()}
	pool, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1) // writers wait for each other here, not in SQLite
	return &DB{engine: sqlfile.SQLite, pool: sqlx.NewDb(pool, "sqlite3")}, nil
}

// errInvalidDSN says less than the driver, whose error may contain the password.
var errInvalidDSN = errors.New("forum.dsn is not a valid URL of a PostgreSQL database")

// connectPostgres connects as package source does, so that what can be read can be written.
func connectPostgres(dsn string) (*DB, error) {
	config, err := pq.NewConfig(dsn)
	if err != nil {
		return nil, errInvalidDSN
	}
	if dsntext.TLSOptional(dsn, config.Host) {
		config.SSLMode = pq.SSLModePrefer
	}
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, errInvalidDSN
	}
	pool := sqlx.NewDb(sql.OpenDB(connector), "postgres")
	pool.SetMaxOpenConns(2)
	return &DB{engine: sqlfile.Postgres, pool: pool}, nil
}

// migrationLock is the advisory lock that makes daemons upgrade a PostgreSQL database in turn: "pomirror" as a number.
const migrationLock = 0x706f6d6972726f72

// migrate upgrades the tables to the schema of this program, in one transaction.
func (db *DB) migrate(ctx context.Context) error {
	steps, err := fs.Glob(schemaFiles, "schema/*.sql") // sorted by name
	if err != nil {
		return err
	}
	return db.transaction(ctx, func(tx *transaction) error {
		if db.engine == sqlfile.Postgres {
			if err := tx.raw(fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", migrationLock)); err != nil {
				return err
			}
		}
		if err := tx.raw("CREATE TABLE IF NOT EXISTS mirror_step (step BIGINT NOT NULL PRIMARY KEY)"); err != nil {
			return err
		}
		var have int
		if err := tx.tx.GetContext(ctx, &have, "SELECT COALESCE(MAX(step), 0) FROM mirror_step"); err != nil {
			return err
		}
		if have > len(steps) {
			return ErrSchemaTooNew
		}
		for i, file := range steps[have:] {
			if err := tx.upgrade(file, have+i+1); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
		return nil
	})
}

// transaction is a transaction that runs the queries of this package. It prepares each once: a large request runs some of them for
// each member and post.
type transaction struct {
	ctx      context.Context
	db       *DB
	tx       *sqlx.Tx
	prepared map[string]*sqlx.Stmt // by name; the end of the transaction closes them
}

// transaction calls do in a transaction, which is undone if do fails.
func (db *DB) transaction(ctx context.Context, do func(*transaction) error) error {
	tx, err := db.pool.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(&transaction{ctx, db, tx, make(map[string]*sqlx.Stmt)}); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (t *transaction) raw(text string) error {
	_, err := t.tx.ExecContext(t.ctx, text)
	return err
}

func (t *transaction) upgrade(file string, step int) error {
	text, err := schemaFiles.ReadFile(file)
	if err != nil {
		return err
	}
	id := "INTEGER PRIMARY KEY AUTOINCREMENT" // not a plain key: SQLite would use the number of a deleted row again
	if t.db.engine == sqlfile.Postgres {
		id = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
	}
	if err := t.raw(strings.ReplaceAll(string(text), "{id}", id)); err != nil {
		return err
	}
	_, err = t.tx.ExecContext(t.ctx, t.tx.Rebind("INSERT INTO mirror_step (step) VALUES (?)"), step)
	return err
}

// args are the parameters of a query, by name.
type args map[string]any

// exec runs a query and returns how many rows it changed.
func (t *transaction) exec(name string, a args) (changed int64, err error) {
	err = t.run(name, a, func(query *sqlx.Stmt, values []any) error {
		result, err := query.ExecContext(t.ctx, values...)
		if err != nil {
			return err
		}
		changed, err = result.RowsAffected()
		return err
	})
	return changed, err
}

// get reads one value. It returns sql.ErrNoRows if there is none.
func (t *transaction) get(name string, a args, into any) error {
	return t.run(name, a, func(query *sqlx.Stmt, values []any) error { return query.GetContext(t.ctx, into, values...) })
}

// list reads all rows.
func (t *transaction) list(name string, a args, into any) error {
	return t.run(name, a, func(query *sqlx.Stmt, values []any) error { return query.SelectContext(t.ctx, into, values...) })
}

// listIn reads all rows of a query that has a list as a parameter.
func (t *transaction) listIn(name string, a args, into any) error {
	return t.runIn(name, a, func(query string, values []any) error { return t.tx.SelectContext(t.ctx, into, query, values...) })
}

// execIn runs a query that has a list as a parameter.
func (t *transaction) execIn(name string, a args) error {
	return t.runIn(name, a, func(query string, values []any) error {
		_, err := t.tx.ExecContext(t.ctx, query, values...)
		return err
	})
}

// runIn calls do with a query that has a list as a parameter, and the values of its parameters.
func (t *transaction) runIn(name string, a args, do func(query string, values []any) error) error {
	text, values, err := sqlx.Named(t.db.queries[name].Text, map[string]any(a))
	if err == nil {
		text, values, err = sqlx.In(text, values...)
	}
	if err == nil {
		err = do(t.tx.Rebind(text), values)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// run calls do with a query and the values of its parameters.
func (t *transaction) run(name string, a args, do func(query *sqlx.Stmt, values []any) error) error {
	if a == nil {
		a = args{}
	}
	text, values, err := sqlx.Named(t.db.queries[name].Text, map[string]any(a))
	if err == nil && t.prepared[name] == nil {
		t.prepared[name], err = t.tx.PreparexContext(t.ctx, t.tx.Rebind(text))
	}
	if err == nil {
		err = do(t.prepared[name], values)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
