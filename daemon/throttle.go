package daemon

import (
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

const (
	// minRate is what it is slowed down to at most: three mails a minute.
	minRate = rate.Limit(0.05)
	// growthPerMinute is how much faster one that was slowed down becomes in a minute in which it takes mails.
	growthPerMinute = 1.1
	// idleReset is how long nothing must have gone to a lane until what went before no longer tells how fast it goes.
	idleReset = 10 * time.Second
	// maxDeferral is how far ahead mails are given a time of their own. It becomes faster again.
	maxDeferral = 15 * time.Minute
)

// throttle is how fast mails go to one provider. Its limit comes and goes as TCP's does: halved when the provider says that it
// is too fast, a little more every minute while it takes mails. Its clock is the real one. Lanes that work beside each other
// share it.
type throttle struct {
	limit atomic.Pointer[rate.Limiter] // nil: none

	mu            sync.Mutex
	maxRate       rate.Limit // what the owner allows; rate.Inf: anything
	rateAtBackoff rate.Limit // how fast it went when it was first slowed down; 0: it is not
	lastBackoff   time.Time  // when it was slowed down last
	lastIncrease  time.Time  // when it last became faster, or slower
	count         int        // mails that went since
	since         time.Time  // this moment
	last          time.Time  // when the last one went
	nextSlot      time.Time  // up to here, mails that wait in the store have been given a time
}

func newThrottle(most rate.Limit) *throttle {
	l := &throttle{maxRate: most}
	l.set(most)
	return l
}

// set sets the limit. It may be used up in bursts of a quarter of a second.
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

// unlimited tells that there is no limit.
func (l *throttle) unlimited() bool { return l.limit.Load() == nil }

// available tells whether it takes another mail now.
func (l *throttle) available(now time.Time) bool {
	limiter := l.limit.Load()
	return limiter == nil || limiter.TokensAt(now) >= 1
}

// consume lets a mail go.
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

// speed is how many mails a second went lately.
func (l *throttle) speed(now time.Time) rate.Limit {
	return rate.Limit(float64(l.count) / max(now.Sub(l.since).Seconds(), 1))
}

// capacity is how many mails it takes in a time, at most most.
func (l *throttle) capacity(d time.Duration, most int) int {
	limiter := l.limit.Load()
	if limiter == nil {
		return most
	}
	return min(most, int(math.Ceil(float64(limiter.Limit())*d.Seconds())))
}

// ratePerMinute words the limit.
func (l *throttle) ratePerMinute() string {
	limiter := l.limit.Load()
	if limiter == nil {
		return "any number of"
	}
	return strconv.FormatFloat(math.Ceil(60*float64(limiter.Limit())), 'f', -1, 64)
}

// backOff takes in that the provider found a mail too fast that went at began. Those that were under way when it was slowed
// down tell nothing new.
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

// recover takes in that the provider took a mail. The limit vanishes once it is far above what was too fast.
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

// reserveSlot gives a mail that must wait in the store the next free time.
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
		return end.Add(-rand.N(maxDeferral / 3)) // not all at one moment
	}
	return l.nextSlot
}

// backedOff tells that it is slowed down.
func (l *throttle) backedOff() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rateAtBackoff > 0
}

// idle tells that there is nothing to remember.
func (l *throttle) idle(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rateAtBackoff == 0 && now.Sub(l.last) > idleReset && l.nextSlot.Before(now)
}

// throttles are those of all providers, shared by lanes that work beside each other.
type throttles struct {
	mu      sync.Mutex
	known   map[string]*throttle
	maxRate map[string]rate.Limit // by provider; "*": of all others
}

func newThrottles(set DeliveryConfig) *throttles {
	s := &throttles{known: make(map[string]*throttle), maxRate: make(map[string]rate.Limit)}
	for domain, each := range set.DomainRate {
		if domain != anyDomain {
			domain = provider(domain)
		}
		s.maxRate[domain] = rate.Limit(each)
	}
	return s
}

// forProvider is the throttle of a provider.
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
	for _, name := range []string{provider, anyDomain} {
		if most, set := s.maxRate[name]; set {
			return most
		}
	}
	return rate.Inf
}

// evictIdle forgets those of which there is nothing to remember: members have addresses in thousands of domains.
func (s *throttles) evictIdle(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, l := range s.known {
		if l.idle(now) {
			delete(s.known, name)
		}
	}
}
