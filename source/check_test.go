package source

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postrider/internal/finding"
	"postrider/internal/servertest"
	"postrider/internal/sqlfile"
)

func TestCheck_PassesHealthyForum(t *testing.T) {
	forEachForum(t, func(t *testing.T, forum fixture, db *DB) {
		findings := db.Check(t.Context())
		var names []string
		for _, f := range findings {
			names = append(names, f.Part)
			if f.Level != finding.LevelOK && f.Part != "account" { // the test's account has all privileges
				t.Errorf("%s: %s: %s (%s)", f.Level, f.Part, f.Text, f.Fix)
			}
			if f.Level != finding.LevelOK && f.Fix == "" {
				t.Errorf("%s has no fix", f.Part)
			}
		}
		want := []string{"connection", "queries", "sections", "permissions", "members"}
		if db.engine != sqlfile.SQLite {
			want = append(want, "account", "charset")
		}
		xenforo := strings.HasPrefix(forum.kind, "xenforo")
		if !xenforo && forum.kind != "mybb" && forum.kind != "discourse" && forum.kind != "nodebb" && forum.kind != "vanilla" { // their dumps do not name the version
			want = append(want, "version")
		}
		want = append(want, "counters")
		if slices.Contains([]string{"phpbb3", "nodebb", "smf2"}, forum.kind) { // the others' dumps have no statistics
			want = append(want, "member counters")
		}
		if forum.kind == "flarum" || forum.kind == "nodebb" { // the others' dumps have no add-ons
			want = append(want, "add-ons")
		}
		if forum.kind == "nodebb" {
			want = append(want, "fediverse")
		}
		if xenforo || forum.edition != "" || slices.Contains([]string{"discourse", "phpbb3", "flarum", "vanilla"}, forum.kind) { // whose tables are not all there
			for _, f := range findings {
				if f.Part == "optional table" {
					want = append(want, f.Part)
				}
			}
		}
		if !slices.Equal(names, want) {
			t.Errorf("findings are %v, want %v", names, want)
		}
	})
}

func TestCheck_FailsForUnusableForum(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change string
		config func(*Config)
		want   string // the part of the finding
		text   string // contained in the finding's text
	}{
		{name: "a wrong prefix", config: func(c *Config) { c.Prefix = "forum_" }, want: "tables", text: "queries use a missing table"},
		{name: "another forum type", config: func(c *Config) { c.Type = "mybb" }, want: "tables", text: "mybb_forums"},
		{name: "a column of several queries", change: "ALTER TABLE xf_post DROP message_state", want: "query posts", text: "the same is missing for took_part, "},
		{name: "a missing table", change: "DROP TABLE xf_user_ignored", want: "tables", text: "xf_user_ignored"},
		{name: "a missing column", change: "ALTER TABLE xf_post DROP reaction_users", want: "query posts", text: "reaction_users"},
		{name: "a malformed permission cache", change: "UPDATE xf_permission_cache_content SET cache_value = '{\"view\":tru' WHERE permission_combination_id = 3 AND content_id = 5", want: "permissions", text: "role 3 in section 5"},
		{name: "a cache in PHP format, as in XenForo 1", change: "UPDATE xf_permission_cache_content SET cache_value = 'a:0:{}'", want: "permissions", text: "permission cache"},
		{name: "an empty cache", change: "DELETE FROM xf_permission_cache_content", want: "permissions", text: "4 of 4 access classes"},
		{name: "no sections", change: "DELETE FROM xf_node", want: "sections", text: "no sections"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, "xenforo2")
			if tt.change != "" {
				execute(t, openAdmin(t, f), tt.change)
			}
			c := f.config()
			if tt.config != nil {
				tt.config(&c)
			}
			for _, f := range openConfig(t, c).Check(t.Context()) {
				if f.Level == finding.LevelFail && f.Part == tt.want && strings.Contains(f.Text, tt.text) && f.Fix != "" {
					return
				}
				t.Logf("%s: %s: %s (%s)", f.Level, f.Part, f.Text, f.Fix)
			}
			t.Errorf("no finding %q fails with %q", tt.want, tt.text)
		})
	}
}

func TestCheck_SaysThatDatabaseIsEmpty(t *testing.T) {
	file := filepath.Join(t.TempDir(), "empty.db")
	execute(t, openAny(t, "sqlite:"+file), "CREATE TABLE t (i INT); DROP TABLE t")
	for _, dsn := range []string{servertest.MariaDB(t), servertest.Postgres(t), "sqlite:" + file} {
		c := DefaultConfig()
		c.Type, c.DSN, c.URL = "mybb", dsn, "https://forum.example.org/"
		got := findingNamed(openConfig(t, c).Check(t.Context()), "tables")
		if got.Level != finding.LevelFail || !strings.Contains(got.Text, "sees no table") || !strings.Contains(got.Fix, "dsn") {
			t.Errorf("%s: tables = %+v, want a failure that says that there is no table", engineOf(t, dsn), got)
		}
	}
}

