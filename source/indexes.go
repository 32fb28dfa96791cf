package source

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"postrider/internal/sqlfile"
)

// indexesFor returns the statements of indexes.sql, which create the indexes that a forum type lacks on an engine.
func indexesFor(kind string, engine sqlfile.Engine, prefix string) []string {
	text, err := queryFiles.ReadFile("indexes.sql")
	if err != nil {
		panic(err) // it is part of the program
	}
	var list []string
	meant := false
	for line := range strings.Lines(string(text)) {
		if names, found := strings.CutPrefix(line, "-- for: "); found {
			meant = slices.Contains(strings.Fields(names), kind+"/"+string(engine))
		} else if meant && strings.HasPrefix(line, "CREATE") {
			list = append(list, strings.ReplaceAll(strings.TrimRight(line, ";\n"), "{prefix}", prefix))
		}
	}
	return list
}

// cureFor returns the statements that create an index for a query that reads a table as a whole: those that are known for the forum type, or
// else one on what the query compares. It returns none if the query compares no column itself.
func (s *Snapshot) cureFor(ctx context.Context, query string, t wholeTable) []string {
	table, compared := t.table, comparedColumns(query, t.alias, s.db.engine)
	if len(compared) == 0 {
		return nil
	}
	var known []string
	for _, statement := range indexesFor(s.db.kind.name, s.db.engine, s.db.prefix) {
		on := indexedColumns.FindStringSubmatch(statement)
		if on != nil && on[1] == table && slices.ContainsFunc(compared, func(c string) bool { return strings.Contains(on[2], c) }) {
			known = append(known, statement)
		}
	}
	if len(known) > 0 {
		return known
	}
	concurrently := ""
	if s.db.engine == sqlfile.Postgres {
		concurrently = "CONCURRENTLY "
	}
	var names, columns []string
	for _, c := range compared {
		names = append(names, strings.ToLower(strings.Trim(c[strings.Index(c, "(")+1:], ")")))
		columns = append(columns, c+s.keyLength(ctx, table, c))
	}
	return []string{fmt.Sprintf("CREATE INDEX %spostrider_%s_%s ON %s (%s)", concurrently, table, strings.Join(names, "_"), table, strings.Join(columns, ", "))}
}

var indexedColumns = regexp.MustCompile(` ON (\w+) \((.+)\)`)

// keyLength returns "(100)" for a long text on MySQL, of which an index can only have the beginning.
func (s *Snapshot) keyLength(ctx context.Context, table, column string) string {
	if s.db.engine != sqlfile.MySQL {
		return ""
	}
	const kinds = "SELECT data_type FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? AND column_name = ?"
	found, err := s.queryStrings(ctx, kinds, table, column)
	if err == nil && len(found) == 1 && (strings.HasSuffix(found[0], "text") || strings.HasSuffix(found[0], "blob")) {
		return "(100)"
	}
	return ""
}

// repeatedAlias is what PostgreSQL adds to an alias that a query uses again: "p_1".
var repeatedAlias = regexp.MustCompile(`_\d+$`)

// comparedColumns returns the columns of a table, by its alias, that a query compares with other values than literals, in the order of a useful index: those
// that must equal something, then a range. A column in LOWER is an expression, of which MySQL and MariaDB have no index.
func comparedColumns(query, alias string, engine sqlfile.Engine) []string {
	if short := repeatedAlias.ReplaceAllString(alias, ""); !strings.Contains(query, alias) {
		alias = short
	}
	pattern := `(?i)(LOWER\(\s*)?(?:(=)\s*)?\b` + regexp.QuoteMeta(alias) + `\.(\w+)\b(\s*\))?(?:\s*(=|IN\b|>=|<=|>|<|BETWEEN\b|LIKE\b)\s*(['\d]?))?`
	var equal, ranges []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(query, -1) {
		column := m[3]
		if m[1] != "" && m[4] != "" {
			if engine == sqlfile.MySQL {
				continue
			}
			column = "LOWER(" + column + ")"
		}
		switch operator := strings.ToUpper(m[5]); {
		case m[6] != "": // a literal
		case m[2] != "", operator == "=", operator == "IN":
			equal = append(equal, column)
		case operator != "":
			ranges = append(ranges, column)
		}
	}
	for _, c := range ranges {
		if !slices.Contains(equal, c) {
			equal = append(equal, c)
			break
		}
	}
	var distinct []string
	for _, c := range equal {
		if !slices.Contains(distinct, c) {
			distinct = append(distinct, c)
		}
	}
	return distinct
}
