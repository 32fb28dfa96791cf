package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/textproto"
	"sync"
	"time"
)

// ErrClosed is returned when the sender is closed.
var ErrClosed = errors.New("mail: the sender is closed")

// SMTP sends messages to a relay. It is safe for concurrent use. It sends as many messages at a time as
// there are connections; further calls of Send wait.
type SMTP struct {
	relay    relay
	password string
	helo     string
	timeout  time.Duration
	recycle  int
	tls      *tls.Config
	log      *slog.Logger
	dialer   func(ctx context.Context, network, address string) (net.Conn, error)

	slots chan struct{} // one for each connection that may be in use
	done  chan struct{} // closed by Close

	mu     sync.Mutex
	closed bool
	idle   []*conn
	lines  map[*countingConn]struct{} // all open connections, in use or idle
	expiry sync.WaitGroup             // timers of idle connections
	warned bool                       // warned that messages cross a public network unencrypted
	crowd  crowd
}

// NewSMTP returns a sender. It connects for the first message, or in TestConnection.
func NewSMTP(c SMTPConfig, log *slog.Logger) (*SMTP, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	relay, err := parseRelay(c.URL)
	if err != nil {
		return nil, err
	}
	config, err := relay.tlsConfig(c.CAFile)
	if err != nil {
		return nil, err
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = DefaultConnections
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.MaxMessagesPerConnection == 0 {
		c.MaxMessagesPerConnection = DefaultRecycle
	}
	return &SMTP{
		relay: relay, password: c.Password, helo: c.HELO, timeout: c.Timeout, recycle: c.MaxMessagesPerConnection, tls: config, log: log,
		dialer: (&net.Dialer{}).DialContext,
		slots:  make(chan struct{}, c.MaxConnections),
		done:   make(chan struct{}),
		lines:  make(map[*countingConn]struct{}),
	}, nil
}

// DialWith makes s open its connections with dial instead of by TCP, for example through a tunnel or a
// pipe. Call it before the first Send.
func (s *SMTP) DialWith(dial func(ctx context.Context, network, address string) (net.Conn, error)) {
	s.dialer = dial
}

// Send sends one message: raw from Compose, from and to as bare addresses.
//
// When ctx ends, no new message is started. A transaction that has begun is finished, within its deadlines,
// because stopping after the final dot would leave the result uncertain. To stop quickly, cancel ctx, give
// the calls some time to return, then call Close, which cuts off the rest.
func (s *SMTP) Send(ctx context.Context, from, to string, raw []byte) Outcome {
	o := s.send(ctx, from, to, raw)
	o.At = time.Now()
	return o
}

func (s *SMTP) send(ctx context.Context, from, to string, raw []byte) Outcome {
	m := envelope{raw: raw}
	var err error
	if m.from, err = Mailbox(from); err != nil {
		// Not the member's fault, so it must not count against the member.
		return Outcome{Result: NotSent, Stage: Sender, Err: fmt.Errorf("envelope sender: %w", flattenErr(err))}
	}
	if m.to, err = Mailbox(to); err != nil {
		o := Outcome{Result: Refused, Stage: Recipient, Err: err}
		if bad, ok := errors.AsType[*AddressError](err); ok {
			o.Enhanced = bad.Enhanced
		}
		return o
	}
	if err := validateRaw(raw); err != nil {
		return Outcome{Result: Refused, Stage: Body, Enhanced: "5.6.0", Err: err}
	}
	for {
		if err := s.acquire(ctx); err != nil {
			return Outcome{Result: NotSent, Stage: Connecting, Err: err}
		}
		o := s.sendOnConn(ctx, m)
		if !o.crowded() || !s.shrink(ctx, o) {
			s.release()
			s.grow()
			return o
		}
	}
}

// sendOnConn sends a message on an idle connection, or else on a new one.
func (s *SMTP) sendOnConn(ctx context.Context, m envelope) Outcome {
	if c := s.popIdle(); c != nil {
		o := s.runOn(c, m)
		// A relay may have hung up since the last message (idle too long, too many messages, restarted),
		// and we notice only now. Nothing of this message was sent, so use a new connection immediately.
		stale := o.Result == NotSent && (o.Stage == Connecting || o.Stage != Body && (o.Code == 0 || o.Code == 421))
		if !stale || ctx.Err() != nil {
			return o
		}
	}
	c, err := s.dial(ctx)
	if err != nil {
		return notConnected(err)
	}
	s.warnCleartext(c)
	return s.runOn(c, m)
}

// runOn runs one transaction, then keeps or closes the connection.
func (s *SMTP) runOn(c *conn, m envelope) Outcome {
	o, usable := c.deliver(m, s.timeout)
	switch {
	case !usable, c.r.Buffered() > 0: // an extra reply would be taken for the next command's
		s.untrack(c.wire)
	case s.exhausted(c):
		c.quit()
		s.untrack(c.wire)
	default:
		s.putIdle(c)
	}
	return o
}

// notConnected keeps the code that the relay gave, such as 535 for a wrong password.
func notConnected(err error) Outcome {
	o := Outcome{Result: NotSent, Stage: Connecting, Err: err}
	if refusal, ok := errors.AsType[*textproto.Error](err); ok {
		p := reply{code: refusal.Code, text: cleanReply([]byte(refusal.Msg))}
		o.Code, o.Enhanced, o.Reply = p.code, p.enhanced(), p.text
	}
	return o
}

// warnCleartext warns once that the network between us and the relay can read the messages.
func (s *SMTP) warnCleartext(c *conn) {
	if line := c.line(); s.relay.protection != plain || !line.Remote.IsValid() || line.IsLocalNetwork() {
		return
	}
	s.mu.Lock()
	first := !s.warned
	s.warned = true
	s.mu.Unlock()
	if first {
		s.log.Warn("connection to the relay crosses a public network unencrypted", "relay", s.relay.address(), "fix", "use smtp+starttls:// or smtps://")
	}
}
