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
	w := newWorld(t)
	attacker := w.admin() // whose session the victim's browser is made to have
	victim := w.browser()
	victim.cookie = &http.Cookie{Name: attacker.cookie.Name, Value: attacker.cookie.Value}
	victim.logIn(password)
	if victim.cookie.Value == attacker.cookie.Value || !victim.loggedIn() {
		t.Error("the victim got the session that was there before")
	}
	if attacker.loggedIn() {
		t.Error("the session that was there before still holds")
	}
	made := w.browser()
	made.cookie = &http.Cookie{Name: "postrider", Value: "chosen-by-somebody"}
	made.logIn(password)
	if made.cookie.Value == "chosen-by-somebody" {
		t.Error("a session has the name that somebody chose")
	}
}

func TestSession_EndsWithLogout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	kept, token := b.cookie, b.token()
	if got := b.post("/logout", "token", token); got.status != http.StatusSeeOther || got.cookie == nil || got.cookie.MaxAge >= 0 {
		t.Errorf("log out: answer %d, cookie %v", got.status, got.cookie)
	}
	b.cookie = kept // somebody has copied it
	if b.loggedIn() {
		t.Error("the session goes on after the log out")
	}
	if got := b.post("/pause", "token", token); got.status != http.StatusForbidden {
		t.Errorf("a form of the session: answer %d", got.status)
	}
	if _, paused, _ := w.store.Queue.Paused(t.Context()); paused {
		t.Error("it has changed something")
	}
}

func TestSession_Expires(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*world, *browser)
		open   bool
	}{
		{"one that is used goes on", func(w *world, b *browser) {
			for range 11 {
				w.now = w.now.Add(59 * time.Minute)
				b.loggedIn()
			}
		}, true},
		{"one that is not used for an hour ends", func(w *world, b *browser) { w.now = w.now.Add(time.Hour) }, false},
		{"after half a day each ends", func(w *world, b *browser) {
			for range 13 {
				w.now = w.now.Add(56 * time.Minute)
				b.loggedIn()
			}
		}, false},
		{"a daemon that starts again keeps it", func(w *world, b *browser) { w.open() }, true},
		{"another password ends it", func(w *world, b *browser) { w.config.PasswordHash = cheapHash("another password"); w.open() }, false},
		{"so does none", func(w *world, b *browser) { w.config.PasswordHash, w.config.UserHeader = "", "Remote-User"; w.open() }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
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
	w := newWorld(t)
	b := w.admin()
	var kept string
	check(t, w.stored().QueryRow("SELECT hash FROM session").Scan(&kept))
	if strings.Contains(kept, b.cookie.Value) {
		t.Error("the store holds what the browser has")
	}
	thief := w.browser()
	thief.cookie = &http.Cookie{Name: b.cookie.Name, Value: kept}
	if thief.loggedIn() {
		t.Error("what the store holds opens the room")
	}
}

func TestToken_IsRequiredForChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
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
		{"from a neighbour of the site", token, map[string]string{"Sec-Fetch-Site": "same-site"}},
		{"from another site, by an old browser", token, map[string]string{"Sec-Fetch-Site": "", "Origin": "https://evil.example"}},
		{"as a question", "", nil},
	} {
		b.fields = c.fields
		got := b.post("/pause", "token", c.token, "reason", c.name)
		if c.name == "as a question" {
			got = b.post("/pause?token=" + token)
		}
		if got.status != http.StatusForbidden {
			t.Errorf("%s: answer %d", c.name, got.status)
		}
	}
	b.fields = nil
	if _, paused, _ := w.store.Queue.Paused(t.Context()); paused || len(w.audit("delivery")) > 0 {
		t.Error("something was changed")
	}
	if got := b.get("/pause"); got.status != http.StatusMethodNotAllowed {
		t.Errorf("a GET of a change: answer %d", got.status)
	}
	if got := b.post("/pause", "token", token); got.status != http.StatusSeeOther {
		t.Errorf("the form itself: answer %d", got.status)
	}
}

