package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"postrider/alarm"
	"postrider/internal/link"
)

// serveWithoutNetwork calls the handler directly, as the client at r.RemoteAddr.
func (w *fixture) serveWithoutNetwork(r *http.Request) response {
	w.Helper()
	if r.RemoteAddr == "" {
		r.RemoteAddr = "192.0.2.1:1234"
	}
	rec := httptest.NewRecorder()
	w.site.Config.Handler.ServeHTTP(rec, r)
	return response{rec.Code, rec.Header(), rec.Body.String()}
}

func TestServer_SendsSecurityHeaders(t *testing.T) {
	w := newFixture(t)
	style := w.site.URL + "/postrider/" + strings.Split(strings.Split(w.get(w.url(link.Digests, 0)).body, `href="/postrider/`)[1], `"`)[0]
	for _, address := range []string{w.url(link.Digests, 0), w.site.URL + "/postrider/nowhere", w.site.URL + "/", style, w.url(link.Digests, 0) + "x"} {
		h := w.get(address).header
		policy := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; style-src 'self'; ") || strings.Contains(policy, "script") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", address, policy)
		}
		if h.Get("Referrer-Policy") != "same-origin" || !strings.Contains(h.Get("X-Robots-Tag"), "noindex") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: header %v", address, h)
		}
		if kept := h.Get("Cache-Control"); kept != "no-store" && address != style {
			t.Errorf("%s: Cache-Control %q", address, kept)
		}
		if len(h.Values("Set-Cookie")) > 0 {
			t.Errorf("%s: sets a cookie", address)
		}
	}
	if got := w.get(style); got.status != http.StatusOK || !strings.Contains(got.header.Get("Cache-Control"), "immutable") {
		t.Errorf("the stylesheet: status %d, %q", got.status, got.header.Get("Cache-Control"))
	}
}

func TestMethods_RejectsUnknownMethods(t *testing.T) {
	w := newFixture(t)
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, "BREW"} {
		got := w.do(w.request(method, w.url(link.Digests, 0), nil))
		if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "GET, HEAD, POST" {
			t.Errorf("%s: status %d, allow %q", method, got.status, got.header.Get("Allow"))
		}
	}
	if got := w.get(w.url(link.Digests, 0) + "/undo"); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "POST" {
		t.Errorf("GET of undo: status %d, allow %q", got.status, got.header.Get("Allow"))
	}
}

func TestMethods_IgnoresMethodOverrides(t *testing.T) {
	w := newFixture(t)
	before := w.dumpStore()
	for _, query := range []string{"", "?_method=POST&List-Unsubscribe=One-Click&confirm=yes"} {
		r := w.request(http.MethodGet, w.url(link.Digests, 0)+query, nil)
		for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
			r.Header.Set(name, "POST")
		}
		if got := w.do(r); got.status != http.StatusOK {
			t.Errorf("status %d", got.status)
		}
	}
	if w.dumpStore() != before {
		t.Error("the store changed")
	}
}

