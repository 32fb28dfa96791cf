package daemon

import (
	"sync"
	"time"

	"postrider/mail"
)

const (
	// trips is how many messages in a row must come to no verdict before the relay is left alone.
	trips     = 5
	restFirst = 15 * time.Second
	restMost  = 5 * time.Minute
	// A login that is refused once is refused until somebody changes a setting, and to try it often gets accounts locked.
	loginRest     = 10 * time.Minute
	loginRestMost = time.Hour
)

// breaker leaves a relay alone that comes to no verdict on messages: it cannot be reached (connection, EHLO, TLS, AUTH), hangs,
// loses the line, or does not want our sender. A thousand mails that wait for a time-out each would hold up the daemon for hours,
// hammer a relay that is coming up, and, where it takes messages and does not say so, be repeated a thousandfold.
// After a rest a single mail probes it; each failure doubles the rest. Its clock is the real one, whatever
// time a round pretends.
type breaker struct {
	mu       sync.Mutex
	failures int
	rest     time.Duration // 0: the relay is well
	until    time.Time     // no mail before that
	probing  time.Time     // nor before that, as one is under way
}

// change is what an outcome changed.
type change int

const (
	nothing change = iota
	tripped        // the relay is left alone because of it, or once more
	healed         // the relay is well again
)

// note takes in what became of a message.
func (b *breaker) note(o mail.Outcome, now time.Time) change {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = time.Time{}
	switch {
	case o.LoginRefused():
		return b.fail(now, loginRest, loginRestMost)
	case silent(o):
		if b.failures++; b.rest == 0 && b.failures < trips {
			return nothing
		}
		return b.fail(now, restFirst, restMost)
	}
	ill := b.rest > 0
	b.failures, b.rest = 0, 0
	if ill {
		return healed
	}
	return nothing
}

// fail begins a rest, or the next one. Those that were under way when it began change nothing.
func (b *breaker) fail(now time.Time, first, most time.Duration) change {
	if b.rest > 0 && now.Before(b.until) {
		return nothing
	}
	b.rest = min(max(first, 2*b.rest), most)
	b.until = now.Add(b.rest)
	return tripped
}

// silent tells that a message was given no verdict of its own. It may have been the message's fault, but that of five in a row?
func silent(o mail.Outcome) bool {
	return o.Result == mail.NotSent || o.Result == mail.Uncertain || o.Result == mail.Refused && o.Stage == mail.Sender
}

// allows is how many messages may be handed over now, at most most.
func (b *breaker) allows(now time.Time, most int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.rest == 0:
		return most
	case now.Before(b.until) || now.Before(b.probing):
		return 0
	}
	return 1
}

// well tells that mails go to the relay.
func (b *breaker) well() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rest == 0
}

// admit tells whether a message may be handed over now. One that probes the relay is alone until it is known what
// became of it; should nobody ever say, for another rest.
func (b *breaker) admit(now time.Time) bool {
	if b.allows(now, 1) == 0 {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rest > 0 {
		b.probing = now.Add(b.rest)
	}
	return true
}
