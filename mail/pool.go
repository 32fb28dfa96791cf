package mail

import (
	"context"
	"slices"
	"sync"
	"time"
)

// When a connection is closed.
const (
	maxRejects = 8                // in a row; Postfix hangs up after 20 errors
	maxIdle    = 20 * time.Second // relays prefer to get an idle connection back
)

// exhausted reports whether a connection has reached its limit of messages or rejections.
func (s *SMTP) exhausted(c *conn) bool { return c.sent >= s.recycle || c.rejects >= maxRejects }

// acquire waits for the right to use a connection.
func (s *SMTP) acquire(ctx context.Context) error {
	select {
	case <-s.done:
		return ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	default:
	}
	select {
	case s.slots <- struct{}{}:
		return nil
	case <-s.done:
		return ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *SMTP) release() { <-s.slots }

// popIdle returns the most recently used idle connection, so that unneeded ones expire, or nil if there is
// none.
func (s *SMTP) popIdle() *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.idle) == 0 {
		return nil
	}
	c := s.idle[len(s.idle)-1]
	s.idle = s.idle[:len(s.idle)-1]
	s.stopIdleTimer(c)
	return c
}

// putIdle keeps a connection for the next message.
func (s *SMTP) putIdle(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return // Close has closed the connection
	}
	s.idle = append(s.idle, c)
	s.expiry.Add(1)
	c.expiry = time.AfterFunc(maxIdle, func() {
		defer s.expiry.Done()
		s.expire(c)
	})
}

// stopIdleTimer stops the timer of an idle connection. If it has fired already, expire will not find the
// connection.
func (s *SMTP) stopIdleTimer(c *conn) {
	if c.expiry.Stop() {
		s.expiry.Done()
	}
}

// expire closes a connection that was idle for too long. Like every use it waits for a slot, so that
// connections that are quitting count, too.
func (s *SMTP) expire(c *conn) {
	if s.acquire(context.Background()) != nil {
		return
	}
	defer s.release()
	s.mu.Lock()
	i := slices.Index(s.idle, c)
	if i >= 0 {
		s.idle = slices.Delete(s.idle, i, i+1)
	}
	s.mu.Unlock()
	if i >= 0 {
		c.quit()
		s.untrack(c.wire)
	}
}

// track records an open connection, so that Close finds it.
func (s *SMTP) track(w *countingConn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	s.lines[w] = struct{}{}
	return nil
}

// untrack closes a connection and forgets it.
func (s *SMTP) untrack(w *countingConn) {
	_ = w.Close()
	s.mu.Lock()
	s.forget(w)
	s.mu.Unlock()
}

// forget removes a connection from the open ones.
func (s *SMTP) forget(w *countingConn) {
	delete(s.lines, w)
	if w.ready {
		w.ready = false
		s.crowd.ready--
	}
}

// Close closes idle connections with QUIT and starts no further messages. It cuts off a message in transit,
// whose Send then reports whether it may have arrived. Let all calls of Send return first.
func (s *SMTP) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.done)
	idle := s.idle
	s.idle = nil
	for _, c := range idle {
		s.stopIdleTimer(c)
		s.forget(c.wire)
	}
	for w := range s.lines {
		_ = w.Close()
	}
	s.mu.Unlock()

	var leaving sync.WaitGroup
	for _, c := range idle {
		leaving.Go(c.quit)
	}
	leaving.Wait()
	s.expiry.Wait()
	return nil
}
