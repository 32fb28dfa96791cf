package delivery

import (
	"sync"
	"time"

	"postrider/mail"
)

const (
	// failureThreshold is how many messages in a row must fail without a verdict before the breaker opens.
	failureThreshold = 5
	openDuration     = 15 * time.Second
	maxOpenDuration  = 5 * time.Minute
	// A rejected login stays rejected until someone changes a setting, and frequent attempts may lock the account.
	authOpenDuration    = 10 * time.Minute
	maxAuthOpenDuration = time.Hour
	// A daily quota lasts for hours, and an hourly one for at most one.
	quotaOpenDuration    = 15 * time.Minute
	maxQuotaOpenDuration = time.Hour
)

// breaker stops using a relay that gives no verdict on messages: it is unreachable (connection, EHLO, TLS, AUTH), hangs,
// loses the connection, or rejects our sender. Without it, a thousand messages that each wait for a timeout would block the
// daemon for hours and overload a relay that is starting up. If the relay accepts messages without confirming them, each
// would be sent many times. After a pause a single message probes the relay; each failure doubles the pause. The breaker
// uses the real clock, whatever time a round runs with.
type breaker struct {
	mu        sync.Mutex
	failures  int
	openFor   time.Duration // 0: closed
	openUntil time.Time     // no message before this time
	probing   time.Time     // nor before this time, while a probe is in flight
}

// transition is the change of state that an outcome causes.
type transition int

const (
	noTransition transition = iota
	opened                  // the breaker opened, or its pause was extended
	closed                  // the relay works again
)

// record records the outcome of a message.
func (b *breaker) record(o mail.Outcome, now time.Time) transition {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = time.Time{}
	switch {
	case o.LoginRefused():
		return b.open(now, authOpenDuration, maxAuthOpenDuration)
	case o.RelayLimit() == mail.RelayQuota:
		return b.open(now, quotaOpenDuration, maxQuotaOpenDuration)
	case countsAsFailure(o):
		if b.failures++; b.openFor == 0 && b.failures < failureThreshold {
			return noTransition
		}
		return b.open(now, openDuration, maxOpenDuration)
	}
	ill := b.openFor > 0
	b.failures, b.openFor = 0, 0
	if ill {
		return closed
	}
	return noTransition
}

// open starts a pause, or the next longer one. Messages that were in flight when a pause started change nothing.
func (b *breaker) open(now time.Time, first, most time.Duration) transition {
	if b.openFor > 0 && now.Before(b.openUntil) {
		return noTransition
	}
	b.openFor = min(max(first, 2*b.openFor), most)
	b.openUntil = now.Add(b.openFor)
	return opened
}

// countsAsFailure reports whether a message got no verdict. One message may cause that itself, but hardly five in a row.
func countsAsFailure(o mail.Outcome) bool {
	if o.RelayLimit() != mail.NoRelayLimit {
		return false
	}
	return o.Result == mail.NotSent || o.Result == mail.Uncertain || o.Result == mail.Refused && o.Stage == mail.Sender
}

// available returns how many messages may be sent now, up to most.
func (b *breaker) available(now time.Time, most int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.openFor == 0:
		return most
	case now.Before(b.openUntil) || now.Before(b.probing):
		return 0
	}
	return 1
}

// closed reports whether the relay is in use.
func (b *breaker) closed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.openFor == 0
}

// allow reports whether a message may be sent now. While a probe is in flight, no other message is allowed until its
// outcome is recorded, or for the length of another pause if it never is.
func (b *breaker) allow(now time.Time) bool {
	if b.available(now, 1) == 0 {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.openFor > 0 {
		b.probing = now.Add(b.openFor)
	}
	return true
}
