package daemon

import (
	"sync"
	"time"

	"postrider/mail"
)

const (
	// trips is how many messages in a row must fail to reach the relay before it is left alone.
	trips     = 5
	restFirst = 15 * time.Second
	restMost  = 5 * time.Minute
)

// breaker leaves a relay alone that cannot be reached (connection, EHLO, TLS, AUTH): a thousand mails
// that wait for a time-out each would hold up the daemon for hours, and hammer a relay that is coming up.
// After a rest a single mail probes it; each failure doubles the rest. Its clock is the real one, whatever
// time a round pretends.
type breaker struct {
	mu       sync.Mutex
	failures int
	rest     time.Duration // 0: the relay is well
	until    time.Time
}

// note takes in what became of a message, and tells whether the relay is left alone because of it.
func (b *breaker) note(o mail.Outcome, now time.Time) (tripped bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o.Result != mail.NotSent || o.Stage != mail.Connecting {
		b.failures, b.rest = 0, 0
		return false
	}
	b.failures++
	if resting := now.Before(b.until); resting || b.rest == 0 && b.failures < trips {
		return false
	}
	b.rest = min(max(restFirst, 2*b.rest), restMost)
	b.until = now.Add(b.rest)
	return true
}

// allows is how many messages may be handed over now, at most most.
func (b *breaker) allows(now time.Time, most int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.rest == 0:
		return most
	case now.Before(b.until):
		return 0
	}
	return 1
}
