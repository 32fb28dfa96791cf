package e2e

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"postrider/demo"
	"postrider/internal/smtptest"
)

// stopTimeout is the shortest time that service managers wait before they kill a process.
const stopTimeout = 10 * time.Second

// waitTimeout is how long a test waits for a condition. It is long because a machine that runs many tests is slow.
const waitTimeout = 90 * time.Second

// process is a running postrider.
type process struct {
	*exec.Cmd
	done chan error
	out  *outputBuffer
}

// outputBuffer collects what a process has printed so far.
type outputBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *outputBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *outputBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// start starts a command. It is killed at the end of the test.
func start(t *testing.T, binary string, args ...string) *process {
	t.Helper()
	p := &process{exec.Command(binary, args...), make(chan error, 1), &outputBuffer{}}
	p.Stdout, p.Stderr = p.out, p.out
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { p.done <- p.Wait(); close(ended) }()
	t.Cleanup(func() { p.Process.Kill(); <-ended })
	return p
}

// waitFor waits until a condition holds. The process must keep running.
func (p *process) waitFor(t *testing.T, what string, true func() bool) {
	t.Helper()
	deadline := time.After(waitTimeout)
	for !true() {
		select {
		case err := <-p.done:
			t.Fatalf("the process ended while waiting for %s: %v\n%s", what, err, p.out)
		case <-deadline:
			t.Fatalf("timeout after %v, waiting for %s:\n%s", waitTimeout, what, p.out)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// stop sends SIGTERM and waits until the process has ended, which must happen in time and without an error.
func (p *process) stop(t *testing.T) (took time.Duration) {
	t.Helper()
	begin := time.Now()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-p.done:
		if err != nil {
			t.Errorf("the process ended with %v, want 0:\n%s", err, p.out)
		}
	case <-time.After(stopTimeout):
		t.Fatalf("the process is still running %v after SIGTERM:\n%s", stopTimeout, p.out)
	}
	return time.Since(begin)
}

func sampleForum(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "forum.db")
	if err := demo.Create(t.Context(), path, time.Now()); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

// TestSIGTERM_WhileRelayHoldsMessage stops a daemon whose relay has received a message and does not reply. The daemon must end
// before it is killed. After a restart, that message is sent again, and all others once.
func TestSIGTERM_WhileRelayHoldsMessage(t *testing.T) {
	t.Parallel()
	binary := buildBinary(t)
	for _, once := range []bool{false, true} {
		name := "run"
		if once {
			name = "run --once"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forum, dir := sampleForum(t), t.TempDir()
			store := "sqlite:" + filepath.Join(dir, "postrider.db")
			stuck := smtptest.NewScript(t, smtptest.Table{".": {{}, {}, {NoReply: true, Hang: true}}})
			config := writeConfig(t, dir, "sample", forum, store, stuck.URL())
			makeDigestsDue(t, config, store)
			args := []string{"run", "-c", config}
			if once {
				args = append(args, "--once")
			}
			p := start(t, binary, args...)
			p.waitFor(t, "messages at the relay", func() bool { return len(stuck.Bodies()) >= 2+connections })
			p.stop(t)

			taken := len(stuck.Bodies())
			relay := smtptest.New(t)
			again := start(t, binary, "run", "-c", writeConfig(t, t.TempDir(), "sample", forum, store, relay.URL()), "--once", "--now", time.Now().Add(time.Hour).Format(time.RFC3339))
			if err := <-again.done; err != nil {
				t.Fatalf("run: %v\n%s", err, again.out)
			}
			ids := map[string]int{}
			for _, body := range stuck.Bodies() {
				ids[messageID(t, body)]++
			}
			repeated := 0
			for _, m := range relay.Messages() {
				if ids[messageID(t, string(m.Data))]++; ids[messageID(t, string(m.Data))] > 1 {
					repeated++
				}
			}
			if repeated != taken-2 {
				t.Errorf("%d messages were sent again, want %d: those without a reply", repeated, taken-2)
			}
			if len(ids) != 36 {
				t.Errorf("%d members got messages, want 36", len(ids))
			}
		})
	}
}

func messageID(t *testing.T, raw string) string {
	t.Helper()
	for line := range strings.Lines(raw) {
		if id, found := strings.CutPrefix(line, "Message-ID: "); found {
			return id
		}
	}
	t.Fatal("message without a Message-ID")
	return ""
}

func TestSIGTERM_WhenIdleStopsImmediately(t *testing.T) {
	t.Parallel()
	relay, dir := smtptest.New(t), t.TempDir()
	store := "sqlite:" + filepath.Join(dir, "postrider.db")
	config := writeConfig(t, dir, "sample", sampleForum(t), store, relay.URL())
	makeDigestsDue(t, config, store)
	p := start(t, buildBinary(t), "run", "-c", config)
	p.waitFor(t, "the end of the round that sends 36 messages", func() bool {
		return len(relay.Messages()) == 36 && strings.Contains(p.out.String(), `"msg":"round done"`)
	})
	p.stop(t)
	if !strings.Contains(p.out.String(), "postrider stopped") {
		t.Errorf("the log lacks \"postrider stopped\":\n%s", p.out)
	}
}
