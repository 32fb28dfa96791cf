package source

import (
	"database/sql"
	"fmt"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/internal/finding"
	"postrider/internal/sqlfile"
)

// brokenForum is a forum in which a test breaks one thing after the other.
type brokenForum struct {
	fixture
	admin  *sql.DB
	engine sqlfile.Engine
	used   map[column][]string
}

// TestCheck_NamesWhatIsBroken breaks the tables, columns, types, rights and flags that the queries of a type use, one after the other, on every engine.
func TestCheck_NamesWhatIsBroken(t *testing.T) {
	for _, kind := range forumKinds {
		t.Run(kind, func(t *testing.T) {
			f := newFixture(t, kind)
			t.Parallel() // the forums are made one after the other
			b := brokenForum{fixture: f, admin: openAny(t, f.dsn), engine: engineOf(t, f.dsn)}
			if statements := leftOutOfDumps[f.kind]; statements != "" {
				execute(t, b.admin, statements)
			}
			b.used = usedColumns(f.open(t), columnsOf(t, f, b.admin))
			if len(b.used) < 5 || f.kind != "nodebb" && len(b.used) < 50 { // NodeBB's tables have a key and a value
				t.Fatalf("the queries use only %d columns", len(b.used))
			}
			t.Run("columns", b.testColumns)
			t.Run("types", b.testTypes)
			if !strings.Contains(kind, "/") || os.Getenv("POSTRIDER_PROBES") == "all" { // on copies, they differ little from those of other types
				t.Run("tables", b.testTables)
				t.Run("rights", b.testRights)
			}
			t.Run("charset", b.testCharset)
			t.Run("another type", b.testAnotherType)
			t.Run("unknown permissions", b.testUnknownRights)
			t.Run("add-ons", b.testAddons)
			t.Run("members", b.testMemberCounters)
			t.Run("counters", b.testCounters) // last: it cannot be undone
		})
	}
}

// check opens the forum as a start of the daemon does, and checks it.
func (b brokenForum) check(t *testing.T, c Config) []finding.Finding {
	t.Helper()
	db, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	return append(db.Check(t.Context()), db.CheckDigests(t.Context(), time.Now())...)
}

// names reports whether a finding names a thing: one that is not passed, or one that says what is lost without it.
func names(findings []finding.Finding, thing string) bool {
	word := regexp.MustCompile(`\b` + thing + `\b`)
	return slices.ContainsFunc(findings, func(f finding.Finding) bool {
		return word.MatchString(f.Text) && (f.Fix != "" && f.Level != finding.LevelOK || f.Part == "optional table")
	})
}

func (b brokenForum) testColumns(t *testing.T) {
	checkWithout := func(group []column) []finding.Finding {
		rename := func(from, to string) {
			b.renameColumns(t, group, from, to)
		}
		rename("", "was_")
		defer rename("was_", "")
		return b.check(t, b.config())
	}
	for _, group := range batches(b.used) {
		findings := checkWithout(group)
		for _, c := range group {
			if !names(findings, c.name) && !names(checkWithout([]column{c}), c.name) { // the others may have been named in its place
				t.Errorf("without the column %s of %s, which the queries %v use, no finding names it", c.name, c.table, b.used[c])
			}
		}
	}
}

// renameColumns gives columns another prefix, with one statement a table where the engine can: MariaDB copies a table for each.
func (b brokenForum) renameColumns(t *testing.T, columns []column, from, to string) {
	t.Helper()
	changes := make(map[string][]string)
	for _, c := range columns {
		changes[c.table] = append(changes[c.table], fmt.Sprintf("RENAME COLUMN %s TO %s", quoteName(b.engine, from+c.name), quoteName(b.engine, to+c.name)))
	}
	separator := func(table string) string { return "; ALTER TABLE " + quoteName(b.engine, table) + " " }
	var statements strings.Builder
	for table, columns := range changes {
		between := separator(table)
		if b.engine == sqlfile.MySQL {
			between = ", "
		}
		statements.WriteString(separator(table) + strings.Join(columns, between))
	}
	execute(t, b.admin, strings.TrimPrefix(statements.String(), "; "))
}

// tables returns the tables that the queries use.
func (b brokenForum) tables() []string {
	tables := make(map[string]bool)
	for c := range b.used {
		tables[c.table] = true
	}
	return slices.Sorted(maps.Keys(tables))
}

func (b brokenForum) testTables(t *testing.T) {
	for _, table := range b.tables() {
		rename := func(from, to string) {
			execute(t, b.admin, fmt.Sprintf("ALTER TABLE %s RENAME TO %s", quoteName(b.engine, from), quoteName(b.engine, to)))
		}
		rename(table, "was_"+table)
		findings := b.check(t, b.config())
		rename("was_"+table, table)
		if !names(findings, table) && !names(findings, strings.TrimPrefix(table, b.prefix())) {
			t.Errorf("without the table %s, no finding names it: %v", table, findings)
		}
	}
}

