package delivery

import (
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"postrider/daemon/settings"
	"postrider/internal/addr"
)

const (
	// minRate is the lowest limit: three messages per minute.
	minRate = rate.Limit(0.05)
	// growthPerMinute is how fast a reduced limit grows per minute while messages are accepted.
	growthPerMinute = 1.1
	// idleReset is the idle time after which earlier messages no longer count for the current speed.
	idleReset = 10 * time.Second
	// maxDeferral is how far ahead messages get a time slot. The limit may have grown by then.
	maxDeferral = 15 * time.Minute
)

// throttle limits the message rate to one provider. Like in TCP, the limit is halved when the provider reports that we are
// too fast, and grows a little every minute while it accepts messages. It uses the real clock. Concurrent delivery loops
// share it.
type throttle struct {
	limit atomic.Pointer[rate.Limiter] // nil: none

	mu            sync.Mutex
	maxRate       rate.Limit // configured limit; rate.Inf: none
	rateAtBackoff rate.Limit // speed before the first reduction; 0: not reduced
	lastBackoff   time.Time  // time of the last reduction
	lastIncrease  time.Time  // time of the last change
	count         int        // messages sent since
	since         time.Time  // start of count
	last          time.Time  // time of the last message
	nextSlot      time.Time  // time slots up to here are assigned to messages that wait in the outbox
}

func newThrottle(most rate.Limit) *throttle {
	l := &throttle{maxRate: most}
	l.set(most)
	return l
}

// set sets the limit. It allows bursts of a quarter of a second.
func (l *throttle) set(limit rate.Limit) {
	if limit == rate.Inf {
		l.limit.Store(nil)
		return
	}
	burst := max(1, int(math.Ceil(float64(limit)/4)))
	limiter := l.limit.Load()
	if limiter == nil {
		l.limit.Store(rate.NewLimiter(limit, burst))
		return
	}
	limiter.SetLimit(limit)
	limiter.SetBurst(burst)
}

// unlimited reports whether there is no limit.
func (l *throttle) unlimited() bool { return l.limit.Load() == nil }

// available reports whether another message may be sent now.
func (l *throttle) available(now time.Time) bool {
	limiter := l.limit.Load()
	return limiter == nil || limiter.TokensAt(now) >= 1
}

// consume counts a message that is sent.
func (l *throttle) consume(now time.Time) {
	if limiter := l.limit.Load(); limiter != nil {
		limiter.AllowN(now, 1)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.last) > idleReset {
		l.count, l.since = 0, now
	}
	l.count++
	l.last = now
}

// speed returns how many messages per second were sent recently.
func (l *throttle) speed(now time.Time) rate.Limit {
	return rate.Limit(float64(l.count) / max(now.Sub(l.since).Seconds(), 1))
}

// capacity returns how many messages may be sent within a time, up to most.
func (l *throttle) capacity(d time.Duration, most int) int {
	limiter := l.limit.Load()
	if limiter == nil {
		return most
	}
	return min(most, int(math.Ceil(float64(limiter.Limit())*d.Seconds())))
}

// ratePerMinute formats the limit.
func (l *throttle) ratePerMinute() string {
	limiter := l.limit.Load()
	if limiter == nil {
		return "unlimited"
	}
	return strconv.FormatFloat(math.Ceil(60*float64(limiter.Limit())), 'f', -1, 64)
}

// backOff reduces the limit after the provider reported a message sent at began as too fast. Messages that were in flight at
// the last reduction do not count.
func (l *throttle) backOff(began, now time.Time) (slowed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if began.Before(l.lastBackoff) {
		return false
	}
	speed := l.speed(now)
	if limiter := l.limit.Load(); limiter != nil {
		speed = min(speed, limiter.Limit())
	}
	if l.rateAtBackoff == 0 {
		l.rateAtBackoff = speed
	}
	l.set(max(speed/2, minRate))
	l.lastBackoff, l.lastIncrease = now, now
	return true
}

// recover raises the limit after an accepted message. The limit is removed once it is far above the speed that was too fast.
func (l *throttle) recover(now time.Time) (free bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	minutes := math.Floor(now.Sub(l.lastIncrease).Minutes())
	if l.rateAtBackoff == 0 || minutes < 1 {
		return false
	}
	l.lastIncrease = now
	limit := l.limit.Load().Limit() * rate.Limit(math.Pow(growthPerMinute, minutes))
	if limit < 2*l.rateAtBackoff && limit < l.maxRate {
		l.set(limit)
		return false
	}
	l.rateAtBackoff = 0
	l.set(l.maxRate)
	return true
}

// reserveSlot returns the next free time slot for a message that waits in the outbox.
func (l *throttle) reserveSlot(now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.nextSlot.Before(now) {
		l.nextSlot = now
	}
	if limiter := l.limit.Load(); limiter != nil {
		l.nextSlot = l.nextSlot.Add(time.Duration(float64(time.Second) / float64(limiter.Limit())))
	}
	end := now.Add(maxDeferral)
	if l.nextSlot.After(end) {
		l.nextSlot = end
		return end.Add(-rand.N(maxDeferral / 3)) // spread over time
	}
	return l.nextSlot
}

// backedOff reports whether the limit is reduced.
func (l *throttle) backedOff() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rateAtBackoff > 0
}

// idle reports whether the throttle has no state worth keeping.
func (l *throttle) idle(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rateAtBackoff == 0 && now.Sub(l.last) > idleReset && l.nextSlot.Before(now)
}

// throttles holds the throttles of all providers. Concurrent delivery loops share it.
type throttles struct {
	mu      sync.Mutex
	known   map[string]*throttle
	maxRate map[string]rate.Limit // by provider; "*": each other provider
}

func newThrottles(set settings.Delivery) *throttles {
	s := &throttles{known: make(map[string]*throttle), maxRate: make(map[string]rate.Limit)}
	for domain, each := range set.DomainRate {
		if domain != settings.AnyDomain {
			domain = addr.Provider(domain)
		}
		s.maxRate[domain] = rate.Limit(each)
	}
	return s
}

// forProvider returns the throttle of a provider.
func (s *throttles) forProvider(provider string) *throttle {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, known := s.known[provider]
	if !known {
		l = newThrottle(s.limit(provider))
		s.known[provider] = l
	}
	return l
}

func (s *throttles) limit(provider string) rate.Limit {
	for _, name := range []string{provider, settings.AnyDomain} {
		if most, set := s.maxRate[name]; set {
			return most
		}
	}
	return rate.Inf
}

// evictIdle removes idle throttles, because members have addresses in thousands of domains.
func (s *throttles) evictIdle(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, l := range s.known {
		if l.idle(now) {
			delete(s.known, name)
		}
	}
}
