package admin_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSession_IsNewAfterLogin(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	attacker := w.admin() // plants the session in the victim's browser
	victim := w.browser()
	victim.cookie = &http.Cookie{Name: attacker.cookie.Name, Value: attacker.cookie.Value}
	victim.logIn(password)
	if victim.cookie.Value == attacker.cookie.Value || !victim.loggedIn() {
		t.Error("the login kept the planted session")
	}
	if attacker.loggedIn() {
		t.Error("the planted session is still valid")
	}
	made := w.browser()
	made.cookie = &http.Cookie{Name: "postrider", Value: "chosen-by-somebody"}
	made.logIn(password)
	if made.cookie.Value == "chosen-by-somebody" {
		t.Error("the login kept a chosen session ID")
	}
}

func TestSession_EndsWithLogout(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	kept, token := b.cookie, b.token()
	if got := b.post("/logout", "token", token); got.status != http.StatusSeeOther || got.cookie == nil || got.cookie.MaxAge >= 0 {
		t.Errorf("logout: status %d, cookie %v", got.status, got.cookie)
	}
	b.cookie = kept // a copied cookie
	if b.loggedIn() {
		t.Error("the session survives the logout")
	}
	if got := b.post("/pause", "token", token); got.status != http.StatusForbidden {
		t.Errorf("form of the ended session: status %d", got.status)
	}
	if _, paused, _ := w.store.Queue.Paused(t.Context()); paused {
		t.Error("the form changed something")
	}
}

func TestSession_Expires(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*fixture, *browser)
		open   bool
	}{
		{"a session in use continues", func(w *fixture, b *browser) {
			for range 11 {
				w.now = w.now.Add(59 * time.Minute)
				b.loggedIn()
			}
		}, true},
		{"an idle session ends after an hour", func(w *fixture, b *browser) { w.now = w.now.Add(time.Hour) }, false},
		{"every session ends after twelve hours", func(w *fixture, b *browser) {
			for range 13 {
				w.now = w.now.Add(56 * time.Minute)
				b.loggedIn()
			}
		}, false},
		{"a restart of the daemon keeps it", func(w *fixture, b *browser) { w.open() }, true},
		{"a new password ends it", func(w *fixture, b *browser) { w.config.PasswordHash = cheapHash("another password"); w.open() }, false},
		{"removing the password ends it", func(w *fixture, b *browser) { w.config.PasswordHash, w.config.UserHeader = "", "Remote-User"; w.open() }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			b := w.admin()
			c.change(w, b)
			if got := b.loggedIn(); got != c.open {
				t.Errorf("logged in: %v, want %v", got, c.open)
			}
		})
	}
}

func TestSession_StoreHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	var kept string
	check(t, w.openStoreDB().QueryRow("SELECT hash FROM session").Scan(&kept))
	if strings.Contains(kept, b.cookie.Value) {
		t.Error("the store contains the browser's secret")
	}
	thief := w.browser()
	thief.cookie = &http.Cookie{Name: b.cookie.Name, Value: kept}
	if thief.loggedIn() {
		t.Error("the store's hash works as a secret")
	}
}

func TestToken_IsRequiredForChanges(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b, other := w.admin(), w.admin()
	token := b.token()
	for _, c := range []struct {
		name   string
		token  string
		fields map[string]string
	}{
		{"no token", "", nil},
		{"another session's", other.token(), nil},
		{"a damaged one", token[1:], nil},
		{"from another site", token, map[string]string{"Sec-Fetch-Site": "cross-site"}},
		{"from a sibling domain", token, map[string]string{"Sec-Fetch-Site": "same-site"}},
		{"from another site, by an old browser", token, map[string]string{"Sec-Fetch-Site": "", "Origin": "https://evil.example"}},
		{"by GET", "", nil},
	} {
		b.headers = c.fields
		got := b.post("/pause", "token", c.token, "reason", c.name)
		if c.name == "by GET" {
			got = b.post("/pause?token=" + token)
		}
		if got.status != http.StatusForbidden {
			t.Errorf("%s: status %d", c.name, got.status)
		}
	}
	b.headers = nil
	if _, paused, _ := w.store.Queue.Paused(t.Context()); paused || len(w.auditOf("delivery")) > 0 {
		t.Error("a rejected form changed something")
	}
	if got := b.get("/pause"); got.status != http.StatusMethodNotAllowed {
		t.Errorf("GET of a change: status %d", got.status)
	}
	if got := b.post("/pause", "token", token); got.status != http.StatusSeeOther {
		t.Errorf("valid form: status %d", got.status)
	}
}

