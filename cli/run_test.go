package cli

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"postrider/config"
	"postrider/internal/servertest"
	"postrider/store"
)

func TestRun_OncePrintsReport(t *testing.T) {
	p := newTestForum(t)
	mails := filepath.Join(p.dir, "mails")
	out := mustRun(t, "run", "--once", "--mail-dir", mails, "-c", p.config)
	wantOutput(t, out, "new posts", "planned", "sent", "skipped", "rejected", "to retry", "uncertain", "waiting", "expired", "peak memory ")
	var round struct {
		Sent    *int
		Skipped map[string]int
		Seconds float64
		Memory  int64
	}
	text := mustRun(t, "run", "--once", "--json", "--mail-dir", mails, "-c", p.config)
	if err := json.Unmarshal([]byte(text), &round); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if round.Sent == nil || round.Skipped == nil || round.Seconds <= 0 || round.Memory < 1<<20 {
		t.Errorf("it prints\n%s", text)
	}
}

// startOtherDaemon registers a daemon with the configuration of p on its store, until the test ends.
func startOtherDaemon(t *testing.T, p testForum) {
	t.Helper()
	mustRun(t, "migrate", "-c", p.config)
	cfg, err := config.Load(p.config, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), cfg.Store.DSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.AcquireInstance(t.Context(), "the other one"); err != nil {
		t.Fatal(err)
	}
	if err := s.AgreeOnSettings(t.Context(), cfg.Shared()); err != nil {
		t.Fatal(err)
	}
}

func TestRun_RejectsSecondDaemonWithOtherDigestSettings(t *testing.T) {
	for engine, dsn := range map[string]string{
		"SQLite": "sqlite:" + filepath.Join(t.TempDir(), "postrider.db"), "PostgreSQL": servertest.Postgres(t),
	} {
		t.Run(engine, func(t *testing.T) {
			place := "store.dsn = " + quoted(dsn)
			startOtherDaemon(t, newTestForum(t, place, "digest.hour = 7", `digest.first_window = "48h"`))
			differing := newTestForum(t, place, `digest.cadence = "weekly"`, `digest.first_window = "48h"`)
			_, errOut, code := run(t, "run", "--once", "--mail-dir", t.TempDir(), "-c", differing.config)
			if code != exitUsage {
				t.Errorf("exit %d, want %d", code, exitUsage)
			}
			wantOutput(t, errOut, `digest.hour is "8" here and "7" there`, `digest.cadence is "weekly" here and "daily" there`, "the same values", "stop the other daemons")
			if strings.Contains(errOut, "first_window") {
				t.Errorf("it mentions a key that does not differ: %s", errOut)
			}
		})
	}
}

func TestRun_SecondDaemonWithTheSameDigestSettingsRuns(t *testing.T) {
	p := newTestForum(t, "store.dsn = "+quoted(servertest.Postgres(t)), "digest.hour = 7")
	startOtherDaemon(t, p)
	mustRun(t, "run", "--once", "--mail-dir", t.TempDir(), "-c", p.config)
}
