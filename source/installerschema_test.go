package source

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"postrider/internal/sqlfile"
)

// installerType returns the type in the schemas of MyBB 1.8 and SMF for PostgreSQL (install/resources/pgsql_db_tables.php and
// other/install_*_postgresql.sql); empty: a similar one will do.
func installerType(mysql string) string {
	name, rest, _ := strings.Cut(mysql, "(")
	length, _, _ := strings.Cut(rest, ")")
	switch name {
	case "tinyint", "smallint":
		return "SMALLINT"
	case "mediumint", "int":
		return "INTEGER"
	case "varchar", "char":
		return strings.ToUpper(name) + "(" + length + ")"
	}
	return ""
}

// copyIndexes creates the indexes that the forum's installer creates on the other engine, as far as Postrider can use them. SMF has the same on all
// engines. MyBB has primary keys only, and on PostgreSQL also what must be unique.
func copyIndexes(t testing.TB, source, into *sql.DB, kind string, to sqlfile.Engine) {
	t.Helper()
	list := `SELECT table_name, index_name, non_unique, GROUP_CONCAT(column_name ORDER BY seq_in_index SEPARATOR ', ')
		FROM information_schema.statistics WHERE table_schema = DATABASE() AND index_type <> 'FULLTEXT' GROUP BY table_name, index_name, non_unique`
	if kind == "phpbb3" { // whose dump is of PostgreSQL; MySQL indexes the beginning of texts only
		list = `SELECT t.relname, i.relname, TRUE, STRING_AGG(a.attname || CASE WHEN (SELECT y.typcategory FROM pg_type y WHERE y.oid = a.atttypid) = 'S' AND ` + strconv.FormatBool(to == sqlfile.MySQL) + ` THEN '(100)' ELSE '' END, ', ' ORDER BY k.place)
			FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid CROSS JOIN LATERAL UNNEST(x.indkey) WITH ORDINALITY k(attnum, place)
			JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum WHERE t.relnamespace = CAST('public' AS REGNAMESPACE) GROUP BY t.relname, i.relname`
	}
	rows, err := source.QueryContext(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var table, index, columns string
		var shared bool
		if err := rows.Scan(&table, &index, &shared, &columns); err != nil {
			t.Fatal(err)
		}
		if kind == "mybb" && index != "PRIMARY" && (shared || to != sqlfile.Postgres || table == "mybb_users") {
			continue
		}
		unique := map[bool]string{false: "UNIQUE "}[shared]
		execute(t, into, fmt.Sprintf("CREATE %sINDEX %s_%s ON %[2]s (%[4]s)", unique, table, strings.ToLower(index), columns))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
