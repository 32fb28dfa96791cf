package cli

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postrider/internal/servertest"
	"postrider/internal/smtptest"
)

func TestCheck_PassesOnWorkingSetup(t *testing.T) {
	p := newTestForum(t, "smtp.url = "+quoted(smtptest.New(t).URL()))
	mustRun(t, "migrate", "-c", p.config)
	out := mustRun(t, "check", "--offline", "-c", p.config)
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "ok    ") {
			t.Errorf("a line is not ok: %s", line)
		}
	}
	for _, part := range []string{"config", "templates", "store", "forum ", "smtp"} {
		if !strings.Contains(out, "ok    "+part) {
			t.Errorf("%s is not checked:\n%s", part, out)
		}
	}
}

func TestCheck_CreatesNoFiles(t *testing.T) {
	p := newTestForum(t, "smtp.url = "+quoted(smtptest.New(t).URL()))
	mustRun(t, "check", "--offline", "-c", p.config)
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "postrider") {
			t.Errorf("check created %s", e.Name())
		}
	}
}

func TestCheck_FailsWithFix(t *testing.T) {
	port, err := servertest.Port()
	if err != nil {
		t.Fatal(err)
	}
	relay := "smtp.url = " + quoted(smtptest.New(t).URL())
	file := filepath.Join(t.TempDir(), "file") // cannot contain a directory
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	broken := t.TempDir()
	if err := os.MkdirAll(filepath.Join(broken, "mail"), 0o755); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		changes []string
		spoil   string // a statement for the forum
		fails   string // the parts that fail, and no others
	}{
		{"the relay is down", []string{"smtp.url = " + quoted("smtp://127.0.0.1:"+itoa(port))}, "", "smtp"},
		{"a table of the forum is missing", []string{relay}, "ALTER TABLE post RENAME TO posts", "forum"},
		{"a column of the forum is missing", []string{relay}, "ALTER TABLE member RENAME COLUMN wants_mail TO wants", "forum"},
		{"the forum's file is missing", []string{relay, "forum.dsn = " + quoted("sqlite:"+filepath.Join(broken, "none.db"))}, "", "forum"},
		{"the store's directory is missing", []string{relay, "store.dsn = " + quoted("sqlite:"+filepath.Join(broken, "none", "postrider.db"))}, "", "store"},
		{"the store's directory is a file", []string{relay, "store.dsn = " + quoted("sqlite:"+filepath.Join(file, "postrider.db"))}, "", "store"},
		{"an unknown key", []string{relay, "digest.houre = 8"}, "", "config"},
		{"a wrong value", []string{relay, "digest.hour = 25"}, "", "config"},
		{"no sender", []string{relay, "smtp.from = "}, "", "config"},
		{"all at once", []string{"smtp.url = " + quoted("smtp://127.0.0.1:"+itoa(port)), "store.dsn = " + quoted("sqlite:"+filepath.Join(broken, "none", "postrider.db"))}, "DROP TABLE post", "forum smtp store"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newTestForum(t, tt.changes...)
			if tt.spoil != "" {
				execSQL(t, p.forum, tt.spoil)
			}
			out, errOut, code := run(t, "check", "--offline", "-c", p.config)
			want := 1
			if tt.fails == "config" {
				want = 2
			}
			if code != want || errOut != "" {
				t.Errorf("exit %d, want %d; as errors it prints %q", code, want, errOut)
			}
			lines := strings.Split(out, "\n")
			failed := map[string]bool{}
			for i, line := range lines {
				if rest, fails := strings.CutPrefix(line, "FAIL  "); fails {
					part, _, _ := strings.Cut(rest, ":")
					part, _, _ = strings.Cut(part, " ")
					failed[part] = true
					for i++; i < len(lines) && strings.HasPrefix(lines[i], "        "); i++ { // the text continues
					}
					if i == len(lines) || !strings.HasPrefix(lines[i], "      -> ") {
						t.Errorf("no fix follows:\n%s", line)
					}
				}
			}
			var parts []string
			for part := range failed {
				parts = append(parts, part)
			}
			slices.Sort(parts)
			if got := strings.Join(parts, " "); got != tt.fails {
				t.Errorf("what fails is %q, want %q:\n%s", got, tt.fails, out)
			}
			wantSameFailuresInJSON(t, p, failed, want)
		})
	}
}

// wantSameFailuresInJSON checks that check --json reports the same failures.
func wantSameFailuresInJSON(t *testing.T, p testForum, failed map[string]bool, want int) {
	t.Helper()
	out, _, code := run(t, "check", "--offline", "--json", "-c", p.config)
	if code != want {
		t.Errorf("check --json: exit %d, want %d", code, want)
	}
	var findings []struct{ Part, Level, Text, Fix string }
	if err := json.Unmarshal([]byte(out), &findings); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	fails := 0
	for _, f := range findings {
		if f.Part == "" || f.Text == "" || !slices.Contains([]string{"ok", "warn", "FAIL"}, f.Level) {
			t.Errorf("a finding is %+v", f)
		}
		if f.Level == "FAIL" {
			fails++
			if part, _, _ := strings.Cut(f.Part, " "); !failed[part] || f.Fix == "" {
				t.Errorf("fails only in JSON, or has no fix: %+v", f)
			}
		}
	}
	if fails == 0 {
		t.Errorf("nothing fails in JSON:\n%s", out)
	}
}

func TestRun_StopsWhenSelfCheckFails(t *testing.T) {
	p := newTestForum(t)
	execSQL(t, p.forum, "ALTER TABLE section_watch RENAME TO watches")
	mails := filepath.Join(p.dir, "mails")
	_, errOut, code := run(t, "run", "--once", "--now", "2026-05-04T12:00:00Z", "--mail-dir", mails, "-c", p.config)
	if code != 1 || !strings.Contains(errOut, "nothing is sent") {
		t.Errorf("exit %d: %s", code, errOut)
	}
	if entries, _ := os.ReadDir(mails); len(entries) != 0 {
		t.Errorf("%d messages were written", len(entries))
	}
}

// Service managers keep restarting a daemon that exits immediately.
func TestRun_ReportsStartFailureOnce(t *testing.T) {
	p := newTestForum(t, `alarms.email = "admin@upperberth.example"`)
	execSQL(t, p.forum, "ALTER TABLE section_watch RENAME TO watches")
	mails := filepath.Join(p.dir, "mails")
	for range 3 {
		if _, _, code := run(t, "run", "--mail-dir", mails, "-c", p.config); code != 1 {
			t.Errorf("exit %d", code)
		}
	}
	sent, err := filepath.Glob(filepath.Join(mails, "*.eml"))
	if err != nil || len(sent) != 1 {
		t.Fatalf("messages are %v, %v; want one", sent, err)
	}
	if raw, err := os.ReadFile(sent[0]); err != nil || !strings.Contains(string(raw), "To: <admin@upperberth.example>") || !strings.Contains(string(raw), "section_watch") {
		t.Errorf("%v: the message is\n%s", err, raw)
	}
}

func TestRun_ReportsMissingForum(t *testing.T) {
	p := newTestForum(t, `forum.dsn = "sqlite:gone.db"`)
	_, errOut, code := run(t, "run", "--mail-dir", filepath.Join(p.dir, "mails"), "-c", p.config)
	if code != 1 || !strings.Contains(errOut, "opening the forum") {
		t.Errorf("exit %d: %s", code, errOut)
	}
}

func execSQL(t *testing.T, forum, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", forum)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "PRAGMA legacy_alter_table = 1"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}
