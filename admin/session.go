package admin

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"time"
	"unicode/utf8"

	"postrider/store"
	"postrider/web"
)

const (
	// idleTimeout and longest are how long a session lasts that is not used, and one that is: an administrator's working day.
	idleTimeout = time.Hour
	maxAge      = 12 * time.Hour
	// touchEvery is how often the store is told that a session is used.
	touchEvery = time.Minute
	// proxied is the proof of sessions of users whom the proxy has logged in.
	proxied = "proxy"
)

// session is a session with what only the browser that it belongs to has: the store knows its hash.
type session struct {
	store.Session
	secret string
}

// token is what forms of this session carry, and pages of other sites cannot know.
func (n session) token() string {
	mac := hmac.New(sha256.New, []byte(n.secret))
	mac.Write([]byte("form"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (n session) validToken(token string) bool { return hmac.Equal([]byte(token), []byte(n.token())) }

func hashToken(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// open opens a session under a new secret, whatever the browser had before: nobody can know it beforehand (fixation).
func (s *Server) open(w http.ResponseWriter, r *http.Request, actor, authMethod string) (session, error) {
	now := s.Now()
	random := make([]byte, 32)
	rand.Read(random) // never fails
	n := session{secret: base64.RawURLEncoding.EncodeToString(random)}
	n.Session = store.Session{Hash: hashToken(n.secret), Actor: actor, AuthMethod: authMethod, Opened: now, Seen: now}
	if old, err := r.Cookie(s.cookieName()); err == nil {
		if err := s.Store.Sessions.Close(r.Context(), hashToken(old.Value)); err != nil {
			return session{}, err
		}
	}
	if err := s.Store.Sessions.Prune(r.Context(), now.Add(-maxAge), now.Add(-idleTimeout)); err != nil {
		return session{}, err
	}
	if err := s.Store.Sessions.Open(r.Context(), n.Session); err != nil {
		return session{}, err
	}
	http.SetCookie(w, s.cookie(n.secret, 0))
	return n, s.note(r, actor, auditAction{"log in", "admin", "from " + clientAddress(r)})
}

// findSession finds the session of a request. It may be none: open is false then.
func (s *Server) findSession(r *http.Request) (n session, open bool, err error) {
	c, err := r.Cookie(s.cookieName())
	if err != nil {
		return session{}, false, nil
	}
	n.secret = c.Value
	n.Session, open, err = s.Store.Sessions.Find(r.Context(), hashToken(c.Value))
	now := s.Now()
	if err != nil || !open || !s.stillValid(n.Session, r) || now.Sub(n.Opened) >= maxAge || now.Sub(n.Seen) >= idleTimeout {
		return session{}, false, err
	}
	if now.Sub(n.Seen) >= touchEvery {
		if err := s.Store.Sessions.Touch(r.Context(), now, n.Hash); err != nil { // when the disk is full the pages are needed most
			s.Log.Warn("session could not be kept", "err", err)
		}
	}
	return n, true, nil
}

// stillValid tells whether what a session was opened with still holds: the password is the same, or the proxy names the same
// user.
func (s *Server) stillValid(n store.Session, r *http.Request) bool {
	if n.AuthMethod == proxied {
		user := s.user(r)
		return user != "" && n.Actor == actor(user)
	}
	return s.proof != "" && n.AuthMethod == s.proof
}

// user is the one whom a trusted proxy has logged in; empty: nobody. Of two names one is the visitor's own, which the proxy has
// let pass.
func (s *Server) user(r *http.Request) string {
	names := r.Header.Values(s.header)
	if s.header == "" || !web.VisitOf(r).Trusted || len(names) != 1 {
		return ""
	}
	return decoded(names[0])
}

// decoded is the value of a field: UTF-8, or else Latin-1, as it once was (RFC 9110, 5.5).
func decoded(value string) string {
	if utf8.ValidString(value) {
		return value
	}
	runes := make([]rune, len(value))
	for i := range len(value) {
		runes[i] = rune(value[i])
	}
	return string(runes)
}

// actor is how the audit log names a user.
func actor(user string) string { return "web: " + user }

// cookieName begins with what keeps other hosts and plain HTTP from setting such a cookie, where that is possible: __Host- wants
// the path "/", which would show the cookie to everything else at the same host (RFC 6265bis, 4.1.3).
func (s *Server) cookieName() string {
	switch {
	case s.https && s.base == "":
		return "__Host-postrider"
	case s.https:
		return "__Secure-postrider"
	}
	return "postrider"
}

// cookie carries a secret; a negative age takes it away. It goes when the browser is closed.
func (s *Server) cookie(secret string, age int) *http.Cookie {
	return &http.Cookie{
		Name: s.cookieName(), Value: secret, Path: s.base + "/", MaxAge: age,
		Secure: s.https, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}

// auditAction is a change, as the audit log tells of it.
type auditAction struct{ action, object, detail string }

// note writes down who did what.
func (s *Server) note(r *http.Request, actor string, deeds ...auditAction) error {
	entries := make([]store.AuditEntry, len(deeds))
	for i, d := range deeds {
		entries[i] = store.AuditEntry{At: s.Now(), Actor: actor, Action: d.action, Object: d.object, Detail: d.detail}
	}
	return s.Store.Audit.Record(context.WithoutCancel(r.Context()), entries...) // it was done, whether he waits for the answer or not
}

// clientAddress is where a request came from, for the audit log.
func clientAddress(r *http.Request) string {
	if a := web.VisitOf(r).From; a.IsValid() {
		return a.String()
	}
	return "a socket"
}
