package admin_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/admin"
)

// loggedIn tells whether a browser sees the room.
func (b *browser) loggedIn() bool {
	b.Helper()
	got := b.get("/")
	return got.status == http.StatusOK && strings.Contains(got.body, "/room/logout")
}

func TestLogin_IsRequiredEverywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	room := w.room.(*admin.Server)
	for _, path := range append(room.Paths(http.MethodGet), "/nowhere", "/?done=delivery_paused") {
		got := w.browser().get(path)
		if at := got.header.Get("Location"); got.status != http.StatusSeeOther || !strings.HasPrefix(at, "/room/login?next=") || got.body != "" {
			t.Errorf("GET %s: answer %d, led to %q, body %q", path, got.status, at, got.body)
		}
	}
	for _, path := range room.Paths(http.MethodPost) {
		if got := w.browser().post(path, "token", "x"); got.status != http.StatusForbidden {
			t.Errorf("POST %s: answer %d", path, got.status)
		}
	}
	if got := w.browser().get("/login"); got.status != http.StatusOK || strings.Contains(got.body, "<nav") || got.cookie != nil {
		t.Errorf("the log in: answer %d, cookie %v\n%s", got.status, got.cookie, got.body)
	}
}

func TestLogin_LogsWrongPasswords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	for _, wrong := range []string{"", "wrong horse battery", password + " ", strings.ToUpper(password)} {
		got := b.logIn(wrong)
		if got.status != http.StatusUnauthorized || got.cookie != nil || !strings.Contains(got.body, `role="alert"`) || b.loggedIn() {
			t.Errorf("%q: answer %d, cookie %v", wrong, got.status, got.cookie)
		}
	}
	want := slices.Repeat([]string{"web: unknown fail to log in from 192.0.2.7"}, 4)
	if got := w.audit("admin"); !slices.Equal(got, want) {
		t.Errorf("written down is %q", got)
	}
	if strings.Contains(w.log.String(), "horse") {
		t.Errorf("the log holds a password:\n%s", w.log)
	}
	if got := b.logIn(password); got.status != http.StatusSeeOther || got.header.Get("Location") != "/room/" || !b.loggedIn() {
		t.Errorf("the right one: answer %d, led to %q", got.status, got.header.Get("Location"))
	}
}

// The forms of who is logged in may bring megabytes. Of strangers that would fill the memory: what they send is read before it is known
// whether they have a try left.
func TestLogin_RejectsLargeForms(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	if got := b.logIn(strings.Repeat("a", 60<<10)); got.status != http.StatusBadRequest || got.cookie != nil {
		t.Errorf("60 KB: answer %d", got.status)
	}
	if got := b.logIn(strings.Repeat("a", 10<<10)); got.status != http.StatusUnauthorized {
		t.Errorf("10 KB: answer %d", got.status)
	}
	if got := b.logIn(password); got.status != http.StatusSeeOther {
		t.Errorf("the password: answer %d", got.status)
	}
}

func TestLogin_LimitsAttemptsPerAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	for range 5 {
		b.logIn("wrong")
	}
	if got := b.logIn(password); got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" || b.loggedIn() {
		t.Errorf("the sixth try, with the right password: answer %d", got.status)
	}
	other := w.browser()
	other.from = "192.0.2.8:1234"
	if got := other.logIn(password); got.status != http.StatusSeeOther {
		t.Errorf("somebody else: answer %d", got.status)
	}
	w.now = w.now.Add(time.Minute)
	if got := b.logIn(password); got.status != http.StatusSeeOther {
		t.Errorf("a minute later: answer %d", got.status)
	}
}

func TestLogin_LimitsAttemptsOverall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refused := 0
	for i := range 30 {
		b := w.browser()
		b.from = fmt.Sprintf("198.51.100.%d:1", i)
		if b.logIn("wrong").status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 10 {
		t.Errorf("%d of 30 tries were refused, want 10", refused)
	}
}

func TestLogin_RedirectsOnlyToOwnPaths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ next, want string }{
		{"/queue?state=refused&kind=digest", "/room/queue?state=refused&kind=digest"},
		{"", "/room/"}, {"https://evil.example/", "/room/"}, {"//evil.example/", "/room/"}, {`/\evil.example`, "/room/"}, {"/%2fevil.example", "/room/"},
		{"javascript:alert(1)", "/room/"}, {"/login", "/room/"}, {"/a\r\nX: y", "/room/"},
	} {
		b := w.browser()
		if got := b.post("/login", "password", password, "next", c.next).header.Get("Location"); got != c.want {
			t.Errorf("next %q leads to %q, want %q", c.next, got, c.want)
		}
		w.now = w.now.Add(time.Minute)
	}
}

func TestLogin_RestrictsItsCookie(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ url, name, path string }{
		{"http://admin.example/room", "postrider", "/room/"},
		{"https://admin.example/room", "__Secure-postrider", "/room/"},
		{"https://admin.example", "__Host-postrider", "/"},
	} {
		w := newWorld(t)
		w.config.URL = c.url
		w.open()
		got := w.browser().logIn(password).cookie
		if got == nil || got.Name != c.name || got.Path != c.path || !got.HttpOnly || got.SameSite != http.SameSiteStrictMode ||
			got.Secure != strings.HasPrefix(c.url, "https") || got.Domain != "" || len(got.Value) < 43 {
			t.Errorf("%s: cookie %v", c.url, got)
		}
	}
}
