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
	"postrider/internal/servertest"
)

// documentedBlocks returns the code blocks of a language in docs/custom-forum.md.
func documentedBlocks(t *testing.T, language string) []string {
	t.Helper()
	text, err := os.ReadFile("../docs/custom-forum.md")
	if err != nil {
		t.Fatal(err)
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
	for _, block := range documentedBlocks(t, "sql") {
		if _, err := db.ExecContext(t.Context(), block); err != nil {
			t.Fatal(err)
		}
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	account := documentedBlocks(t, "")[0]
	account = strings.NewReplacer("$ psql wader\n", "", "DATABASE wader ", "DATABASE "+strings.TrimPrefix(u.Path, "/")+" ", "reader", "custom_reader").Replace(account)
	if _, err := db.ExecContext(t.Context(), account); err != nil {
		t.Fatalf("%s: %v", account, err)
	}
	t.Cleanup(func() { db.Exec("DROP OWNED BY custom_reader; DROP ROLE custom_reader") })
	u.User = url.UserPassword("custom_reader", "secret")

	dir := t.TempDir()
	config := strings.Replace(documentedBlocks(t, "toml")[0], "postgres://reader:secret@127.0.0.1:5432/wader", u.String(), 1)
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
	if strings.Contains(check, "FAIL") || strings.Contains(check, "warn") || !strings.Contains(check, "https://forum.example.org/topics/10#m106") {
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
		var got edition
		out := run("preview", strings.ToUpper(name[:1])+name[1:], "--from", "2026-05-01T06:00:00Z", "--until", "2026-05-04T06:00:00Z", "--format", "json")
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err)
		}
		if list := got.shownPosts(); !slices.Equal(list, posts) {
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
