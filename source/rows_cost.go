package source

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"postrider/internal/finding"
	"postrider/internal/sqlfile"
)

// manyRows is from how many rows on a table should not be read as a whole.
const manyRows = 10_000

// readsAll are queries that need their whole table, or that only a person waits for.
var readsAll = []string{"sections", "groups", "codes", "word_filter", "mailable", "member_counters", "watch_counts", "containing", "read_days"}

// wholeTable is a table that a statement reads as a whole, according to the database.
type wholeTable struct {
	table, alias string
	index        string // which it reads from end to end instead, if PostgreSQL says so
	rows         int64  // about
}

// cost asks the database how it would run each query, and names those that read a large table as a whole. A database that does not
// answer says nothing.
func (c *rowCheck) cost(ctx context.Context) []finding.Finding {
	var all []finding.Finding
	for _, q := range checkedQueries(c.s.db.queries) {
		p, possible := c.parameters(q)
		if !possible || c.failed[q.name] || slices.Contains(readsAll, q.name) {
			continue
		}
		var tables []wholeTable
		err := c.s.guarded(ctx, func() (err error) {
			tables, err = c.s.wholeTables(ctx, q.name, p)
			return err
		})
		if err != nil {
			all = append(all, finding.Warn("cost", fmt.Sprintf("%s: the database does not explain the query %s: %v", c.at(q.name, ""), q.name, err), "test the query with EXPLAIN by hand"))
			continue
		}
		for _, t := range tables {
			all = append(all, finding.Warn("cost", fmt.Sprintf("%s: the query %s reads the whole table %s, about %d rows, each time", c.at(q.name, ""), q.name, t.table, t.rows),
				c.indexFix(ctx, q.name, t)))
		}
	}
	if len(all) == 0 {
		all = []finding.Finding{finding.OK("cost", fmt.Sprintf("no query reads a whole table of more than %d rows", manyRows))}
	}
	return all
}

// indexFix says how to let a query read a part of a table.
func (c *rowCheck) indexFix(ctx context.Context, query string, t wholeTable) string {
	const otherwise = "compare columns themselves, not converted ones; write MIN(ID + 0) and ORDER BY ID + 0, so that the database does not walk along the IDs"
	if cure := c.s.cureFor(ctx, c.s.db.queries[query].Text, t); len(cure) > 0 {
		return "run as the owner of the table: " + strings.Join(cure, "; ") + "; if it has that index, " + otherwise
	}
	return otherwise + "; and add an index on the columns in the query's conditions (CREATE INDEX)"
}

// preferIndexes makes PostgreSQL read a whole table only if it has no index for the query. It may like to do so for another reason: the
// table is not so large. The end of the savepoint takes it back.
const preferIndexes = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"

// wholeTables returns the large tables that a query reads as a whole.
func (s *Snapshot) wholeTables(ctx context.Context, name string, p params) ([]wholeTable, error) {
	text, args, err := s.bind(name, p)
	if err != nil {
		return nil, err
	}
	prefix := "EXPLAIN "
	switch s.db.engine {
	case sqlfile.Postgres:
		prefix = "EXPLAIN (FORMAT JSON) "
		if err := s.exec(ctx, preferIndexes); err != nil {
			return nil, err
		}
	case sqlfile.SQLite:
		prefix = "EXPLAIN QUERY PLAN "
	}
	s.db.statements.Add(1)
	rows, err := s.tx.QueryContext(ctx, prefix+text, args...)
	if err != nil {
		return nil, err
	}
	lines, err := readLines(rows)
	if err != nil {
		return nil, err
	}
	var found []wholeTable
	switch s.db.engine {
	case sqlfile.MySQL:
		found = mysqlScans(lines, text)
	case sqlfile.Postgres:
		found, err = s.postgresScans(ctx, lines)
	default:
		found, err = s.sqliteScans(ctx, lines, text)
	}
	return slices.DeleteFunc(found, func(t wholeTable) bool { return t.rows < manyRows }), err
}

