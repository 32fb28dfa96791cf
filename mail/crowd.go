package mail

import (
	"context"
	"strings"
	"time"
)

const (
	// growAfter is the time after which one more connection is tried.
	growAfter = 5 * time.Minute
	// closingTime is how long a relay may count a connection that has just been closed.
	closingTime = 200 * time.Millisecond
	// maxClosing is how many times closingTime is waited.
	maxClosing = 5
)

// crowd is what is known about the number of connections that the relay accepts.
type crowd struct {
	ready   int // connections that can be used
	most    int // largest value of ready since the last change of parked
	parked  int // slots that are not used, because the relay does not accept so many connections
	closing int // times that closingTime was waited
	changed time.Time
	warned  bool
}

// markReady counts a connection that can be used.
func (s *SMTP) markReady(w *countingConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.ready = true
	s.crowd.ready++
	s.crowd.most = max(s.crowd.most, s.crowd.ready)
	s.crowd.closing = 0
}

// crowded reports whether the relay turned away a connection because it has enough of them.
func (o Outcome) crowded() bool {
	if o.Result != NotSent || o.Stage != Connecting || o.LoginRefused() {
		return false
	}
	return o.Code == 421 || o.Code == 432 || o.Code/100 == 4 && strings.Contains(strings.ToLower(o.Reply), "connections")
}

// shrink makes the pool smaller by the caller's slot after a crowded outcome. It returns false if that does not help,
// because there is no other connection: then the relay turns everyone away, and the caller keeps its slot.
func (s *SMTP) shrink(ctx context.Context, o Outcome) bool {
	s.mu.Lock()
	if len(s.lines) == 0 || s.crowd.parked >= cap(s.slots)-1 {
		for range s.crowd.parked {
			<-s.slots
		}
		s.crowd.parked, s.crowd.closing = 0, 0
		s.mu.Unlock()
		return false
	}
	if s.crowd.ready < s.crowd.most && s.crowd.closing < maxClosing {
		s.crowd.closing++
		s.mu.Unlock()
		select {
		case <-time.After(closingTime):
		case <-ctx.Done():
		}
		s.release()
		return true
	}
	s.crowd.parked++
	s.crowd.most, s.crowd.closing, s.crowd.changed = s.crowd.ready, 0, time.Now()
	first := !s.crowd.warned
	s.crowd.warned = true
	s.mu.Unlock()
	if first {
		s.log.Warn("relay accepts fewer connections than max_connections; using fewer", "relay", s.relay.address(), "max_connections", cap(s.slots), "code", o.Code, "reply", o.Reply)
	}
	return true
}

// grow makes the pool larger again by one slot when the last change is long ago.
func (s *SMTP) grow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.crowd.parked > 0 && time.Since(s.crowd.changed) >= growAfter {
		s.crowd.parked--
		s.crowd.changed = time.Now()
		<-s.slots
	}
}