func TestUserHeader_CountsOnlyFromTrustedProxies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.UserHeader = "Remote-User"
	w.open()
	stranger := w.browser()
	stranger.fields = map[string]string{"Remote-User": "ray", "X-Forwarded-For": "10.0.0.1", "Forwarded": "for=10.0.0.1"}
	if stranger.loggedIn() || stranger.cookie != nil {
		t.Error("somebody says that he is ray, and is believed")
	}
	ray := w.browser()
	ray.from, ray.fields = "10.0.0.1:1", map[string]string{"Remote-User": "ray", "X-Forwarded-For": "192.0.2.9"}
	got := ray.get("/")
	if got.status != http.StatusOK || !strings.Contains(got.body, "<bdi>ray</bdi>") || strings.Contains(got.body, "/logout") {
		t.Errorf("ray, by the proxy: answer %d\n%s", got.status, got.body)
	}
	if got := w.audit("admin"); len(got) != 1 || got[0] != "web: ray log in from 192.0.2.9" {
		t.Errorf("written down is %q", got)
	}
	token := ray.token()
	thief := w.browser() // without the proxy
	thief.cookie = ray.cookie
	if thief.loggedIn() || thief.post("/pause", "token", token).status != http.StatusForbidden {
		t.Error("ray's session goes on without the proxy")
	}
	eve := *ray // whom the proxy knows, too, with ray's cookie
	eve.fields = map[string]string{"Remote-User": "eve"}
	if got := eve.post("/pause", "token", token); got.status != http.StatusForbidden {
		t.Errorf("eve with ray's session: answer %d", got.status)
	}
	if got := eve.get("/"); !strings.Contains(got.body, "<bdi>eve</bdi>") {
		t.Error("eve is taken for ray")
	}
}

func TestUserHeader_RejectsTwoValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.UserHeader = "Remote-User"
	w.open()
	r := httptest.NewRequest(http.MethodGet, w.config.URL+"/", nil)
	r.RemoteAddr = "10.0.0.1:1"
	r.Header["Remote-User"] = []string{"root", "ray"} // the proxy has added its own to the visitor's
	rec := httptest.NewRecorder()
	w.room.ServeHTTP(rec, r)
	if rec.Code != http.StatusSeeOther || len(rec.Result().Cookies()) > 0 {
		t.Errorf("answer %d", rec.Code)
	}
}

// A picture on any page that he opens could else log him in anew with each request, and fill the audit log.
func TestUserHeader_SubresourcesOpenNoSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.UserHeader = "Remote-User"
	w.open()
	for _, c := range []struct {
		site, mode string
		opens      bool
	}{{"cross-site", "no-cors", false}, {"same-site", "cors", false}, {"cross-site", "navigate", true}, {"same-origin", "no-cors", true}, {"none", "navigate", true}, {"", "", true}} {
		b := w.browser()
		b.from, b.fields = "10.0.0.1:1", map[string]string{"Remote-User": "ray", "Sec-Fetch-Site": c.site, "Sec-Fetch-Mode": c.mode}
		if got := b.get("/"); (got.cookie != nil) != c.opens || (got.status == http.StatusOK) != c.opens {
			t.Errorf("%s, %s: answer %d, a session: %v", c.site, c.mode, got.status, got.cookie != nil)
		}
	}
	if got := w.audit("admin"); len(got) != 4 {
		t.Errorf("written down is %q", got)
	}
}

// A field's value was Latin-1 before it was UTF-8 (RFC 9110, 5.5), and some proxies write it so. The store takes UTF-8 alone.
func TestUserHeader_AcceptsLatin1(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"J\xfcrgen", "Jürgen"} {
		w := newWorld(t)
		w.config.UserHeader = "Remote-User"
		w.open()
		b := w.browser()
		b.from, b.fields = "10.0.0.1:1", map[string]string{"Remote-User": name}
		first, second := b.get("/"), b.get("/")
		if first.status != http.StatusOK || !strings.Contains(first.body, "Jürgen") || second.cookie != nil {
			t.Errorf("%q: answer %d, asked to log in again: %v", name, first.status, second.cookie != nil)
		}
		if got := w.audit("admin"); !slices.Equal(got, []string{"web: Jürgen log in from 10.0.0.1"}) {
			t.Errorf("%q: written down is %q", name, got)
		}
	}
}

func TestUserHeader_IsIgnoredUnlessConfigured(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.from = "10.0.0.1:1"
	for _, name := range []string{"Remote-User", "X-Forwarded-User", ""} {
		if name != "" {
			b.fields = map[string]string{name: "ray"}
		}
		if got := b.get("/"); got.status != http.StatusSeeOther {
			t.Errorf("%q: answer %d", name, got.status)
		}
	}
}

func TestSession_SurvivesAReadOnlyStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	must(w.stored().Exec("CREATE TRIGGER disk BEFORE UPDATE ON session BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"))(t)
	w.now = w.now.Add(2 * time.Minute)
	if !b.loggedIn() {
		t.Error("nobody can look any more what is wrong")
	}
	if !strings.Contains(w.log.String(), "the disk is full") {
		t.Errorf("the log does not tell it:\n%s", w.log)
	}
}
