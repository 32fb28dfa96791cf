package source

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/forum"
	"postrider/internal/sqlfile"
)

// Snapshot reads the forum within one [DB.Read]. It is not safe for concurrent use.
type Snapshot struct {
	db *DB
	tx *sql.Tx
	// dialect is how the forum's texts are read.
	dialect *dialect
}

// chunkSize is the maximum number of IDs in one statement.
const chunkSize = 1000

// params holds the parameters of a query, by name.
type params map[string]any

// columns holds the scan targets of a query's columns, by name. A query may lack the columns that end in "?".
type columns map[string]any

// queryNamed runs a query of the contract. For every row, it scans the columns into r and calls each.
func (s *Snapshot) queryNamed(ctx context.Context, name string, p params, r columns, each func() error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("querying the forum for %s: %w", name, err)
		}
	}()
	if !s.db.has(name) { // see [contract]: without
		return nil
	}
	ctx, cancel := s.db.withTimeout(ctx)
	defer cancel()
	rows, err := s.query(ctx, name, p)
	if err != nil {
		return err
	}
	defer rows.Close()
	into, err := scanTargets(rows, r)
	if err != nil {
		return err
	}
	for n := 1; rows.Next(); n++ {
		if limit := rowLimit(p); n > limit {
			return fmt.Errorf("the query returns more than %d rows", limit)
		}
		if err := rows.Scan(into...); err != nil {
			return s.db.scanFault(name, err)
		}
		if err := each(); err != nil {
			return err
		}
	}
	return rows.Err()
}

// scannedColumn is the column in an error of database/sql, whose values are of the wrong type.
var scannedColumn = regexp.MustCompile(`Scan error on column index \d+, name "(\w+)": (?:converting .*: )?(.*)`)

// scanFault says which line of a query returns a value that cannot be read.
func (db *DB) scanFault(query string, err error) error {
	m := scannedColumn.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	q := db.queries[query]
	return fmt.Errorf("%s:%d: column %s: %s", q.File, q.LineOf(m[1]), m[1], strings.TrimPrefix(m[2], "sql/driver: "))
}

// wholeListLimit is how many rows a query may return that has no parameters: sections, codes, groups. Only a mistake returns more, for
// example a join without a condition, or a recursion without an end; it must not fill the memory.
const wholeListLimit = 100_000

// rowLimit returns how many rows a query may return for its parameters.
func rowLimit(p params) int {
	if limit, has := p["limit"].(int); has {
		return limit
	}
	if len(p) == 0 {
		return wholeListLimit
	}
	return math.MaxInt
}

// withTimeout limits the duration of a statement if no server does so.
func (db *DB) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if db.engine == sqlfile.SQLite {
		return context.WithTimeout(ctx, db.timeout)
	}
	return ctx, func() {}
}

// query runs a query of the contract. The caller must close the rows.
func (s *Snapshot) query(ctx context.Context, name string, p params) (*sql.Rows, error) {
	text, args, err := s.bind(name, p)
	if err != nil {
		return nil, err
	}
	s.db.statements.Add(1)
	return s.tx.QueryContext(ctx, text, args...)
}

// bind returns the text of a query with the placeholders of the engine, and their values.
func (s *Snapshot) bind(name string, p params) (string, []any, error) {
	text, args, err := sqlx.Named(s.db.queries[name].Text, map[string]any(p))
	if err != nil {
		return "", nil, err
	}
	if text, args, err = sqlx.In(text, args...); err != nil {
		return "", nil, err
	}
	if s.db.engine == sqlfile.Postgres {
		text = sqlx.Rebind(sqlx.DOLLAR, text)
	}
	return text, args, nil
}

// scanTargets returns the scan targets in the order of the query's columns.
func scanTargets(rows *sql.Rows, r columns) ([]any, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	into := make([]any, len(columns))
	for i, c := range columns {
		place, known := r[c]
		if !known {
			place, known = r[c+"?"]
		}
		if !known || slices.Contains(columns[:i], c) {
			return nil, fmt.Errorf("unexpected column %q: not in the contract, or duplicate", c)
		}
		into[i] = fastScanner(place)
	}
	for want := range r {
		if !strings.HasSuffix(want, "?") && !slices.Contains(columns, want) {
			return nil, fmt.Errorf("columns are %q: missing %s", columns, want)
		}
	}
	return into, nil
}

// fastInt scans an integer from any type that a driver returns. database/sql would use reflection, at twice the
// cost for tables that are read row by row.
type fastInt int64

// Scan implements sql.Scanner.
func (n *fastInt) Scan(value any) error {
	switch v := value.(type) {
	case int64:
		*n = fastInt(v)
		return nil
	case uint64:
		if v <= math.MaxInt64 {
			*n = fastInt(v)
			return nil
		}
	case []byte:
		i, err := strconv.ParseInt(string(v), 10, 64)
		*n = fastInt(i)
		return err
	}
	return fmt.Errorf("%v (%T) is not an integer", value, value)
}

// fastScanner returns place as a *fastInt if it points to an integer.
func fastScanner(place any) any {
	switch p := place.(type) {
	case *int64:
		return (*fastInt)(p)
	case *forum.SectionID:
		return (*fastInt)(p)
	case *forum.ThreadID:
		return (*fastInt)(p)
	case *forum.PostID:
		return (*fastInt)(p)
	case *forum.MemberID:
		return (*fastInt)(p)
	}
	return place
}

// queryChunked runs a query for all ids, one chunk at a time. param is the name of their parameter.
func queryChunked[T any](ctx context.Context, s *Snapshot, name, param string, ids []T, more params, r columns, each func() error) error {
	for part := range slices.Chunk(ids, chunkSize) {
		p := params{param: part}
		for k, v := range more {
			p[k] = v
		}
		if err := s.queryNamed(ctx, name, p, r, each); err != nil {
			return err
		}
	}
	return nil
}

// interner keeps one copy of each repeated text, for example authors' names.
type interner map[string]string

func (w interner) intern(text []byte) string {
	if kept, ok := w[string(text)]; ok { // this conversion does not allocate
		return kept
	}
	kept := string(text)
	w[kept] = kept
	return kept
}

func unix(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
