package web_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"postrider/internal/link"
	"postrider/web"
)

// from sends a request from an address. A body makes it a form.
func (w *fixture) from(address, method, url, body string, header ...string) response {
	w.Helper()
	r := w.request(method, url, strings.NewReader(body))
	r.RemoteAddr = address
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return w.serveWithoutNetwork(r)
}

// useUpLimit sends requests with forged tokens until the address is limited.
func (w *fixture) useUpLimit(address string, header ...string) {
	w.Helper()
	for range 50 {
		if w.from(address, http.MethodGet, w.url(link.Digests, 0)+"x", "", header...).status == http.StatusTooManyRequests {
			return
		}
	}
	w.Fatal("there is no limit")
}

func TestMiddleware_ValidTokensPassTheLimit(t *testing.T) {
	const proxy = "127.0.0.1:1234"
	for _, base := range []string{"/postrider", ""} { // some proxies strip the path
		w := newFixture(t)
		address := func(u string) string { return strings.Replace(u, "/postrider", base, 1) }
		w.useUpLimit(proxy, "X-Forwarded-For", "203.0.113.9")
		for range 300 {
			got := w.from(proxy, http.MethodPost, address(w.url(link.Digests, 0)), "List-Unsubscribe=One-Click", "X-Forwarded-For", "203.0.113.7")
			if got.status != http.StatusOK || got.body != "Unsubscribed.\n" {
				t.Fatalf("one-click request: status %d %q", got.status, got.body)
			}
		}
		if !w.isUnsubscribed(link.Digests) {
			t.Error("the member is still subscribed")
		}
		if got := w.from(proxy, http.MethodGet, address(w.url(link.Settings, 0)), ""); got.status != http.StatusOK {
			t.Errorf("settings: status %d", got.status)
		}
		for name, u := range map[string]string{
			"a truncated token":          w.url(link.Digests, 0)[:len(w.url(link.Digests, 0))-1],
			"a token of another page":    strings.Replace(w.url(link.Digests, 0), "/u/", "/s/", 1),
			"a token in another place":   w.site.URL + "/postrider/healthz?/u/" + w.links.Token(link.Claims{Scope: link.Digests, Member: 13}),
			"no token":                   w.site.URL + "/postrider/healthz",
			"a hook without a signature": w.site.URL + "/postrider/hooks/forum",
		} {
			if got := w.from(proxy, http.MethodGet, address(u), ""); got.status != http.StatusTooManyRequests {
				t.Errorf("%s: status %d, want 429", name, got.status)
			}
		}
	}
}

func TestMiddleware_SignedCallsPassTheLimit(t *testing.T) {
	w := newFixture(t)
	w.config.HookSecret = hookSecret
	w.openMirror()
	const proxy = "127.0.0.1:1234"
	w.useUpLimit(proxy)
	for _, page := range []string{"/hooks/forum", "/ingest"} {
		call := func(age time.Duration) int {
			at := strconv.FormatInt(time.Now().Add(-age).Unix(), 10)
			return w.from(proxy, http.MethodPost, w.site.URL+"/postrider"+page, "{}", "X-Postrider-Timestamp", at,
				"X-Postrider-Signature", signCall(hookSecret, at, "{}")).status
		}
		if got := call(0); got != http.StatusNoContent {
			t.Errorf("%s: a signed call: status %d", page, got)
		}
		if got := call(time.Hour); got != http.StatusTooManyRequests {
			t.Errorf("%s: an old call: status %d, want 429", page, got)
		}
	}
}

func TestMiddleware_ReportsUntrustedProxies(t *testing.T) {
	for _, tt := range []struct {
		peer, header, reported string
	}{
		{"127.0.0.1:1", "X-Forwarded-For", "127.0.0.1"},
		{"[::1]:1", "X-Forwarded-For", "::1"},
		{"10.1.2.3:1", "X-Forwarded-For", "10.1.2.3"},
		{"[::ffff:172.17.0.1]:1", "X-Forwarded-For", "172.17.0.1"},
		{"[fd00::1]:1", "Forwarded", "fd00::1"},
		{"100.64.0.7:1", "X-Forwarded-For", "100.64.0.7"},
		{"203.0.113.5:1", "X-Forwarded-For", ""}, // a visitor can send the header
		{"127.0.0.1:1", "X-Other", ""},
		{"192.168.0.9:1", "X-Forwarded-For", ""}, // trusted
	} {
		w := newFixture(t)
		w.config.TrustedProxies = []string{"192.168.0.0/16"}
		w.open()
		for range 3 {
			w.from(tt.peer, http.MethodGet, w.site.URL+"/postrider/healthz", "", tt.header, "203.0.113.7")
		}
		p, found, err := web.LastUntrustedProxy(t.Context(), w.store.Values, w.config.TrustedProxies, time.Now())
		check(t, err)
		if found != (tt.reported != "") || found && p.Addr.String() != tt.reported {
			t.Errorf("%s with %s: reported %v %v, want %q", tt.peer, tt.header, p.Addr, found, tt.reported)
		}
		if got, want := strings.Count(w.log.String(), "missing from web.trusted_proxies"), len(tt.reported)/max(1, len(tt.reported)); got != want {
			t.Errorf("%s: logged %d times, want %d", tt.peer, got, want)
		}
		if !found {
			continue
		}
		if _, found, _ := web.LastUntrustedProxy(t.Context(), w.store.Values, []string{tt.reported}, time.Now()); found {
			t.Errorf("%s is still reported when it is trusted", tt.peer)
		}
		if _, found, _ := web.LastUntrustedProxy(t.Context(), w.store.Values, nil, time.Now().Add(25*time.Hour)); found {
			t.Errorf("%s is still reported a day later", tt.peer)
		}
	}
}
