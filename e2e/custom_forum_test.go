package e2e

import (
	"database/sql"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"postrider/cli"
	"postrider/internal/forumtest"
	"postrider/internal/servertest"
)

// documentedBlocks returns the code blocks of a language in docs/custom-forum.md, from a heading on, if there is one, to the next.
func documentedBlocks(t *testing.T, language, heading string) []string {
	t.Helper()
	text, err := os.ReadFile("../docs/custom-forum.md")
	if err != nil {
		t.Fatal(err)
	}
	if heading != "" {
		_, after, found := strings.Cut(string(text), "\n## "+heading+"\n")
		if !found {
			t.Fatalf("docs/custom-forum.md has no heading %q", heading)
		}
		section, _, _ := strings.Cut(after, "\n## ")
		text = []byte(section)
	}
	var list []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		list = append(list, m[1])
	}
	return list
}

// A newcomer follows docs/custom-forum.md word for word, on PostgreSQL, from tables to messages.
func TestCustomForum_DocumentationLeadsToDigest(t *testing.T) {
	dsn := servertest.Postgres(t)
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for _, block := range documentedBlocks(t, "sql", "The example forum") {
		if _, err := db.ExecContext(t.Context(), block); err != nil {
			t.Fatal(err)
		}
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	account := documentedBlocks(t, "", "")[0]
	account = strings.NewReplacer("$ psql wader\n", "", "DATABASE wader ", "DATABASE "+strings.TrimPrefix(u.Path, "/")+" ", "reader", "custom_reader").Replace(account)
	if _, err := db.ExecContext(t.Context(), account); err != nil {
		t.Fatalf("%s: %v", account, err)
	}
	t.Cleanup(func() { db.Exec("DROP OWNED BY custom_reader; DROP ROLE custom_reader") })
	u.User = url.UserPassword("custom_reader", "secret")

	dir := t.TempDir()
	config := strings.Replace(documentedBlocks(t, "toml", "")[0], "postgres://reader:secret@127.0.0.1:5432/wader", u.String(), 1)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) string {
		t.Helper()
		var out, errs strings.Builder
		if code := cli.Run(t.Context(), append(args, "-c", filepath.Join(dir, "config.toml")), &out, &errs, func(string) string { return "" }); code != 0 {
			t.Fatalf("postrider %s returned %d:\n%s%s", strings.Join(args, " "), code, out.String(), errs.String())
		}
		return out.String()
	}
	write("config.toml", config)
	write("forum.sql", run("forums", "custom"))
	check := run("forums", "check", filepath.Join(dir, "forum.sql"), "--offline")
	if strings.Contains(check, "FAIL") || strings.Contains(check, "\nwarn ") || !strings.Contains(check, "https://forum.example.org/topics/10#m106") {
		t.Errorf("check of the example:\n%s", check)
	}
	preview := run("preview", "Avocet", "--from", "2026-05-02T00:00:00Z", "--until", "2026-05-04T00:00:00Z")
	for text, want := range map[string]bool{"ten minutes": true, "Which county": true, "Buy now": false, "Never happened": false, "This board closes": false} {
		if strings.Contains(preview, text) != want {
			t.Errorf("Avocet's preview has %q: %t, want %t", text, !want, want)
		}
	}
	run("run", "--once", "--now", "2026-05-04T06:00:00Z", "--mail-dir", filepath.Join(dir, "out"))
	want := map[string][]int64{"avocet": {101, 102}, "bittern": {102, 106}, "egret": {101, 102, 106}}
	if got := customMessages(t, filepath.Join(dir, "out")); !slices.Equal(got, []string{"avocet", "bittern", "egret"}) {
		t.Errorf("messages for %v", got)
	}
	for name, posts := range want {
		var got forumtest.Edition
		out := run("preview", strings.ToUpper(name[:1])+name[1:], "--from", "2026-05-01T06:00:00Z", "--until", "2026-05-04T06:00:00Z", "--format", "json")
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err)
		}
		if list := got.Shown(); !slices.Equal(list, posts) {
			t.Errorf("%s gets %v, want %v", name, list, posts)
		}
	}
}

// customMessages returns the receivers of the messages in a folder: the part of the address before the @.
func customMessages(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		_, rest, _ := strings.Cut(filepath.Base(file), "-")
		name, _, _ := strings.Cut(rest, "-")
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestCustomForum_DocumentedNumbersOfUUIDsAscendWithTime(t *testing.T) {
	db := openPostgres(t)
	blocks := documentedBlocks(t, "sql", "UUIDs")
	for _, statement := range []string{
		"CREATE TABLE accounts (uid UUID PRIMARY KEY)", "INSERT INTO accounts SELECT gen_random_uuid() FROM generate_series(1, 3)",
		"CREATE TABLE notes (uid UUID PRIMARY KEY DEFAULT gen_random_uuid(), written TIMESTAMPTZ NOT NULL)",
		"INSERT INTO notes (written) SELECT TIMESTAMPTZ '2026-05-03 20:00:00Z' - n * INTERVAL '1 hour' FROM generate_series(1, 50) n",
		blocks[0], blocks[1], "INSERT INTO notes (written) VALUES ('2026-05-03 21:00:00Z')",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	var members, posts, wrong int
	err := db.QueryRowContext(t.Context(), "SELECT (SELECT COUNT(DISTINCT num) FROM accounts), COUNT(num), COUNT(*) FILTER (WHERE num <= before) "+
		"FROM (SELECT num, LAG(num) OVER (ORDER BY written) AS before FROM notes) n").Scan(&members, &posts, &wrong)
	if err != nil || members != 3 || posts != 51 || wrong != 0 {
		t.Errorf("%d members, %d posts, %d in the wrong order, %v; want 3, 51 and none", members, posts, wrong, err)
	}
}

func TestCustomForum_DocumentedRightsAreReplacedByOneRow(t *testing.T) {
	db := openPostgres(t)
	for _, statement := range []string{
		"CREATE TABLE boards (id BIGINT, parent_id BIGINT)", "INSERT INTO boards VALUES (1, NULL), (2, 1), (3, 2), (4, 1)",
		"CREATE TABLE board_rights (board_id BIGINT, role TEXT, can_read BOOLEAN)",
		"INSERT INTO board_rights VALUES (1, 'member', TRUE), (1, 'guest', FALSE), (4, 'steward', TRUE)",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	query := strings.Replace(documentedBlocks(t, "sql", "Rights from the parent")[0], ":roles", "'member', 'guest', 'steward'", 1)
	var list string
	err := db.QueryRowContext(t.Context(), "SELECT STRING_AGG(CONCAT_WS(' ', section_id, role, rights), ', ' ORDER BY section_id, role) FROM ("+query+") r").Scan(&list)
	if want := "1 guest 000, 1 member 110, 2 guest 000, 2 member 110, 3 guest 000, 3 member 110, 4 steward 110"; err != nil || list != want {
		t.Errorf("rights are %s, %v; want %s", list, err, want)
	}
}

func openPostgres(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", servertest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
