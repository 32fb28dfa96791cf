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
	// slowest is what it is slowed down to at most: three mails a minute.
	slowest = rate.Limit(0.05)
	// growth is how much faster one that was slowed down becomes in a minute in which it takes mails.
	growth = 1.1
	// idle is how long nothing must have gone to a lane until what went before no longer tells how fast it goes.
	idle = 10 * time.Second
	// farthest is how far ahead mails are given a time of their own. It becomes faster again.
	farthest = 15 * time.Minute
)

// throttle is how fast mails go to one provider. Its limit comes and goes as TCP's does: halved when the provider says that it
// is too fast, a little more every minute while it takes mails. Its clock is the real one. Lanes that work beside each other
// share it.
type throttle struct {
	limit atomic.Pointer[rate.Limiter] // nil: none

	mu     sync.Mutex
	most   rate.Limit // what the owner allows; rate.Inf: anything
	peak   rate.Limit // how fast it went when it was first slowed down; 0: it is not
	cut    time.Time  // when it was slowed down last
	grown  time.Time  // when it last became faster, or slower
	count  int        // mails that went since
	since  time.Time  // this moment
	last   time.Time  // when the last one went
	booked time.Time  // up to here, mails that wait in the store have been given a time
}

func newThrottle(most rate.Limit) *throttle {
	l := &throttle{most: most}
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

// room tells whether it takes another mail now.
func (l *throttle) room(now time.Time) bool {
	limiter := l.limit.Load()
	return limiter == nil || limiter.TokensAt(now) >= 1
}

// take lets a mail go.
func (l *throttle) take(now time.Time) {
	if limiter := l.limit.Load(); limiter != nil {
		limiter.AllowN(now, 1)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.last) > idle {
		l.count, l.since = 0, now
	}
	l.count++
	l.last = now
}

// speed is how many mails a second went lately.
func (l *throttle) speed(now time.Time) rate.Limit {
	return rate.Limit(float64(l.count) / max(now.Sub(l.since).Seconds(), 1))
}

// within is how many mails it takes in a time, at most most.
func (l *throttle) within(d time.Duration, most int) int {
	limiter := l.limit.Load()
	if limiter == nil {
		return most
	}
	return min(most, int(math.Ceil(float64(limiter.Limit())*d.Seconds())))
}

// aMinute words the limit.
func (l *throttle) aMinute() string {
	limiter := l.limit.Load()
	if limiter == nil {
		return "any number of"
	}
	return strconv.FormatFloat(math.Ceil(60*float64(limiter.Limit())), 'f', -1, 64)
}

// slow takes in that the provider found a mail too fast that went at began. Those that were under way when it was slowed
// down tell nothing new.
func (l *throttle) slow(began, now time.Time) (slowed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if began.Before(l.cut) {
		return false
	}
	speed := l.speed(now)
	if limiter := l.limit.Load(); limiter != nil {
		speed = min(speed, limiter.Limit())
	}
	if l.peak == 0 {
		l.peak = speed
	}
	l.set(max(speed/2, slowest))
	l.cut, l.grown = now, now
	return true
}

// grow takes in that the provider took a mail. The limit vanishes once it is far above what was too fast.
func (l *throttle) grow(now time.Time) (free bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	minutes := math.Floor(now.Sub(l.grown).Minutes())
	if l.peak == 0 || minutes < 1 {
		return false
	}
	l.grown = now
	limit := l.limit.Load().Limit() * rate.Limit(math.Pow(growth, minutes))
	if limit < 2*l.peak && limit < l.most {
		l.set(limit)
		return false
	}
	l.peak = 0
	l.set(l.most)
	return true
}

// book gives a mail that must wait in the store the next free time.
func (l *throttle) book(now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.booked.Before(now) {
		l.booked = now
	}
	if limiter := l.limit.Load(); limiter != nil {
		l.booked = l.booked.Add(time.Duration(float64(time.Second) / float64(limiter.Limit())))
	}
	end := now.Add(farthest)
	if l.booked.After(end) {
		l.booked = end
		return end.Add(-rand.N(farthest / 3)) // not all at one moment
	}
	return l.booked
}

// slowed tells that it is slowed down.
func (l *throttle) slowed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.peak > 0
}

// forgettable tells that there is nothing to remember.
func (l *throttle) forgettable(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.peak == 0 && now.Sub(l.last) > idle && l.booked.Before(now)
}

// throttles are those of all providers, shared by lanes that work beside each other.
type throttles struct {
	mu    sync.Mutex
	known map[string]*throttle
	most  map[string]rate.Limit // by provider; "*": of all others
}

func newThrottles(set DeliveryConfig) *throttles {
	s := &throttles{known: make(map[string]*throttle), most: make(map[string]rate.Limit)}
	for domain, each := range set.DomainRate {
		if domain != anyDomain {
			domain = provider(domain)
		}
		s.most[domain] = rate.Limit(each)
	}
	return s
}

// of is the throttle of a provider.
func (s *throttles) of(provider string) *throttle {
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
		if most, set := s.most[name]; set {
			return most
		}
	}
	return rate.Inf
}

// tidy forgets those of which there is nothing to remember: members have addresses in thousands of domains.
func (s *throttles) tidy(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, l := range s.known {
		if l.forgettable(now) {
			delete(s.known, name)
		}
	}
}
