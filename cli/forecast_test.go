package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postrider/demo"
)

// newCurrentForum creates a test forum with posts up to now, for commands that use the real clock.
func newCurrentForum(t *testing.T, changes ...string) testForum {
	t.Helper()
	p := newTestForum(t, changes...)
	if err := os.Remove(p.forum); err != nil {
		t.Fatal(err)
	}
	if err := demo.Create(t.Context(), p.forum, time.Now()); err != nil {
		t.Fatal(err)
	}
	return p
}

// writeConfig writes a copy of the configuration with one more line in a table.
func (p testForum) writeConfig(t *testing.T, name, table, line string) string {
	t.Helper()
	text, err := os.ReadFile(p.config)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(p.dir, name)
	changed := strings.Replace(string(text), "["+table+"]\n", "["+table+"]\n"+line+"\n", 1)
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestForecast_PredictsDayAndWritesNothing(t *testing.T) {
	p := newCurrentForum(t)
	var r forecastJSON
	if err := json.Unmarshal([]byte(mustRun(t, "forecast", "-c", p.config, "--json")), &r); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, a := range r.Hours {
		sum += a.Messages
	}
	if r.Messages == 0 || sum != r.Messages || r.Posts < r.Messages || r.Bytes < int64(1000*r.Messages) || r.Members < r.Messages || !r.Until.Equal(r.From.Add(24*time.Hour)) {
		t.Errorf("got %+v", r)
	}
	text := mustRun(t, "forecast", "-c", p.config, "--hours", "48")
	for _, want := range []string{"Nothing is sent.", "HOUR", " subscribers, ", " rendered messages)."} {
		if !strings.Contains(text, want) {
			t.Errorf("output without %q:\n%s", want, text)
		}
	}
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "postrider") {
			t.Errorf("forecast created %s", e.Name())
		}
	}
}

func TestForecast_ComparesConfigurations(t *testing.T) {
	p := newCurrentForum(t)
	mustRun(t, "run", "--once", "--mail-dir", filepath.Join(p.dir, "mails"), "-c", p.config)
	off := p.writeConfig(t, "off.toml", "digest", `cadence = "off"`)
	if out, errOut, code := run(t, "forecast", "-c", off, "--config", p.config); code != 0 || !strings.Contains(out, "members gain a message") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	var x forecastDiffJSON
	if err := json.Unmarshal([]byte(mustRun(t, "forecast", "-c", p.config, "--config", off, "--json")), &x); err != nil {
		t.Fatal(err)
	}
	if x.Messages != 0 || x.Gained != 0 || x.Lost != x.Running.Messages || len(x.Changes) != x.Lost {
		t.Errorf("without digests: %+v", x)
	}
	// A single configuration may be named with --config, as in other commands.
	t.Chdir(t.TempDir())
	if out := mustRun(t, "forecast", "--config", p.config); strings.Contains(out, "running configuration") {
		t.Errorf("one configuration is compared:\n%s", out)
	}
}

func TestForecast_RequiresMigratedStore(t *testing.T) {
	p := newTestForum(t)
	if err := os.WriteFile(filepath.Join(p.dir, "postrider.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errOut, code := run(t, "forecast", "-c", p.config); code != 1 || !strings.Contains(errOut, "postrider migrate") {
		t.Errorf("exit %d: %s", code, errOut)
	}
	if _, errOut, code := run(t, "forecast", "-c", p.config, "--hours", "0"); code != 2 || !strings.Contains(errOut, "--hours") {
		t.Errorf("exit %d: %s", code, errOut)
	}
}
