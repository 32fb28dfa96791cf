package source

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"

	"github.com/go-sql-driver/mysql"

	"postrider/internal/finding"
)

// checkQueries runs every query of the contract with IDs that no forum has. The database is foreign if most of them cannot be run, because
// it is not that of such a forum, or the account may not read it: then nothing else needs to be checked.
func (s *Snapshot) checkQueries(ctx context.Context) (all []finding.Finding, foreign bool) {
	var failed, absent, denied []failedQuery
	specs := checkedQueries(s.db.queries)
	for _, q := range specs {
		err := s.probeQuery(ctx, q)
		switch {
		case err == nil:
		case connectionLost(err): // the others would only repeat this
			return append(all, s.db.lostFinding(q, err)), true
		case absence(err) == absentTable && !s.db.kind.homemade:
			absent = append(absent, failedQuery{q, err})
		default:
			if absence(err) == absentRight {
				denied = append(denied, failedQuery{q, err})
			}
			failed = append(failed, failedQuery{q, err})
		}
	}
	if 2*len(denied) > len(specs) && denied[0].name == specs[0].name { // probably no right at all: one finding says it
		return []finding.Finding{finding.Fail("tables",
			fmt.Sprintf("the account may not read the tables of %d of %d queries: %s", len(denied), len(specs), examples(denied)),
			"grant SELECT on all tables of the forum to the account in [forum] dsn: see docs/forums.md")}, true
	}
	if len(absent) > 0 {
		all = append(all, s.tablesFinding(ctx, absent, len(specs)))
	}
	if all = append(all, s.db.queryFindings(failed)...); len(all) > 0 {
		return all, 2*len(absent) >= len(specs)
	}
	return []finding.Finding{finding.OK("queries", fmt.Sprintf("all %d return the expected columns", len(specs)))}, false
}

// connectionLost reports whether the database ended the connection, or did not answer for too long.
func connectionLost(err error) bool {
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn)
}

func (db *DB) lostFinding(q querySpec, err error) finding.Finding {
	from := db.queries[q.name]
	return finding.Fail("connection", fmt.Sprintf("%s:%d: the connection was lost while the query %s ran: %v", from.File, from.Line, q.name, err),
		"look for the cause in the log of the database server, and try again")
}

// failedQuery is a query that the forum's database rejects, or whose columns are not those of the contract.
type failedQuery struct {
	querySpec
	err error
}

// examples names the first queries of a list, with what was wrong with them.
func examples(list []failedQuery) string {
	var texts []string
	for _, q := range list[:min(3, len(list))] {
		texts = append(texts, fmt.Sprintf("%s (%v)", q.name, q.err))
	}
	return strings.Join(texts, "; ")
}

// queryFindings returns one finding for all queries that lack the same column or right. In a file of the administrator's own, each has
// its line.
func (db *DB) queryFindings(failed []failedQuery) []finding.Finding {
	var order []string
	groups := make(map[string][]failedQuery)
	for _, q := range failed {
		lacked := lackedName(q.err)
		if lacked == "" || db.kind.homemade {
			lacked = "query " + q.name
		}
		if len(groups[lacked]) == 0 {
			order = append(order, lacked)
		}
		groups[lacked] = append(groups[lacked], q)
	}
	var all []finding.Finding
	for _, lacked := range order {
		group := groups[lacked]
		first, from := group[0], db.queries[group[0].name]
		text := fmt.Sprintf("%s:%d: %v", from.File, from.Line, first.err)
		if len(group) > 1 {
			var others []string
			for _, q := range group[1:] {
				others = append(others, q.name)
			}
			text += "; the same is missing for " + strings.Join(others, ", ")
		}
		all = append(all, finding.Fail("query "+first.name, text, db.queryFix(first.querySpec, first.err)))
	}
	return all
}

// What a database says of a missing column or right, with its name: MySQL, PostgreSQL, SQLite.
var lackedThings = regexp.MustCompile("Unknown column '([^']+)'|column \"?([\\w.]+)\"? does not exist|no such column: ([\\w.]+)|for table (\\S+)")

// lackedName returns the name of the column or table that a query could not read, or "".
func lackedName(err error) string {
	if missing := absence(err); missing != absentColumn && missing != absentRight {
		return ""
	}
	m := lackedThings.FindStringSubmatch(err.Error())
	if m == nil {
		return ""
	}
	name := m[1] + m[2] + m[3] + m[4]
	return name[strings.LastIndexByte(name, '.')+1:] // without the alias of its table, or its database
}

// booleanColumn is the mistake that columnMistakes reports of a boolean.
var booleanColumn = regexp.MustCompile(`column (\w+) is BOOL`)

// queryFix says what to do about a query that fails.
func (db *DB) queryFix(q querySpec, err error) string {
	missing := absence(err)
	switch {
	case missing == absentRight:
		return "grant SELECT on this table to the account in [forum] dsn"
	case missing == absentTable && db.kind.homemade:
		return "write a table of your forum in its place: see docs/custom-forum.md"
	case db.kind.homemade && booleanColumn.MatchString(err.Error()):
		return "write CASE WHEN COLUMN THEN 1 ELSE 0 END AS " + booleanColumn.FindStringSubmatch(err.Error())[1] + ", if 1 and 0 are right: docs/query-contract.md says what each number means"
	case mismatch(err) && db.kind.homemade:
		return "compare a column only with values of its type, and give COALESCE, CASE and UNION values of one type: IDs are whole numbers, a date and time needs {unix COLUMN}; " +
			"a UUID cannot be compared with :ids or :members: see docs/custom-forum.md"
	case db.kind.homemade:
		return "correct the query: it must return the columns " + strings.Join(q.columns, ", ") + " (\"?\": may be left out); docs/query-contract.md says what each means"
	case missing == absentColumn:
		return fmt.Sprintf("if the forum was just upgraded, finish the upgrade in its installer or admin area. Type %s is for %s: for another version, replace the query %s, "+
			"and others that need the column, in the file of [forum] queries", db.kind.name, db.kind.title, q.name)
	}
	return fmt.Sprintf("type %s is for %s: for another version, replace the query %s in the file of [forum] queries", db.kind.name, db.kind.title, q.name)
}

// probeQuery tries a query. An error must not end the transaction, as it would with PostgreSQL.
func (s *Snapshot) probeQuery(ctx context.Context, q querySpec) error {
	return s.guarded(ctx, func() error { return s.tryQuery(ctx, q) })
}

func (s *Snapshot) exec(ctx context.Context, statement string) error {
	s.db.statements.Add(1)
	_, err := s.tx.ExecContext(ctx, statement)
	return err
}

// tryQuery runs a query with parameters that match almost nothing, and compares its columns with the contract.
func (s *Snapshot) tryQuery(ctx context.Context, q querySpec) error {
	const never = math.MaxInt32 // in 2038: the latest time that a 32-bit column can hold
	ctx, cancel := s.db.withTimeout(ctx)
	defer cancel()
	none := []int64{-1}
	rows, err := s.query(ctx, q.name, params{"ids": none, "members": none, "threads": none, "sections": none,
		"roles": []string{"-1"}, "groups": []int64{-1}, "names": []string{""}, "addresses": []string{""},
		"now": 0, "after": 0, "limit": 0, "name": "", "begins": "", "part": "", "since": never, "from": never, "until": never})
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	mistakes := s.db.columnMistakes(q, columns)
	if len(mistakes) > 0 {
		return errors.New(strings.Join(mistakes, ", "))
	}
	for rows.Next() { // some databases report an error only with the first row
	}
	return rows.Err()
}
