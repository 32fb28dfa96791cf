package mail

import (
	"context"
	"slices"
	"sync"
	"time"
)

// When a connection is given up.
const (
	maxRejects = 8                // in a row; Postfix hangs up after 20 errors
	maxIdle    = 20 * time.Second // a relay would rather have it back
)

// exhausted tells that a connection has done its share.
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

// popIdle gives the connection that was used last, so that those that are not needed grow old. Nil: none.
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
		return // Close has cut it off
	}
	s.idle = append(s.idle, c)
	s.expiry.Add(1)
	c.expiry = time.AfterFunc(maxIdle, func() {
		defer s.expiry.Done()
		s.expire(c)
	})
}

// stopIdleTimer stops the timer of an idle connection. One that has run out already finds it gone.
func (s *SMTP) stopIdleTimer(c *conn) {
	if c.expiry.Stop() {
		s.expiry.Done()
	}
}

// expire ends a connection that nobody wanted. It waits for a slot, as every use does, so that the connections that say good-bye are
// counted, too.
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

// track notes an open line, so that Close finds it.
func (s *SMTP) track(w *countingConn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	s.lines[w] = struct{}{}
	return nil
}

// untrack closes a line.
func (s *SMTP) untrack(w *countingConn) {
	_ = w.Close()
	s.mu.Lock()
	delete(s.lines, w)
	s.mu.Unlock()
}

// Close takes leave of the relay and lets no message begin any more. A message that is still on its way is cut off,
// and its Send tells whether it may have arrived; so let the calls of Send return first.
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
		delete(s.lines, c.wire)
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
