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
	// A session ends after idleTimeout without use, and after maxAge in any case: an administrator's working day.
	idleTimeout = time.Hour
	maxAge      = 12 * time.Hour
	// touchEvery is how often the use of a session is saved.
	touchEvery = time.Minute
	// proxied is the AuthMethod of sessions whose user the proxy has named.
	proxied = "proxy"
)

// session is a session with its secret, which only the browser has: the store has a hash.
type session struct {
	store.Session
	secret string
}

// token is the token in the forms of this session, unknown to pages of other sites.
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

// openSession opens a session with a new secret, whatever cookie the browser sent, to prevent session fixation.
func (s *Server) openSession(w http.ResponseWriter, r *http.Request, actor, authMethod string) (session, error) {
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
	return n, s.audit(r, actor, auditAction{"log in", "admin", "from " + clientAddress(r)})
}

// findSession finds the session of a request. open is false if there is none.
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
		if err := s.Store.Sessions.Touch(r.Context(), now, n.Hash); err != nil { // the pages are needed most when the disk is full
			s.Log.Warn("cannot save the use of a session", "err", err)
		}
	}
	return n, true, nil
}

// stillValid reports whether a session's authentication still holds: the password is the same, or the proxy names the same user.
func (s *Server) stillValid(n store.Session, r *http.Request) bool {
	if n.AuthMethod == proxied {
		user := s.proxyUser(r)
		return user != "" && n.Actor == actor(user)
	}
	return s.passwordFingerprint != "" && n.AuthMethod == s.passwordFingerprint
}

// proxyUser is the user named by a trusted proxy; empty: none. If there are two names, the visitor sent one of them, and the proxy
// let it pass.
func (s *Server) proxyUser(r *http.Request) string {
	names := r.Header.Values(s.userHeader)
	if s.userHeader == "" || !web.RequestInfoOf(r).Trusted || len(names) != 1 {
		return ""
	}
	return decodeHeader(names[0])
}

// decodeHeader decodes a header: UTF-8, or else Latin-1, as it was in the past (RFC 9110, 5.5).
func decodeHeader(value string) string {
	if utf8.ValidString(value) {
		return value
	}
	runes := make([]rune, len(value))
	for i := range len(value) {
		runes[i] = rune(value[i])
	}
	return string(runes)
}

// actor is the name of a user in the audit log.
func actor(user string) string { return "web: " + user }

// cookieName has a prefix that keeps other hosts and plain HTTP from setting the cookie, where possible: __Host- requires the path
// "/", which would send the cookie to everything else on the same host (RFC 6265bis, 4.1.3).
func (s *Server) cookieName() string {
	switch {
	case s.https && s.basePath == "":
		return "__Host-postrider"
	case s.https:
		return "__Secure-postrider"
	}
	return "postrider"
}

// cookie is the session cookie; a negative age deletes it. It lasts until the browser is closed.
func (s *Server) cookie(secret string, age int) *http.Cookie {
	return &http.Cookie{
		Name: s.cookieName(), Value: secret, Path: s.basePath + "/", MaxAge: age,
		Secure: s.https, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}

// auditAction is a change, for the audit log.
type auditAction struct{ action, object, detail string }

// audit writes actions to the audit log.
func (s *Server) audit(r *http.Request, actor string, actions ...auditAction) error {
	entries := make([]store.AuditEntry, len(actions))
	for i, d := range actions {
		entries[i] = store.AuditEntry{At: s.Now(), Actor: actor, Action: d.action, Object: d.object, Detail: d.detail}
	}
	return s.Store.Audit.Record(context.WithoutCancel(r.Context()), entries...) // it was done, even if the client has disconnected
}

// clientAddress is where a request came from, for the audit log.
func clientAddress(r *http.Request) string {
	if a := web.RequestInfoOf(r).ClientAddr; a.IsValid() {
		return a.String()
	}
	return "a socket"
}