func TestUserHeader_CountsOnlyFromTrustedProxies(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.config.UserHeader = "Remote-User"
	w.open()
	stranger := w.browser()
	stranger.headers = map[string]string{"Remote-User": "ray", "X-Forwarded-For": "10.0.0.1", "Forwarded": "for=10.0.0.1"}
	if stranger.loggedIn() || stranger.cookie != nil {
		t.Error("a forged header was believed")
	}
	ray := w.browser()
	ray.remoteAddr, ray.headers = "10.0.0.1:1", map[string]string{"Remote-User": "ray", "X-Forwarded-For": "192.0.2.9"}
	got := ray.get("/")
	if got.status != http.StatusOK || !strings.Contains(got.body, "<bdi>ray</bdi>") || strings.Contains(got.body, "/logout") {
		t.Errorf("ray, through the proxy: status %d\n%s", got.status, got.body)
	}
	if got := w.auditOf("admin"); len(got) != 1 || got[0] != "web: ray log in from 192.0.2.9" {
		t.Errorf("audit log is %q", got)
	}
	token := ray.token()
	thief := w.browser() // without the proxy
	thief.cookie = ray.cookie
	if thief.loggedIn() || thief.post("/pause", "token", token).status != http.StatusForbidden {
		t.Error("ray's session works without the proxy")
	}
	eve := *ray // another user of the proxy, with ray's cookie
	eve.headers = map[string]string{"Remote-User": "eve"}
	if got := eve.post("/pause", "token", token); got.status != http.StatusForbidden {
		t.Errorf("eve with ray's session: status %d", got.status)
	}
	if got := eve.get("/"); !strings.Contains(got.body, "<bdi>eve</bdi>") {
		t.Error("eve is shown as another user")
	}
}

func TestUserHeader_RejectsTwoValues(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.config.UserHeader = "Remote-User"
	w.open()
	r := httptest.NewRequest(http.MethodGet, w.config.URL+"/", nil)
	r.RemoteAddr = "10.0.0.1:1"
	r.Header["Remote-User"] = []string{"root", "ray"} // the proxy has added its header to the visitor's
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, r)
	if rec.Code != http.StatusSeeOther || len(rec.Result().Cookies()) > 0 {
		t.Errorf("status %d", rec.Code)
	}
}

// Otherwise an image on any page could open a session with each request, and fill the audit log.
func TestUserHeader_SubresourcesOpenNoSession(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.config.UserHeader = "Remote-User"
	w.open()
	for _, c := range []struct {
		site, mode string
		opens      bool
	}{{"cross-site", "no-cors", false}, {"same-site", "cors", false}, {"cross-site", "navigate", true}, {"same-origin", "no-cors", true}, {"none", "navigate", true}, {"", "", true}} {
		b := w.browser()
		b.remoteAddr, b.headers = "10.0.0.1:1", map[string]string{"Remote-User": "ray", "Sec-Fetch-Site": c.site, "Sec-Fetch-Mode": c.mode}
		if got := b.get("/"); (got.cookie != nil) != c.opens || (got.status == http.StatusOK) != c.opens {
			t.Errorf("%s, %s: status %d, a session: %v", c.site, c.mode, got.status, got.cookie != nil)
		}
	}
	if got := w.auditOf("admin"); len(got) != 4 {
		t.Errorf("audit log is %q", got)
	}
}

// Headers were Latin-1 before they were UTF-8 (RFC 9110, 5.5), and some proxies still send that. The store accepts only UTF-8.
func TestUserHeader_AcceptsLatin1(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"J\xfcrgen", "Jürgen"} {
		w := newFixture(t)
		w.config.UserHeader = "Remote-User"
		w.open()
		b := w.browser()
		b.remoteAddr, b.headers = "10.0.0.1:1", map[string]string{"Remote-User": name}
		first, second := b.get("/"), b.get("/")
		if first.status != http.StatusOK || !strings.Contains(first.body, "Jürgen") || second.cookie != nil {
			t.Errorf("%q: status %d, new login: %v", name, first.status, second.cookie != nil)
		}
		if got := w.auditOf("admin"); !slices.Equal(got, []string{"web: Jürgen log in from 10.0.0.1"}) {
			t.Errorf("%q: audit log is %q", name, got)
		}
	}
}

func TestUserHeader_IsIgnoredUnlessConfigured(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.browser()
	b.remoteAddr = "10.0.0.1:1"
	for _, name := range []string{"Remote-User", "X-Forwarded-User", ""} {
		if name != "" {
			b.headers = map[string]string{name: "ray"}
		}
		if got := b.get("/"); got.status != http.StatusSeeOther {
			t.Errorf("%q: status %d", name, got.status)
		}
	}
}

func TestSession_SurvivesAReadOnlyStore(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	must(w.openStoreDB().Exec("CREATE TRIGGER disk BEFORE UPDATE ON session BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"))(t)
	w.now = w.now.Add(2 * time.Minute)
	if !b.loggedIn() {
		t.Error("the admin pages are unavailable")
	}
	if !strings.Contains(w.log.String(), "the disk is full") {
		t.Errorf("log lacks the error:\n%s", w.log)
	}
}