func TestCheck_DetectsWritableAccount(t *testing.T) {
	f := sharedFixture(t, "xenforo2")
	target, err := parseDSN(f.dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := target.mysql.DBName
	execute(t, openAdmin(t, f), "CREATE USER reader@localhost IDENTIFIED BY 'se:cr@et'; GRANT SELECT ON "+name+".* TO reader@localhost")
	c := f.config()
	c.DSN = strings.Replace(f.dsn, "root@", "reader:se%3Acr%40et@", 1)
	for _, f := range openConfig(t, c).Check(t.Context()) {
		if f.Level != finding.LevelOK {
			t.Errorf("%s: %s: %s", f.Level, f.Part, f.Text)
		}
	}
	execute(t, openAdmin(t, f), "GRANT INSERT, SELECT ON "+name+".xf_post TO reader@localhost")
	if got := findingNamed(openConfig(t, c).Check(t.Context()), "account"); got.Level != finding.LevelWarn || !strings.Contains(got.Text, "INSERT") {
		t.Errorf("account = %+v, want a warning about INSERT", got)
	}
	execute(t, openAdmin(t, f), "REVOKE ALL PRIVILEGES, GRANT OPTION FROM reader@localhost; GRANT SELECT ON "+name+".xf_node TO reader@localhost")
	if got := findingNamed(openConfig(t, c).Check(t.Context()), "query posts"); got.Level != finding.LevelFail || !strings.Contains(got.Fix, "SELECT") {
		t.Errorf("query posts = %+v, want a failure whose fix is to grant SELECT", got)
	}
}

func TestCheck_SaysOnceThatAccountMayReadNothing(t *testing.T) {
	f := newFixture(t, "phpbb3")
	u, err := url.Parse(f.dsn)
	if err != nil {
		t.Fatal(err)
	}
	admin := openAny(t, f.dsn)
	execute(t, admin, "CREATE ROLE reads_nothing LOGIN PASSWORD 'x'")
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), "DROP ROLE reads_nothing"); err != nil {
			t.Error(err)
		}
	})
	u.User = url.UserPassword("reads_nothing", "x")
	c := f.config()
	c.DSN = u.String()
	var failed []string
	for _, x := range openConfig(t, c).Check(t.Context()) {
		if x.Level == finding.LevelFail {
			failed = append(failed, x.Part+": "+x.Fix)
		}
	}
	if want := "tables: grant SELECT on all tables of the forum to the account in [forum] dsn: see docs/forums.md"; len(failed) != 1 || failed[0] != want {
		t.Errorf("failed: %q, want only %q", failed, want)
	}
}

func findingNamed(findings []finding.Finding, name string) finding.Finding {
	for _, f := range findings {
		if f.Part == name {
			return f
		}
	}
	return finding.Finding{}
}

func TestOpen_HidesPasswordInErrors(t *testing.T) {
	f := sharedFixture(t, "xenforo2")
	for _, dsn := range []string{
		strings.Replace(f.dsn, "root@", "root:hunter2@", 1),
		"mysql://root:hunter2@127.0.0.1:1/forum",
		"mysql://root:hunter2@host:port/forum",
		"mysql://root:hunter2/forum%zz",
		"mysql://root:hunter2@host/forum?parseTime=true",
		"oracle://root:hunter2@host/forum",
		"root:hunter2@tcp(host)/forum",
	} {
		c := f.config()
		c.DSN = dsn
		_, err := Open(t.Context(), c)
		if err == nil {
			t.Errorf("%s was opened", dsn)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error contains the password: %v", dsn, err)
		}
	}
}

func TestQueryOverrides_ReplaceQueriesAndReportMistakes(t *testing.T) {
	f := sharedFixture(t, "xenforo2")
	overlay := func(text string) Config {
		c := f.config()
		c.Queries = filepath.Join(t.TempDir(), "local.sql")
		if err := os.WriteFile(c.Queries, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return c
	}
	db := openConfig(t, overlay("-- name: read_days\nSELECT 90 AS days"))
	read(t, db, func(s *Snapshot) error {
		marks, err := s.ReadMarks(t.Context(), ids(2), f.now())
		if want := f.now().AddDate(0, 0, -90); !marks[2].KeptSince.Equal(want) {
			t.Errorf("floor = %v, want %v", marks[2].KeptSince, want)
		}
		return err
	})
	for _, tt := range []struct{ name, text, want string }{
		{"an unknown query", "-- name: thread_watch\nSELECT 1 AS id", `did you mean thread_watches?`},
		{"an unknown parameter", "-- name: newest\nSELECT :since AS id", `unknown parameter :since (available: none)`},
		{"a query without a name", "SELECT 1", "before the first"},
	} {
		if _, err := Open(t.Context(), overlay(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: err = %v, want %q", tt.name, err, tt.want)
		}
	}
	for _, tt := range []struct{ name, text, want string }{
		{"a wrong column", "-- name: newest\nSELECT 1 AS post_id", "missing column id, unexpected column post_id"},
		{"a missing table", "-- name: newest\nSELECT id FROM {prefix}nowhere", "xf_nowhere"},
	} {
		found := false
		for _, f := range openConfig(t, overlay(tt.text)).Check(t.Context()) {
			found = found || f.Level == finding.LevelFail && strings.Contains(f.Text, tt.want)
		}
		if !found {
			t.Errorf("%s: no finding fails with %q", tt.name, tt.want)
		}
	}
}

func TestOpen_FailsForMissingDatabase(t *testing.T) {
	c := DefaultConfig()
	c.Type, c.URL, c.DSN = "sample", "https://forum.example.org", "sqlite:"+filepath.Join(t.TempDir(), "forum.db")
	if _, err := Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), "forum.db") {
		t.Errorf("err = %v, want one that names the file", err)
	}
	dsn := servertest.MariaDB(t)
	c.Type, c.DSN = "xenforo2", strings.Replace(dsn, "localhost/", "localhost/no_such_", 1)
	if _, err := Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), "no_such_") {
		t.Errorf("err = %v, want one that names the database", err)
	}
}
