package delivery

import (
	"context"
	"fmt"
	"time"
)

// A message must reflect the forum as it was at most maxReadToData before the relay gets the message: someone may be banned, or
// a post deleted, while earlier messages are sent. So a message whose reading of the forum is too old when a worker asks for it
// is drafted again.
const (
	maxReadToData = 5 * time.Second
	maxReadAge    = 2 * time.Second        // when a worker gets the message
	minReadAge    = 500 * time.Millisecond // at least this long, or a slow forum would stop all delivery
)

// readAgeLimit returns how old the reading of the forum may be when a worker gets a message. It is shorter if the relay is so
// slow that the message waits for its replies.
func (p *dispatcher) readAgeLimit() time.Duration {
	return min(maxReadAge, max(minReadAge, maxReadToData-minReadAge-p.latency))
}

// tooOld reports whether a message must be drafted again before it is sent.
func (p *dispatcher) tooOld(l outgoing, now time.Time) bool {
	return now.Sub(l.readAt) > p.readAgeLimit()
}

// refresh drafts again the messages that are ready, and about as many of the others as were sent since the last time: one reading
// of the forum for all of them. Messages that must not be sent any more are settled. Those that cannot be sent now are
// released at the end of the batch.
func (p *dispatcher) refresh(ctx context.Context) {
	began := time.Now()
	rows := p.queues.upcoming(max(p.sentSinceRead, p.queues.connections))
	p.sentSinceRead = 0
	drafts, err := p.service.draftAllowed(ctx, rows)
	if err != nil {
		p.refreshErr = fmt.Errorf("checking messages again right before sending: %w", err)
		return
	}
	fresh, settled := p.service.outgoingMessages(rows, drafts, readTime(began, p.readAgeLimit()))
	p.queues.replace(rows, fresh)
	p.settlements.add(settled...)
}

// readTime returns the time of a reading that began then. However long it took, some messages can be sent after it: a slow forum
// must not stop delivery.
func readTime(began time.Time, limit time.Duration) time.Time {
	if latest := time.Now().Add(minReadAge/2 - limit); began.Before(latest) {
		return latest
	}
	return began
}