func TestMiddleware_RejectsCrossOriginForms(t *testing.T) {
	w := newFixture(t)
	own := w.site.URL
	for name, tt := range map[string]struct {
		header map[string]string
		status int
	}{
		"from our own page":                   {map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": own}, http.StatusBadRequest},
		"from our own page, an older browser": {map[string]string{"Origin": own}, http.StatusBadRequest},
		"by a program":                        {nil, http.StatusBadRequest},
		"from another site":                   {map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, http.StatusForbidden},
		"from another site, an older browser": {map[string]string{"Origin": "https://evil.example"}, http.StatusForbidden},
		"from a page without an origin":       {map[string]string{"Origin": "null"}, http.StatusForbidden},
	} {
		r := w.request(http.MethodPost, w.url(link.Digests, 0)+"/undo", strings.NewReader("sealed=x"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for k, v := range tt.header {
			r.Header.Set(k, v)
		}
		if got := w.do(r); got.status != tt.status {
			t.Errorf("%s: status %d, want %d", name, got.status, tt.status)
		}
	}
}

func TestMiddleware_LimitsRequestsPerAddress(t *testing.T) {
	w := newFixture(t)
	from := func(address string) int {
		r := w.request(http.MethodGet, w.site.URL+"/postrider/healthz", nil)
		r.RemoteAddr = address
		return w.serveWithoutNetwork(r).status
	}
	for range 11 { // a forged token counts for twenty
		r := w.request(http.MethodGet, w.url(link.Digests, 0)+"x", nil)
		r.RemoteAddr = "[2001:db8::1]:1"
		w.serveWithoutNetwork(r)
	}
	if got := from("[2001:db8::1]:1"); got != http.StatusTooManyRequests {
		t.Errorf("after eleven forged tokens: status %d, want 429", got)
	}
	if got := from("[2001:db8::2]:1"); got != http.StatusTooManyRequests {
		t.Errorf("another address in the same /64: status %d, want 429", got)
	}
	if got := from("[2001:db8:0:1::1]:1"); got != http.StatusOK {
		t.Errorf("another network: status %d, want 200", got)
	}
}

func TestMiddleware_RejectsLargeBodies(t *testing.T) {
	w := newFixture(t)
	got := w.post(w.url(link.Digests, 0), "x", strings.Repeat("x", 100<<10), "confirm", "yes")
	if got.status == http.StatusOK || w.isUnsubscribed(link.Digests) {
		t.Errorf("status %d, ended %v", got.status, w.isUnsubscribed(link.Digests))
	}
}

func TestMount_ServesWithAndWithoutBasePath(t *testing.T) {
	w := newFixture(t)
	whole := w.url(link.Digests, 0)
	for _, address := range []string{whole, strings.Replace(whole, "/postrider", "", 1)} {
		if got := w.get(address); got.status != http.StatusOK || !strings.Contains(got.body, `href="/postrider/style-`) {
			t.Errorf("%s: status %d", address, got.status)
		}
	}
}

func TestPages_UseTheReadersLanguage(t *testing.T) {
	w := newFixture(t)
	in := func(address, accept string) string {
		r := w.request(http.MethodGet, address, nil)
		r.Header.Set("Accept-Language", accept)
		return w.do(r).header.Get("Content-Language")
	}
	nowhere := w.site.URL + "/nowhere"
	for _, tt := range []struct{ address, accept, want string }{
		{nowhere, "de-AT,de;q=0.9,en;q=0.8", "de"},
		{nowhere, "et, en;q=0.3, de;q=0.7", "de"},
		{nowhere, "et", "en"},
		{nowhere, "", "en"},
		{nowhere, strings.Repeat("x-", 500), "en"},
		{w.url(link.Digests, 0), "et", "en"}, // the daemon does not know the member yet
	} {
		if got := in(tt.address, tt.accept); got != tt.want {
			t.Errorf("for %q: %s, want %s", tt.accept, got, tt.want)
		}
	}
	check(t, w.store.Preferences.Save(t.Context(), w.now, anna, preferencesIn("de")))
	if got := in(w.url(link.Digests, 0), "en"); got != "de" {
		t.Errorf("page for a member who chose German: language %s", got)
	}
}

func TestHealth_ChecksTheStore(t *testing.T) {
	w := newFixture(t)
	if got := w.get(w.site.URL + "/healthz"); got.status != http.StatusOK || got.body != "ok\n" {
		t.Errorf("status %d %q", got.status, got.body)
	}
	check(t, w.store.Close())
	if got := w.get(w.site.URL + "/healthz"); got.status != http.StatusServiceUnavailable {
		t.Errorf("without its store: status %d", got.status)
	}
}

func TestReady_NamesBlockingAlarms(t *testing.T) {
	w := newFixture(t)
	if got := w.get(w.site.URL + "/readyz"); got.status != http.StatusOK || got.body != "ok\n" {
		t.Errorf("status %d %q", got.status, got.body)
	}
	alarms := alarm.New(w.store.Alarms, slog.New(slog.DiscardHandler), func() time.Time { return w.now })
	alarms.Raise(alarm.SelfCheck, "", "the column secret is gone")
	alarms.Raise(alarm.Held, "gmail.com", "most messages rejected")
	check(t, alarms.Flush(t.Context()))
	got := w.get(w.site.URL + "/readyz")
	if got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "[self_check]") || strings.Contains(got.body, "secret") {
		t.Errorf("during an alarm: status %d %q, want 503 and only the kind", got.status, got.body)
	}
	check(t, w.store.Close())
	if got := w.get(w.site.URL + "/readyz"); got.status != http.StatusServiceUnavailable {
		t.Errorf("without its store: status %d", got.status)
	}
}

func TestServer_LogsNoTokens(t *testing.T) {
	w := newFixture(t)
	check(t, w.source.Close())
	check(t, w.store.Close())
	address := w.url(link.Digests, 0)
	w.get(address)
	w.post(address, "confirm", "yes")
	w.get(address + "x")
	token := address[strings.LastIndexByte(address, '/')+1:]
	if w.log.Len() == 0 || strings.Contains(w.log.String(), token[:30]) {
		t.Errorf("log is empty or contains a token: %s", w.log)
	}
}
