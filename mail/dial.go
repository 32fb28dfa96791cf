package mail

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"time"
)

// maxAnswers is the maximum number of bytes that a relay may send between two of our messages, or before
// the first. It protects our memory from a relay that never stops sending.
const maxAnswers = 256 << 10

// countingConn is the connection to a relay below TLS. It limits the bytes that are read.
type countingConn struct {
	net.Conn
	left  int64
	ready bool        // after EHLO and AUTH
	stop  func() bool // detaches the connection from the context it was dialed with
}

func (w *countingConn) Read(p []byte) (int, error) {
	if w.left <= 0 {
		return 0, errors.New("the relay sent too much data")
	}
	n, err := w.Conn.Read(p[:min(int64(len(p)), w.left)])
	w.left -= int64(n)
	return n, err
}

// setLimits sets the deadline and the byte limit of the next step.
func (w *countingConn) setLimits(timeout time.Duration) error {
	w.left = maxAnswers
	return w.SetDeadline(time.Now().Add(timeout))
}

// conn is a connection after EHLO, and after STARTTLS and AUTH if configured.
type conn struct {
	*session
	wire    *countingConn
	open    bool   // the last transaction was abandoned halfway: send RSET before the next
	sent    int    // transactions
	rejects int    // in a row
	out     []byte // the last message with its final dot, kept to reuse its memory

	expiry *time.Timer // while idle
}

// quit sends QUIT. It waits only briefly for the relay's reply, because nothing depends on it.
func (c *conn) quit() {
	if c.wire.setLimits(2*time.Second) == nil {
		_, _ = c.command("QUIT")
	}
	_ = c.wire.Close()
}

// dial opens a connection. It fails when ctx ends or after the timeout, whatever step it is at.
func (s *SMTP) dial(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.timeout, fmt.Errorf("no connection within %v", s.timeout))
	defer cancel()
	w := &countingConn{left: maxAnswers}
	var c *session
	wire, err := s.connect(ctx, w)
	if err == nil {
		c, err = s.handshake(ctx, wire)
	}
	if err == nil && w.stop() {
		s.markReady(w)
		return &conn{session: c, wire: w}, nil
	}
	if w.Conn != nil {
		s.untrack(w)
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return nil, fmt.Errorf("connecting to %s: %w", s.relay.address(), s.redact(err))
}

// connect opens the connection and, for smtps, encrypts it.
func (s *SMTP) connect(ctx context.Context, w *countingConn) (net.Conn, error) {
	line, err := s.dialer(ctx, "tcp", s.relay.address())
	if err != nil {
		return nil, err
	}
	w.Conn = line
	w.stop = context.AfterFunc(ctx, func() { _ = line.Close() })
	if err := s.track(w); err != nil {
		return nil, err
	}
	if s.relay.protection != implicitTLS {
		return w, nil
	}
	encrypted := tls.Client(w, s.tls)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return encrypted, nil
}

// redact removes the password from a relay's error, in any encoding.
func (s *SMTP) redact(err error) error {
	if s.password == "" || err == nil {
		return err
	}
	if refusal, ok := errors.AsType[*textproto.Error](err); ok {
		return &textproto.Error{Code: refusal.Code, Msg: s.redacted(refusal.Msg)}
	}
	if said := err.Error(); said != s.redacted(said) {
		return errors.New(s.redacted(said))
	}
	return err
}

func (s *SMTP) redacted(said string) string {
	for _, secret := range []string{
		s.password,
		base64.StdEncoding.EncodeToString([]byte(s.password)),
		base64.StdEncoding.EncodeToString([]byte("\x00" + s.relay.user + "\x00" + s.password)),
	} {
		said = strings.ReplaceAll(said, secret, "[password]")
	}
	return said
}
