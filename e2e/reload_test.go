package e2e

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"postrider/internal/servertest"
	"postrider/internal/smtptest"
)

func (p *process) hangUp(t *testing.T) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

// getPage returns the status and the body of a page; 0: it cannot be reached.
func getPage(url string) (status int, body string) {
	resp, err := (&http.Client{Timeout: 5 * time.Second}).Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text)
}

// freeAddress returns a local address that nothing listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	port, err := servertest.Port()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}

// servePages makes a configuration serve its pages at an address.
func servePages(t *testing.T, config, listen string) {
	t.Helper()
	replaceInConfig(t, config, "listen = \"\"\nprobe = false\n", fmt.Sprintf("listen = %q\nurl = \"http://%s\"\n", listen, listen))
}

// wantEachMessageOnce checks that 36 members got one message each.
func wantEachMessageOnce(t *testing.T, relay *smtptest.Server) {
	t.Helper()
	ids, members := map[string]int{}, map[string]int{}
	for _, m := range relay.Messages() {
		ids[messageID(t, string(m.Data))]++
		members[m.To]++
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("%s was sent %d times", id, n)
		}
	}
	if len(ids) != 36 || len(members) != 36 {
		t.Errorf("%d messages went to %d members, want 36", len(ids), len(members))
	}
}

func TestSIGHUP_InMidDeliveryLosesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	relay, dir, listen := smtptest.New(t, smtptest.WithPause(200*time.Millisecond)), t.TempDir(), freeAddress(t)
	config := writeConfig(t, dir, "sample", sampleForum(t), "sqlite:"+filepath.Join(dir, "postrider.db"), relay.URL())
	servePages(t, config, listen)
	appendConfig(t, config, "[digest]\nlocale = \"en\"\n")
	makeDigestsDue(t, config, "sqlite:"+filepath.Join(dir, "postrider.db"))
	p := start(t, buildBinary(t), "run", "-c", config)
	for i, locale := range []string{"de", "en", "de"} {
		p.waitFor(t, "messages at the relay", func() bool { return len(relay.Messages()) > 8*i })
		replaceInConfig(t, config, []string{`locale = "en"`, `locale = "de"`}[i%2], fmt.Sprintf("locale = %q", locale))
		p.hangUp(t)
		p.waitFor(t, "the reload", func() bool {
			if status, body := getPage("http://" + listen + "/healthz"); status != http.StatusOK {
				t.Fatalf("the pages answer %d during a reload: %s", status, body)
			}
			return strings.Count(p.out.String(), `"msg":"configuration reloaded","changed":"digest.locale"`) == i+1
		})
	}
	p.waitFor(t, "36 messages", func() bool { return len(relay.Messages()) >= 36 })
	time.Sleep(500 * time.Millisecond) // for a message too many
	p.stop(t)
	wantEachMessageOnce(t, relay)
}

func TestSIGHUP_WithWrongConfigurationKeepsTheOldOne(t *testing.T) {
	t.Parallel()
	relay, dir, listen := smtptest.New(t), t.TempDir(), freeAddress(t)
	config := writeConfig(t, dir, "sample", sampleForum(t), "sqlite:"+filepath.Join(dir, "postrider.db"), relay.URL())
	servePages(t, config, listen)
	appendConfig(t, config, "[digest]\nhour = 8\n")
	makeDigestsDue(t, config, "sqlite:"+filepath.Join(dir, "postrider.db"))
	p := start(t, buildBinary(t), "run", "-c", config)
	p.waitFor(t, "36 messages", func() bool { return len(relay.Messages()) == 36 })
	for _, step := range []struct{ from, to, log string }{
		{"hour = 8", "hour = 25", `digest.hour`},
		{"hour = 25", "hour = 8\n[dkim]\nselector = \"s\"\nkey_file = \"/missing\"", "/missing"},
		{"\n[dkim]\nselector = \"s\"\nkey_file = \"/missing\"", "", `"msg":"configuration reloaded"`},
		{"listen = \"" + listen, "listen = \"127.0.0.1:1", `"msg":"restart needed for: web.listen"`},
		{"postrider.db", "other.db", `"msg":"restart needed for: store.dsn, web.listen"`},
	} {
		replaceInConfig(t, config, step.from, step.to)
		p.hangUp(t)
		p.waitFor(t, step.log, func() bool { return strings.Contains(p.out.String(), step.log) })
	}
	if n := strings.Count(p.out.String(), "configuration not reloaded, the old one stays in use"); n != 2 {
		t.Errorf("%d reloads failed, want 2:\n%s", n, p.out)
	}
	if status, body := getPage("http://" + listen + "/readyz"); status != http.StatusOK {
		t.Errorf("readyz answers %d %s", status, body)
	}
	p.stop(t)
	wantEachMessageOnce(t, relay)
}