// readLines reads all rows as text, by column.
func readLines(rows *sql.Rows) ([]map[string]string, error) {
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var lines []map[string]string
	for rows.Next() {
		values, into := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		line := make(map[string]string)
		for i, name := range names {
			line[name] = values[i].String
		}
		lines = append(lines, line)
	}
	return lines, rows.Err()
}

// mysqlScans reads the table of EXPLAIN: type ALL is a table, index a whole index and range a part of one, unless a limit ends the walk along it.
func mysqlScans(lines []map[string]string, query string) []wholeTable {
	var found []wholeTable
	for _, line := range lines {
		n, err := strconv.ParseInt(line["rows"], 10, 64)
		walks := line["type"] == "index" || line["type"] == "range"
		whole := line["type"] == "ALL" || walks && !endsAtLimit(query, line["table"])
		if err == nil && whole && !strings.HasPrefix(line["table"], "<") {
			found = append(found, wholeTable{table: tableOf(query, line["table"]), alias: line["table"], rows: n})
		}
	}
	return found
}

// endsAtLimit reports whether the query walks along a column of the table up to a limit. EXPLAIN does not tell.
func endsAtLimit(query, alias string) bool {
	pattern, err := regexp.Compile(`(?i)\bORDER BY\s+` + regexp.QuoteMeta(alias) + `\.\w+(?:\s+(?:ASC|DESC))?\s+LIMIT\b`)
	return err == nil && pattern.MatchString(query)
}

// tableOf returns the table that an alias stands for in a query, or the alias.
func tableOf(query, alias string) string {
	pattern, err := regexp.Compile(`(?i)\b(?:FROM|JOIN)\s+["` + "`" + `]?(\w+)["` + "`" + `]?(?:\s+AS)?\s+` + regexp.QuoteMeta(alias) + `\b`)
	if err != nil {
		return alias
	}
	if m := pattern.FindStringSubmatch(query); m != nil {
		return m[1]
	}
	return alias
}

// postgresPlan is a node of EXPLAIN (FORMAT JSON).
type postgresPlan struct {
	Kind      string         `json:"Node Type"`
	Table     string         `json:"Relation Name"`
	Alias     string         `json:"Alias"`
	IndexName string         `json:"Index Name"`
	Index     string         `json:"Index Cond"`
	Filter    string         `json:"Filter"`
	Direction string         `json:"Scan Direction"`
	Plans     []postgresPlan `json:"Plans"`
}

// lowestOf is the condition of a walk to the lowest value of a column, for MIN.
var lowestOf = regexp.MustCompile(`^\("?\w+"? IS NOT NULL\)$`)

// readsWhole reports whether the node reads its whole table: itself, or by its whole index, unless a limit ends that. A walk from the oldest
// row on to the first that MIN counts is such a limit, but the rows in question are the newest.
func (p postgresPlan) readsWhole(limited bool) bool {
	switch {
	case strings.HasSuffix(p.Kind, "Seq Scan"):
		return true
	case !strings.HasPrefix(p.Kind, "Index"):
		return false
	}
	return p.Index == "" && !limited || lowestOf.MatchString(p.Index) && p.Filter != "" && p.Direction == "Forward"
}

// passesOver reports whether the node reads a whole index, because its condition is not about the first column of the index.
func (p postgresPlan) passesOver(column string) bool {
	return strings.HasPrefix(p.Kind, "Index") && p.Index != "" && column != "" &&
		!regexp.MustCompile(`[("]`+regexp.QuoteMeta(column)+`\b`).MatchString(p.Index)
}

// firstColumns returns the first column of each index of several columns. That of an expression is left out.
func (s *Snapshot) firstColumns(ctx context.Context) (map[string]string, error) {
	const list = `SELECT CAST(c.relname AS TEXT) || ' ' || a.attname FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid
		JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0] WHERE x.indnatts > 1 AND pg_catalog.pg_table_is_visible(x.indrelid)`
	found, err := s.queryStrings(ctx, list)
	first := make(map[string]string, len(found))
	for _, line := range found {
		index, column, _ := strings.Cut(line, " ")
		first[index] = column
	}
	return first, err
}

