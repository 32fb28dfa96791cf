package source

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"postrider/internal/finding"
	"postrider/internal/sqlfile"
)

// markerTables are tables that only one forum type has, without prefix.
var markerTables = map[string]string{
	"xenforo2": "reaction_content", "xenforo1": "liked_content", "mybb": "threadsread", "phpbb3": "acl_options", "fluxbb": "forum_perms",
	"smf2": "membergroups", "flarum": "discussion_user", "discourse": "category_users", "nodebb": "legacy_zset", "vanilla": "UserDiscussion",
}

// tablesFinding says which tables are missing, and why that may be.
func (s *Snapshot) tablesFinding(ctx context.Context, absent []failedQuery, of int) finding.Finding {
	kind := s.db.kind
	text := fmt.Sprintf("%d of %d queries use a missing table: %s", len(absent), of, examples(absent))
	if 2*len(absent) < of {
		return finding.Fail("tables", text, fmt.Sprintf("if the forum was just upgraded or restored, finish that. Type %s is for %s: for another version, "+
			"replace these queries in the file of [forum] queries. If its tables have another prefix than %q, correct prefix in [forum]", kind.name, kind.title, s.db.prefix))
	}
	tables, err := s.tableNames(ctx)
	if err != nil {
		return finding.Fail("tables", text, fmt.Sprintf("check that dsn in [forum] names the forum's database, and that type (%s) and prefix (%q) are correct", kind.name, s.db.prefix))
	}
	if len(tables) == 0 {
		return finding.Fail("tables", text+". The account sees no table in this database at all",
			"correct the name of the database at the end of dsn in [forum]. If that is the forum's, grant SELECT on its tables to the account: see docs/forums.md")
	}
	if name, prefix := recognize(tables); name != "" && (name != kind.name || prefix != s.db.prefix) {
		return finding.Fail("tables", fmt.Sprintf("%s. The database's tables look like those of type %s with prefix %q", text, name, prefix),
			fmt.Sprintf("set type = %q and prefix = %q in [forum], or correct the name of the database at the end of dsn", name, prefix))
	}
	return finding.Fail("tables", fmt.Sprintf("%s. The database has other tables, such as %s", text, strings.Join(tables[:min(3, len(tables))], ", ")),
		fmt.Sprintf("correct the name of the database at the end of dsn in [forum], or type (%s) and prefix (%q)", kind.name, s.db.prefix))
}

// recognize returns the forum type with a marker among the tables, and the tables' prefix; "" if there is none. Of several, it is the one
// with most tables of its prefix.
func recognize(tables []string) (name, prefix string) {
	most := 0
	for _, k := range forumTypes() {
		marker := markerTables[k.name]
		for _, table := range tables {
			found, ends := strings.CutSuffix(table, marker)
			if marker == "" || !ends || k.prefix == "" && found != "" && !strings.HasSuffix(found, "_") {
				continue
			}
			n := 0
			for _, other := range tables {
				if strings.HasPrefix(other, found) {
					n++
				}
			}
			if n > most {
				name, prefix, most = k.name, found, n
			}
		}
	}
	return name, prefix
}

// tableNames lists tables of the database that the account may see, up to 2,000.
func (s *Snapshot) tableNames(ctx context.Context) ([]string, error) {
	query := "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name LIMIT 2000"
	switch s.db.engine {
	case sqlfile.Postgres:
		query = `SELECT c.relname FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid)
			AND c.relnamespace <> CAST('pg_catalog' AS REGNAMESPACE) ORDER BY c.relname LIMIT 2000`
	case sqlfile.SQLite:
		query = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name LIMIT 2000"
	}
	var tables []string
	err := s.guarded(ctx, func() (err error) {
		tables, err = s.queryStrings(ctx, query)
		return err
	})
	for i := range tables {
		tables[i] = oneLine(tables[i])
	}
	slices.SortFunc(tables, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
	return tables, err
}
