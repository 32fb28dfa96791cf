package web_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const hookSecret = "a secret between the two of us"

// signCall returns the signature that a forum sends.
func signCall(secret, timestamp, body string) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(timestamp + "." + body))
	return "sha256=" + hex.EncodeToString(h.Sum(nil))
}

func (w *fixture) callHook(timestamp, signature, body string) int {
	w.Helper()
	r := w.request(http.MethodPost, w.site.URL+"/postrider/hooks/forum", strings.NewReader(body))
	r.Header.Set("X-Postrider-Timestamp", timestamp)
	r.Header.Set("X-Postrider-Signature", signature)
	r.Header.Set("Origin", "https://forum.example")
	return w.do(r).status
}

func TestHook_WakesTheDaemonOnce(t *testing.T) {
	w := newFixture(t)
	w.config.HookSecret = hookSecret
	w.open()
	at := strconv.FormatInt(time.Now().Unix(), 10)
	for range 3 {
		if got := w.callHook(at, signCall(hookSecret, at, `{"post":1}`), `{"post":1}`); got != http.StatusNoContent {
			t.Errorf("status %d, want 204", got)
		}
	}
	if w.wakeups != 1 {
		t.Errorf("the same call three times: daemon woken %d times, want 1", w.wakeups)
	}
	w.callHook(at, signCall(hookSecret, at, `{"post":2}`), `{"post":2}`)
	if w.wakeups != 2 {
		t.Errorf("after another call: daemon woken %d times, want 2", w.wakeups)
	}
}

func TestHook_RejectsForgedCalls(t *testing.T) {
	w := newFixture(t)
	w.config.HookSecret = hookSecret
	w.open()
	before := w.dumpStore()
	statements := w.store.Statements() + w.source.Statements()
	second := func(away time.Duration) string { return strconv.FormatInt(time.Now().Add(away).Unix(), 10) }
	at, old, future := second(0), second(-6*time.Minute), second(6*time.Minute)
	for name, c := range map[string][3]string{
		"no signature":           {at, "", "{}"},
		"another secret":         {at, signCall("another", at, "{}"), "{}"},
		"another body":           {at, signCall(hookSecret, at, "{}"), "{ }"},
		"another time":           {second(time.Second), signCall(hookSecret, at, "{}"), "{}"},
		"no time":                {"", signCall(hookSecret, "", "{}"), "{}"},
		"time is not a number":   {"now", signCall(hookSecret, "now", "{}"), "{}"},
		"a replayed call":        {old, signCall(hookSecret, old, "{}"), "{}"},
		"a call from the future": {future, signCall(hookSecret, future, "{}"), "{}"},
		"a capital letter":       {at, strings.ToUpper(signCall(hookSecret, at, "{}")), "{}"},
	} {
		if got := w.callHook(c[0], c[1], c[2]); got != http.StatusForbidden {
			t.Errorf("%s: status %d, want 403", name, got)
		}
	}
	if got := w.callHook(at, signCall(hookSecret, at, "{}"), strings.Repeat(" ", 100<<10)); got != http.StatusRequestEntityTooLarge {
		t.Errorf("a long one: status %d, want 413", got)
	}
	if got := w.store.Statements() + w.source.Statements() - statements; w.wakeups > 0 || w.dumpStore() != before || got > 0 {
		t.Errorf("forged calls woke the daemon %d times and caused %d statements", w.wakeups, got)
	}
}

// Operators will copy the example in docs/hooks.md.
func TestHook_AcceptsTheDocumentedShellExample(t *testing.T) {
	for _, program := range []string{"sh", "openssl", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("SKIPPED: no %s", program)
		}
	}
	doc := string(must(os.ReadFile("../docs/hooks.md"))(t))
	_, example, found := strings.Cut(doc, "```sh\n")
	example, _, closed := strings.Cut(example, "```")
	if !found || !closed {
		t.Fatal("docs/hooks.md has no shell example")
	}
	w := newFixture(t)
	w.config.HookSecret = hookSecret
	w.open()
	file := filepath.Join(t.TempDir(), "hook.secret")
	check(t, os.WriteFile(file, []byte(hookSecret+"\n"), 0o600))
	example = strings.ReplaceAll(example, "/etc/postrider/hook.secret", file)
	example = strings.ReplaceAll(example, "https://forum.example.org/postrider", w.config.URL)
	out, err := exec.CommandContext(t.Context(), "sh", "-c", example).CombinedOutput()
	if err != nil || len(out) > 0 || w.wakeups != 1 {
		t.Errorf("output %q (%v), daemon woken %d times", out, err, w.wakeups)
	}
}

func TestHook_RejectsAllCallsWithoutASecret(t *testing.T) {
	w := newFixture(t)
	at := strconv.FormatInt(time.Now().Unix(), 10)
	if got := w.callHook(at, signCall("", at, "{}"), "{}"); got != http.StatusForbidden || w.wakeups > 0 {
		t.Errorf("status %d, woken %d times", got, w.wakeups)
	}
}
