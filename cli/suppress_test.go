package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postrider/internal/golden"
	"postrider/store"
)

// newSuppressionTest creates a test forum with a store, and a function that runs suppress on it.
func newSuppressionTest(t *testing.T) (p testForum, do func(args ...string) (string, string, int)) {
	t.Helper()
	p = newTestForum(t)
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(p.dir, "postrider.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p, func(args ...string) (string, string, int) {
		return run(t, append(append([]string{"suppress"}, args...), "-c", p.config)...)
	}
}

func TestSuppressHelp_MatchesGolden(t *testing.T) {
	for _, c := range (&cmdEnv{}).suppress().Commands() {
		text := mustRun(t, "suppress", c.Name(), "--help")
		for line := range strings.Lines(text) {
			if len(line) > 121 {
				t.Errorf("suppress %s: a line is longer than 120 columns:\n%s", c.Name(), line)
			}
		}
		golden.Files(t, "suppress-"+c.Name(), map[string]string{"help": text})
	}
}

func TestSuppress_AddAndRemove(t *testing.T) {
	_, do := newSuppressionTest(t)
	step := func(code int, args []string, wants ...string) {
		t.Helper()
		out, errOut, got := do(args...)
		if got != code {
			t.Errorf("suppress %s: exit %d, want %d", strings.Join(args, " "), got, code)
		}
		wantOutput(t, out+errOut, wants...)
	}
	step(0, []string{"list"}, "No addresses are suppressed.")
	step(0, []string{"add", "Anna@Example.org", "bert@example.org", "--reason", "they wrote to us"}, "2 addresses suppressed")
	step(0, []string{"list"}, "anna@example.org  -", "removed", "they wrote to us", "bert@example.org")
	step(0, []string{"add", "emil@example.org"}, "1 address suppressed until you remove it.")
	step(0, []string{"remove", "emil@example.org"}, "emil@example.org is no longer suppressed")
	step(1, []string{"add", "\xff@example.org"}, "invalid address")
	step(1, []string{"add", "carl"}, `invalid address "carl"`, "anna@example.org")
	step(1, []string{"remove", "ANNA@example.org", "dora@example.org"}, "ANNA@example.org is no longer suppressed", "dora@example.org was not suppressed")
	step(0, []string{"list"}, "bert@example.org", "!anna@example.org")

	out, _, _ := do("list", "--json")
	var list []struct {
		Address, Reason string
		Since           string
		Until           *string
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 1 || list[0].Address != "bert@example.org" || list[0].Until != nil || list[0].Since == "" {
		t.Errorf("list --json prints %s (%v)", out, err)
	}
}

func TestSuppress_ExportAndImportCSV(t *testing.T) {
	p, do := newSuppressionTest(t)
	file := filepath.Join(p.dir, "in.csv")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("\ufeffAddress,Reason\nAnna@example.org,\"full, and \"\"stays\"\" so\",2026-05-04\nbert@example.org\ncarl@example.org,dead,2026-05-04T08:00:00Z,2099-01-01\nBert@example.org,=HYPERLINK(1),2026-05-05 09:30:00\n")
	if out, errOut, code := do("import", file); code != 0 || !strings.Contains(out, "3 addresses imported") {
		t.Fatalf("import: exit %d\n%s%s", code, out, errOut)
	}
	out, _, _ := do("export")
	want := "address,reason,since,until\nanna@example.org,\"full, and \"\"stays\"\" so\",2026-05-04T00:00:00Z,\n" +
		"bert@example.org,'=HYPERLINK(1),2026-05-05T09:30:00Z,\ncarl@example.org,dead,2026-05-04T08:00:00Z,2099-01-01T00:00:00Z\n"
	if out != want {
		t.Errorf("export prints\n%swant\n%s", out, want)
	}
	write(out)
	do("remove", "anna@example.org", "bert@example.org", "carl@example.org")
	do("import", file)
	if again, _, _ := do("export"); again != strings.Replace(out, "'=", "'=", 1) {
		t.Errorf("after import of what was exported, export prints\n%swant\n%s", again, out)
	}

	write("anna@example.org\nnobody\ndora@example.org,why,yesterday\nemil@example.org,why,2026-05-04,2026-05-03\n")
	_, errOut, code := do("import", file)
	if code != 1 {
		t.Errorf("a file with errors: exit %d, want 1", code)
	}
	wantOutput(t, errOut, "line 2", `invalid address "nobody"`, "line 3", `invalid since "yesterday"`, "line 4", "until (2026-05-03) is not after since (2026-05-04)")
	if out, _, _ := do("list"); strings.Contains(out, "dora") {
		t.Errorf("lines of a file with errors were imported:\n%s", out)
	}
}

func FuzzReadSuppressions(f *testing.F) {
	f.Add("anna@example.org,why,2026-05-04\n")
	f.Add("\ufeffaddress\n\"a@b\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := readSuppressions(strings.NewReader(text), now)
		if err != nil {
			return
		}
		met := make(map[string]bool)
		for _, a := range list {
			if met[a.Address] || a.Address != strings.ToLower(a.Address) || !strings.Contains(a.Address, "@") {
				t.Errorf("%q gives %q", text, a.Address)
			}
			met[a.Address] = true
		}
	})
}

func TestBounce_ExitsTempFailOnError(t *testing.T) {
	p := newTestForum(t)
	for _, args := range [][]string{
		{"bounce", "-c", filepath.Join(p.dir, "none.toml")}, // no configuration
		{"bounce", "-c", p.config},                          // no store
		{"bounce", "-c", p.config, "--recpient", "x@y"},
		{"bounce", "-c", p.config, "message.eml"},
	} {
		if _, errOut, code := run(t, args...); code != 75 || errOut == "" {
			t.Errorf("postrider %s: exit %d, %q; want 75 and a reason", strings.Join(args, " "), code, errOut)
		}
	}
}
