package web

import (
	"net"
	"net/netip"
	"sync"

	"postrider/internal/ratelimit"
)

// perAddressShare is which part of all connections one address may have at the same time: a quarter. Otherwise, one visitor who
// opens connections and sends nothing keeps everyone else out.
const perAddressShare = 4

// LimitPerAddress returns a listener that closes connections of an address that has its share of most already. Trusted proxies and
// peers in private networks are not limited: everyone's connections may come from them.
func LimitPerAddress(l net.Listener, most int, c Config) (net.Listener, error) {
	trusted, err := parsePrefixes(c.TrustedProxies)
	if err != nil {
		return nil, err
	}
	return &perAddressListener{Listener: l, most: max(most/perAddressShare, 1), trusted: trusted, open: make(map[netip.Addr]int)}, nil
}

// perAddressListener counts the open connections of each address.
type perAddressListener struct {
	net.Listener
	most    int // of one address
	trusted trustedProxies

	mu   sync.Mutex
	open map[netip.Addr]int
}

// Accept implements net.Listener.
func (l *perAddressListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		peer, err := netip.ParseAddrPort(conn.RemoteAddr().String())
		client := peer.Addr().Unmap()
		if err != nil || isNearby(client) || l.trusted.trusts(client) {
			return conn, nil
		}
		client = ratelimit.Network(client)
		if l.enter(client) {
			return &countedConn{Conn: conn, leave: sync.OnceFunc(func() { l.leave(client) })}, nil
		}
		conn.Close()
	}
}

func (l *perAddressListener) enter(a netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[a] >= l.most {
		return false
	}
	l.open[a]++
	return true
}

func (l *perAddressListener) leave(a netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[a]--; l.open[a] == 0 {
		delete(l.open, a)
	}
}

// countedConn is a connection that counts until it is closed.
type countedConn struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *countedConn) Close() error {
	c.leave()
	return c.Conn.Close()
}
