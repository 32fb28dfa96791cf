package demo

import (
	"fmt"
	"io"
	"log"
	"net"
	"time"

	"github.com/emersion/go-smtp"
)

// maxMail is the size limit, larger than any message of ours.
const maxMail = 10 << 20 // bytes

func newServer(i *Inbox) *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{inbox: i}, nil }))
	s.Domain = "localhost"
	s.MaxMessageBytes = maxMail
	s.ReadTimeout = 5 * time.Minute // RFC 5321, 4.5.3.2.7
	s.WriteTimeout = time.Minute
	s.ErrorLog = log.New(io.Discard, "", 0) // clients that disconnect are not worth logging
	return s
}

// Listen accepts messages at addr ("127.0.0.1:0" for any free port) and returns the URL to send to.
func (i *Inbox) Listen(addr string) (smtpURL string, err error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", fmt.Errorf("opening the inbox: %w", err)
	}
	i.serve.Go(func() { _ = i.smtp.Serve(l) }) // ends by Close; the listener is open, nothing else can fail
	// The server knows its listener only once Serve has begun: a Close that comes sooner would leave it open.
	i.serve.Go(func() { <-i.closed; _ = l.Close() })
	return "smtp://" + l.Addr().String(), nil
}

// session is one SMTP connection.
type session struct {
	inbox *Inbox
	to    []string
}

func (s *session) Reset()                               { s.to = nil }
func (s *session) Logout() error                        { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data stores the message once for each recipient, like a mailbox.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	for _, to := range s.to {
		s.inbox.add(to, raw)
	}
	return nil
}