func (b brokenForum) prefix() string {
	kind, _ := forumTypeNamed(b.kind)
	return kind.prefix
}

// selected is a column of a table that a query returns as it is.
var selected = regexp.MustCompile(`\b(\w+)\.(\w+)\s+AS (\w+)`)

// testTypes gives each column that a query returns as a number the type of a date and time.
func (b brokenForum) testTypes(t *testing.T) {
	if b.engine == sqlfile.SQLite {
		t.Skip("SQLite does not keep to the types of columns")
	}
	tested := 0
	for column, name := range b.numbersAsTheyAre(t) {
		table, extra := quoteName(b.engine, column.table), quoteName(b.engine, column.name)
		kind := map[sqlfile.Engine]string{sqlfile.MySQL: "DATETIME", sqlfile.Postgres: "TIMESTAMP"}[b.engine]
		execute(t, b.admin, fmt.Sprintf("ALTER TABLE %s RENAME COLUMN %s TO was_it; ALTER TABLE %[1]s ADD %[2]s %s", table, extra, kind))
		findings := b.check(t, b.config())
		execute(t, b.admin, fmt.Sprintf("ALTER TABLE %s DROP %s; ALTER TABLE %[1]s RENAME COLUMN was_it TO %[2]s", table, extra))
		if tested++; !names(findings, name) && !names(findings, column.name) && !mentions(findings, kind) {
			t.Errorf("the column %s of %s is %s, and no finding names it: %v", column.name, column.table, kind, findings)
		}
	}
	if tested < 5 && b.kind != "nodebb" && b.kind != "flarum" && b.kind != "discourse" { // they convert their columns
		t.Errorf("only %d columns are returned as they are", tested)
	}
}

func mentions(findings []finding.Finding, text string) bool {
	return slices.ContainsFunc(findings, func(f finding.Finding) bool {
		return f.Level == finding.LevelFail && strings.Contains(strings.ToUpper(f.Text), text)
	})
}

// numbersAsTheyAre returns columns of the posts, threads and members, with the number for which a query returns them.
func (b brokenForum) numbersAsTheyAre(t *testing.T) map[column]string {
	all := make(map[column]string)
	for _, query := range []string{"threads", "posts", "profiles", "arrivals"} {
		for _, m := range selected.FindAllStringSubmatch(b.open(t).queries[query].Text, -1) {
			for c, queries := range b.used {
				if c.name == m[2] && slices.Contains(queries, query) && isNumberColumn(m[3]) {
					all[c] = m[3]
				}
			}
		}
	}
	return all
}

// testRights takes the right to read each table from an account, and gives it each right to write.
func (b brokenForum) testRights(t *testing.T) {
	if b.engine == sqlfile.SQLite {
		t.Skip("SQLite has no accounts")
	}
	reader, grants := b.newReader(t)
	for _, found := range b.check(t, reader) {
		// MariaDB denies tables that are not there, and some of the forums do send digests.
		if found.Level != finding.LevelOK && !slices.Contains([]string{"optional table", "codes", "digests"}, found.Part) {
			t.Errorf("with the right to read all tables: %s: %s", found.Part, found.Text)
		}
	}
	for _, table := range b.tables() {
		grants("REVOKE SELECT ON", table, "FROM")
		findings := b.check(t, reader)
		grants("GRANT SELECT ON", table, "TO")
		if !names(findings, table) {
			t.Errorf("without the right to read %s, no finding names it: %v", table, findings)
		}
	}
	rights := []string{"INSERT", "UPDATE", "DELETE", "DROP", "ALTER"}
	if b.engine == sqlfile.Postgres {
		rights = []string{"INSERT", "UPDATE", "DELETE", "TRUNCATE"}
	}
	for _, right := range rights {
		table := b.tables()[0]
		grants("GRANT "+right+" ON", table, "TO")
		found := findingNamed(b.check(t, reader), "account")
		grants("REVOKE "+right+" ON", table, "FROM")
		if found.Level != finding.LevelWarn || !strings.Contains(found.Text, right) && !strings.Contains(found.Text, table) || found.Fix == "" {
			t.Errorf("with the right to %s in %s, the finding is %+v, want a warning", right, table, found)
		}
	}
}

