package browsertest

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// servePages serves pages by path, nearly as strictly as ours.
func servePages(t *testing.T, pages map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; img-src http://127.0.0.1:9")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><html lang="en"><title>A page</title>`+pages[r.URL.Path])
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// recordingTB records the failures of a test.
type recordingTB struct {
	testing.TB
	errors   []string
	cleanups []func()
}

func (w *recordingTB) Helper()          {}
func (w *recordingTB) Cleanup(f func()) { w.cleanups = append(w.cleanups, f) }
func (w *recordingTB) Errorf(format string, args ...any) {
	w.errors = append(w.errors, fmt.Sprintf(format, args...))
}

func (w *recordingTB) runCleanups() {
	for _, f := range slices.Backward(w.cleanups) {
		f()
	}
}

func TestAxe_ReportsSeriousViolations(t *testing.T) {
	t.Parallel()
	url := servePages(t, map[string]string{
		"/good": `<main><h1>Good</h1><p>Nothing is wrong.</p></main>`,
		"/bad":  `<main><h1>Bad</h1><input name="lonely"></main>`,
	})
	w := &recordingTB{TB: t}
	page := New(w)
	page.Open(url + "/good")
	page.Axe()
	if len(w.errors) > 0 {
		t.Errorf("errors for a good page: %q", w.errors)
	}
	page.Open(url + "/bad")
	page.Axe()
	if len(w.errors) != 1 || !strings.Contains(w.errors[0], "label") || !strings.Contains(w.errors[0], "\n  input: <input name=") {
		t.Errorf("errors for a field without a label: %q", w.errors)
	}
	w.runCleanups()
}

func TestPage_FailsOnForeignRequestsAndPolicyViolations(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ page, want string }{
		"no violation":    {`<p>Nothing`, ""},
		"a foreign image": {`<img src="http://127.0.0.1:9/pixel" alt="">`, "127.0.0.1:9/pixel"},
		"an inline style": {`<p style="color: red">Red`, "Content Security Policy"},
	} {
		w := &recordingTB{TB: t}
		page := New(w)
		page.Open(servePages(t, map[string]string{"/": tt.page}))
		w.runCleanups()
		if errors := strings.Join(w.errors, "\n"); (errors == "") != (tt.want == "") || !strings.Contains(errors, tt.want) {
			t.Errorf("%s: errors %q, want %q", name, errors, tt.want)
		}
	}
}

func TestPage_SubmitsFormsByMouseAndKeyboard(t *testing.T) {
	t.Parallel()
	url := servePages(t, map[string]string{
		"/":     `<main><form action="/sent"><label>Name <input name="name"></label> <input type="checkbox" name="box" aria-label="Box"><button>Send</button></form></main>`,
		"/sent": `<main><h1>Sent</h1></main>`,
	})
	page := New(t)
	page.NoScript()
	page.Open(url)
	page.Press("Tab", "A", "n", "n", "Tab", " ")
	page.PressAndWait("Enter")
	if got := page.URL(); got != url+"/sent?name=Ann&box=on" {
		t.Errorf("by keyboard: form leads to %s", got)
	}
	page.Open(url)
	page.Tick("[name=box]")
	page.Click("button")
	if got := page.URL(); got != url+"/sent?name=&box=on" || page.Text("h1") != "Sent" {
		t.Errorf("by mouse: form leads to %s", got)
	}
}

func TestScreenshot_ShowsTheWholePage(t *testing.T) {
	t.Parallel()
	page := New(t)
	page.Open(servePages(t, map[string]string{"/": strings.Repeat("<p>A line.", 100)}))
	page.Emulate(360, true)
	size, err := png.DecodeConfig(bytes.NewReader(page.capture(360)))
	if err != nil || size.Width != 360 || size.Height < 3000 {
		t.Errorf("screenshot is %d by %d pixels (%v), want 360 by 3000 or more", size.Width, size.Height, err)
	}
}
