package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"
)

// pagePolicy lets the stylesheet work and forms come back to us, and nothing else at all: no script.
const pagePolicy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const (
	maxBody        = 64 << 10 // bytes: a form with a thousand fields
	requestTimeout = 20 * time.Second
)

// Middleware stands before every handler: it finds out who asks, counts his requests, limits what he sends, and writes the
// fields that every answer has. The room for administrators stands behind one, too.
type Middleware struct {
	Deny    func(w http.ResponseWriter, r *http.Request, status int) // writes an answer that refuses
	MaxBody int64                                                    // bytes that a request may bring

	trusted     trustedProxies
	limits      RateLimiter
	crossOrigin *http.CrossOriginProtection
	log         *slog.Logger
}

// NewMiddleware makes a guard for pages at the configured address. Forms must come from there; open are the patterns of
// http.ServeMux where they may come from anywhere, because a secret in the request speaks for itself.
func NewMiddleware(c Config, log *slog.Logger, deny func(http.ResponseWriter, *http.Request, int), open ...string) (*Middleware, error) {
	trusted, err := parsePrefixes(c.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("web.trusted_proxies %w", err)
	}
	cross := http.NewCrossOriginProtection()
	if err := cross.AddTrustedOrigin(c.origin()); err != nil {
		return nil, fmt.Errorf("web.url: %w", err)
	}
	for _, pattern := range open {
		cross.AddInsecureBypassPattern(pattern)
	}
	return &Middleware{Deny: deny, trusted: trusted, MaxBody: maxBody, limits: NewRateLimiter(perSecond, burst), crossOrigin: cross, log: log}, nil
}

// RequestInfo is how a request came.
type RequestInfo struct {
	ClientAddr netip.Addr // the visitor's address; zero where the connection has none (a socket)
	Trusted    bool       // one of the trusted proxies handed it on
}

// requestInfoKey is the key under which a request's context has its Visit.
type requestInfoKey struct{}

// RequestInfoOf tells how a request came that a Guard has let through.
func RequestInfoOf(r *http.Request) RequestInfo {
	visit, _ := r.Context().Value(requestInfoKey{}).(RequestInfo)
	return visit
}

// Wrap puts the guard before a handler.
func (g *Middleware) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visit := g.trusted.applyForwarded(r)
		setSecurityHeaders(w.Header())
		defer g.recoverPanic(w, r)
		if !g.limits.Allow(visit.ClientAddr, time.Now()) {
			w.Header().Set("Retry-After", "60")
			g.Deny(w, r, http.StatusTooManyRequests)
			return
		}
		if err := g.crossOrigin.Check(r); err != nil {
			g.Deny(w, r, http.StatusForbidden)
			return
		}
		ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), requestInfoKey{}, visit), requestTimeout)
		defer cancel()
		r.Body = http.MaxBytesReader(w, r.Body, g.MaxBody)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// PenalizeForged notes that a request carried a token that is not ours.
func (g *Middleware) PenalizeForged(r *http.Request) {
	g.limits.Charge(RequestInfoOf(r).ClientAddr, time.Now(), forgedCost)
}

// setSecurityHeaders are the fields of every answer. Nothing may be kept, indexed, framed or sniffed, and no address of ours, which
// has a token in it, may reach another site as the Referer.
func setSecurityHeaders(h http.Header) {
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin") // "no-referrer" would make browsers hide where our own forms come from
	h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
}

// recoverPanic answers for a handler that panicked.
func (g *Middleware) recoverPanic(w http.ResponseWriter, r *http.Request) {
	fault := recover()
	switch fault {
	case nil:
		return
	case http.ErrAbortHandler:
		panic(fault)
	}
	g.log.Error("a page made the server panic", "page", r.Pattern, "fault", fault, "stack", string(debug.Stack()))
	g.Deny(w, r, http.StatusInternalServerError)
}