// TestSIGHUP_WithOtherDigestSettingsThanAnotherDaemonKeepsTheOldOnes changes [digest] while another daemon runs, and when it has
// stopped.
func TestSIGHUP_WithOtherDigestSettingsThanAnotherDaemonKeepsTheOldOnes(t *testing.T) {
	t.Parallel()
	relay, dsn := smtptest.New(t), servertest.Postgres(t)
	configs, daemons := make([]string, 2), make([]*process, 2)
	for i := range daemons {
		configs[i] = appendConfig(t, writeConfig(t, t.TempDir(), "sample", sampleForum(t), dsn, relay.URL()), "[digest]\nhour = 8\n")
		daemons[i] = start(t, buildBinary(t), "run", "-c", configs[i])
		daemons[i].waitFor(t, "the start", func() bool { return strings.Contains(daemons[i].out.String(), "postrider started") })
	}
	replaceInConfig(t, configs[0], "hour = 8", "hour = 9")
	daemons[0].hangUp(t)
	daemons[0].waitFor(t, "the rejected reload", func() bool {
		log := daemons[0].out.String()
		return strings.Contains(log, "configuration not reloaded, the old one stays in use") && strings.Contains(log, `digest.hour is \"9\" here and \"8\" there`)
	})
	daemons[1].stop(t)
	daemons[0].hangUp(t)
	daemons[0].waitFor(t, "the reload", func() bool {
		return strings.Contains(daemons[0].out.String(), `"msg":"configuration reloaded","changed":"digest.hour"`)
	})
	third := start(t, buildBinary(t), "run", "-c", configs[1])
	if err := <-third.done; err == nil || third.ProcessState.ExitCode() != 2 || !strings.Contains(third.out.String(), `digest.hour is "8" here and "9" there`) {
		t.Errorf("a daemon with the old settings ends with %v:\n%s", err, third.out)
	}
	daemons[0].stop(t)
}

func TestSIGHUP_DoesNotKillOtherCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	relay := smtptest.New(t, smtptest.WithPause(200*time.Millisecond))
	config := writeConfig(t, dir, "sample", sampleForum(t), "sqlite:"+filepath.Join(dir, "postrider.db"), relay.URL())
	makeDigestsDue(t, config, "sqlite:"+filepath.Join(dir, "postrider.db"))
	p := start(t, buildBinary(t), "run", "--once", "-c", config)
	p.waitFor(t, "messages at the relay", func() bool { return len(relay.Messages()) > 0 })
	p.hangUp(t)
	if err := <-p.done; err != nil {
		t.Errorf("run --once ended with %v:\n%s", err, p.out)
	}
	wantEachMessageOnce(t, relay)
}

// TestRun_WaitsForForumAtStart starts a daemon whose forum is down, as after a boot of the machine.
func TestRun_WaitsForForumAtStart(t *testing.T) {
	t.Parallel()
	relay, dir, listen, down := smtptest.New(t), t.TempDir(), freeAddress(t), freeAddress(t)
	binary := buildBinary(t)
	config := writeConfig(t, dir, "xenforo2", "mysql://reader:secret@"+down+"/forum", "sqlite:"+filepath.Join(dir, "postrider.db"), relay.URL())
	servePages(t, config, listen)

	once := start(t, binary, "run", "--once", "-c", config)
	if <-once.done; once.ProcessState.ExitCode() != 1 || !strings.Contains(once.out.String(), "opening the forum") {
		t.Errorf("run --once exits with %d:\n%s", once.ProcessState.ExitCode(), once.out)
	}
	p := start(t, binary, "run", "-c", config)
	p.waitFor(t, "a second try", func() bool { return strings.Count(p.out.String(), "forum unreachable, retrying") > 1 })
	if status, _ := getPage("http://" + listen + "/healthz"); status != http.StatusOK {
		t.Errorf("healthz answers %d, want 200", status)
	}
	if status, body := getPage("http://" + listen + "/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "forum") {
		t.Errorf("readyz answers %d %q, want 503 and the reason", status, body)
	}
	second := start(t, binary, "run", "-c", config)
	if <-second.done; second.ProcessState.ExitCode() != 1 || !strings.Contains(second.out.String(), "another postrider process") {
		t.Errorf("a second daemon exits with %d:\n%s", second.ProcessState.ExitCode(), second.out)
	}
	// A waiting daemon takes all of a new configuration: it does nothing yet.
	replaceInConfig(t, config, `type = "xenforo2"`, `type = "sample"`)
	replaceInConfig(t, config, "mysql://reader:secret@"+down+"/forum", sampleForum(t))
	p.hangUp(t)
	p.waitFor(t, "the first round", func() bool { return strings.Contains(p.out.String(), `"tick":"start","report":{"sighted":180`) })
	p.waitFor(t, "readiness", func() bool {
		status, _ := getPage("http://" + listen + "/readyz")
		return status == http.StatusOK
	})
	p.stop(t)
}

func TestRun_StopsWhileWaitingForForum(t *testing.T) {
	t.Parallel()
	for kind, dsn := range map[string]string{"xenforo2": "mysql://reader:secret@%s/forum", "phpbb3": "postgres://reader:secret@%s/forum", "mirror": "postgres://reader:secret@%s/mirror"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			p := start(t, buildBinary(t), "run", "-c", writeConfig(t, dir, kind, fmt.Sprintf(dsn, freeAddress(t)), "sqlite:"+filepath.Join(dir, "postrider.db"), "smtp://127.0.0.1:1"))
			p.waitFor(t, "the first try", func() bool { return strings.Contains(p.out.String(), "forum unreachable, retrying") })
			if took := p.stop(t); took > 3*time.Second {
				t.Errorf("it stops after %v", took)
			}
		})
	}
}
