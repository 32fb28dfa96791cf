package cli

import (
	"encoding/json"
	"path/filepath"
	"testing"
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
