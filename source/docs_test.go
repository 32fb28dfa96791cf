package source

import (
	"context"
	"database/sql"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"postrider/forum"
	"postrider/internal/finding"
	"postrider/internal/servertest"
)

var sqlBlock = regexp.MustCompile("(?ms)^```sql\n(.*?)^```$")

// documentedSQL returns the SQL examples of docs/forums.md.
func documentedSQL(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../docs/forums.md")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, block := range sqlBlock.FindAllStringSubmatch(string(text), -1) {
		list = append(list, block[1])
	}
	return list
}

// exampleTests are the tests of the SQL examples of docs/forums.md, by a text that only one example contains.
var exampleTests = map[string]func(t *testing.T, example string){
	"CREATE USER 'reader'":     func(t *testing.T, s string) { wantReadOnlyAccount(t, "xenforo2", "xenforo", s) },
	"GRANT SELECT ON mybb.*":   func(t *testing.T, s string) { wantReadOnlyAccount(t, "mybb", "mybb", s) },
	"GRANT SELECT ON phpbb.*":  func(t *testing.T, s string) { wantReadOnlyAccount(t, "phpbb3/mysql", "phpbb", s) },
	"GRANT SELECT ON fluxbb.*": func(t *testing.T, s string) { wantReadOnlyAccount(t, "fluxbb", "fluxbb", s) },
	"GRANT SELECT ON smf.*":    func(t *testing.T, s string) { wantReadOnlyAccount(t, "smf2", "smf", s) },
	"GRANT SELECT ON flarum.*": func(t *testing.T, s string) { wantReadOnlyAccount(t, "flarum", "flarum", s) },
	"CREATE ROLE reader":       func(t *testing.T, s string) { wantReadOnlyRole(t, "phpbb3", "phpbb", s) },
	"GRANT SELECT ON categor":  wantDiscourseRole,
	"GRANT SELECT ON legacy_h": wantNodebbRole,
	"WHERE _key = 'username":   wantNodebbIndex,
	"{prefix}user_group_relat": wantXenforoRecipients,
	"u.additionalgroups":       wantMybbRecipients,
	"-- name: read_days":       wantReadDays,
	"acme/hideads":             func(t *testing.T, s string) { wantExaminedAddon(t, "phpbb3", s) },
	"acme_hideads":             func(t *testing.T, s string) { wantExaminedAddon(t, "mybb", s) },
	"acme-hideads":             func(t *testing.T, s string) { wantExaminedAddon(t, "flarum", s) },
	"UPDATE mybb_tasks":        wantNoMailTask,
	"DELETE FROM mybb_mailqueue": func(t *testing.T, s string) {
		f := newFixture(t, "mybb")
		execute(t, openAdmin(t, f), "INSERT INTO mybb_mailqueue (mailto, mailfrom, subject, message, headers) VALUES ('a@a.example', '', 's', 'm', '')")
		execute(t, openAdmin(t, f), s)
		if n := queryMembers(t, f, "SELECT COUNT(*) FROM mybb_mailqueue")[0]; n != 0 {
			t.Errorf("the queue has %d messages, want none", n)
		}
	},
}

func TestDocs_SQLExamplesShowTheirEffect(t *testing.T) {
	left := slices.Collect(maps.Keys(exampleTests))
	for _, example := range documentedSQL(t) {
		if indexExample.MatchString(example) && !strings.Contains(example, "legacy_zset") {
			continue // see TestDocs_IndexesAreThoseThatTheCheckNames
		}
		var found []string
		for text := range exampleTests {
			if strings.Contains(example, text) {
				found = append(found, text)
			}
		}
		if len(found) != 1 {
			t.Errorf("this example of docs/forums.md has %d tests, want 1:\n%s", len(found), example)
			continue
		}
		left = slices.DeleteFunc(left, func(text string) bool { return text == found[0] })
		t.Run(found[0], func(t *testing.T) { exampleTests[found[0]](t, example) })
	}
	for _, text := range left {
		t.Errorf("docs/forums.md has no example with %q", text)
	}
}

// indexExample is an example that creates indexes for a forum, and does nothing else.
var indexExample = regexp.MustCompile(`^(?:(?:--|CREATE INDEX) [^\n]*\n)+$`)

// TestDocs_IndexesAreThoseThatTheCheckNames compares them with indexes.sql. [TestCost_NoQueryReadsBigTableAsWhole] creates those.
func TestDocs_IndexesAreThoseThatTheCheckNames(t *testing.T) {
	var documented, known []string
	for _, example := range documentedSQL(t) {
		documented = append(documented, createdIndexLine.FindAllString(example, -1)...)
	}
	for _, kind := range forumTypes() {
		for _, engine := range kind.engines {
			for _, statement := range indexesFor(kind.name, engine, kind.prefix) {
				known = append(known, statement+";")
			}
		}
	}
	slices.Sort(documented)
	slices.Sort(known)
	if documented, known = slices.Compact(documented), slices.Compact(known); !slices.Equal(documented, known) || len(known) < 40 {
		t.Errorf("docs/forums.md has the indexes\n%s\nwant those of indexes.sql\n%s", strings.Join(documented, "\n"), strings.Join(known, "\n"))
	}
}

