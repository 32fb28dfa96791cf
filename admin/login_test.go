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

// loggedIn reports whether a browser sees the admin pages.
func (b *browser) loggedIn() bool {
	b.Helper()
	got := b.get("/")
	return got.status == http.StatusOK && strings.Contains(got.body, "/base/logout")
}

func TestLogin_IsRequiredEverywhere(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	server := w.server.(*admin.Server)
	for _, path := range append(server.Paths(http.MethodGet), "/nowhere", "/?done=delivery_paused") {
		got := w.browser().get(path)
		if at := got.header.Get("Location"); got.status != http.StatusSeeOther || !strings.HasPrefix(at, "/base/login?next=") || got.body != "" {
			t.Errorf("GET %s: status %d, redirected to %q, body %q", path, got.status, at, got.body)
		}
	}
	for _, path := range server.Paths(http.MethodPost) {
		if got := w.browser().post(path, "token", "x"); got.status != http.StatusForbidden {
			t.Errorf("POST %s: status %d", path, got.status)
		}
	}
	if got := w.browser().get("/login"); got.status != http.StatusOK || strings.Contains(got.body, "<nav") || got.cookie != nil {
		t.Errorf("login page: status %d, cookie %v\n%s", got.status, got.cookie, got.body)
	}
}

func TestLogin_LogsWrongPasswords(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.browser()
	for _, wrong := range []string{"", "wrong horse battery", password + " ", strings.ToUpper(password)} {
		got := b.logIn(wrong)
		if got.status != http.StatusUnauthorized || got.cookie != nil || !strings.Contains(got.body, `role="alert"`) || b.loggedIn() {
			t.Errorf("%q: status %d, cookie %v", wrong, got.status, got.cookie)
		}
	}
	want := slices.Repeat([]string{"web: unknown fail to log in from 192.0.2.7"}, 4)
	if got := w.auditOf("admin"); !slices.Equal(got, want) {
		t.Errorf("audit log is %q", got)
	}
	if strings.Contains(w.log.String(), "horse") {
		t.Errorf("log contains a password:\n%s", w.log)
	}
	if got := b.logIn(password); got.status != http.StatusSeeOther || got.header.Get("Location") != "/base/" || !b.loggedIn() {
		t.Errorf("right password: status %d, redirected to %q", got.status, got.header.Get("Location"))
	}
}

// Forms of administrators may have megabytes. From strangers that would exhaust the memory, because their forms are read before the
// limit is checked.
func TestLogin_RejectsLargeForms(t *testing.T) {
	t.Parallel()
	b := newFixture(t).browser()
	if got := b.logIn(strings.Repeat("a", 60<<10)); got.status != http.StatusBadRequest || got.cookie != nil {
		t.Errorf("60 KB: status %d", got.status)
	}
	if got := b.logIn(strings.Repeat("a", 10<<10)); got.status != http.StatusUnauthorized {
		t.Errorf("10 KB: status %d", got.status)
	}
	if got := b.logIn(password); got.status != http.StatusSeeOther {
		t.Errorf("password: status %d", got.status)
	}
}

func TestLogin_LimitsAttemptsPerAddress(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.browser()
	for range 5 {
		b.logIn("wrong")
	}
	if got := b.logIn(password); got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" || b.loggedIn() {
		t.Errorf("sixth attempt, with the right password: status %d", got.status)
	}
	other := w.browser()
	other.remoteAddr = "192.0.2.8:1234"
	if got := other.logIn(password); got.status != http.StatusSeeOther {
		t.Errorf("another address: status %d", got.status)
	}
	w.now = w.now.Add(time.Minute)
	if got := b.logIn(password); got.status != http.StatusSeeOther {
		t.Errorf("a minute later: status %d", got.status)
	}
}

func TestLogin_LimitsAttemptsOverall(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	refused := 0
	for i := range 30 {
		b := w.browser()
		b.remoteAddr = fmt.Sprintf("198.51.100.%d:1", i)
		if b.logIn("wrong").status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 10 {
		t.Errorf("%d of 30 attempts were rejected, want 10", refused)
	}
}

func TestLogin_RedirectsOnlyToOwnPaths(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	for _, c := range []struct{ next, want string }{
		{"/queue?state=refused&kind=digest", "/base/queue?state=refused&kind=digest"},
		{"", "/base/"}, {"https://evil.example/", "/base/"}, {"//evil.example/", "/base/"}, {`/\evil.example`, "/base/"}, {"/%2fevil.example", "/base/"},
		{"javascript:alert(1)", "/base/"}, {"/login", "/base/"}, {"/a\r\nX: y", "/base/"},
	} {
		b := w.browser()
		if got := b.post("/login", "password", password, "next", c.next).header.Get("Location"); got != c.want {
			t.Errorf("next %q redirects to %q, want %q", c.next, got, c.want)
		}
		w.now = w.now.Add(time.Minute)
	}
}

func TestLogin_RestrictsItsCookie(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ url, name, path string }{
		{"http://admin.example/base", "postrider", "/base/"},
		{"https://admin.example/base", "__Secure-postrider", "/base/"},
		{"https://admin.example", "__Host-postrider", "/"},
	} {
		w := newFixture(t)
		w.config.URL = c.url
		w.open()
		got := w.browser().logIn(password).cookie
		if got == nil || got.Name != c.name || got.Path != c.path || !got.HttpOnly || got.SameSite != http.SameSiteStrictMode ||
			got.Secure != strings.HasPrefix(c.url, "https") || got.Domain != "" || len(got.Value) < 43 {
			t.Errorf("%s: cookie %v", c.url, got)
		}
	}
}
