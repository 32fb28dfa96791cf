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

// newCurrentForum is a parish whose forum is alive now: a report goes by the real clock.
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

// writeConfig writes a configuration beside another one, with one line changed.
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
	for _, h := range r.Hours {
		sum += h.Mails
	}
	if r.Mails == 0 || sum != r.Mails || r.Posts < r.Mails || r.Bytes < int64(1000*r.Mails) || r.Members < r.Mails || !r.Until.Equal(r.From.Add(24*time.Hour)) {
		t.Errorf("it tells of %+v", r)
	}
	text := mustRun(t, "forecast", "-c", p.config, "--hours", "48")
	for _, want := range []string{"Nothing is sent.", "HOUR", "members who watch anything", " rendered messages)."} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "postrider") {
			t.Errorf("a report made %s", e.Name())
		}
	}
}

func TestForecast_ComparesConfigurations(t *testing.T) {
	p := newCurrentForum(t)
	mustRun(t, "run", "--once", "--mail-dir", filepath.Join(p.dir, "mails"), "-c", p.config)
	off := p.writeConfig(t, "off.toml", "digest", `cadence = "off"`)
	if out, errOut, code := run(t, "forecast", "-c", off, "--config", p.config); code != 0 || !strings.Contains(out, "members gain a mail") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	var x forecastDiffJSON
	if err := json.Unmarshal([]byte(mustRun(t, "forecast", "-c", p.config, "--config", off, "--json")), &x); err != nil {
		t.Fatal(err)
	}
	if x.Mails != 0 || x.Gain != 0 || x.Lose != x.Running.Mails || len(x.Changes) != x.Lose {
		t.Errorf("without digests: %+v", x)
	}
	// Whoever has but one names it as everywhere else.
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
	if _, errOut, code := run(t, "forecast", "-c", p.config, "--hours", "0"); code != 1 || !strings.Contains(errOut, "--hours") {
		t.Errorf("exit %d: %s", code, errOut)
	}
}
