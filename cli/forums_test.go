package cli

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postrider/internal/finding"
)

func TestForums_DescribesWhatIsTestedAndNot(t *testing.T) {
	text := mustRun(t, "forums", "phpbb3")
	for _, want := range []string{"Not supported", "phpBB 3.3.17", "own data", "GRANT SELECT ON FORUM.*", "GRANT SELECT ON ALL TABLES IN SCHEMA public", "postrider forums phpbb3 --queries"} {
		if !strings.Contains(text, want) {
			t.Errorf("forums phpbb3 does not mention %q:\n%s", want, text)
		}
	}
}

func TestForums_PrintsQueriesOfType(t *testing.T) {
	text := mustRun(t, "forums", "xenforo1", "--queries")
	for _, want := range []string{"-- name: sections\n", "-- name: rights\n", "{prefix}thread"} { // from both of its files
		if !strings.Contains(text, want) {
			t.Errorf("forums xenforo1 --queries lacks %q", want)
		}
	}
	for _, args := range [][]string{{"forums", "--queries"}, {"forums", "mybbb", "--queries"}} {
		var out, errs strings.Builder
		if code := Run(t.Context(), args, &out, &errs, func(string) string { return "" }); code != exitUsage || out.Len() > 0 {
			t.Errorf("%v returned %d and %q, want %d", args, code, out.String(), exitUsage)
		}
	}
}

func TestForums_WritesTemplateForCustomForum(t *testing.T) {
	text := mustRun(t, "forums", "custom")
	if !strings.HasPrefix(text, "-- How Postrider reads your forum") || !strings.Contains(text, "\n-- # -- name: likes\n") {
		t.Errorf("the template is\n%s", text)
	}
}

func TestCheckAddresses_FindsDeadOnes(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/members-only":
			w.WriteHeader(http.StatusForbidden)
		case "/gone":
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	good := []string{server.URL + "/t/1", server.URL + "/members-only"}
	if f := checkAddresses(t.Context(), good, false); f.Level != finding.LevelOK || !strings.Contains(f.Text, good[0]) {
		t.Errorf("living addresses: %+v", f)
	}
	f := checkAddresses(t.Context(), append(good, server.URL+"/gone"), false)
	if f.Level != finding.LevelFail || !strings.Contains(f.Text, "/gone (404)") || strings.Contains(f.Text, "members-only") || !strings.Contains(f.Fix, "thread-url") {
		t.Errorf("a dead address: %+v", f)
	}
	server.Close()
	if f := checkAddresses(t.Context(), good, false); f.Level != finding.LevelWarn {
		t.Errorf("a dead server: %+v", f)
	}
	if f := checkAddresses(t.Context(), good, true); f.Level != finding.LevelOK {
		t.Errorf("offline: %+v", f)
	}
}

func TestForumsCheck_ReportsMistakesOfFile(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "config.toml")
	write := func(file, text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(config, "[forum]\ntype = \"custom\"\nqueries = \"forum.sql\"\ndsn = \"sqlite:forum.db\"\nurl = \"https://forum.example.org\"\n[smtp]\nurl = \"smtp://127.0.0.1:25\"\nfrom = \"a@example.org\"\n")
	write(filepath.Join(dir, "forum.db"), "")
	write(filepath.Join(dir, "forum.sql"), "-- thread-url: {url}/t\n-- tread-url: x\n-- name: sections\nSELECT 1 AS id")
	var out, errs strings.Builder
	if code := Run(t.Context(), []string{"forums", "check", "-c", config}, &out, &errs, func(string) string { return "" }); code != exitFailure {
		t.Errorf("exit code %d, want %d: %s%s", code, exitFailure, out.String(), errs.String())
	}
	for _, want := range []string{"forum.sql:1: thread-url:", "no placeholder {id}", `forum.sql:2: unknown key "tread-url"`, "did you mean thread-url?"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out.String())
		}
	}
}
