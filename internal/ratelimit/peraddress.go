// Package ratelimit limits how often each client address may do something.
package ratelimit

import (
	"net/netip"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// Rates has a limiter for each key. It is safe for concurrent use.
type Rates[K comparable] struct {
	limiters  *lru.Cache[K, *rate.Limiter]
	perSecond rate.Limit
	burst     int
}

// NewRates allows each key a burst of events, then perSecond events per second. It keeps the last size keys, at about 200 bytes
// each.
func NewRates[K comparable](perSecond rate.Limit, burst, size int) Rates[K] {
	limiters, err := lru.New[K, *rate.Limiter](size)
	if err != nil {
		panic(err) // size is below one
	}
	return Rates[K]{limiters, perSecond, burst}
}

// Limiter returns the limiter of a key.
func (r Rates[K]) Limiter(key K) *rate.Limiter {
	limiter, known := r.limiters.Get(key)
	if !known {
		limiter = rate.NewLimiter(r.perSecond, r.burst)
		if existing, raced, _ := r.limiters.PeekOrAdd(key, limiter); raced {
			limiter = existing
		}
	}
	return limiter
}

// PerAddress has a limiter for each address. It is safe for concurrent use.
type PerAddress struct{ rates Rates[netip.Addr] }

// NewPerAddress allows each address a burst of events, then perSecond events per second. It keeps the last size addresses.
func NewPerAddress(perSecond rate.Limit, burst, size int) PerAddress {
	return PerAddress{NewRates[netip.Addr](perSecond, burst, size)}
}

// Allow counts an event of an address and reports whether it is within the limit.
func (p PerAddress) Allow(a netip.Addr, now time.Time) bool { return p.Limiter(a).AllowN(now, 1) }

// Charge counts n events of an address, even beyond its limit.
func (p PerAddress) Charge(a netip.Addr, now time.Time, n int) { p.Limiter(a).ReserveN(now, n) }

// Limiter returns the limiter of an address.
func (p PerAddress) Limiter(a netip.Addr) *rate.Limiter { return p.rates.Limiter(Network(a)) }

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
