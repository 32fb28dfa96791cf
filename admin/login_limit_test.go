package admin_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// attack sends wrong passwords from many addresses until all of them are limited.
func (w *fixture) attack() {
	w.Helper()
	for i := range 22 {
		b := w.browser()
		b.remoteAddr = fmt.Sprintf("198.51.100.%d:1", i)
		b.logIn("wrong")
	}
}

func TestLogin_RightPasswordPassesDuringAttack(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.attack()
	b := w.browser()
	if got := b.logIn("wrong"); got.status != http.StatusTooManyRequests {
		t.Errorf("wrong password: status %d, want 429", got.status)
	}
	if got := b.logIn(password); got.status != http.StatusSeeOther || !b.loggedIn() {
		t.Errorf("right password: status %d", got.status)
	}
}

// deviceCookie logs in and returns the cookie that makes the browser known, as "NAME=VALUE".
func (w *fixture) deviceCookie(b *browser) string {
	w.Helper()
	for _, line := range b.logIn(password).header.Values("Set-Cookie") {
		if strings.HasPrefix(line, "postrider-device=") {
			if !strings.Contains(line, "HttpOnly") || !strings.Contains(line, "SameSite=Strict") || !strings.Contains(line, "Max-Age=31536000") {
				w.Errorf("cookie %s", line)
			}
			cookie, _, _ := strings.Cut(line, ";")
			return cookie
		}
	}
	w.Fatal("no cookie")
	return ""
}

func TestLogin_KnownBrowserHasItsOwnAttempts(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	cookie := w.deviceCookie(w.browser())
	attacker := w.browser() // at the same address
	for range 7 {
		attacker.logIn("wrong")
	}
	if got := attacker.logIn(password); got.status != http.StatusTooManyRequests {
		t.Errorf("another browser at the attacker's address: status %d, want 429", got.status)
	}
	for name, tt := range map[string]struct {
		cookie string
		status int
	}{
		"the known browser": {cookie, http.StatusSeeOther},
		"a forged ID":       {strings.Replace(cookie, "=", "=A", 1), http.StatusTooManyRequests},
		"a cut signature":   {cookie[:len(cookie)-1], http.StatusTooManyRequests},
		"no signature":      {cookie[:strings.IndexByte(cookie, '.')+1], http.StatusTooManyRequests},
	} {
		b := w.browser()
		b.headers = map[string]string{"Cookie": tt.cookie}
		if got := b.logIn(password); got.status != tt.status {
			t.Errorf("%s: status %d, want %d", name, got.status, tt.status)
		}
	}
	thief := w.browser()
	thief.headers = map[string]string{"Cookie": cookie}
	for range 5 {
		thief.logIn("wrong")
	}
	if got := thief.logIn(password); got.status != http.StatusTooManyRequests {
		t.Errorf("a known browser after five wrong passwords: status %d, want 429", got.status)
	}
	w.config.PasswordHash = cheapHash("another password")
	w.open()
	b := w.browser()
	b.headers = map[string]string{"Cookie": cookie}
	for range 5 {
		b.logIn("wrong")
	}
	if got := b.logIn("another password"); got.status != http.StatusTooManyRequests {
		t.Errorf("known from before the password changed: status %d, want 429", got.status)
	}
}

func TestMiddleware_KnownBrowserPassesTheLimitOfItsAddress(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	cookie := w.deviceCookie(w.browser())
	stranger := w.browser()
	for range 300 {
		if stranger.get("/login").status == http.StatusTooManyRequests {
			break
		}
	}
	if got := stranger.get("/login"); got.status != http.StatusTooManyRequests {
		t.Fatalf("a stranger: status %d", got.status)
	}
	b := w.browser()
	b.headers = map[string]string{"Cookie": cookie}
	if got := b.get("/login"); got.status != http.StatusOK {
		t.Errorf("the known browser: status %d", got.status)
	}
}