func (s *Snapshot) postgresScans(ctx context.Context, lines []map[string]string) ([]wholeTable, error) {
	var text strings.Builder
	for _, line := range lines {
		text.WriteString(line["QUERY PLAN"])
	}
	var plans []struct{ Plan postgresPlan }
	if err := json.Unmarshal([]byte(text.String()), &plans); err != nil {
		return nil, err
	}
	var tables []wholeTable
	first, err := s.firstColumns(ctx)
	if err != nil {
		return nil, err
	}
	var walk func(p postgresPlan, limited bool)
	walk = func(p postgresPlan, limited bool) {
		if p.readsWhole(limited) || !limited && p.passesOver(first[p.IndexName]) {
			tables = append(tables, wholeTable{table: p.Table, alias: p.Alias, index: p.IndexName})
		}
		for _, below := range p.Plans {
			walk(below, limited || p.Kind == "Limit")
		}
	}
	for _, p := range plans {
		walk(p.Plan, false)
	}
	const size = `SELECT CAST(CASE WHEN c.reltuples < 0 THEN pg_catalog.pg_relation_size(c.oid) / 100 ELSE c.reltuples END AS BIGINT)
		FROM pg_catalog.pg_class c WHERE c.relname = $1 AND pg_catalog.pg_table_is_visible(c.oid)`
	return s.sized(ctx, tables, func(t wholeTable) (string, []any) { return size, []any{cmp.Or(t.index, t.table)} }) // an index may be partial
}

var (
	sqliteScan = regexp.MustCompile(`^SCAN (\w+)`)
	sqliteWalk = regexp.MustCompile(`^SEARCH (\w+)[^(]*$`) // along an index, for MIN or MAX
)

// sqliteReadsWhole returns the alias of the table that a line of EXPLAIN QUERY PLAN reads as a whole, or "". A walk back from the newest row to
// the first of a kind does not.
func sqliteReadsWhole(line, query string) string {
	if m := sqliteScan.FindStringSubmatch(line); m != nil && !walksBack(query, m[1]) {
		return m[1]
	}
	if m := sqliteWalk.FindStringSubmatch(line); m != nil && strings.Contains(query, "MIN("+m[1]+".") {
		return m[1]
	}
	return ""
}

// walksBack reports whether the query walks back along a column of the table to the first row of a kind.
func walksBack(query, alias string) bool {
	pattern, err := regexp.Compile(`(?i)\bORDER BY\s+` + regexp.QuoteMeta(alias) + `\.\w+\s+DESC\s+LIMIT\s+1\b`)
	return err == nil && pattern.MatchString(query)
}

// sqliteScans reads EXPLAIN QUERY PLAN, which names tables by their aliases.
func (s *Snapshot) sqliteScans(ctx context.Context, lines []map[string]string, query string) ([]wholeTable, error) {
	var tables []wholeTable
	for _, line := range lines {
		if alias := sqliteReadsWhole(line["detail"], query); alias != "" {
			tables = append(tables, wholeTable{table: tableOf(query, alias), alias: alias})
		}
	}
	return s.sized(ctx, tables, func(t wholeTable) (string, []any) {
		return `SELECT COALESCE(MAX(rowid), 0) FROM "` + t.table + `"`, nil
	})
}

// sized adds how many rows the tables have, each once. A table without an answer is left out.
func (s *Snapshot) sized(ctx context.Context, tables []wholeTable, query func(wholeTable) (string, []any)) ([]wholeTable, error) {
	var found []wholeTable
	for _, t := range tables {
		if slices.ContainsFunc(found, func(f wholeTable) bool { return f.table == t.table && f.rows >= manyRows }) {
			continue
		}
		text, args := query(t)
		sizes, err := s.queryStrings(ctx, text, args...)
		if err != nil || len(sizes) == 0 {
			continue
		}
		if n, err := strconv.ParseInt(sizes[0], 10, 64); err == nil {
			t.rows = n
			found = append(found, t)
		}
	}
	return found, nil
}
