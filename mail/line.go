package mail

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
)

// Line is what the connection to a relay is like.
type Line struct {
	TLS    *tls.ConnectionState // nil: it is not encrypted
	Remote netip.Addr           // the relay's
}

// Private tells that the line does not leave this machine or its own network.
func (l Line) Private() bool {
	return l.Remote.IsLoopback() || l.Remote.IsPrivate() || l.Remote.IsLinkLocalUnicast()
}

// Check connects, says EHLO, logs in and takes leave.
func (s *SMTP) Check(ctx context.Context) (Line, error) {
	if err := s.acquire(ctx); err != nil {
		return Line{}, err
	}
	defer s.release()
	c, err := s.dial(ctx)
	if err != nil {
		return Line{}, err
	}
	line := c.line()
	c.quit()
	s.forget(c.wire)
	return line, nil
}

func (c *conn) line() Line {
	var l Line
	if state, encrypted := c.client.TLSConnectionState(); encrypted {
		l.TLS = &state
	}
	if address, ok := c.wire.RemoteAddr().(*net.TCPAddr); ok {
		l.Remote = address.AddrPort().Addr().Unmap()
	}
	return l
}
