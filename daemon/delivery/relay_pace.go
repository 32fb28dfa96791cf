package delivery

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// paceWindow is the time over which relays count messages: limits are per second.
	paceWindow = time.Second
	// paceMargin is the part of the accepted speed that is used, because the relay's window and ours differ.
	paceMargin = 0.9
	// paceGuess is the speed of a relay that has rejected a message before it accepted any. The slowest limits are one a second.
	paceGuess = rate.Limit(1)
	// paceRetry is when a message that was too fast for the relay is sent again.
	paceRetry = 2 * paceWindow
	// paceRemove is how many times the first limit is fast enough to need no limit.
	paceRemove = 4
)

// relayPace limits the message rate of a relay that has said that we are too fast, whoever the recipients are. The relay's
// limit is what it accepted in the last second. It uses the real clock.
type relayPace struct {
	mu       sync.Mutex
	limiter  *rate.Limiter // nil: no limit
	first    rate.Limit    // the first limit since there was none
	accepted []time.Time   // within the last paceWindow
	resume   time.Time     // nothing is sent before this time
	changed  time.Time     // time of the last change
}

// available reports whether another message may be sent now.
func (p *relayPace) available(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.limiter == nil || !now.Before(p.resume) && p.limiter.TokensAt(now) >= 1
}

// consume counts a message that is sent.
func (p *relayPace) consume(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limiter != nil {
		p.limiter.AllowN(now, 1)
	}
}

// accept counts an accepted message, and raises the limit a little every minute. It reports whether the limit was removed.
func (p *relayPace) accept(now time.Time) (free bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(now)
	p.accepted = append(p.accepted, now)
	minutes := math.Floor(now.Sub(p.changed).Minutes())
	if p.limiter == nil || minutes < 1 {
		return false
	}
	p.changed = now
	limit := p.limiter.Limit() * rate.Limit(math.Pow(growthPerMinute, minutes))
	if limit > paceRemove*p.first {
		p.limiter = nil
		return true
	}
	p.set(limit)
	return false
}

// limit lowers the limit after the relay said that a message sent at began is too fast. Messages that were in flight at the
// last change do not count.
func (p *relayPace) limit(began, now time.Time) (slowed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if began.Before(p.resume) {
		return false
	}
	p.forget(now)
	limit := max(p.acceptedRate()*paceMargin, minRate)
	if p.limiter == nil {
		p.limiter, p.first = rate.NewLimiter(limit, 1), limit
	}
	p.set(limit)
	p.changed, p.resume = now, now.Add(paceWindow)
	p.limiter.AllowN(p.resume, p.limiter.Burst()) // start without a burst
	return true
}

// acceptedRate returns the speed that the relay accepted in the last window, at most the limit. If it accepted nothing, that says
// little: a slow relay rejects most of the first messages before it has confirmed one. Then the speed is a guess.
func (p *relayPace) acceptedRate() rate.Limit {
	speed := rate.Limit(len(p.accepted)) / rate.Limit(paceWindow.Seconds())
	switch {
	case p.limiter == nil:
		return max(speed, paceGuess)
	case speed == 0:
		return p.limiter.Limit() / 2
	}
	return min(speed, p.limiter.Limit())
}

func (p *relayPace) set(limit rate.Limit) {
	p.limiter.SetLimit(limit)
	p.limiter.SetBurst(max(1, int(limit/10)))
}

// forget drops accepted messages older than paceWindow.
func (p *relayPace) forget(now time.Time) {
	i := 0
	for i < len(p.accepted) && now.Sub(p.accepted[i]) > paceWindow {
		i++
	}
	p.accepted = p.accepted[i:]
}

// perSecond returns the limit; 0: none.
func (p *relayPace) perSecond() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limiter == nil {
		return 0
	}
	return math.Round(float64(p.limiter.Limit())*10) / 10
}
