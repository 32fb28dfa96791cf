package inbound

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/net/netutil"
	"golang.org/x/time/rate"

	"postrider/bounce"
)

const (
	// maxMessage is the largest message that is taken. Only its beginning is read; a server that may not hand in a
	// whole one would report that, and nobody reads it.
	maxMessage = 25 << 20
	// atOnce is how many may talk to the listener at a time; whoever comes next waits.
	atOnce = 20
	// perSecond is how many messages it takes for long, and burst how many at once: a large forum's first run may
	// bring back thousands, and each wants a look at the store. Whoever hands in more tries again.
	perSecond = 50
	burst     = 500
	// patience is how long a client may be silent.
	patience = time.Minute
)

// Listener takes messages by LMTP (RFC 2033) or SMTP.
type Listener struct {
	server   *smtp.Server
	listener net.Listener
}

// Listen opens the listener that the configuration asks for; nil: none.
func (b *Processor) Listen(c Config) (*Listener, error) {
	if c.Listen == "" {
		return nil, nil
	}
	d, err := parseDoor(c.Listen)
	if err != nil {
		return nil, fmt.Errorf("bounces.%w", err)
	}
	if d.network == "unix" {
		// What an earlier daemon has left; a file that is no socket stays, and is complained of below.
		if info, err := os.Stat(d.address); err == nil && info.Mode()&os.ModeSocket != 0 {
			os.Remove(d.address)
		}
	}
	l, err := net.Listen(d.network, d.address)
	if err != nil {
		return nil, fmt.Errorf("bounces.listen: %w", err)
	}
	if d.network == "unix" {
		// The mail server runs as a user of its own. Whom that is, the directory may say.
		if err := os.Chmod(d.address, 0o666); err != nil {
			return nil, errors.Join(fmt.Errorf("bounces.listen: %w", err), l.Close())
		}
	}
	l = netutil.LimitListener(l, atOnce)
	if !d.lmtp {
		l = shared(l)
	}
	return &Listener{server: b.server(d, c.Domain), listener: l}, nil
}

func (b *Processor) server(d listenAddr, domain string) *smtp.Server {
	pace := rate.NewLimiter(perSecond, burst)
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		s := &session{box: b, pace: pace}
		if !d.lmtp {
			s.domain = domain
		}
		if g, ok := c.Conn().(*limitedConn); ok {
			s.own = g.pace
		}
		return s, nil
	}))
	server.LMTP = d.lmtp
	server.Domain = "postrider"
	if domain != "" {
		server.Domain = domain
	}
	server.MaxMessageBytes, server.MaxRecipients, server.MaxLineLength = maxMessage, 50, 4000
	server.ReadTimeout, server.WriteTimeout = patience, patience
	server.EnableSMTPUTF8 = true // reports on mails to such addresses need it (RFC 6533)
	server.ErrorLog = errorLog{b.Log}
	return server
}

// Address is where it listens.
func (l *Listener) Address() net.Addr { return l.listener.Addr() }

// Serve takes messages until ctx ends, and finishes those that are under way.
func (l *Listener) Serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		if l.server.Shutdown(grace) != nil {
			l.server.Close()
		}
	})
	defer stop()
	if err := l.server.Serve(l.listener); err != nil && ctx.Err() == nil {
		return fmt.Errorf("listening for bounces: %w", err)
	}
	return nil
}

// session is one client of the listener.
type session struct {
	box    *Processor
	pace   *rate.Limiter
	own    *rate.Limiter // of the client's address; nil: none
	domain string        // the only one for which mail is taken; empty: all, because a server of ours hands it in
	to     []string
}

var (
	errNotOurs = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "We take mail for our own domain only"}
	errTooFast = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "Too much at once, try again later"}
	errNotNow  = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Not now, try again later"}
)

// Mail implements smtp.Session. Who sends does not matter: it is nobody, or may be anybody.
func (s *session) Mail(string, *smtp.MailOptions) error {
	if s.own != nil && !s.own.Allow() || !s.pace.Allow() {
		return errTooFast
	}
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if _, domain, _ := strings.Cut(to, "@"); s.domain != "" && !strings.EqualFold(domain, s.domain) {
		return errNotOurs
	}
	s.to = append(s.to, to)
	return nil
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	var beginning bytes.Buffer
	if _, err := io.Copy(&beginning, io.LimitReader(r, bounce.MaxBytes)); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, to := range s.to {
		if err := s.box.Process(ctx, []string{to}, beginning.Bytes()); err != nil {
			if !errors.Is(err, ErrRetryLater) {
				s.box.Log.Warn("a message could not be taken in, its server keeps it", "err", err)
			}
			return errNotNow
		}
	}
	return nil
}

// Reset implements smtp.Session.
func (s *session) Reset() { s.to = nil }

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }

// errorLog lets go-smtp speak through our log. What it has to say is of clients that broke off.
type errorLog struct{ log *slog.Logger }

func (l errorLog) Printf(format string, v ...any) {
	l.log.Debug("listening for bounces: " + fmt.Sprintf(format, v...))
}
func (l errorLog) Println(v ...any) { l.log.Debug("listening for bounces: " + fmt.Sprint(v...)) }
