package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"postrider/internal/finding"
	"postrider/internal/sqlfile"
)

// sampleRows is how many rows of a query the check reads.
const sampleRows = 50

// CheckRows runs every query for the forum's newest posts and some of its members, and checks what they return: types, NULLs, order,
// paging, duplicates, rows that are lost, and how much of the forum's tables they read. It reads at most [sampleRows] rows of each
// query. Every finding names file and line.
func (db *DB) CheckRows(ctx context.Context, now time.Time) []finding.Finding {
	var all []finding.Finding
	var c *rowCheck
	err := db.Read(ctx, func(s *Snapshot) error {
		c = &rowCheck{s: s, now: now, rows: make(map[string][]row), failed: make(map[string]bool)}
		c.checkText()
		if err := c.gather(ctx); err != nil {
			return err
		}
		for _, q := range checkedQueries(db.queries) {
			if err := c.checkQuery(ctx, q); err != nil {
				return err
			}
		}
		c.compare()
		if err := c.ask(ctx); err != nil {
			return err
		}
		all = append(all, c.findings...)
		if len(all) == 0 {
			all = []finding.Finding{finding.OK("rows", c.summary())}
		}
		all = append(all, c.cost(ctx)...)
		return nil
	})
	if errors.Is(err, errLost) {
		return c.findings
	}
	if err != nil {
		all = append(all, finding.Fail("rows", err.Error(), "check that the database in [forum] dsn is running, and try again"))
	}
	return all
}

// errLost ends a check whose findings say that the connection was lost.
var errLost = errors.New("the connection was lost")

// rowCheck checks the rows of a forum's queries.
type rowCheck struct {
	s        *Snapshot
	now      time.Time
	findings []finding.Finding
	rows     map[string][]row // what each query returned
	failed   map[string]bool  // queries that cannot be run

	posts    []int64
	threads  []int64
	sections []int64
	members  []int64
	known    []int64 // members that the query roster lists
	roles    []string
	groups   []int64
	names    []string
	emails   []string
	latest   int64 // when the newest of posts was written
}

// row is a row of a query as the driver returns it, by column.
type row map[string]any

// number returns a whole number of the row, or 0.
func (r row) number(column string) int64 {
	var n fastInt
	if err := n.Scan(r[column]); err != nil {
		return 0
	}
	return int64(n)
}

func (r row) text(column string) string {
	switch v := r[column].(type) {
	case nil:
		return ""
	case []byte:
		return string(v)
	default:
		return fmt.Sprint(v)
	}
}

// at returns "FILE:LINE" of a column in a query.
func (c *rowCheck) at(query, column string) string {
	q := c.s.db.queries[query]
	return fmt.Sprintf("%s:%d", q.File, q.LineOf(column))
}

func (c *rowCheck) fail(query, column, fix, format string, args ...any) {
	c.add(finding.Fail("query "+query, c.at(query, column)+": "+fmt.Sprintf(format, args...), fix))
}

func (c *rowCheck) warn(query, column, fix, format string, args ...any) {
	c.add(finding.Warn("query "+query, c.at(query, column)+": "+fmt.Sprintf(format, args...), fix))
}

func (c *rowCheck) add(f finding.Finding) {
	if !slices.Contains(c.findings, f) {
		c.findings = append(c.findings, f)
	}
}

// read returns up to [sampleRows] rows of a query. An error must not end the transaction, as it would with PostgreSQL.
func (c *rowCheck) read(ctx context.Context, name string, p params) (rows []row, err error) {
	if !c.s.db.has(name) {
		return nil, nil
	}
	if c.s.db.kind.homemade {
		var long *longValue
		err := c.s.guarded(ctx, func() error {
			long = c.s.longestValue(ctx, name, p)
			return nil
		})
		if err != nil {
			return nil, err
		}
		if long != nil {
			return nil, long
		}
	}
	err = c.s.guarded(ctx, func() error {
		rows, err = c.s.someRows(ctx, name, p)
		return err
	})
	return rows, err
}

// someRows returns the first rows of a query as the driver returns them.
func (s *Snapshot) someRows(ctx context.Context, name string, p params) ([]row, error) {
	ctx, cancel := s.db.withTimeout(ctx)
	defer cancel()
	result, err := s.query(ctx, name, p)
	if err != nil {
		return nil, err
	}
	defer result.Close()
	names, err := result.Columns()
	if err != nil {
		return nil, err
	}
	var rows []row
	for len(rows) < sampleRows+1 && result.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := result.Scan(into...); err != nil {
			return nil, err
		}
		r := make(row, len(names))
		for i, name := range names {
			r[name] = values[i]
		}
		rows = append(rows, r)
	}
	return rows, result.Err()
}

// guarded calls ask. If it fails, the transaction can still be used.
func (s *Snapshot) guarded(ctx context.Context, ask func() error) error {
	if s.db.engine != sqlfile.Postgres {
		return ask()
	}
	if err := s.exec(ctx, "SAVEPOINT probe"); err != nil {
		return err
	}
	err := ask()
	if back := s.exec(ctx, "ROLLBACK TO SAVEPOINT probe"); back != nil {
		return errors.Join(err, back)
	}
	return err
}

// summary says what was checked, and which queries returned nothing.
func (c *rowCheck) summary() string {
	var empty []string
	n := 0
	for _, q := range checkedQueries(c.s.db.queries) {
		if n += len(c.rows[q.name]); len(c.rows[q.name]) == 0 {
			empty = append(empty, q.name)
		}
	}
	text := fmt.Sprintf("%d rows for the newest posts and some members are as expected", n)
	if len(empty) > 0 {
		text += "; without rows, so not checked: " + strings.Join(empty, ", ")
	}
	return text
}

// distinct returns up to [sampleRows] different numbers that are not 0.
func distinct(numbers ...int64) []int64 {
	var list []int64
	for _, n := range numbers {
		if n > 0 && !slices.Contains(list, n) && len(list) < sampleRows {
			list = append(list, n)
		}
	}
	return list
}
