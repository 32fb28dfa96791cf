package mail

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
)

// ConnInfo describes the connection to a relay.
type ConnInfo struct {
	TLS    *tls.ConnectionState // nil: not encrypted
	Remote netip.Addr           // the relay's
}

// IsLocalNetwork reports whether the connection stays on this machine or in its local network.
func (l ConnInfo) IsLocalNetwork() bool {
	return l.Remote.IsLoopback() || l.Remote.IsPrivate() || l.Remote.IsLinkLocalUnicast()
}

// TestConnection connects, sends EHLO, logs in and quits.
func (s *SMTP) TestConnection(ctx context.Context) (ConnInfo, error) {
	if err := s.acquire(ctx); err != nil {
		return ConnInfo{}, err
	}
	defer s.release()
	c, err := s.dial(ctx)
	if err != nil {
		return ConnInfo{}, err
	}
	line := c.line()
	c.quit()
	s.untrack(c.wire)
	return line, nil
}

func (c *conn) line() ConnInfo {
	l := ConnInfo{TLS: c.tls}
	if address, ok := c.wire.RemoteAddr().(*net.TCPAddr); ok {
		l.Remote = address.AddrPort().Addr().Unmap()
	}
	return l
}
