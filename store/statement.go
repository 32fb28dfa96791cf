package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"postrider/internal/sqlfile"
)

//go:embed queries/*.sql
var queryFiles embed.FS

type (
	args     map[string]any
	scanFunc func(into ...any) error
)

// loadQueries returns all queries for an engine.
func loadQueries(engine sqlfile.Engine) (map[string]sqlfile.Query, error) {
	entries, err := queryFiles.ReadDir("queries")
	if err != nil {
		return nil, err
	}
	all := make(map[string]sqlfile.Query)
	for _, e := range entries {
		text, err := queryFiles.ReadFile("queries/" + e.Name())
		if err != nil {
			return nil, err
		}
		queries, err := sqlfile.Parse(e.Name(), string(text), engine, macros(engine))
		if err != nil {
			return nil, err
		}
		for name, q := range queries {
			if other, twice := all[name]; twice {
				return nil, fmt.Errorf("%s:%d: duplicate query %q: already defined at %s:%d", q.File, q.Line, name, other.File, other.Line)
			}
			all[name] = q
		}
	}
	return all, nil
}

// macros unpack a JSON parameter into a table with one column, value. SQLite's jsonb_each passes objects in their binary
// form. json_each would print each row and parse it again, which takes a third of the total time.
func macros(engine sqlfile.Engine) map[string]sqlfile.Macro {
	if engine == sqlfile.Postgres {
		return map[string]sqlfile.Macro{
			"rows": func(arg string) string { return "json_array_elements(CAST(" + arg + " AS json))" },
			"ids":  func(arg string) string { return "json_array_elements_text(CAST(" + arg + " AS json))" },
		}
	}
	return map[string]sqlfile.Macro{
		"rows": func(arg string) string { return "jsonb_each(" + arg + ")" },
		"ids":  func(arg string) string { return "json_each(" + arg + ")" },
	}
}

// prepare prepares every query on the pool that runs it.
func (s *database) prepare(ctx context.Context) error {
	queries, err := loadQueries(s.engine)
	if err != nil {
		return fmt.Errorf("reading the store's queries: %w", err)
	}
	s.statements = make(map[string]*sqlx.NamedStmt, len(queries))
	for name, q := range queries {
		db := s.write
		if strings.HasPrefix(q.Text, "SELECT") {
			db = s.read
		}
		if s.statements[name], err = db.PrepareNamedContext(ctx, q.Text); err != nil {
			delete(s.statements, name)
			return fmt.Errorf("preparing query %q of %s:%d: %w", name, q.File, q.Line, err)
		}
	}
	return nil
}

// statement returns a prepared statement, bound to tx unless it is nil.
func (s *database) statement(ctx context.Context, tx *sqlx.Tx, name string) (*sqlx.NamedStmt, error) {
	stmt := s.statements[name]
	if stmt == nil {
		return nil, s.prepareErr
	}
	s.sent.Add(1)
	if tx != nil {
		stmt = tx.NamedStmtContext(ctx, stmt)
	}
	return stmt, nil
}

// exec runs a statement and returns the number of affected rows. Outside a transaction it is retried like one.
func (s *database) exec(ctx context.Context, tx *sqlx.Tx, name string, a args) (n int, err error) {
	if tx != nil {
		return s.execIn(ctx, tx, name, a)
	}
	err = retrySerialization(func() error {
		n, err = s.execIn(ctx, nil, name, a)
		return err
	})
	return n, err
}

func (s *database) execIn(ctx context.Context, tx *sqlx.Tx, name string, a args) (int, error) {
	stmt, err := s.statement(ctx, tx, name)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, map[string]any(a))
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// query runs a statement and calls each for every row of the result.
func (s *database) query(ctx context.Context, tx *sqlx.Tx, name string, a args, each func(scanFunc) error) error {
	stmt, err := s.statement(ctx, tx, name)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, map[string]any(a))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// inTx runs do in a transaction. It may run do again if PostgreSQL aborts the transaction.
func (s *database) inTx(ctx context.Context, do func(*sqlx.Tx) error) error {
	return retrySerialization(func() error { return s.runTx(ctx, do) })
}

// retrySerialization runs do again if PostgreSQL aborted it: when two daemons lock the same rows in different orders,
// PostgreSQL aborts one of them.
func retrySerialization(do func() error) error {
	const tries = 3
	for try := 1; ; try++ {
		err := do()
		e, isPostgres := errors.AsType[*pq.Error](err)
		if again := isPostgres && (e.Code == "40P01" || e.Code == "40001"); !again || try == tries {
			return err
		}
	}
}

func (s *database) runTx(ctx context.Context, do func(*sqlx.Tx) error) error {
	// Without ReadOnly, pq asks for READ WRITE, whatever the default of the connection.
	tx, err := s.write.BeginTxx(ctx, &sql.TxOptions{ReadOnly: s.readOnly})
	if err != nil {
		return err
	}
	defer tx.Rollback() // no effect after Commit
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// lockCounter locks a counter until the transaction ends, and returns its value.
func (s *database) lockCounter(ctx context.Context, tx *sqlx.Tx, counter string) (value int64, err error) {
	err = s.query(ctx, tx, "lock_counter", args{"name": counter}, func(scan scanFunc) error { return scan(&value) })
	return value, err
}
