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

// loadQueries reads all queries as engine runs them.
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
				return nil, fmt.Errorf("%s:%d: query %q stands at %s:%d already", q.File, q.Line, name, other.File, other.Line)
			}
			all[name] = q
		}
	}
	return all, nil
}

// macros unpack a JSON parameter into a table with one column, value. SQLite's jsonb_each hands objects on
// in its binary form: json_each would print each row and parse it again, a third of all the work.
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

// prepare prepares every query where it will run.
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

// statement finds a prepared statement, for use in tx if there is one.
func (s *database) statement(ctx context.Context, tx *sqlx.Tx, name string) (*sqlx.NamedStmt, error) {
	stmt := s.statements[name]
	if stmt == nil {
		return nil, s.prepareErr
	}
	if err := s.injectedFault(name); err != nil {
		return nil, err
	}
	s.sent.Add(1)
	if tx != nil {
		stmt = tx.NamedStmtContext(ctx, stmt)
	}
	return stmt, nil
}

// exec runs a statement and says how many rows it touched. One that stands alone is done again like a transaction.
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

// query runs a statement and calls each for every row of its answer.
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

// inTx runs do in a transaction: all of it or nothing.
func (s *database) inTx(ctx context.Context, do func(*sqlx.Tx) error) error {
	return retrySerialization(func() error { return s.runTx(ctx, do) })
}

// retrySerialization does again what PostgreSQL has ended: two daemons that touch the same rows in another order can stop
// each other, and one of them must begin anew.
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
	// pq asks for READ WRITE unless it is told otherwise, whatever the connection's default.
	tx, err := s.write.BeginTxx(ctx, &sql.TxOptions{ReadOnly: s.readOnly})
	if err != nil {
		return err
	}
	defer tx.Rollback() // of no effect after Commit
	if err := do(tx); err != nil {
		return err
	}
	if err := s.injectedFault(commit); err != nil {
		return err
	}
	return tx.Commit()
}

// commit is what FailWith is asked before a transaction is committed.
const commit = "COMMIT"

// FailWith lets every statement, and every commit, fail for which fault has an error: so a test can see what becomes of
// the work when the database goes away, or the program dies, at any of them. nil: none fails.
func (s *Store) FailWith(fault func(statement string) error) { s.fault = fault }

func (s *database) injectedFault(statement string) error {
	if s.fault == nil {
		return nil
	}
	return s.fault(statement)
}

// lockCounter waits until no other transaction holds the counter, and reads it.
func (s *database) lockCounter(ctx context.Context, tx *sqlx.Tx, counter string) (value int64, err error) {
	err = s.query(ctx, tx, "hold_counter", args{"name": counter}, func(scan scanFunc) error { return scan(&value) })
	return value, err
}
