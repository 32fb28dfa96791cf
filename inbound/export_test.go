package inbound

import (
	"context"
	"net"
	"time"

	"github.com/emersion/go-imap/client"
	"github.com/emersion/go-smtp"
)

// SetSessionTimeout changes the session timeout until the returned function is called.
func SetSessionTimeout(d time.Duration) (restore func()) {
	was := sessionTimeout
	sessionTimeout = d
	return func() { sessionTimeout = was }
}

// Server returns the server of a listener, to be used without one.
func (b *Processor) Server(lmtp bool, domain string) *smtp.Server {
	return b.server(listenAddr{lmtp: lmtp}, domain)
}

// CollectOver is Collect over an open connection.
func (m *IMAP) CollectOver(ctx context.Context, conn net.Conn) error {
	c, err := client.New(conn)
	if err != nil {
		return err
	}
	c, status, err := m.login(c)
	if err != nil {
		return err
	}
	return m.collectFrom(ctx, c, status)
}
