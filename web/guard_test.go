package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"postrider/internal/link"
)

// serve asks the pages without a network, as somebody at r.RemoteAddr.
func (w *world) serve(r *http.Request) answer {
	w.Helper()
	if r.RemoteAddr == "" {
		r.RemoteAddr = "192.0.2.1:1234"
	}
	rec := httptest.NewRecorder()
	w.site.Config.Handler.ServeHTTP(rec, r)
	return answer{rec.Code, rec.Header(), rec.Body.String()}
}

func TestEveryAnswerIsPrivateAndRunsNoScript(t *testing.T) {
	w := newWorld(t)
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
			t.Errorf("%s: may be kept: %q", address, kept)
		}
		if len(h.Values("Set-Cookie")) > 0 {
			t.Errorf("%s: sets a cookie", address)
		}
	}
	if got := w.get(style); got.status != http.StatusOK || !strings.Contains(got.header.Get("Cache-Control"), "immutable") {
		t.Errorf("the stylesheet: answer %d, %q", got.status, got.header.Get("Cache-Control"))
	}
}

func TestMethodsThatAPageDoesNotKnowAreRefused(t *testing.T) {
	w := newWorld(t)
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, "BREW"} {
		got := w.ask(w.request(method, w.url(link.Digests, 0), nil))
		if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "GET, HEAD, POST" {
			t.Errorf("%s: answer %d, allow %q", method, got.status, got.header.Get("Allow"))
		}
	}
	if got := w.get(w.url(link.Digests, 0) + "/undo"); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "POST" {
		t.Errorf("GET of undo: answer %d, allow %q", got.status, got.header.Get("Allow"))
	}
}

func TestNothingMakesAGetAPost(t *testing.T) {
	w := newWorld(t)
	before := w.dump()
	for _, query := range []string{"", "?_method=POST&List-Unsubscribe=One-Click&confirm=yes"} {
		r := w.request(http.MethodGet, w.url(link.Digests, 0)+query, nil)
		for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
			r.Header.Set(name, "POST")
		}
		if got := w.ask(r); got.status != http.StatusOK {
			t.Errorf("answer %d", got.status)
		}
	}
	if w.dump() != before {
		t.Error("the store changed")
	}
}

func TestAFormFromAnotherSiteIsRefused(t *testing.T) {
	w := newWorld(t)
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
		if got := w.ask(r); got.status != tt.status {
			t.Errorf("%s: answer %d, want %d", name, got.status, tt.status)
		}
	}
}

func TestWhoAsksTooMuchIsRefused(t *testing.T) {
	w := newWorld(t)
	from := func(address string) int {
		r := w.request(http.MethodGet, w.site.URL+"/postrider/healthz", nil)
		r.RemoteAddr = address
		return w.serve(r).status
	}
	for range 11 { // a token that is not ours counts for twenty
		r := w.request(http.MethodGet, w.url(link.Digests, 0)+"x", nil)
		r.RemoteAddr = "[2001:db8::1]:1"
		w.serve(r)
	}
	if got := from("[2001:db8::1]:1"); got != http.StatusTooManyRequests {
		t.Errorf("after eleven forged tokens it is answered with %d, want 429", got)
	}
	if got := from("[2001:db8::2]:1"); got != http.StatusTooManyRequests {
		t.Errorf("a neighbour in the same network is answered with %d, want 429", got)
	}
	if got := from("[2001:db8:0:1::1]:1"); got != http.StatusOK {
		t.Errorf("another network is answered with %d, want 200", got)
	}
}

func TestABodyThatIsTooLargeIsCutOff(t *testing.T) {
	w := newWorld(t)
	got := w.post(w.url(link.Digests, 0), "x", strings.Repeat("x", 100<<10), "confirm", "yes")
	if got.status == http.StatusOK || w.ended(link.Digests) {
		t.Errorf("answer %d, ended %v", got.status, w.ended(link.Digests))
	}
}

func TestPagesWorkBelowTheirPathAndWithoutIt(t *testing.T) {
	w := newWorld(t)
	whole := w.url(link.Digests, 0)
	for _, address := range []string{whole, strings.Replace(whole, "/postrider", "", 1)} {
		if got := w.get(address); got.status != http.StatusOK || !strings.Contains(got.body, `href="/postrider/style-`) {
			t.Errorf("%s: answer %d", address, got.status)
		}
	}
}

func TestAPageSpeaksTheReadersLanguage(t *testing.T) {
	w := newWorld(t)
	in := func(address, accept string) string {
		r := w.request(http.MethodGet, address, nil)
		r.Header.Set("Accept-Language", accept)
		return w.ask(r).header.Get("Content-Language")
	}
	nowhere := w.site.URL + "/nowhere"
	for _, tt := range []struct{ address, accept, want string }{
		{nowhere, "de-AT,de;q=0.9,en;q=0.8", "de"},
		{nowhere, "fr, en;q=0.3, de;q=0.7", "de"},
		{nowhere, "fr", "en"},
		{nowhere, "", "en"},
		{nowhere, strings.Repeat("x-", 500), "en"},
		{w.url(link.Digests, 0), "fr", "en"}, // the daemon has not met her yet
	} {
		if got := in(tt.address, tt.accept); got != tt.want {
			t.Errorf("for %q: %s, want %s", tt.accept, got, tt.want)
		}
	}
	check(t, w.store.Preferences.Save(t.Context(), w.now, anna, choicesIn("de")))
	if got := in(w.url(link.Digests, 0), "en"); got != "de" {
		t.Errorf("whoever chose German reads %s", got)
	}
}

func TestHealthAsksTheStore(t *testing.T) {
	w := newWorld(t)
	if got := w.get(w.site.URL + "/healthz"); got.status != http.StatusOK || got.body != "ok\n" {
		t.Errorf("answer %d %q", got.status, got.body)
	}
	check(t, w.store.Close())
	if got := w.get(w.site.URL + "/healthz"); got.status != http.StatusServiceUnavailable {
		t.Errorf("without its store: answer %d", got.status)
	}
}

func TestNoTokenIsLogged(t *testing.T) {
	w := newWorld(t)
	check(t, w.source.Close())
	check(t, w.store.Close())
	address := w.url(link.Digests, 0)
	w.get(address)
	w.post(address, "confirm", "yes")
	w.get(address + "x")
	token := address[strings.LastIndexByte(address, '/')+1:]
	if w.log.Len() == 0 || strings.Contains(w.log.String(), token[:30]) {
		t.Errorf("the log is empty or holds a token: %s", w.log)
	}
}
