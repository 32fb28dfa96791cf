package inbound

import (
	"net"
	"net/netip"
	"sync"

	"golang.org/x/time/rate"

	"postrider/internal/ratelimit"
)

// Limits per client address, so that one client cannot lock out the others. Mail servers above the limits retry.
const (
	maxConnsPerAddr          = 5
	messagesPerSecondPerAddr = 10
	messageBurstPerAddr      = 100
	// maxTrackedAddrs is the number of addresses remembered.
	maxTrackedAddrs = 1 << 12
)

// perAddressListener is a listener that limits connections and messages per client address.
type perAddressListener struct {
	net.Listener
	limits ratelimit.PerAddress // of messages, over all connections of an address

	mu    sync.Mutex
	conns map[netip.Addr]int
}

func newPerAddressListener(l net.Listener) *perAddressListener {
	limits := ratelimit.NewPerAddress(messagesPerSecondPerAddr, messageBurstPerAddr, maxTrackedAddrs)
	return &perAddressListener{Listener: l, limits: limits, conns: make(map[netip.Addr]int)}
}

// Accept waits for a client within the limits. It closes the connections of others.
func (s *perAddressListener) Accept() (net.Conn, error) {
	for {
		conn, err := s.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := clientPrefix(conn.RemoteAddr())
		if s.acquire(from) {
			return &limitedConn{Conn: conn, limiter: s.limits.Limiter(from), release: sync.OnceFunc(func() { s.release(from) })}, nil
		}
		conn.Close()
	}
}

func (s *perAddressListener) acquire(from netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns[from] >= maxConnsPerAddr {
		return false
	}
	s.conns[from]++
	return true
}

func (s *perAddressListener) release(from netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns[from]--; s.conns[from] == 0 {
		delete(s.conns, from)
	}
}

// clientPrefix returns the client's address; for IPv6 its /64 network, because that is what one customer has.
func clientPrefix(a net.Addr) netip.Addr {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return ratelimit.Network(at.Addr())
}

// limitedConn is a connection that counts towards the limit of its address.
type limitedConn struct {
	net.Conn
	limiter *rate.Limiter
	release func()
}

// Close implements net.Conn.
func (g *limitedConn) Close() error {
	g.release()
	return g.Conn.Close()
}
