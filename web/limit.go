package web

import (
	"net/netip"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

const (
	// perSecond and burst limit the requests of one address. A mailbox provider sends the one-click requests of all its users from
	// a few addresses, so the limit is generous.
	perSecond = 20
	burst     = 200
	// forgedCost is how many requests a forged token counts for.
	forgedCost = 20
	// keptAddresses is the number of addresses remembered, about 200 bytes each.
	keptAddresses = 1 << 14
)

// RateLimiter limits the requests of each address. It is safe for concurrent use.
type RateLimiter struct {
	kept      *lru.Cache[netip.Addr, *rate.Limiter]
	perSecond rate.Limit
	burst     int
}

// NewRateLimiter allows each address burst requests, and then so many a second.
func NewRateLimiter(perSecond rate.Limit, burst int) RateLimiter {
	kept, err := lru.New[netip.Addr, *rate.Limiter](keptAddresses)
	if err != nil {
		panic(err) // only for a size below one
	}
	return RateLimiter{kept, perSecond, burst}
}

// Allow counts a request of an address and reports whether it is within the limit.
func (l RateLimiter) Allow(a netip.Addr, now time.Time) bool { return l.limiterFor(a).AllowN(now, 1) }

// Charge counts cost requests of an address, even beyond its limit.
func (l RateLimiter) Charge(a netip.Addr, now time.Time, cost int) {
	l.limiterFor(a).ReserveN(now, cost)
}

// limiterFor returns the limiter of an address. An IPv6 /64 counts as one address, because a household has a whole one.
func (l RateLimiter) limiterFor(a netip.Addr) *rate.Limiter {
	if a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			a = p.Addr()
		}
	}
	limiter, known := l.kept.Get(a)
	if !known {
		limiter = rate.NewLimiter(l.perSecond, l.burst)
		if existing, raced, _ := l.kept.PeekOrAdd(a, limiter); raced {
			limiter = existing
		}
	}
	return limiter
}
