package daemon

import (
	"sync"
	"time"

	"postrider/mail"
)

const (
	// failureThreshold is how many messages in a row must come to no verdict before the relay is left alone.
	failureThreshold = 5
	openDuration     = 15 * time.Second
	maxOpenDuration  = 5 * time.Minute
	// A login that is refused once is refused until somebody changes a setting, and to try it often gets accounts locked.
	authOpenDuration    = 10 * time.Minute
	maxAuthOpenDuration = time.Hour
)

// breaker leaves a relay alone that comes to no verdict on messages: it cannot be reached (connection, EHLO, TLS, AUTH), hangs,
// loses the line, or does not want our sender. A thousand mails that wait for a time-out each would hold up the daemon for hours,
// hammer a relay that is coming up, and, where it takes messages and does not say so, be repeated a thousandfold.
// After a rest a single mail probes it; each failure doubles the rest. Its clock is the real one, whatever
// time a round pretends.
type breaker struct {
	mu        sync.Mutex
	failures  int
	openFor   time.Duration // 0: the relay is well
	openUntil time.Time     // no mail before that
	probing   time.Time     // nor before that, as one is under way
}

// transition is what an outcome changed.
type transition int

const (
	noTransition transition = iota
	opened                  // the relay is left alone because of it, or once more
	closed                  // the relay is well again
)

// record takes in what became of a message.
func (b *breaker) record(o mail.Outcome, now time.Time) transition {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = time.Time{}
	switch {
	case o.LoginRefused():
		return b.open(now, authOpenDuration, maxAuthOpenDuration)
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

// open begins a rest, or the next one. Those that were under way when it began change nothing.
func (b *breaker) open(now time.Time, first, most time.Duration) transition {
	if b.openFor > 0 && now.Before(b.openUntil) {
		return noTransition
	}
	b.openFor = min(max(first, 2*b.openFor), most)
	b.openUntil = now.Add(b.openFor)
	return opened
}

// countsAsFailure tells that a message was given no verdict of its own. It may have been the message's fault, but that of five in a row?
func countsAsFailure(o mail.Outcome) bool {
	return o.Result == mail.NotSent || o.Result == mail.Uncertain || o.Result == mail.Refused && o.Stage == mail.Sender
}

// available is how many messages may be handed over now, at most most.
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

// closed tells that mails go to the relay.
func (b *breaker) closed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.openFor == 0
}

// allow tells whether a message may be handed over now. One that probes the relay is alone until it is known what
// became of it; should nobody ever say, for another rest.
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
