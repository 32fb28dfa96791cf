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

// ErrClosed says that the sender was closed.
var ErrClosed = errors.New("mail: the sender is closed")

// SMTP hands messages to a relay. It is safe for concurrent use: as many messages are on their way
// at once as there are connections, further calls of Send wait for one.
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
	lines  map[*countingConn]struct{} // all open ones, in use or idle
	expiry sync.WaitGroup             // timers of idle connections
	warned bool                       // that mail goes over a foreign network in clear
}

// NewSMTP gives a sender. It connects when the first message comes, or by Check.
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

// DialWith makes s open its connections by dial instead of by TCP: through a tunnel, or a pipe. Call it before the first Send.
func (s *SMTP) DialWith(dial func(ctx context.Context, network, address string) (net.Conn, error)) {
	s.dialer = dial
}

// Send hands over one message: raw as Compose made it, from and to as bare addresses.
//
// When ctx ends, no message is begun any more. One whose transaction has begun is finished, within
// its deadlines: to break off after the final dot would leave it uncertain. To stop in a hurry, cancel
// ctx, give the calls a while to return, and Close: that cuts off what is still under way.
func (s *SMTP) Send(ctx context.Context, from, to string, raw []byte) Outcome {
	o := s.send(ctx, from, to, raw)
	o.At = time.Now()
	return o
}

func (s *SMTP) send(ctx context.Context, from, to string, raw []byte) Outcome {
	m := envelope{raw: raw}
	var err error
	if m.from, err = mailbox(from); err != nil {
		// No member's fault, and no member's loss.
		return Outcome{Result: NotSent, Stage: Sender, Err: fmt.Errorf("envelope sender: %w", flattenErr(err))}
	}
	if m.to, err = mailbox(to); err != nil {
		o := Outcome{Result: Refused, Stage: Recipient, Err: err}
		if bad, ok := errors.AsType[*AddressError](err); ok {
			o.Enhanced = bad.Enhanced
		}
		return o
	}
	if err := validateRaw(raw); err != nil {
		return Outcome{Result: Refused, Stage: Body, Enhanced: "5.6.0", Err: err}
	}
	if err := s.acquire(ctx); err != nil {
		return Outcome{Result: NotSent, Stage: Connecting, Err: err}
	}
	defer s.release()
	return s.sendOnConn(ctx, m)
}

// sendOnConn sends a message on an idle connection or else on a new one.
func (s *SMTP) sendOnConn(ctx context.Context, m envelope) Outcome {
	if c := s.popIdle(); c != nil {
		o := s.runOn(c, m)
		// A relay may have hung up since the last message (idle too long, enough of us, restarted), and
		// we learn it only now. Nothing of this one was sent, so it goes over a new connection at once.
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

// runOn runs one transaction and puts the connection away.
func (s *SMTP) runOn(c *conn, m envelope) Outcome {
	o, usable := c.deliver(m, s.timeout)
	switch {
	case !usable, c.client.Text.R.Buffered() > 0: // an answer too many would be taken for the next one's
		s.untrack(c.wire)
	case s.exhausted(c):
		c.quit()
		s.untrack(c.wire)
	default:
		s.putIdle(c)
	}
	return o
}

// notConnected keeps the code that the relay gave, as 535 for a wrong password.
func notConnected(err error) Outcome {
	o := Outcome{Result: NotSent, Stage: Connecting, Err: err}
	if refusal, ok := errors.AsType[*textproto.Error](err); ok {
		p := reply{code: refusal.Code, text: cleanReply([]byte(refusal.Msg))}
		o.Code, o.Enhanced, o.Reply = p.code, p.enhanced(), p.text
	}
	return o
}

// warnCleartext says once that whoever sits between us and the relay can read the mail.
func (s *SMTP) warnCleartext(c *conn) {
	if line := c.line(); s.relay.protection != plain || !line.Remote.IsValid() || line.IsLocalNetwork() {
		return
	}
	s.mu.Lock()
	first := !s.warned
	s.warned = true
	s.mu.Unlock()
	if first {
		s.log.Warn("mail crosses a foreign network unencrypted", "relay", s.relay.address(), "cure", "use smtp+starttls:// or smtps://")
	}
}
