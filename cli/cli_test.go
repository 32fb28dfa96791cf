package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postrider/demo"
	"postrider/internal/golden"
	"postrider/internal/sampletest"
)

// run runs a command line in this process.
func run(t *testing.T, args ...string) (out, errOut string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = Run(t.Context(), append([]string{}, args...), &stdout, &stderr, func(string) string { return "" })
	return stdout.String(), stderr.String(), code
}

// mustRun runs a command line that must succeed.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, errOut, code := run(t, args...)
	if code != 0 {
		t.Fatalf("postrider %s: exit %d\n%s%s", strings.Join(args, " "), code, out, errOut)
	}
	return out
}

// now is the time up to which the sample forum of these tests has posts.
var now = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// testForum is a directory with the sample forum and a configuration for it.
type testForum struct{ dir, forum, config string }

// newTestForum makes one. Each change is a line "table.key = value" that takes the place of the usual one, or an empty value
// that takes it away.
func newTestForum(t *testing.T, changes ...string) testForum {
	t.Helper()
	dir := t.TempDir()
	p := testForum{dir, filepath.Join(dir, "forum.db"), filepath.Join(dir, "config.toml")}
	if err := os.WriteFile(p.forum, sampletest.Forum(t, now), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{
		"forum.type": `"sample"`, "forum.dsn": fmt.Sprintf("%q", "sqlite:"+p.forum), "forum.url": fmt.Sprintf("%q", demo.URL), "forum.name": fmt.Sprintf("%q", demo.Name),
		"store.dsn": fmt.Sprintf("%q", "sqlite:"+filepath.Join(dir, "postrider.db")),
		"smtp.url":  `"smtp://127.0.0.1:25"`, "smtp.from": fmt.Sprintf("%q", demo.From),
	}
	for _, change := range changes {
		key, value, _ := strings.Cut(change, " = ")
		lines[key] = value
	}
	var text strings.Builder
	for _, table := range []string{"forum", "store", "smtp", "digest", "alarms", "metrics", "templates", "log"} {
		fmt.Fprintf(&text, "[%s]\n", table)
		for key, value := range lines {
			if name, ours := strings.CutPrefix(key, table+"."); ours && value != "" {
				fmt.Fprintf(&text, "%s = %s\n", name, value)
			}
		}
	}
	var web strings.Builder // tests may add this table themselves
	for key, value := range lines {
		if name, ours := strings.CutPrefix(key, "web."); ours {
			fmt.Fprintf(&web, "%s = %s\n", name, value)
		}
	}
	if web.Len() > 0 {
		text.WriteString("[web]\n" + web.String())
	}
	if err := os.WriteFile(p.config, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestHelp_MatchesGolden(t *testing.T) {
	texts := map[string]string{"postrider": mustRun(t)}
	if long := mustRun(t, "--help"); long != texts["postrider"] {
		t.Errorf("postrider --help prints\n%s\nand postrider alone\n%s", long, texts["postrider"])
	}
	for _, c := range (&cmdEnv{}).root().Commands() {
		if c.Name() == "help" {
			continue
		}
		text := mustRun(t, c.Name(), "--help")
		if !strings.Contains(texts["postrider"], "\n  "+c.Name()+" ") {
			t.Errorf("postrider does not list %s", c.Name())
		}
		for line := range strings.Lines(text) {
			if len(line) > 121 {
				t.Errorf("%s: a line is longer than 120 columns:\n%s", c.Name(), line)
			}
		}
		texts[c.Name()] = text
	}
	for name, text := range texts {
		golden.Files(t, name, map[string]string{"help": text})
	}
}

func TestRun_ReportsWrongUsage(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.toml")
	p := newTestForum(t)
	lost := newTestForum(t, `store.dsn = "sqlite:/nowhere/at/all/postrider.db"`)
	away := newTestForum(t, `store.dsn = "postgres://nobody@127.0.0.1:1/postrider?sslmode=disable"`)
	tests := []struct {
		args  string
		code  int
		wants []string
	}{
		{"frobnicate", 2, []string{`unknown command "frobnicate"`}},
		{"prewiew 4", 2, []string{`unknown command "prewiew"`, "preview"}},
		{"run --nope", 2, []string{"--nope", "postrider run --help"}},
		{"run extra", 2, []string{"extra", "postrider run --help"}},
		{"announce test 1", 2, []string{"2 arg(s)", "postrider announce test --help"}},
		{"suppress add", 2, []string{"at least 1 arg", "postrider suppress add --help"}},
		{"--config", 2, []string{"--config"}},
		{"run --now 2026-05-04T08:00:00Z", 2, []string{"--now needs --once"}},
		{"run --json", 2, []string{"--json needs --once"}},
		{"queue list --since yesterday -c " + p.config, 2, []string{`invalid --since "yesterday"`, "24h"}},
		{"run --once --now yesterday -c " + p.config, 2, []string{`invalid --now "yesterday"`, "2026-05-04T08:00:00Z"}},
		{"run -c " + missing, 2, []string{missing, "config.example.toml", "-c"}},
		{"run -c " + lost.config, 1, []string{"opening the store", "/nowhere/at/all/postrider.db", "no such file"}},
		{"migrate -c " + lost.config, 1, []string{"opening the store", "/nowhere/at/all/postrider.db", "no such file"}},
		{"migrate -c " + away.config, 1, []string{"opening the store", "127.0.0.1:1", "connection refused"}},
		{"preview 1 -c " + lost.config, 1, []string{"opening the store", "/nowhere/at/all/postrider.db", "no such file"}},
		{"migrate -c " + missing, 2, []string{missing, "config.example.toml"}},
		{"preview 1 -c " + missing, 2, []string{missing, "config.example.toml"}},
		{"preview -c " + p.config, 2, []string{"ID or name"}},
		{"preview Corridor Kate -c " + p.config, 2, []string{"ID or name"}},
		{"preview 1 --format pdf -c " + p.config, 2, []string{"pdf", "html, text, eml or json"}},
		{"preview 1 --kind letter -c " + p.config, 2, []string{"letter", "digest"}},
		{"preview 1 --from noon -c " + p.config, 2, []string{`invalid --from "noon"`, "2026-05-04T08:00:00Z"}},
		{"preview 1 --until 2026-13-01T00:00:00Z -c " + p.config, 2, []string{"--until"}},
		{"preview 1 --from 2026-05-04T08:00:00Z --until 2026-05-04T08:00:00Z -c " + p.config, 2, []string{"--from", "not before", "--until"}},
		{"preview 99999 -c " + p.config, 1, []string{"99999", "no such member", "a member ID or name"}},
		{"preview Nobody -c " + p.config, 1, []string{"Nobody", "no such member"}},
		{"forums phpnuke", 2, []string{"phpnuke", "xenforo2, xenforo1, mybb, phpbb3, fluxbb, smf2, "}},
		{"demo --once", 2, []string{"--mail-dir"}},
		{"demo --mail-dir x", 2, []string{"--once"}},
		{"demo --listen nowhere", 1, []string{"--listen"}},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			out, errOut, code := run(t, strings.Fields(tt.args)...)
			if code != tt.code {
				t.Errorf("exit %d, want %d", code, tt.code)
			}
			if out != "" || !strings.HasPrefix(errOut, "postrider: ") {
				t.Errorf("it prints %q and, as errors, %q", out, errOut)
			}
			for _, want := range tt.wants {
				if !strings.Contains(errOut, want) {
					t.Errorf("it prints\n%swithout %q", errOut, want)
				}
			}
			if strings.Count(errOut, "opening the store") > 1 {
				t.Errorf("the error repeats its context: %s", errOut)
			}
		})
	}
}

func TestVersion_PrintsTextAndJSON(t *testing.T) {
	var v struct{ Version, Go string }
	if err := json.Unmarshal([]byte(mustRun(t, "version", "--json")), &v); err != nil {
		t.Fatal(err)
	}
	if v.Version == "" || !strings.HasPrefix(v.Go, "go1.") {
		t.Errorf("version is %+v", v)
	}
	if out, want := mustRun(t, "version"), fmt.Sprintf("postrider %s (%s)\n", v.Version, v.Go); out != want {
		t.Errorf("version prints %q, want %q", out, want)
	}
}

func TestForums_ListsAndDescribesTypes(t *testing.T) {
	var types []struct {
		Name, Title, Prefix, Markup, Notes string
		Databases                          []string
	}
	out := mustRun(t, "forums", "--json")
	if err := json.Unmarshal([]byte(out), &types); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out, `"Name"`) {
		t.Errorf("JSON keys must be lower case:\n%s", out)
	}
	list := mustRun(t, "forums")
	for _, f := range types {
		if !strings.Contains(list, f.Name) || !strings.Contains(list, f.Title) {
			t.Errorf("the list does not have %s:\n%s", f.Name, list)
		}
		if f.Name == "custom" { // writes a file
			continue
		}
		text := mustRun(t, "forums", f.Name)
		for _, want := range append([]string{f.Name, f.Title, f.Markup, f.Notes}, f.Databases...) {
			if want == "" || !strings.Contains(text, want) {
				t.Errorf("forums %s does not mention %q:\n%s", f.Name, want, text)
			}
		}
		var one struct{ Name string }
		if err := json.Unmarshal([]byte(mustRun(t, "forums", f.Name, "--json")), &one); err != nil || one.Name != f.Name {
			t.Errorf("forums %s --json describes %q: %v", f.Name, one.Name, err)
		}
	}
	if len(types) < 4 {
		t.Errorf("%d types are listed", len(types))
	}
}

func TestMigrate_SecondRunChangesNothing(t *testing.T) {
	p := newTestForum(t)
	if out := mustRun(t, "migrate", "-c", p.config); !strings.Contains(out, "up to date after ") {
		t.Errorf("the first run prints %q", out)
	}
	if out := mustRun(t, "migrate", "-c", p.config); out != "The store is up to date.\n" {
		t.Errorf("the second run prints %q", out)
	}
}

func TestMigrate_CreatesLinkKey(t *testing.T) {
	p := newTestForum(t)
	for _, want := range []string{"there are now 2.", "there are now 3."} {
		if out := mustRun(t, "migrate", "-c", p.config, "--new-link-key"); !strings.Contains(out, want) {
			t.Errorf("it prints %q, want %q in it", out, want)
		}
	}
}