var createdIndexLine = regexp.MustCompile(`(?m)^CREATE INDEX .*$`)

// wantReadOnlyAccount runs the statements that make an account, for the test's own database and socket.
func wantReadOnlyAccount(t *testing.T, kind, database, statements string) {
	f := newFixture(t, kind)
	target, err := parseDSN(f.dsn)
	if err != nil {
		t.Fatal(err)
	}
	account := "docs" + f.kind
	statements = strings.ReplaceAll(strings.ReplaceAll(statements, "'reader'@'127.0.0.1'", "'"+account+"'@'localhost'"), " "+database+".*", " "+target.mysql.DBName+".*")
	admin := openAdmin(t, f)
	if !strings.Contains(statements, "CREATE USER") { // that example is above it
		execute(t, admin, "CREATE USER '"+account+"'@'localhost' IDENTIFIED BY '...'")
	}
	execute(t, admin, statements)
	c := f.config()
	c.DSN = strings.Replace(f.dsn, "root@", account+":...@", 1)
	wantReadOnly(t, c, servertest.OpenMariaDB(t, c.DSN))
}

// wantReadOnlyRole runs the statements that make an account on PostgreSQL, for the test's own database.
func wantReadOnlyRole(t *testing.T, kind, database, statements string) {
	f := newFixture(t, kind)
	target, err := parseDSN(f.dsn)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(f.dsn)
	if err != nil {
		t.Fatal(err)
	}
	admin := openAny(t, f.dsn)
	statements = strings.ReplaceAll(statements, "DATABASE "+database+" ", "DATABASE "+target.postgres.Database+" ")
	if kind == "discourse" { // the dump has not all tables
		execute(t, admin, "CREATE TABLE shared_drafts (topic_id INT); CREATE TABLE anonymous_users (user_id INT); "+
			"CREATE TABLE watched_words (id INT, word TEXT, action INT, replacement TEXT); CREATE TABLE tag_group_memberships (tag_id INT, tag_group_id INT); "+
			"CREATE TABLE tag_group_permissions (tag_group_id INT, group_id INT)")
	}
	execute(t, admin, strings.ReplaceAll(statements, "reader", "docs_reader"))
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), "DROP OWNED BY docs_reader; DROP ROLE docs_reader"); err != nil {
			t.Error(err)
		}
	})
	u.User = url.UserPassword("docs_reader", "...")
	c := f.config()
	c.DSN = u.String()
	wantReadOnly(t, c, openAny(t, c.DSN))
}

// wantNodebbRole runs the statements that make an account for NodeBB.
func wantNodebbRole(t *testing.T, statements string) {
	f := newFixture(t, "nodebb")
	admin := openAny(t, f.dsn)
	execute(t, admin, "CREATE ROLE nodebb_reader LOGIN PASSWORD '...'; GRANT USAGE ON SCHEMA public TO nodebb_reader; "+
		strings.ReplaceAll(statements, "reader", "nodebb_reader"))
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), "DROP OWNED BY nodebb_reader; DROP ROLE nodebb_reader"); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(f.dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("nodebb_reader", "...")
	c := f.config()
	c.DSN = u.String()
	wantReadOnly(t, c, openAny(t, c.DSN))
}

// wantNodebbIndex adds an index and checks that a search for the start of a name uses it where the collation does not sort by bytes.
func wantNodebbIndex(t *testing.T, statement string) {
	f := newFixture(t, "nodebb")
	admin := openAny(t, f.dsn)
	execute(t, admin, `ALTER TABLE legacy_zset ALTER COLUMN value TYPE text COLLATE "und-x-icu"`)
	execute(t, admin, "INSERT INTO legacy_zset SELECT 'username:sorted', 'member ' || n || ':' || n, 0 FROM generate_series(1001, 21000) n")
	execute(t, admin, statement)
	execute(t, admin, "ANALYZE legacy_zset")
	db := f.open(t)
	q := db.queries["search"]
	q.Text = "EXPLAIN (ANALYZE, FORMAT JSON) " + q.Text
	db.queries["search"] = q
	read(t, db, func(s *Snapshot) error {
		plan := explained(t, s, "search", params{"begins": "member 200%", "limit": 20})
		if rows, scanned := plan.reads(); rows > 200 || len(scanned) > 0 {
			t.Errorf("a search for a name reads %d rows:\n%s", rows, plan.outline(""))
		}
		return nil
	})
}

// wantDiscourseRole runs the statement that grants Discourse's tables one by one, after the first statements for any database.
func wantDiscourseRole(t *testing.T, statement string) {
	wantReadOnlyRole(t, "discourse", "discourse", "CREATE ROLE reader LOGIN PASSWORD '...'; GRANT CONNECT ON DATABASE discourse TO reader; "+
		"GRANT USAGE ON SCHEMA public TO reader; "+statement)
}

