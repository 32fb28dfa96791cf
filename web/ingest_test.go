package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"postrider/mirror"
	"postrider/web"
)

// pushTime is the current time, as the header has it.
func pushTime() string { return strconv.FormatInt(time.Now().Unix(), 10) }

// openMirror gives the pages a mirror and the secret of the site.
func (w *fixture) openMirror() *mirror.DB {
	w.Helper()
	m := must(mirror.Open(w.Context(), "sqlite:"+filepath.Join(w.TempDir(), "mirror.db")))(w)
	w.Cleanup(func() { m.Close() })
	w.deps = func(d *web.Deps) { d.Mirror, d.Push = m, hookSecret }
	w.open()
	return m
}

// push sends a request to /ingest.
func (w *fixture) push(secret, at, body string) response {
	w.Helper()
	r := w.request(http.MethodPost, w.site.URL+"/postrider/ingest", strings.NewReader(body))
	r.Header.Set("X-Postrider-Timestamp", at)
	r.Header.Set("X-Postrider-Signature", signCall(secret, at, body))
	r.Header.Set("Origin", "https://elsewhere.example")
	return w.do(r)
}

func TestIngest_StoresAndWakesTheDaemon(t *testing.T) {
	w := newFixture(t)
	w.openMirror()
	if got := w.push(hookSecret, pushTime(), `{"sections":[{"id":"s","title":"News"}]}`); got.status != http.StatusNoContent || w.wakeups != 1 {
		t.Errorf("status %d %q, %d wakeups", got.status, got.body, w.wakeups)
	}
	got := w.push(hookSecret, pushTime(), `{"threads":[{"id":"t","section":"s","title":"x"},{"id":"u","section":"s9","title":"x"}]}`)
	if got.status != http.StatusBadRequest || !strings.Contains(got.body, `threads[1].section: unknown section "s9"`) || w.wakeups != 1 {
		t.Errorf("a mistake: status %d %q, %d wakeups", got.status, got.body, w.wakeups)
	}
	large := `{"sections":[{"id":"s","title":"News"}]}` + strings.Repeat(" ", 4<<20)
	if got := w.push(hookSecret, pushTime(), large); got.status != http.StatusNoContent {
		t.Errorf("4 MB: status %d %q", got.status, got.body)
	}
}

func TestIngest_NamesMembersThatItLeavesOut(t *testing.T) {
	w := newFixture(t)
	w.openMirror()
	const body = `{"members":[{"id":"u1","name":"Ann","email":"ann@example.org"},{"id":"u2","name":"Ben","email":"Ann@example.org"}]}`
	got := w.push(hookSecret, pushTime(), body)
	if got.status != http.StatusOK || !strings.Contains(got.body, "\nmembers[1].email: already belongs to member \"u1\"") || w.wakeups != 1 {
		t.Errorf("status %d %q, %d wakeups", got.status, got.body, w.wakeups)
	}
	var many strings.Builder
	for i := range 102 {
		fmt.Fprintf(&many, `,{"id":"v%d","name":"Ben","email":"ann@example.org"}`, i)
	}
	if got := w.push(hookSecret, pushTime(), `{"members":[`+many.String()[1:]+`]}`); !strings.HasSuffix(got.body, "\nand 2 more\n") {
		t.Errorf("of many: status %d %q", got.status, got.body)
	}
}

func TestIngest_RejectsWhatTheSiteDidNotSend(t *testing.T) {
	w := newFixture(t)
	m := w.openMirror()
	const body = `{"sections":[{"id":"s","title":"News"}]}`
	second := func(away time.Duration) string { return strconv.FormatInt(time.Now().Add(away).Unix(), 10) }
	for name, c := range map[string]struct {
		secret, at, body string
		want             int
	}{
		"another secret":  {"another", pushTime(), body, http.StatusForbidden},
		"an old one":      {hookSecret, second(-6 * time.Minute), body, http.StatusForbidden},
		"from the future": {hookSecret, second(6 * time.Minute), body, http.StatusForbidden},
		"no time":         {hookSecret, "", body, http.StatusForbidden},
		"too large":       {hookSecret, pushTime(), strings.Repeat(" ", mirror.MaxRequest+1), http.StatusRequestEntityTooLarge},
		"too many":        {hookSecret, pushTime(), `{"sections":[` + strings.Repeat("{},", mirror.MaxThings) + "{}]}", http.StatusRequestEntityTooLarge},
		"much too many":   {hookSecret, pushTime(), `{"posts":[` + strings.Repeat("null,", 1_000_000) + "null]}", http.StatusRequestEntityTooLarge},
	} {
		if got := w.push(c.secret, c.at, c.body); got.status != c.want {
			t.Errorf("%s: status %d, want %d", name, got.status, c.want)
		}
	}
	r := must(mirror.ParseRequest([]byte(`{"threads":[{"id":"t","section":"s","title":"x"}]}`)))(t)
	if _, err := m.Ingest(t.Context(), "1", r, w.now); err == nil || w.wakeups != 0 {
		t.Errorf("something was stored: %v, %d wakeups", err, w.wakeups)
	}
}

func TestIngest_OnlyForMirrors(t *testing.T) {
	w := newFixture(t)
	if got := w.push(hookSecret, pushTime(), "{}"); got.status != http.StatusNotFound {
		t.Errorf("status %d, want 404", got.status)
	}
	m := w.openMirror()
	w.deps = func(d *web.Deps) { d.Mirror = m }
	w.open()
	if got := w.push("", pushTime(), "{}"); got.status != http.StatusForbidden {
		t.Errorf("without a secret: status %d, want 403", got.status)
	}
}

// waitingBody is a body that says when it is read, and arrives when the test allows it.
type waitingBody struct{ read, arrive chan struct{} }

func (b waitingBody) Read([]byte) (int, error) {
	b.read <- struct{}{}
	<-b.arrive
	return 0, io.EOF
}

func TestIngest_ReadsFewLargeRequestsAtTheSameTime(t *testing.T) {
	w := newFixture(t)
	w.openMirror()
	body := waitingBody{make(chan struct{}), make(chan struct{})}
	at := pushTime()
	var waiting sync.WaitGroup
	send := func(address int, patience time.Duration) <-chan int {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		r := w.request(http.MethodPost, w.site.URL+"/postrider/ingest", body).WithContext(ctx)
		r.RemoteAddr = fmt.Sprintf("198.51.100.%d:1", address)
		r.Header.Set("X-Postrider-Timestamp", at)
		r.Header.Set("X-Postrider-Signature", signCall("another", at, ""))
		answered := make(chan int, 1)
		waiting.Go(func() {
			defer cancel()
			answered <- w.serveWithoutNetwork(r).status
		})
		return answered
	}
	reading := 0
	for full := false; !full && reading < 200; {
		select {
		case <-body.read:
			reading++
		case status := <-send(reading, 100*time.Millisecond):
			if full = status == http.StatusServiceUnavailable; !full {
				t.Fatalf("status %d, want 503", status)
			}
		}
	}
	if reading > 50 {
		t.Errorf("%d requests of so many addresses are read at the same time", reading)
	}
	close(body.arrive)
	waiting.Wait()
	if got := w.push(hookSecret, pushTime(), "{}"); got.status != http.StatusNoContent {
		t.Errorf("afterwards: status %d", got.status)
	}
}
