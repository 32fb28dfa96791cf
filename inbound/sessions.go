package inbound

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"postrider/internal/ratelimit"
)

const (
	// maxConns is the number of simultaneous connections.
	maxConns = 50
	// maxCommands is the number of commands without a complete message, besides those of transactions, whose rate is
	// limited.
	maxCommands            = 100
	commandsPerTransaction = 300 // lines: those of a BDAT chunk may arrive before the message is being read
	// evictAfter is how long a session without a message is safe from others when there are too many.
	evictAfter = 30 * time.Second

	// Limits per client address, so that one client cannot lock out the others. Mail servers above the limits retry.
	maxConnsPerAddr          = 5
	messagesPerSecondPerAddr = 10
	messageBurstPerAddr      = 100
	// maxTrackedAddrs is the number of addresses remembered.
	maxTrackedAddrs = 1 << 12
)

// sessionTimeout is how long a session may last without a complete message.
var sessionTimeout = 2 * time.Minute

// sessionListener is a listener that limits connections and sessions.
type sessionListener struct {
	net.Listener
	perAddr bool                 // limit each client address; false: our own mail server is the only client
	limits  ratelimit.PerAddress // of messages, over all connections of an address

	mu    sync.Mutex
	conns map[*sessionConn]struct{}
}

func newSessionListener(l net.Listener, perAddr bool) *sessionListener {
	return &sessionListener{
		Listener: l, perAddr: perAddr, conns: make(map[*sessionConn]struct{}),
		limits: ratelimit.NewPerAddress(messagesPerSecondPerAddr, messageBurstPerAddr, maxTrackedAddrs),
	}
}

// Accept waits for a client within the limits. It turns others away.
func (s *sessionListener) Accept() (net.Conn, error) {
	for {
		conn, err := s.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &sessionConn{Conn: conn, listener: s, since: time.Now()}
		c.end = c.since.Add(sessionTimeout)
		if s.perAddr {
			c.from = clientPrefix(conn.RemoteAddr())
			c.limiter = s.limits.Limiter(c.from)
		}
		refuse, evict := s.admit(c)
		if evict != nil {
			evict.hangUp("421 4.3.2 Too many connections, try again later")
		}
		if refuse == "" {
			return c, nil
		}
		c.hangUp(refuse)
	}
}

// admit adds a connection, or returns why it is refused. If there are too many connections, the new one replaces another
// one.
func (s *sessionListener) admit(c *sessionConn) (refuse string, evict *sessionConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := make(map[netip.Addr]int)
	for other := range s.conns {
		count[other.from]++
	}
	if s.perAddr && count[c.from] >= maxConnsPerAddr {
		return "421 4.7.0 Too many connections from your address", nil
	}
	if len(s.conns) >= maxConns {
		if evict = s.evictable(c, count); evict == nil {
			return "421 4.3.2 Too many connections, try again later", nil
		}
		delete(s.conns, evict)
	}
	s.conns[c] = struct{}{}
	return "", evict
}

// evictable returns the connection that has been without a message for the longest time: of an address with more
// connections than the new one's, else one that has been without a message for evictAfter; nil: none.
func (s *sessionListener) evictable(c *sessionConn, count map[netip.Addr]int) (oldest *sessionConn) {
	for other := range s.conns {
		if other.reading.Load() || count[other.from] <= count[c.from]+1 && time.Since(other.lastMessage()) < evictAfter {
			continue
		}
		if oldest == nil || count[other.from] > count[oldest.from] ||
			count[other.from] == count[oldest.from] && other.lastMessage().Before(oldest.lastMessage()) {
			oldest = other
		}
	}
	return oldest
}

func (s *sessionListener) remove(c *sessionConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// clientPrefix returns the client's address; for IPv6 its /64 network, because that is what one customer has.
func clientPrefix(a net.Addr) netip.Addr {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return ratelimit.Network(at.Addr())
}

// sessionConn is a connection that ends after sessionTimeout or maxCommands without a complete message.
type sessionConn struct {
	net.Conn
	listener *sessionListener
	from     netip.Addr
	limiter  *rate.Limiter // of the client's address; nil: none
	reading  atomic.Bool   // a message is being read

	mu       sync.Mutex
	since    time.Time // start of the session, or its last message
	end      time.Time
	commands int
}

// hangUp sends a last reply and closes the connection.
func (c *sessionConn) hangUp(reply string) {
	c.Conn.SetWriteDeadline(time.Now().Add(time.Second))
	io.WriteString(c.Conn, reply+"\r\n")
	c.Close()
}

// Close implements net.Conn.
func (c *sessionConn) Close() error {
	c.listener.remove(c)
	return c.Conn.Close()
}

// SetReadDeadline implements net.Conn. No deadline is later than the end of the session.
func (c *sessionConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	end := c.end
	c.mu.Unlock()
	if t.IsZero() || t.After(end) && !c.reading.Load() {
		t = end
	}
	return c.Conn.SetReadDeadline(t)
}

// Read implements net.Conn. It counts commands.
func (c *sessionConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n == 0 || c.reading.Load() {
		return n, err
	}
	c.mu.Lock()
	c.commands += bytes.Count(p[:n], []byte{'\n'})
	over := c.commands > maxCommands
	c.mu.Unlock()
	if over {
		c.hangUp("421 4.7.0 Too many commands")
		return 0, io.EOF
	}
	return n, err
}

// allowMessage reports whether the client's address may send another message now.
func (c *sessionConn) allowMessage() bool { return c == nil || c.limiter == nil || c.limiter.Allow() }

// messageBegun allows the commands of a transaction.
func (c *sessionConn) messageBegun() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.commands -= commandsPerTransaction
}

// readingMessage marks the time in which lines are not commands.
func (c *sessionConn) readingMessage(reading bool) {
	if c != nil {
		c.reading.Store(reading)
	}
}

// messageDone starts the limits of the session again.
func (c *sessionConn) messageDone() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since, c.commands = time.Now(), 0
	c.end = c.since.Add(sessionTimeout)
}

// lastMessage returns the time of the last message, or of the start of the session.
func (c *sessionConn) lastMessage() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.since
}
