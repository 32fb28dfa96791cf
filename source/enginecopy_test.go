package source

import (
	"cmp"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postrider/internal/servertest"
	"postrider/internal/sqlfile"
)

// copyForum copies all tables of a forum into a new database of another engine, with columns of similar types, for forum software that
// runs on several. It returns the DSN.
func copyForum(t testing.TB, from fixture, to sqlfile.Engine) string {
	t.Helper()
	name := strings.ReplaceAll(cmp.Or(from.edition, from.kind), ".", "_")
	switch to {
	case sqlfile.Postgres:
		return servertest.PostgresCopy(t, "copy_of_"+name, func(dsn string) error {
			copyTables(t, from, dsn)
			return nil
		})
	case sqlfile.SQLite:
		if copiedFiles[name] == "" {
			file := filepath.Join(sharedDir(t), "forum.db")
			copyTables(t, from, "sqlite:"+file)
			copiedFiles[name] = file
		}
		content, err := os.ReadFile(copiedFiles[name])
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(sharedDir(t), "forum.db")
		if err := os.WriteFile(file, content, 0o644); err != nil {
			t.Fatal(err)
		}
		return "sqlite:" + file
	}
	target := servertest.MariaDB(t)
	copyTables(t, from, target)
	return target
}

// copiedFiles are SQLite's copies of forums, which tests copy again.
var copiedFiles = make(map[string]string)

// copyTables copies all tables of a forum into an empty database.
func copyTables(t testing.TB, from fixture, target string) {
	t.Helper()
	source, into, to := openAny(t, from.dsn), openAny(t, target), engineOf(t, target)
	defer into.Close()
	tables := make(map[string][]copiedColumn)
	schema := "DATABASE()"
	if engineOf(t, from.dsn) == sqlfile.Postgres {
		schema = "'public'"
	}
	kind, fallback := "c.data_type", "NULL"
	switch from.kind {
	case "flarum": // Laravel's migrations: tinyint(1) is a boolean elsewhere
		kind = "CONCAT('laravel ', c.column_type)"
	case "mybb", "smf2": // their installers' schemas for PostgreSQL and SQLite keep lengths, and make whole numbers smallint or int
		kind, fallback = "CONCAT('installer ', c.column_type)", "c.column_default"
	}
	rows, err := source.QueryContext(t.Context(), `SELECT c.table_name, c.column_name, `+kind+`, `+fallback+` FROM information_schema.columns c
		JOIN information_schema.tables b ON b.table_schema = c.table_schema AND b.table_name = c.table_name AND b.table_type = 'BASE TABLE'
		WHERE c.table_schema = `+schema+` ORDER BY c.table_name, c.ordinal_position`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		var c copiedColumn
		if err := rows.Scan(&table, &c.name, &c.kind, &c.fallback); err != nil {
			t.Fatal(err)
		}
		tables[table] = append(tables[table], c)
	}
	for table, columns := range tables {
		copyTable(t, source, into, engineOf(t, from.dsn), to, table, columns)
	}
	if fallback != "NULL" {
		copyIndexes(t, source, into, from.kind, to)
	}
}

// sharedDirs are for files that outlive a test, because several tests share them.
var sharedDirs []string

func sharedDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "postrider-forum-")
	if err != nil {
		t.Fatal(err)
	}
	sharedDirs = append(sharedDirs, dir)
	return dir
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, dir := range sharedDirs {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

type copiedColumn struct {
	name, kind string
	fallback   sql.NullString // DEFAULT
}

// copiedType returns a similar type of another engine.
func (c copiedColumn) copiedType(to sqlfile.Engine) string {
	kind := strings.ToLower(c.kind)
	if laravel, ok := strings.CutPrefix(kind, "laravel "); ok {
		kind = laravel
		switch {
		case to == sqlfile.Postgres && kind == "tinyint(1)":
			return "BOOLEAN"
		case to == sqlfile.Postgres && kind == "blob":
			return "JSON"
		case to == sqlfile.Postgres && (kind == "datetime" || kind == "timestamp"):
			return "TIMESTAMP(0) WITHOUT TIME ZONE"
		case kind == "datetime" || kind == "timestamp":
			return "DATETIME"
		case kind == "blob":
			return "TEXT"
		}
	}
	if installer, ok := strings.CutPrefix(kind, "installer "); ok {
		if kind = installer; to == sqlfile.Postgres {
			if exact := installerType(kind); exact != "" {
				return exact
			}
		}
	}
	switch {
	case strings.Contains(kind, "int"):
		return "BIGINT"
	case strings.Contains(kind, "double"), strings.Contains(kind, "float"), strings.Contains(kind, "numeric"), strings.Contains(kind, "decimal"), kind == "real":
		return "DOUBLE PRECISION"
	case strings.Contains(kind, "bytea"), strings.Contains(kind, "blob"), strings.Contains(kind, "binary"):
		if to == sqlfile.Postgres {
			return "BYTEA"
		}
		return "LONGBLOB"
	}
	if to == sqlfile.MySQL {
		return "LONGTEXT"
	}
	return "TEXT"
}

func quoteName(e sqlfile.Engine, name string) string {
	if e == sqlfile.MySQL {
		return "`" + name + "`"
	}
	return `"` + name + `"`
}

func copyTable(t testing.TB, source, into *sql.DB, from, to sqlfile.Engine, table string, columns []copiedColumn) {
	t.Helper()
	var defined, read, names, places []string
	for i, c := range columns {
		definition := quoteName(to, c.name) + " " + c.copiedType(to)
		if literal := c.fallback.String; literal != "" && literal != "NULL" && !strings.Contains(literal, "(") {
			definition += " DEFAULT " + literal
		}
		defined = append(defined, definition)
		read = append(read, quoteName(from, c.name))
		names = append(names, quoteName(to, c.name))
		place := "?"
		if to == sqlfile.Postgres {
			place = fmt.Sprintf("$%d", i+1)
		}
		places = append(places, place)
	}
	execute(t, into, fmt.Sprintf("CREATE TABLE %s (%s)", quoteName(to, table), strings.Join(defined, ", ")))
	rows, err := source.QueryContext(t.Context(), fmt.Sprintf("SELECT %s FROM %s", strings.Join(read, ", "), quoteName(from, table)))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	tx, err := into.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	insert, err := tx.PrepareContext(t.Context(), fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", quoteName(to, table), strings.Join(names, ", "), strings.Join(places, ", ")))
	if err != nil {
		t.Fatal(err)
	}
	values, into2 := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into2[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into2...); err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			if text, isText := v.([]byte); isText && !strings.HasSuffix(columns[i].copiedType(to), "BLOB") && columns[i].copiedType(to) != "BYTEA" {
				values[i] = string(text)
			}
			if truth, isBool := v.(bool); isBool && to != sqlfile.Postgres {
				values[i] = map[bool]int{true: 1}[truth]
			}
		}
		if _, err := insert.ExecContext(t.Context(), values...); err != nil {
			t.Fatalf("copying %s: %v", table, err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

func engineOf(t testing.TB, dsn string) sqlfile.Engine {
	t.Helper()
	target, err := parseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return target.engine
}

// openAny opens a forum's database for writing. Nothing waits for the disk: no data has to survive a power cut.
func openAny(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	driver, name := "postgres", dsn
	switch engineOf(t, dsn) {
	case sqlfile.MySQL:
		return servertest.OpenMariaDB(t, dsn)
	case sqlfile.SQLite:
		driver, name = "sqlite", strings.TrimPrefix(dsn, "sqlite:")+"?_pragma=synchronous(off)"
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
