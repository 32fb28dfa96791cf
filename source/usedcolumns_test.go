package source

import (
	"database/sql"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"postrider/internal/sqlfile"
)

// column is a column of a forum's table.
type column struct{ table, name string }

var (
	tableAlias = regexp.MustCompile(`(?i)\b(?:FROM|JOIN)\s+["` + "`" + `]?(\w+)["` + "`" + `]?\s+(?:AS\s+)?(\w+)`)
	aliasUse   = regexp.MustCompile(`\b(\w+)\.(\w+)\b`)
)

// usedColumns returns the columns that queries name with the alias of their table, and the queries that do. It reads the text of the
// queries only, so it knows nothing of the check. An alias of several tables counts if just one of them has the column.
func usedColumns(db *DB, exists map[column]bool) map[column][]string {
	used := make(map[column][]string)
	for name, q := range db.queries {
		if name == "watch_counts" { // only an administrator runs it
			continue
		}
		tables := make(map[string][]string)
		for _, m := range tableAlias.FindAllStringSubmatch(q.Text, -1) {
			tables[m[2]] = append(tables[m[2]], m[1])
		}
		for _, m := range aliasUse.FindAllStringSubmatch(q.Text, -1) {
			var owners []column
			for _, table := range slices.Compact(slices.Sorted(slices.Values(tables[m[1]]))) {
				if c := (column{table, m[2]}); exists[c] {
					owners = append(owners, c)
				}
			}
			if len(owners) == 1 && !slices.Contains(used[owners[0]], name) {
				used[owners[0]] = append(used[owners[0]], name)
			}
		}
	}
	return used
}

// columnsOf lists the columns of all tables of a forum.
func columnsOf(t *testing.T, f fixture, admin *sql.DB) map[column]bool {
	t.Helper()
	query := "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
	switch engineOf(t, f.dsn) {
	case sqlfile.Postgres:
		query = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
	case sqlfile.SQLite:
		query = "SELECT m.name, i.name FROM sqlite_master m JOIN pragma_table_info(m.name) i WHERE m.type = 'table'"
	}
	rows, err := admin.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := make(map[column]bool)
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.table, &c.name); err != nil {
			t.Fatal(err)
		}
		all[c] = true
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// batches sorts columns into groups that can be missing at once: for each column of a group there is a query that uses no other of them,
// because a database names only the first one that it misses.
func batches(used map[column][]string) (groups [][]column) {
	apart := func(group []column) bool {
		uses := make(map[string]int)
		for _, c := range group {
			for _, q := range used[c] {
				uses[q]++
			}
		}
		for _, c := range group {
			if !slices.ContainsFunc(used[c], func(q string) bool { return uses[q] == 1 }) {
				return false
			}
		}
		return true
	}
	order := slices.SortedFunc(maps.Keys(used), func(a, b column) int {
		return strings.Compare(fmt.Sprintf("%03d %s %s", len(used[a]), a.table, a.name), fmt.Sprintf("%03d %s %s", len(used[b]), b.table, b.name))
	})
	for _, c := range order {
		i := slices.IndexFunc(groups, func(g []column) bool { return apart(append(slices.Clone(g), c)) })
		if i < 0 {
			groups = append(groups, nil)
			i = len(groups) - 1
		}
		groups[i] = append(groups[i], c)
	}
	return groups
}
