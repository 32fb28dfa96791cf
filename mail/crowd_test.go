package mail

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"postrider/internal/smtptest"
)

// countedConn decreases a counter when it is closed.
type countedConn struct {
	net.Conn
	closed func()
}

func (c *countedConn) Close() error {
	c.closed()
	return c.Conn.Close()
}

// greetCrowded returns a connection to a relay that has enough connections.
func greetCrowded() net.Conn {
	near, far := net.Pipe()
	go func() {
		far.Write([]byte("421 4.7.0 Error: too many connections from 192.0.2.9\r\n"))
		far.Close()
	}()
	return near
}

// TestPool_ShrinksToWhatRelayAccepts sends through a relay that accepts two connections, like Postfix with
// smtpd_client_connection_count_limit = 2. The relay takes 12 ms for a message, so two connections take two seconds for 333.
func TestPool_ShrinksToWhatRelayAccepts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := smtptest.NewPipedScript(t, smtptest.Table{".": {{Wait: 12 * time.Millisecond, Reply: "250 2.0.0 Ok"}}})
		var log strings.Builder
		var logMu sync.Mutex
		s, err := NewSMTP(SMTPConfig{URL: relay.URL(), Timeout: 20 * time.Second, MaxMessagesPerConnection: 20}, slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
			logMu.Lock()
			defer logMu.Unlock()
			return log.Write(p)
		}), nil)))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		var open, most, turnedAway atomic.Int32
		s.DialWith(func(context.Context, string, string) (net.Conn, error) {
			if n := open.Add(1); n > 2 {
				open.Add(-1)
				turnedAway.Add(1)
				return greetCrowded(), nil
			} else if n > most.Load() {
				most.Store(n)
			}
			return &countedConn{relay.Dial(), sync.OnceFunc(func() { open.Add(-1) })}, nil
		})
		took := sendAll(t, s, 333)
		if got := len(relay.Bodies()); got != 333 {
			t.Errorf("the relay got %d messages, want 333", got)
		}
		if most.Load() != 2 {
			t.Errorf("%d connections at the same time, want 2", most.Load())
		}
		if took > 2500*time.Millisecond {
			t.Errorf("333 messages took %v, want about two seconds as with two connections; one takes four", took)
		}
		if n := turnedAway.Load(); n > 40 {
			t.Errorf("%d connections were turned away, want few", n)
		}
		logMu.Lock()
		defer logMu.Unlock()
		if n := strings.Count(log.String(), "level=WARN"); n != 1 {
			t.Errorf("%d warnings, want 1:\n%s", n, log.String())
		}
	})
}

// sendAll sends messages with as many senders as there are connections by default, and returns how long that took. All must be
// accepted.
func sendAll(t *testing.T, s *SMTP, messages int) time.Duration {
	t.Helper()
	began, raw := time.Now(), mustCompose(t, sample())
	next := make(chan struct{}, messages)
	for range messages {
		next <- struct{}{}
	}
	close(next)
	var sending sync.WaitGroup
	for range DefaultConnections {
		sending.Go(func() {
			for range next {
				if o := s.Send(t.Context(), sender, recipient, raw); o.Result != Accepted {
					t.Errorf("Send = %v, want accepted", o)
				}
			}
		})
	}
	sending.Wait()
	return time.Since(began)
}

// writerFunc is a function that is an io.Writer.
type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestPool_GrowsAgain(t *testing.T) {
	relay := smtptest.NewScript(t, nil)
	s := dialTo(t, SMTPConfig{URL: relay.URL()})
	s.slots <- struct{}{} // one connection fewer for a long time
	s.crowd.parked, s.crowd.changed = 1, time.Now().Add(-growAfter)
	if o := s.Send(t.Context(), sender, recipient, mustCompose(t, sample())); o.Result != Accepted {
		t.Fatalf("Send = %v, want accepted", o)
	}
	if s.crowd.parked != 0 || len(s.slots) != 0 {
		t.Errorf("%d slots are unused and %d are taken, want none", s.crowd.parked, len(s.slots))
	}
}

func TestPool_FailsWhenRelayTurnsAwayEveryone(t *testing.T) {
	relay := smtptest.NewScript(t, smtptest.Table{"connect": {{Reply: "421 4.3.2 shutting down", Drop: true}}})
	s := dialTo(t, SMTPConfig{URL: relay.URL()})
	raw := mustCompose(t, sample())
	var sending sync.WaitGroup
	for range 2 * DefaultConnections {
		sending.Go(func() {
			if o := s.Send(t.Context(), sender, recipient, raw); o.Result != NotSent || o.Code != 421 || !o.Unreachable() {
				t.Errorf("Send = %v, want not sent with 421", o)
			}
		})
	}
	sending.Wait()
	relay.SetTable(nil)
	for range 2 * DefaultConnections {
		if o := s.Send(t.Context(), sender, recipient, raw); o.Result != Accepted {
			t.Errorf("Send = %v, want accepted", o)
		}
	}
}
