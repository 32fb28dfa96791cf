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
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/time/rate"

	"postrider/bounce"
	"postrider/internal/addr"
)

const (
	// maxMessage is the size limit of a message. Only its beginning is read, but to reject a larger bounce would
	// cause another bounce that nobody reads.
	maxMessage = 25 << 20
	// maxRecipients is the number of recipients of a message. A report has one.
	maxRecipients = 10
	// messagesPerSecond and burst limit the rate of messages: the first run of a large forum can cause thousands of bounces,
	// and each needs the store. Servers above the limit retry.
	messagesPerSecond = 50
	messageBurst      = 500
	// idleTimeout is how long a client may be silent, and how long a message may take.
	idleTimeout = time.Minute
)

// Listener accepts messages by LMTP (RFC 2033) or SMTP.
type Listener struct {
	server   *smtp.Server
	listener net.Listener
}

// Listen opens the listener of the configuration; nil: none.
func (b *Processor) Listen(c Config) (*Listener, error) {
	if c.Listen == "" {
		return nil, nil
	}
	d, err := parseListenAddr(c.Listen)
	if err != nil {
		return nil, fmt.Errorf("bounces.%w", err)
	}
	open := b.Socket
	if open == nil {
		open = OpenSocket
	}
	l, err := open(c.Listen)
	if err != nil {
		return nil, err
	}
	return &Listener{server: b.server(d, c.Domain), listener: newSessionListener(l, !d.lmtp)}, nil
}

// OpenSocket opens the socket of bounces.listen.
func OpenSocket(listen string) (net.Listener, error) {
	d, err := parseListenAddr(listen)
	if err != nil {
		return nil, fmt.Errorf("bounces.%w", err)
	}
	if d.network == "unix" {
		// Remove the socket of an earlier daemon. A file that is not a socket is kept, and net.Listen fails.
		if info, err := os.Stat(d.address); err == nil && info.Mode()&os.ModeSocket != 0 {
			os.Remove(d.address)
		}
	}
	l, err := net.Listen(d.network, d.address)
	if err != nil {
		return nil, fmt.Errorf("bounces.listen: %w", err)
	}
	if d.network == "unix" {
		// The mail server runs as another user. The permissions of the directory decide which users have access.
		if err := os.Chmod(d.address, 0o666); err != nil {
			return nil, errors.Join(fmt.Errorf("bounces.listen: %w", err), l.Close())
		}
	}
	return l, nil
}

func (b *Processor) server(d listenAddr, domain string) *smtp.Server {
	pace := rate.NewLimiter(messagesPerSecond, messageBurst)
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		s := &session{processor: b, limiter: pace}
		if !d.lmtp {
			s.domain = domain
		}
		s.conn, _ = c.Conn().(*sessionConn)
		return s, nil
	}))
	server.LMTP = d.lmtp
	server.Domain = "postrider"
	if domain != "" {
		server.Domain = domain
	}
	server.MaxMessageBytes, server.MaxRecipients, server.MaxLineLength = maxMessage, maxRecipients, 4000
	server.ReadTimeout, server.WriteTimeout = idleTimeout, idleTimeout
	server.EnableSMTPUTF8 = true // reports about such addresses need it (RFC 6533)
	server.ErrorLog = errorLog{b.Log}
	return server
}

// Address returns the address of the listener.
func (l *Listener) Address() net.Addr { return l.listener.Addr() }

// Serve accepts messages until ctx ends, and finishes those in progress.
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
	processor *Processor
	limiter   *rate.Limiter
	conn      *sessionConn
	domain    string // the only accepted recipient domain; empty: any, because our own mail server is the client
	from      string
	to        []string
}

var (
	errNotOurs     = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "We accept mail for our own domain only"}
	errTooFast     = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "Too many messages, try again later"}
	errUnavailable = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Temporarily unavailable, try again later"}
)

// Mail implements smtp.Session. The sender proves nothing, but reports have none.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.conn.allowMessage() || !s.limiter.Allow() {
		return errTooFast
	}
	s.from = from
	s.conn.messageBegun()
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.domain != "" && addr.Domain(to) != addr.Domain(s.domain) {
		return errNotOurs
	}
	s.to = append(s.to, to)
	return nil
}

// Data implements smtp.Session. It adds the envelope sender, as servers do at final delivery (RFC 5321, 4.4).
func (s *session) Data(r io.Reader) error {
	s.conn.readingMessage(true)
	defer s.conn.readingMessage(false)
	beginning := bytes.NewBufferString("Return-Path: <" + s.from + ">\r\n")
	if _, err := io.Copy(beginning, io.LimitReader(r, bounce.MaxBytes)); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), idleTimeout)
	defer cancel()
	if err := s.processor.ProcessForEach(ctx, s.to, beginning.Bytes()); err != nil {
		if !errors.Is(err, ErrRetryLater) {
			s.processor.Log.Warn("cannot process inbound message, its server will retry", "err", err)
		}
		return errUnavailable
	}
	s.conn.messageDone()
	return nil
}

// Reset implements smtp.Session.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }

// errorLog sends the errors of go-smtp to our log. They are about clients that disconnected.
type errorLog struct{ log *slog.Logger }

func (l errorLog) Printf(format string, v ...any) {
	l.log.Debug("listening for bounces: " + fmt.Sprintf(format, v...))
}
func (l errorLog) Println(v ...any) { l.log.Debug("listening for bounces: " + fmt.Sprint(v...)) }
