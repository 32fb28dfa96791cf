// Package ratelimit limits how often each client address may do something.
package ratelimit

import (
	"net/netip"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// PerAddress has a limiter for each address. It is safe for concurrent use.
type PerAddress struct {
	limiters  *lru.Cache[netip.Addr, *rate.Limiter]
	perSecond rate.Limit
	burst     int
}

// NewPerAddress allows each address a burst of events, then perSecond events per second. It keeps the last size addresses, at
// about 200 bytes each.
func NewPerAddress(perSecond rate.Limit, burst, size int) PerAddress {
	limiters, err := lru.New[netip.Addr, *rate.Limiter](size)
	if err != nil {
		panic(err) // size is below one
	}
	return PerAddress{limiters, perSecond, burst}
}

// Allow counts an event of an address and reports whether it is within the limit.
func (p PerAddress) Allow(a netip.Addr, now time.Time) bool { return p.Limiter(a).AllowN(now, 1) }

// Charge counts n events of an address, even beyond its limit.
func (p PerAddress) Charge(a netip.Addr, now time.Time, n int) { p.Limiter(a).ReserveN(now, n) }

// Limiter returns the limiter of an address.
func (p PerAddress) Limiter(a netip.Addr) *rate.Limiter {
	a = Network(a)
	limiter, known := p.limiters.Get(a)
	if !known {
		limiter = rate.NewLimiter(p.perSecond, p.burst)
		if existing, raced, _ := p.limiters.PeekOrAdd(a, limiter); raced {
			limiter = existing
		}
	}
	return limiter
}

// Network returns what counts as one address: an IPv4 address, or an IPv6 /64, because a customer usually has a whole /64.
func Network(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			a = p.Addr()
		}
	}
	return a
}
