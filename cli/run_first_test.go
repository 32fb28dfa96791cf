package cli

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postrider/daemon"
)

// runOnTerminal runs "run --once" as on a terminal where a person types answer.
func runOnTerminal(t *testing.T, p testForum, answer string, args ...string) (out, log string, err error) {
	t.Helper()
	real := interactive
	interactive = func(io.Reader, io.Writer) bool { return true }
	defer func() { interactive = real }()
	var stdout, stderr bytes.Buffer
	c := &cmdEnv{out: &stdout, err: &stderr, getenv: func(string) string { return "" }}
	root := c.root()
	root.SetArgs(append([]string{"run", "-c", p.config}, args...))
	root.SetIn(strings.NewReader(answer))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = root.ExecuteContext(ctx)
	return stdout.String(), stderr.String(), err
}

func TestRun_AsksOnNewStore(t *testing.T) {
	p := newCurrentForum(t, `web.links = "none"`)
	out, _, err := runOnTerminal(t, p, "n\n", "--once")
	if err == nil || !strings.Contains(err.Error(), "--first") || !strings.Contains(out, "new store; ") || !strings.Contains(out, " members, the first ") || !strings.HasSuffix(out, "Start? [y/N] ") {
		t.Errorf("the answer no: %v, %q", err, out)
	}
	if out, _, err := runOnTerminal(t, p, "", "--once"); err == nil {
		t.Errorf("no answer starts it: %q", out)
	}
	if out, _, err := runOnTerminal(t, p, "y\n", "--once"); err != nil || !strings.Contains(out, "Start? ") {
		t.Errorf("the answer yes: %v, %q", err, out)
	}
	if out, _, err := runOnTerminal(t, p, "", "--once"); err != nil || strings.Contains(out, "Start? ") {
		t.Errorf("it asks for a store that is not new: %v, %q", err, out)
	}
}

func TestRun_FirstAnswersInAdvance(t *testing.T) {
	p := newCurrentForum(t, `web.links = "none"`)
	out, log, err := runOnTerminal(t, p, "", "--once", "--first")
	if err != nil || strings.Contains(out, "Start?") || !strings.Contains(log, "new store; ") {
		t.Errorf("%v, it prints %q and logs %q", err, out, log)
	}
}

// A service manager cannot answer. The first round sends no digest, at whatever hour it runs.
func TestRun_NewStoreWaitsForNextHour(t *testing.T) {
	p := newCurrentForum(t, `web.links = "none"`)
	out, errOut, code := run(t, "run", "--once", "-c", p.config)
	if code != 0 || !strings.Contains(errOut, "new store; ") || !strings.Contains(out, "0 digests") {
		t.Errorf("exit %d\n%s%s", code, out, errOut)
	}
	rehearsal := newCurrentForum(t)
	out, errOut, code = run(t, "run", "--once", "--mail-dir", filepath.Join(p.dir, "mails"), "-c", rehearsal.config)
	if code != 0 || strings.Contains(errOut, "new store; ") || strings.Contains(out, " 0 digests") {
		t.Errorf("with --mail-dir: exit %d\n%s%s", code, out, errOut)
	}
}

func TestFirstRunText_NamesMembersAndHour(t *testing.T) {
	at := time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)
	for want, plan := range map[string]daemon.FirstRun{
		"new store; 1,204 members, the first 310 at 08:00 UTC":      {Members: 1204, First: 310, At: at},
		"new store; 7 members, the first 7 at 2026-05-06 08:00 UTC": {Members: 7, First: 7, At: at.AddDate(0, 0, 2)},
		"new store; no member watches anything yet":                 {},
	} {
		if got := firstRunText(&plan, at.Add(-time.Hour)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestRun_NewStoreCountsWatchesWithoutEmail(t *testing.T) {
	p := newCurrentForum(t, `web.links = "none"`)
	execSQL(t, p.forum, "UPDATE section_watch SET mail = 0")
	execSQL(t, p.forum, "UPDATE thread_watch SET mail = 0")
	if _, errOut, code := run(t, "run", "--once", "-c", p.config); code != 0 || !strings.Contains(errOut, " members only have watches without email; they get digests") {
		t.Errorf("exit %d\n%s", code, errOut)
	}
}