// newReader makes an account that may read the forum's tables. It returns a configuration for it and a function that changes its rights.
func (b brokenForum) newReader(t *testing.T) (Config, func(verb, table, preposition string)) {
	t.Helper()
	c := b.config()
	u, err := url.Parse(b.dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := "reader_" + strings.TrimPrefix(u.Path, "/")
	account := name
	if b.engine == sqlfile.MySQL {
		account = "'" + name + "'@localhost"
		execute(t, b.admin, "CREATE USER "+account+" IDENTIFIED BY 'x'")
	} else {
		execute(t, b.admin, "CREATE ROLE "+name+" LOGIN PASSWORD 'x'")
		t.Cleanup(func() { b.admin.Exec("DROP OWNED BY " + name + "; DROP ROLE " + name) })
	}
	u.User = url.UserPassword(name, "x")
	c.DSN = u.String()
	grants := func(verb, table, preposition string) {
		execute(t, b.admin, verb+" "+quoteName(b.engine, table)+" "+preposition+" "+account)
	}
	all := make(map[string]bool)
	for c := range columnsOf(t, b.fixture, b.admin) {
		all[c.table] = true
	}
	for table := range all {
		grants("GRANT SELECT ON", table, "TO")
	}
	return c, grants
}

// testAnotherType lets the configuration name another forum type, or another prefix.
func (b brokenForum) testAnotherType(t *testing.T) {
	other, otherPrefix := b.config(), b.config()
	if other.Type = "mybb"; b.kind == "mybb" {
		other.Type = "fluxbb"
	}
	otherPrefix.Prefix = "other_"
	for _, c := range []Config{other, otherPrefix} {
		if c.Prefix != "" && (b.kind == "nodebb" || b.kind == "discourse") {
			continue // whose tables have none
		}
		findings := b.check(t, c)
		found := findingNamed(findings, "tables")
		if want := fmt.Sprintf("type %s with prefix %q", b.kind, b.prefix()); found.Level != finding.LevelFail || !strings.Contains(found.Text, want) || !strings.Contains(found.Fix, b.kind) {
			t.Errorf("with type %s and prefix %q, tables = %+v, want a failure that says %s", c.Type, c.Prefix, found, want)
		}
		if slices.ContainsFunc(findings, func(f finding.Finding) bool { return f.Part == "optional table" }) {
			t.Errorf("with type %s and prefix %q, findings about optional tables distract: %v", c.Type, c.Prefix, findings)
		}
	}
}

func (b brokenForum) testCharset(t *testing.T) {
	if b.engine != sqlfile.MySQL {
		t.Skip("only MySQL and MariaDB have character sets of columns")
	}
	table := b.tables()[0]
	execute(t, b.admin, "ALTER TABLE "+quoteName(b.engine, table)+" ADD old VARCHAR(9) CHARACTER SET latin1")
	found := findingNamed(b.check(t, b.config()), "charset")
	execute(t, b.admin, "ALTER TABLE "+quoteName(b.engine, table)+" DROP old")
	if found.Level != finding.LevelWarn || !strings.Contains(found.Text, "latin1") {
		t.Errorf("charset = %+v, want a warning about latin1", found)
	}
}

// unknownRights are statements that add a permission to view, called viewVault or f_vault, as an add-on does.
var unknownRights = map[string]string{
	"phpbb3": "INSERT INTO phpbb_acl_options (auth_option_id, auth_option, is_global, is_local, founder_only) VALUES (9001, 'f_vault', 0, 1, 0)",
	"xenforo2": `CREATE TABLE xf_permission (permission_id VARBINARY(25), permission_group_id VARBINARY(25), addon_id VARBINARY(50));
		INSERT INTO xf_permission VALUES ('viewOthers', 'forum', 'XF'), ('f_vault', 'forum', 'Vault'), ('view_f_vault', 'forum', 'Vault')`,
}

func (b brokenForum) testUnknownRights(t *testing.T) {
	statement := unknownRights[strings.Replace(b.kind, "xenforo1", "xenforo2", 1)]
	if statement == "" {
		t.Skip("permissions of add-ons cannot be distinguished in the database")
	}
	execute(t, b.admin, statement)
	found := findingNamed(b.check(t, b.config()), "unknown permissions")
	if found.Level != finding.LevelWarn || !strings.Contains(found.Text, "f_vault") || found.Fix == "" {
		t.Errorf("unknown permissions = %+v, want a warning that names f_vault", found)
	}
}

func (b brokenForum) testCounters(t *testing.T) {
	execute(t, b.admin, flagsWithOtherMeaning[b.kind])
	found := findingNamed(b.check(t, b.config()), "counters")
	if found.Level != finding.LevelFail || !strings.Contains(found.Text, "by its queries") {
		t.Errorf("counters = %+v, want a failure with an example", found)
	}
}
