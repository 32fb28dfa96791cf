package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// UntrustedProxy is a peer that forwards the requests of others, but is missing from web.trusted_proxies. Everyone behind it counts
// as one visitor.
type UntrustedProxy struct {
	Addr netip.Addr
	Seen time.Time // within untrustedProxyInterval
}

// Values keeps small values, by key. It is part of the store.
type Values interface {
	Set(ctx context.Context, key, value string) error
	Get(ctx context.Context, key string) (value string, known bool, err error)
}

const (
	// untrustedProxyKey is where the last untrusted proxy is kept.
	untrustedProxyKey = "untrusted_proxy"
	// untrustedProxyInterval is how often an untrusted proxy is logged and saved at most.
	untrustedProxyInterval = time.Hour
	// untrustedProxyMaxAge is how long an untrusted proxy is reported after it was last seen.
	untrustedProxyMaxAge = 24 * time.Hour
	// untrustedProxySaveTimeout limits the delay of the request that reveals the proxy.
	untrustedProxySaveTimeout = 3 * time.Second
)

// LastUntrustedProxy returns the untrusted proxy that was last seen. It returns false if there was none in the last day, or if
// trusted, the configured web.trusted_proxies, now contains it.
func LastUntrustedProxy(ctx context.Context, values Values, trusted []string, now time.Time) (UntrustedProxy, bool, error) {
	text, known, err := values.Get(ctx, untrustedProxyKey)
	if err != nil || !known {
		return UntrustedProxy{}, false, err
	}
	address, at, _ := strings.Cut(text, " ")
	var p UntrustedProxy
	if p.Addr, err = netip.ParseAddr(address); err == nil {
		p.Seen, err = time.Parse(time.RFC3339, at)
	}
	if err != nil {
		return UntrustedProxy{}, false, fmt.Errorf("reading the untrusted proxy: %w", err)
	}
	networks, err := parsePrefixes(trusted)
	if err != nil {
		return UntrustedProxy{}, false, fmt.Errorf("web.trusted_proxies %w", err)
	}
	return p, now.Sub(p.Seen) < untrustedProxyMaxAge && !trustedProxies(networks).trusts(p.Addr), nil
}

// untrustedProxyReport logs and saves untrusted proxies, one in each interval.
type untrustedProxyReport struct {
	values Values // nil: only log
	log    *slog.Logger
	mu     sync.Mutex
	last   time.Time
}

// report reports a proxy, unless one was reported a short time ago.
func (u *untrustedProxyReport) report(ctx context.Context, proxy netip.Addr, now time.Time) {
	if !u.due(now) {
		return
	}
	u.log.Warn("proxy is missing from web.trusted_proxies: everyone behind it counts as one visitor", "addr", proxy.String())
	if u.values == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), untrustedProxySaveTimeout)
	defer cancel()
	if err := u.values.Set(ctx, untrustedProxyKey, proxy.String()+" "+now.UTC().Format(time.RFC3339)); err != nil {
		u.log.Warn("cannot save the untrusted proxy", "err", err)
	}
}

func (u *untrustedProxyReport) due(now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.last.IsZero() && now.Sub(u.last) < untrustedProxyInterval {
		return false
	}
	u.last = now
	return true
}

// sharedAddresses is the address space of carrier-grade NAT (RFC 6598). Container networks use it, too.
var sharedAddresses = netip.MustParsePrefix("100.64.0.0/10")

// isNearby reports whether an address belongs to this machine or a private network. A forwarding peer there is the
// operator's proxy. One elsewhere may be any visitor who sends the header.
func isNearby(a netip.Addr) bool {
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || sharedAddresses.Contains(a)
}
