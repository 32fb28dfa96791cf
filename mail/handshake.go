package mail

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"strconv"
	"strings"

	gosmtp "github.com/wneessen/go-mail/smtp"
)

// session is an SMTP session after EHLO. The dialog is our own, because go-mail takes a greeting without text for an
// error, drops the second code of "220-... 521 ...", and does not know "AUTH=LOGIN" (from before RFC 2554).
type session struct {
	r          *bufio.Reader
	w          *bufio.Writer
	tls        *tls.ConnectionState // nil: not encrypted
	extensions map[string]string    // offered in the reply to EHLO, with their parameters
}

// attach makes the session use a connection.
func (c *session) attach(wire net.Conn) {
	c.r, c.w = bufio.NewReader(wire), bufio.NewWriter(wire)
}

// command sends a line and reads the reply.
func (c *session) command(line string) (reply, error) {
	lines, code, err := c.commandLines(line)
	return reply{code, joinLines(lines)}, err
}

func (c *session) commandLines(line string) (lines []string, code int, err error) {
	if _, err := c.w.WriteString(line + "\r\n"); err != nil {
		return nil, 0, err
	}
	if err := c.w.Flush(); err != nil {
		return nil, 0, err
	}
	return readReplyLines(c.r, false)
}

// refused returns a reply as an error.
func refused(code int, text string) error { return &textproto.Error{Code: code, Msg: text} }

// Why a relay cannot be used as its URL says.
var (
	ErrNoStartTLS = errors.New("the relay does not support STARTTLS, so nothing is sent")
	ErrNoLogin    = errors.New("the relay does not offer a login (AUTH)")
)

// handshake goes through greeting, EHLO, STARTTLS and AUTH.
func (s *SMTP) handshake(ctx context.Context, wire net.Conn) (*session, error) {
	c := new(session)
	c.attach(wire)
	if encrypted, ok := wire.(*tls.Conn); ok {
		c.tls = new(encrypted.ConnectionState())
	}
	// All that is known of a relay that turns us away is its greeting, so the last code counts.
	lines, code, err := readReplyLines(c.r, true)
	switch {
	case err != nil:
		return nil, fmt.Errorf("greeting: %w", err)
	case code/100 != 2:
		return nil, refused(code, joinLines(lines))
	}
	if err := c.hello(s.helloName()); err != nil {
		return nil, err
	}
	if s.relay.protection == startTLS {
		if err := s.startTLS(ctx, c, wire); err != nil {
			return nil, err
		}
	}
	if s.relay.user != "" {
		return c, s.login(c)
	}
	return c, nil
}

// helloName returns our name in EHLO.
func (s *SMTP) helloName() string {
	host, _ := os.Hostname()
	return cmp.Or(s.helo, host, "localhost")
}

// hello sends EHLO, or HELO if the relay does not know EHLO.
func (c *session) hello(name string) error {
	c.extensions = make(map[string]string)
	lines, code, err := c.commandLines("EHLO " + name)
	switch {
	case err != nil:
		return fmt.Errorf("EHLO: %w", err)
	case code/100 == 2:
		for _, line := range lines[1:] {
			c.addExtension(line)
		}
		return nil
	case code == 421:
		return refused(code, joinLines(lines))
	}
	p, err := c.command("HELO " + name)
	switch {
	case err != nil:
		return fmt.Errorf("HELO: %w", err)
	case p.code/100 != 2:
		return refused(p.code, p.text)
	}
	return nil
}

// addExtension records "SIZE 1000", or "AUTH=LOGIN" as old servers write it, some of them in addition to "AUTH LOGIN".
func (c *session) addExtension(line string) {
	line = strings.TrimSpace(line)
	end := strings.IndexAny(line, " =")
	if end < 0 {
		end = len(line)
	}
	name := strings.ToUpper(line[:end])
	parameters := strings.Trim(line[end:], " =")
	if had := c.extensions[name]; had != "" {
		parameters = had + " " + parameters
	}
	c.extensions[name] = parameters
}

// offers reports whether the relay offers an extension.
func (c *session) offers(name string) bool {
	_, offered := c.extensions[name]
	return offered
}

