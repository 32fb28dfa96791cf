package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"postrider/internal/ratelimit"
)

// pagePolicy allows our stylesheet, the logo and forms that post to us, and nothing else: no scripts.
const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const (
	maxBody        = 64 << 10 // bytes: a form with a thousand fields
	requestTimeout = 20 * time.Second
)

// Middleware wraps every handler: it determines the client, limits requests, checks the origin of forms and sets the security
// headers. The admin pages use it, too.
type Middleware struct {
	Deny       func(w http.ResponseWriter, r *http.Request, status int) // writes a response that rejects the request
	MaxBody    int64                                                    // largest request body, in bytes
	BodyLimit  func(r *http.Request) int64                              // largest body of a request; nil: MaxBody for all
	Credential func(r *http.Request) Credential                         // what passes the limit per address; nil: nothing does

	trusted     trustedProxies
	untrusted   *untrustedProxyReport
	limits      ratelimit.PerAddress
	members     *ratelimit.PerKey[int64]
	crossOrigin *http.CrossOriginProtection
	log         *slog.Logger
}

// NewMiddleware returns the middleware for pages at the configured URL. It accepts forms from that origin only, except for the
// http.ServeMux patterns in bypass: those requests carry a secret instead. It saves in values, if not nil, which proxy is not trusted.
func NewMiddleware(c Config, log *slog.Logger, values Values, deny func(http.ResponseWriter, *http.Request, int), bypass ...string) (*Middleware, error) {
	trusted, err := parsePrefixes(c.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("web.trusted_proxies %w", err)
	}
	crossOrigin := http.NewCrossOriginProtection()
	if err := crossOrigin.AddTrustedOrigin(c.origin()); err != nil {
		return nil, fmt.Errorf("web.url: %w", err)
	}
	for _, pattern := range bypass {
		crossOrigin.AddInsecureBypassPattern(pattern)
	}
	return &Middleware{
		Deny: deny, trusted: trusted, MaxBody: maxBody, limits: ratelimit.NewPerAddress(perSecond, burst, maxAddresses),
		members: ratelimit.NewPerKey[int64](requestsPerMember), untrusted: &untrustedProxyReport{values: values, log: log},
		crossOrigin: crossOrigin, log: log,
	}, nil
}

// RequestInfo says where a request came from.
type RequestInfo struct {
	ClientAddr netip.Addr // zero if the connection has no address (a Unix socket)
	Trusted    bool       // it came through a trusted proxy

	forwards       bool // it has a header of a proxy
	untrustedProxy bool // it came through a proxy of ours that is not trusted
}

// requestInfoKey is the context key of a request's RequestInfo.
type requestInfoKey struct{}

// RequestInfoOf returns where a request came from. The request must have passed the middleware.
func RequestInfoOf(r *http.Request) RequestInfo {
	info, _ := r.Context().Value(requestInfoKey{}).(RequestInfo)
	return info
}

// Wrap applies the middleware to a handler.
func (g *Middleware) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info := g.trusted.applyForwarded(r)
		setSecurityHeaders(w.Header())
		defer g.recoverPanic(w, r)
		if info.untrustedProxy {
			g.untrusted.report(r.Context(), info.ClientAddr, time.Now())
		}
		ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), requestInfoKey{}, info), requestTimeout)
		defer cancel()
		release, ok := g.admit(ctx, r, info)
		if !ok {
			w.Header().Set("Retry-After", "60")
			g.Deny(w, r, http.StatusTooManyRequests)
			return
		}
		defer release()
		if err := g.crossOrigin.Check(r); err != nil {
			g.Deny(w, r, http.StatusForbidden)
			return
		}
		limit := g.MaxBody
		if g.BodyLimit != nil {
			limit = g.BodyLimit(r)
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// admit reports whether a request is within the limits. A valid token passes however many requests came from its address, but the
// requests of one member wait for each other.
func (g *Middleware) admit(ctx context.Context, r *http.Request, info RequestInfo) (release func(), ok bool) {
	if g.Credential != nil {
		if c := g.Credential(r); c.Valid && c.Member != 0 {
			return g.members.Acquire(ctx, c.Member)
		} else if c.Valid {
			return func() {}, true
		}
	}
	return func() {}, g.limits.Allow(info.ClientAddr, time.Now())
}

// PenalizeForged charges the client's rate limit for a token or signature that is not ours.
func (g *Middleware) PenalizeForged(r *http.Request) {
	g.limits.Charge(RequestInfoOf(r).ClientAddr, time.Now(), forgedCost)
}

// setSecurityHeaders sets the headers of every response. It must not be stored, indexed, framed or sniffed, and our URLs, which
// contain tokens, must not reach other sites in the Referer.
func setSecurityHeaders(h http.Header) {
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin") // with "no-referrer" browsers would omit the origin of our own forms
	h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
}

// recoverPanic responds when a handler panicked.
func (g *Middleware) recoverPanic(w http.ResponseWriter, r *http.Request) {
	cause := recover()
	switch cause {
	case nil:
		return
	case http.ErrAbortHandler:
		panic(cause)
	}
	g.log.Error("handler panicked", "page", r.Pattern, "panic", cause, "stack", string(debug.Stack()))
	g.Deny(w, r, http.StatusInternalServerError)
}
