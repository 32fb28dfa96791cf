package web

import (
	"net/netip"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

const (
	// perSecond and burst are what one address may ask for. A mailbox provider posts the unsubscriptions of all its
	// users from a few addresses, so there is room for many.
	perSecond = 20
	burst     = 200
	// forgedCost is how many requests a token counts for that is not ours.
	forgedCost = 20
	// keptAddresses is how many addresses are watched at a time: about 200 bytes each.
	keptAddresses = 1 << 14
)

// RateLimiter counts what each address asks for. It is safe for concurrent use.
type RateLimiter struct {
	kept      *lru.Cache[netip.Addr, *rate.Limiter]
	perSecond rate.Limit
	burst     int
}

// NewRateLimiter lets each address ask for burst at once, and for so many a second from then on.
func NewRateLimiter(perSecond rate.Limit, burst int) RateLimiter {
	kept, err := lru.New[netip.Addr, *rate.Limiter](keptAddresses)
	if err != nil {
		panic(err) // only for a size below one
	}
	return RateLimiter{kept, perSecond, burst}
}

// Allow counts a request of an address, and tells whether it had one left.
func (l RateLimiter) Allow(a netip.Addr, now time.Time) bool { return l.limiterFor(a).AllowN(now, 1) }

// Charge counts so many requests of an address, even more than it had left.
func (l RateLimiter) Charge(a netip.Addr, now time.Time, cost int) {
	l.limiterFor(a).ReserveN(now, cost)
}

// limiterFor is what an address has left. Of IPv6 a household has 2^64 addresses: they count as one.
func (l RateLimiter) limiterFor(a netip.Addr) *rate.Limiter {
	if a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			a = p.Addr()
		}
	}
	limiter, known := l.kept.Get(a)
	if !known {
		limiter = rate.NewLimiter(l.perSecond, l.burst)
		if earlier, raced, _ := l.kept.PeekOrAdd(a, limiter); raced {
			limiter = earlier
		}
	}
	return limiter
}