// maxSize returns the size of the largest message that the relay accepts (RFC 1870), or 0.
func (c *session) maxSize() int {
	n, err := strconv.Atoi(strings.TrimSpace(c.extensions["SIZE"]))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func (s *SMTP) startTLS(ctx context.Context, c *session, wire net.Conn) error {
	if !c.offers("STARTTLS") {
		return ErrNoStartTLS
	}
	p, err := c.command("STARTTLS")
	switch {
	case err != nil:
		return fmt.Errorf("STARTTLS: %w", err)
	case p.code != 220:
		return refused(p.code, p.text)
	case c.r.Buffered() > 0: // injected before the encryption
		return errors.New("STARTTLS: unexpected data before the handshake")
	}
	encrypted := tls.Client(wire, s.tls)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("STARTTLS: %w", err)
	}
	c.attach(encrypted)
	c.tls = new(encrypted.ConnectionState())
	return c.hello(s.helloName())
}

// login logs in with the best mechanism that the relay offers.
func (s *SMTP) login(c *session) error {
	if !c.offers("AUTH") {
		return ErrNoLogin
	}
	offered := strings.Fields(strings.ToUpper(strings.ReplaceAll(c.extensions["AUTH"], "=", " ")))
	mechanism := s.mechanism(offered, c.tls)
	if mechanism == nil {
		return fmt.Errorf("the relay offers no usable login: AUTH %s", strings.Join(offered, " "))
	}
	name, initial, err := mechanism.Start(&gosmtp.ServerInfo{Name: s.relay.host, TLS: c.tls != nil, Auth: offered})
	if err != nil {
		return fmt.Errorf("AUTH: %w", err)
	}
	line := "AUTH " + name
	if initial != nil {
		line += " " + cmp.Or(base64.StdEncoding.EncodeToString(initial), "=")
	}
	for {
		p, err := c.command(line)
		switch {
		case err != nil:
			return fmt.Errorf("AUTH: %w", err)
		case p.code == 235:
			if _, err := mechanism.Next([]byte(p.text), false); err != nil {
				return fmt.Errorf("AUTH: %w", err)
			}
			return nil
		case p.code != 334:
			return refused(p.code, p.text)
		}
		challenge, err := base64.StdEncoding.DecodeString(strings.TrimSpace(p.text))
		var response []byte
		if err == nil {
			response, err = mechanism.Next(challenge, true)
		}
		if err != nil {
			_, _ = c.command("*") // cancels the exchange (RFC 4954, 4)
			return fmt.Errorf("AUTH: %w", err)
		}
		line = base64.StdEncoding.EncodeToString(response)
	}
}

// mechanism returns the best mechanism; nil: none. PLAIN and LOGIN reveal the password, so without TLS they are used on
// this machine only.
func (s *SMTP) mechanism(offered []string, encryption *tls.ConnectionState) gosmtp.Auth {
	user, password, host := s.relay.user, s.password, s.relay.host
	local := s.relay.local()
	mechanisms := []struct {
		name string
		ok   bool
		auth func() gosmtp.Auth
	}{
		{"SCRAM-SHA-256-PLUS", encryption != nil, func() gosmtp.Auth { return gosmtp.ScramSHA256PlusAuth(user, password, encryption) }},
		{"SCRAM-SHA-256", true, func() gosmtp.Auth { return gosmtp.ScramSHA256Auth(user, password) }},
		{"SCRAM-SHA-1-PLUS", encryption != nil, func() gosmtp.Auth { return gosmtp.ScramSHA1PlusAuth(user, password, encryption) }},
		{"SCRAM-SHA-1", true, func() gosmtp.Auth { return gosmtp.ScramSHA1Auth(user, password) }},
		{"NTLM", true, func() gosmtp.Auth { return gosmtp.NTLMAuth(user, password, "") }},
		{"CRAM-MD5", true, func() gosmtp.Auth { return gosmtp.CRAMMD5Auth(user, password) }},
		{"PLAIN", encryption != nil || local, func() gosmtp.Auth { return gosmtp.PlainAuth("", user, password, host, local) }},
		{"LOGIN", encryption != nil || local, func() gosmtp.Auth { return gosmtp.LoginAuth(user, password, host, local) }},
	}
	for _, m := range mechanisms {
		for _, name := range offered {
			if m.ok && name == m.name {
				return m.auth()
			}
		}
	}
	return nil
}
