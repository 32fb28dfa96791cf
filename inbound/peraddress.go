package inbound

import (
	"net"
	"net/netip"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// What one address of the world may take of what there is for all, so that nobody keeps the others out alone. Whoever gets no
// place tries again: mail servers do.
const (
	atOnceEach    = 5
	perSecondEach = 10
	burstEach     = 100
	// keptAddresses is how many addresses are remembered, about 200 bytes each.
	keptAddresses = 1 << 12
)

// perAddressListener is a listener that gives each address its share and no more.
type perAddressListener struct {
	net.Listener
	paces *lru.Cache[netip.Addr, *rate.Limiter]

	mu   sync.Mutex
	held map[netip.Addr]int
}

func shared(l net.Listener) *perAddressListener {
	paces, err := lru.New[netip.Addr, *rate.Limiter](keptAddresses)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &perAddressListener{Listener: l, paces: paces, held: make(map[netip.Addr]int)}
}

// Accept waits for a client whose address has a place left. Others are hung up on.
func (s *perAddressListener) Accept() (net.Conn, error) {
	for {
		conn, err := s.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := clientPrefix(conn.RemoteAddr())
		if s.enter(from) {
			return &limitedConn{Conn: conn, pace: s.pace(from), leave: sync.OnceFunc(func() { s.exit(from) })}, nil
		}
		conn.Close()
	}
}

func (s *perAddressListener) enter(from netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[from] >= atOnceEach {
		return false
	}
	s.held[from]++
	return true
}

func (s *perAddressListener) exit(from netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[from]--; s.held[from] == 0 {
		delete(s.held, from)
	}
}

// pace is how fast an address may hand in messages, over all its connections.
func (s *perAddressListener) pace(from netip.Addr) *rate.Limiter {
	pace := rate.NewLimiter(perSecondEach, burstEach)
	if earlier, known, _ := s.paces.PeekOrAdd(from, pace); known {
		return earlier
	}
	return pace
}

// clientPrefix is an address, of IPv6 the network of 2^64 that one household has.
func clientPrefix(a net.Addr) netip.Addr {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	from := at.Addr().Unmap().WithZone("")
	if from.Is6() {
		if p, err := from.Prefix(64); err == nil {
			from = p.Addr()
		}
	}
	return from
}

// limitedConn is a connection that holds one of its address's places.
type limitedConn struct {
	net.Conn
	pace  *rate.Limiter
	leave func()
}

// Close implements net.Conn.
func (g *limitedConn) Close() error {
	g.leave()
	return g.Conn.Close()
}