// wantReadOnly checks that the account in c passes the check and may not drop a table. db is a connection of it.
func wantReadOnly(t *testing.T, c Config, db *sql.DB) {
	t.Helper()
	for _, x := range openConfig(t, c).Check(t.Context()) {
		if x.Level == finding.LevelFail || x.Part == "account" && x.Level != finding.LevelOK {
			t.Errorf("check: %s: %s", x.Part, x.Text)
		}
	}
	table := map[string]string{"xenforo2": "xf_post", "mybb": "mybb_posts", "phpbb3": "phpbb_posts", "fluxbb": "posts", "smf2": "smf_messages", "discourse": "posts", "nodebb": "legacy_hash", "flarum": "posts"}[c.Type]
	if _, err := db.ExecContext(t.Context(), "DROP TABLE "+table); err == nil {
		t.Error("the account may drop a table")
	}
}

// wantRecipients checks that exactly these members get email, of those who got some without the example.
func wantRecipients(t *testing.T, f fixture, example string, want []forum.MemberID) {
	t.Helper()
	c := f.config()
	c.Queries = queriesFile(t, example)
	db := openConfig(t, c)
	all, got := membersByID(t, f, f.open(t)), membersByID(t, f, db)
	left, out := 0, 0
	for id, m := range got {
		reason := all[id].NoMail
		if reason == "" && !slices.Contains(want, id) {
			reason = NotARecipient
			out++
		} else if reason == "" {
			left++
		}
		if m.NoMail != reason || !MayRead(m) && reason == NotARecipient {
			t.Errorf("member %d gets no email because of %q, want %q", id, m.NoMail, reason)
		}
	}
	if left == 0 || out == 0 {
		t.Errorf("%d members get email and %d do not: the example has no effect", left, out)
	}
	for _, x := range db.Check(t.Context()) {
		if x.Level == finding.LevelFail || x.Part == "members" && !strings.Contains(x.Text, "the query recipients leaves out some of them") {
			t.Errorf("check: %s: %s", x.Part, x.Text)
		}
	}
}

func wantXenforoRecipients(t *testing.T, example string) {
	f := newFixture(t, "xenforo2")
	execute(t, openAdmin(t, f), "INSERT IGNORE INTO xf_user_group_relation (user_id, user_group_id, is_primary) VALUES (2, 5, 0), (4, 5, 0)")
	wantRecipients(t, f, example, queryMembers(t, f, "SELECT user_id FROM xf_user_group_relation WHERE user_group_id = 5"))
}

func wantMybbRecipients(t *testing.T, example string) {
	f := newFixture(t, "mybb")
	execute(t, openAdmin(t, f), "UPDATE mybb_users SET additionalgroups = '4,8' WHERE uid = 3; UPDATE mybb_users SET additionalgroups = '18' WHERE uid = 4")
	wantRecipients(t, f, example, queryMembers(t, f, "SELECT uid FROM mybb_users WHERE CONCAT(',', usergroup, ',', additionalgroups, ',') LIKE '%,8,%'"))
}

func wantReadDays(t *testing.T, example string) {
	f := sharedFixture(t, "xenforo2")
	c := f.config()
	c.Queries = queriesFile(t, example)
	for db, days := range map[*DB]int{f.open(t): 30, openConfig(t, c): 90} {
		marks := readOne(t, db, func(s *Snapshot) (map[forum.MemberID]forum.ReadMarks, error) {
			return s.ReadMarks(t.Context(), ids(2), f.now())
		})
		if want := f.now().UTC().AddDate(0, 0, -days); !marks[2].KeptSince.Equal(want) {
			t.Errorf("read marks are known since %v, want %v", marks[2].KeptSince, want)
		}
	}
}

// wantNoMailTask checks that MyBB would find no task to send the queue. The condition is that of run_task in
// inc/functions_task.php of MyBB 1.8.
func wantNoMailTask(t *testing.T, example string) {
	f := newFixture(t, "mybb")
	count := func() (mail, others forum.MemberID) {
		const enabled = "SELECT COUNT(*) FROM mybb_tasks WHERE enabled = 1 AND nextrun <= 2147483647 AND file "
		return queryMembers(t, f, enabled+"= 'sendmailqueue'")[0], queryMembers(t, f, enabled+"<> 'sendmailqueue'")[0]
	}
	execute(t, openAdmin(t, f), `INSERT INTO mybb_tasks (title, description, file) VALUES
		('Send Mail Queue', 'Sends the mail queue every minute.', 'sendmailqueue'), ('Mass Mail', '', 'massmail')`)
	mail, others := count()
	if mail != 1 || others == 0 {
		t.Fatalf("%d tasks send the queue, want 1; %d others", mail, others)
	}
	execute(t, openAdmin(t, f), example)
	if m, o := count(); m != 0 || o != others {
		t.Errorf("%d tasks send the queue, want none; %d others, want %d", m, o, others)
	}
}
