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

// call is a call as a forum signs it.
func call(secret, timestamp, body string) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(timestamp + "." + body))
	return "sha256=" + hex.EncodeToString(h.Sum(nil))
}

func (w *world) hook(timestamp, signature, body string) int {
	w.Helper()
	r := w.request(http.MethodPost, w.site.URL+"/postrider/hooks/forum", strings.NewReader(body))
	r.Header.Set("X-Postrider-Timestamp", timestamp)
	r.Header.Set("X-Postrider-Signature", signature)
	r.Header.Set("Origin", "https://forum.example")
	return w.ask(r).status
}

func TestHook_WakesTheDaemonOnce(t *testing.T) {
	w := newWorld(t)
	w.config.HookSecret = hookSecret
	w.open()
	at := strconv.FormatInt(time.Now().Unix(), 10)
	for range 3 {
		if got := w.hook(at, call(hookSecret, at, `{"post":1}`), `{"post":1}`); got != http.StatusNoContent {
			t.Errorf("answer %d, want 204", got)
		}
	}
	if w.woken != 1 {
		t.Errorf("the same call, three times, woke the daemon %d times", w.woken)
	}
	w.hook(at, call(hookSecret, at, `{"post":2}`), `{"post":2}`)
	if w.woken != 2 {
		t.Errorf("another call woke it %d times, want 2 in all", w.woken)
	}
}

func TestHook_RejectsForgedCalls(t *testing.T) {
	w := newWorld(t)
	w.config.HookSecret = hookSecret
	w.open()
	before := w.dump()
	statements := w.store.Statements() + w.source.Statements()
	second := func(away time.Duration) string { return strconv.FormatInt(time.Now().Add(away).Unix(), 10) }
	at, old, future := second(0), second(-6*time.Minute), second(6*time.Minute)
	for name, c := range map[string][3]string{
		"no signature":              {at, "", "{}"},
		"another secret":            {at, call("another", at, "{}"), "{}"},
		"another body":              {at, call(hookSecret, at, "{}"), "{ }"},
		"another time":              {second(time.Second), call(hookSecret, at, "{}"), "{}"},
		"no time":                   {"", call(hookSecret, "", "{}"), "{}"},
		"no number for a time":      {"now", call(hookSecret, "now", "{}"), "{}"},
		"a call that somebody kept": {old, call(hookSecret, old, "{}"), "{}"},
		"a call from the future":    {future, call(hookSecret, future, "{}"), "{}"},
		"a capital letter":          {at, strings.ToUpper(call(hookSecret, at, "{}")), "{}"},
	} {
		if got := w.hook(c[0], c[1], c[2]); got != http.StatusForbidden {
			t.Errorf("%s: answer %d, want 403", name, got)
		}
	}
	if got := w.hook(at, call(hookSecret, at, "{}"), strings.Repeat(" ", 100<<10)); got != http.StatusRequestEntityTooLarge {
		t.Errorf("a long one: answer %d, want 413", got)
	}
	if got := w.store.Statements() + w.source.Statements() - statements; w.woken > 0 || w.dump() != before || got > 0 {
		t.Errorf("they woke the daemon %d times, and cost %d statements", w.woken, got)
	}
}

// The example in docs/hooks.md is what a forum's owner will copy.
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
		t.Fatal("docs/hooks.md has no example for the shell")
	}
	w := newWorld(t)
	w.config.HookSecret = hookSecret
	w.open()
	file := filepath.Join(t.TempDir(), "hook.secret")
	check(t, os.WriteFile(file, []byte(hookSecret+"\n"), 0o600))
	example = strings.ReplaceAll(example, "/etc/postrider/hook.secret", file)
	example = strings.ReplaceAll(example, "https://forum.example.org/postrider", w.config.URL)
	out, err := exec.CommandContext(t.Context(), "sh", "-c", example).CombinedOutput()
	if err != nil || len(out) > 0 || w.woken != 1 {
		t.Errorf("it says %q (%v), and wakes the daemon %d times", out, err, w.woken)
	}
}

func TestHook_RejectsAllCallsWithoutASecret(t *testing.T) {
	w := newWorld(t)
	at := strconv.FormatInt(time.Now().Unix(), 10)
	if got := w.hook(at, call("", at, "{}"), "{}"); got != http.StatusForbidden || w.woken > 0 {
		t.Errorf("answer %d, woken %d times", got, w.woken)
	}
}
