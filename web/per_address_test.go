package web

import (
	"errors"
	"net"
	"net/netip"
	"testing"
)

// peerListener returns connections from the addresses in a list, then an error.
type peerListener struct {
	net.Listener
	peers []string
}

func (l *peerListener) Accept() (net.Conn, error) {
	if len(l.peers) == 0 {
		return nil, errors.New("no more peers")
	}
	peer := l.peers[0]
	l.peers = l.peers[1:]
	near, far := net.Pipe()
	far.Close()
	return &peerConn{near, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(peer))}, nil
}

// peerConn is a connection from an address.
type peerConn struct {
	net.Conn
	from net.Addr
}

func (c *peerConn) RemoteAddr() net.Addr { return c.from }

func TestLimitPerAddress_LeavesRoomForOthers(t *testing.T) {
	var l peerListener
	for range 20 {
		l.peers = append(l.peers, "192.0.2.1:1000", "[2001:db8::1]:1000", "[2001:db8::2]:1000", "127.0.0.1:1000", "10.0.0.7:1000", "198.51.100.5:1000")
	}
	limited, err := LimitPerAddress(&l, 40, Config{TrustedProxies: []string{"198.51.100.0/24"}})
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(map[string]int)
	open := make(map[string][]net.Conn)
	accept := func() {
		for {
			conn, err := limited.Accept()
			if err != nil {
				return
			}
			peer := conn.RemoteAddr().String()
			accepted[peer]++
			open[peer] = append(open[peer], conn)
		}
	}
	accept()
	for peer, want := range map[string]int{"192.0.2.1:1000": 10, "127.0.0.1:1000": 20, "10.0.0.7:1000": 20, "198.51.100.5:1000": 20} {
		if accepted[peer] != want {
			t.Errorf("%d connections of %s were accepted, want %d", accepted[peer], peer, want)
		}
	}
	if n := accepted["[2001:db8::1]:1000"] + accepted["[2001:db8::2]:1000"]; n != 10 {
		t.Errorf("%d connections of an IPv6 network were accepted, want 10", n)
	}
	for range 3 {
		conn := open["192.0.2.1:1000"][0]
		open["192.0.2.1:1000"] = open["192.0.2.1:1000"][1:]
		conn.Close()
		conn.Close() // counts once
	}
	l.peers = []string{"192.0.2.1:1000", "192.0.2.1:1000", "192.0.2.1:1000", "192.0.2.1:1000", "192.0.2.1:1000"}
	accept()
	if got := accepted["192.0.2.1:1000"]; got != 13 {
		t.Errorf("after three were closed, %d connections were accepted in total, want 13", got)
	}
}
