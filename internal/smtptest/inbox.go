// Package smtptest provides SMTP servers for tests: an inbox that accepts messages like a relay ([New]), and a relay with scripted
// replies and faults ([NewScript]).
//
// The inbox rejects recipients by their names, so that a test with many members can choose what happens to each: it rejects
// "550-gone@example.org" with 550 and "452-full@…" with 452. For "drop-…@" it closes the connection after it has received the
// message.
package smtptest

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"log"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Message is a message that the inbox has received.
type Message struct {
	From, To string // of the envelope
	Data     []byte // as received, with CRLF line breaks
	At       time.Time
}

// Option changes the behavior of an inbox.
type Option func(*Server)

// WithTLS makes the inbox use TLS from the first byte.
func WithTLS() Option { return func(s *Server) { s.scheme = "smtps" } }

// WithSTARTTLS makes the inbox offer STARTTLS.
func WithSTARTTLS() Option { return func(s *Server) { s.scheme = "smtp+starttls" } }

// WithAuth makes the inbox accept messages only after a login (PLAIN).
func WithAuth(user, password string) Option {
	return func(s *Server) { s.user, s.password = user, password }
}

// WithPause makes the inbox wait before it replies to each message.
func WithPause(pause time.Duration) Option { return func(s *Server) { s.pause = pause } }

// WithHeadersOnly makes the inbox keep only the headers of messages, for tests with more messages than fit into memory.
func WithHeadersOnly() Option { return func(s *Server) { s.headersOnly = true } }

// Server is an inbox on a free local port. It runs as long as its test.
type Server struct {
	scheme, user, password string
	headersOnly            bool
	pause                  time.Duration

	t         testing.TB
	address   string
	authority *Authority // nil without TLS
	counter   *countingListener

	mu           sync.Mutex
	arrived      *sync.Cond
	messages     []Message
	transactions int
}

// New starts an inbox.
func New(t testing.TB, options ...Option) *Server {
	t.Helper()
	s := &Server{scheme: "smtp", t: t}
	s.arrived = sync.NewCond(&s.mu)
	for _, o := range options {
		o(s)
	}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{inbox: s, conn: c, authenticated: s.user == ""}, nil
	}))
	server.Domain = "inbox.test"
	server.AllowInsecureAuth = true
	server.ErrorLog = log.New(io.Discard, "", 0)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("starting the inbox: %v", err)
	}
	s.address = listener.Addr().String()
	s.counter = &countingListener{Listener: listener}
	listener = s.counter
	if s.scheme != "smtp" {
		s.authority = NewAuthority(t)
	}
	switch s.scheme {
	case "smtp+starttls":
		server.TLSConfig = s.authority.Config
	case "smtps":
		listener = s.authority.listen(listener)
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() {
		_ = server.Close()
		_ = listener.Close() // if the server was closed before it began to serve, it has not closed the listener
		serving.Wait()
	})
	return s
}

// URL returns the address as in Postrider's configuration.
func (s *Server) URL() string {
	if s.user != "" {
		return fmt.Sprintf("%s://%s@%s", s.scheme, s.user, s.address)
	}
	return s.scheme + "://" + s.address
}

// CAFile returns the PEM file with the inbox's certificate.
func (s *Server) CAFile() string { return s.authority.File }

// Messages returns the messages received so far, in the order of arrival.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Count returns the number of messages received so far.
func (s *Server) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.messages)
}

// Wait waits until n messages have been received, and returns them. It fails the test after 30 seconds.
func (s *Server) Wait(n int) []Message {
	s.t.Helper()
	const timeout = 30 * time.Second
	deadline := time.Now().Add(timeout)
	wake := time.AfterFunc(timeout, s.arrived.Broadcast)
	defer wake.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.messages) < n {
		if !time.Now().Before(deadline) {
			s.t.Fatalf("the inbox received %d messages in %v, want %d", len(s.messages), timeout, n)
		}
		s.arrived.Wait()
	}
	return slices.Clone(s.messages)
}

// Connections returns the number of connections accepted so far.
func (s *Server) Connections() int { return int(s.counter.all.Load()) }

// MaxConnections returns the highest number of simultaneous connections.
func (s *Server) MaxConnections() int { return int(s.counter.most.Load()) }

// Transactions returns the number of transactions started so far.
func (s *Server) Transactions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.transactions
}

// session is a connection to the inbox.
type session struct {
	inbox         *Server
	conn          *smtp.Conn
	authenticated bool
	from          string
	to            []string
}

func (s *session) AuthMechanisms() []string {
	if s.inbox.user == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.inbox.user || password != s.inbox.password {
			return smtp.ErrAuthFailed
		}
		s.authenticated = true
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.inbox.mu.Lock()
	s.inbox.transactions++
	s.inbox.mu.Unlock()
	if !s.authenticated {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	s.from = from
	return nil
}

// codePrefix is the reply code at the start of a recipient's name.
var codePrefix = regexp.MustCompile(`^([45]\d\d)-`)

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if m := codePrefix.FindStringSubmatch(to); m != nil {
		code, err := strconv.Atoi(m[1])
		if err != nil {
			return err
		}
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "Rejected by recipient name"}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	i := s.inbox
	if end := bytes.Index(data, []byte("\r\n\r\n")); i.headersOnly && end >= 0 {
		data = bytes.Clone(data[:end+4])
	}
	i.mu.Lock()
	for _, to := range s.to {
		i.messages = append(i.messages, Message{From: s.from, To: to, Data: data, At: time.Now()})
	}
	i.mu.Unlock()
	i.arrived.Broadcast()
	<-time.After(i.pause)
	if slices.ContainsFunc(s.to, func(to string) bool { return strings.HasPrefix(to, "drop-") }) {
		return cmp.Or(s.conn.Close(), io.ErrClosedPipe)
	}
	return nil
}

func (s *session) Reset() { s.from, s.to = "", nil }

func (s *session) Logout() error { return nil }

// countingListener counts the connections of a listener.
type countingListener struct {
	net.Listener
	all, open, most atomic.Int64
}

func (c *countingListener) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c.all.Add(1)
	c.most.Store(max(c.most.Load(), c.open.Add(1))) // only Accept raises it, and there is one call at a time
	return &countedConn{Conn: conn, closed: sync.OnceFunc(func() { c.open.Add(-1) })}, nil
}

type countedConn struct {
	net.Conn
	closed func()
}

func (c *countedConn) Close() error {
	c.closed()
	return c.Conn.Close()
}
