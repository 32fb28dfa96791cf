package mail

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// What a zero SMTPConfig stands for.
const (
	DefaultConnections = 8
	DefaultTimeout     = 30 * time.Second
	DefaultRecycle     = 100
)

// maxConnections is beyond what any relay grants one client; Postfix grants 50.
const maxConnections = 200

// maxRecycle is as good as never.
const maxRecycle = 1_000_000

// SMTPConfig says how the relay is reached.
type SMTPConfig struct {
	// URL is where the relay listens and how the line is protected:
	//
	//	smtp://127.0.0.1:25              never encrypted: for a relay on this machine or in its own network
	//	smtp+starttls://user@host:587    encrypted by STARTTLS; without it nothing is sent
	//	smtps://user@host:465            encrypted from the first byte
	//
	// Encrypted means: with a certificate that is valid for that host. There is no halfway, "if
	// the relay offers it": whoever can take STARTTLS out of an answer would read the mail.
	URL      string        `toml:"url"`
	Password string        `toml:"password"`
	HELO     string        `toml:"helo"`    // our name in EHLO; empty: the machine's host name
	CAFile   string        `toml:"ca_file"` // PEM file of the only authorities to trust; empty: the system's
	Timeout  time.Duration `toml:"timeout"` // for connecting and for each answer, ten times as long for the answer to a whole message
	// MaxConnections is how many may be open at once; they are opened as they are needed.
	MaxConnections int `toml:"max_connections"`
	// MaxMessagesPerConnection is how many messages a connection carries before it is given up. Many relays end a session after some
	// number, and who leaves before is not thrown out.
	MaxMessagesPerConnection int `toml:"max_messages_per_connection"`
}

// Validate tells all that is wrong, each with its key and its cure.
func (c SMTPConfig) Validate() error {
	relay, err := parseRelay(c.URL)
	errs := []error{err}
	if err == nil {
		errs = append(errs, checkLogin(relay, c.Password))
	}
	if strings.ContainsFunc(c.HELO, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		errs = append(errs, fmt.Errorf("helo: %q is not a host name; write the full name of this machine, or leave it empty", c.HELO))
	}
	if c.CAFile != "" {
		_, err := readAuthorities(c.CAFile)
		errs = append(errs, err)
	}
	if c.MaxConnections < 0 || c.MaxConnections > maxConnections {
		errs = append(errs, fmt.Errorf("max_connections: %d is not between 1 and %d", c.MaxConnections, maxConnections))
	}
	if c.MaxMessagesPerConnection < 0 || c.MaxMessagesPerConnection > maxRecycle {
		errs = append(errs, fmt.Errorf("max_messages_per_connection: %d is not between 1 and %d", c.MaxMessagesPerConnection, maxRecycle))
	}
	if c.Timeout != 0 && (c.Timeout < time.Second || c.Timeout > 10*time.Minute) {
		errs = append(errs, fmt.Errorf("timeout: %v is not between 1s and 10m", c.Timeout))
	}
	return errors.Join(errs...)
}

func checkLogin(r relay, password string) error {
	switch {
	case r.user == "" && password != "":
		return errors.New("password: there is one, but the url names no user; write smtps://user@host:465")
	case r.user != "" && password == "":
		return fmt.Errorf("password: the url names the user %q; set its password or password_file, or POSTRIDER_SMTP_PASSWORD (of a fallback POSTRIDER_SMTP_FALLBACK_PASSWORD)", r.user)
	}
	return nil
}

// protection is how the line to the relay is encrypted.
type protection int

const (
	plain protection = iota
	startTLS
	implicitTLS
)

// relay is what the URL says.
type relay struct {
	host string
	port int
	user string
	protection
}

// parseRelay reads the URL. Its errors never repeat it: there could be a password in it.
func parseRelay(s string) (relay, error) {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" {
		return relay{}, errors.New("url: not an address of a relay; write smtp://127.0.0.1:25, smtp+starttls://user@host:587 or smtps://user@host:465")
	}
	r := relay{host: u.Hostname(), user: u.User.Username()}
	switch u.Scheme {
	case "smtp":
		r.port, r.protection = 25, plain
	case "smtp+starttls":
		r.port, r.protection = 587, startTLS
	case "smtps":
		r.port, r.protection = 465, implicitTLS
	default:
		return relay{}, fmt.Errorf("url: unknown scheme %q; use smtp, smtp+starttls or smtps", u.Scheme)
	}
	if _, ok := u.User.Password(); ok {
		return relay{}, errors.New("url: it holds a password; put it into password, password_file or the environment")
	}
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return relay{}, errors.New("url: nothing may follow the port")
	}
	if port := u.Port(); port != "" {
		if r.port, err = strconv.Atoi(port); err != nil || r.port < 1 || r.port > 65535 {
			return relay{}, fmt.Errorf("url: port %q is not between 1 and 65535", port)
		}
	}
	return r, nil
}

// local tells that no line leaves this machine, so that a password needs no encryption.
func (r relay) local() bool {
	ip := net.ParseIP(r.host)
	return r.host == "localhost" || ip != nil && ip.IsLoopback()
}

func (r relay) address() string { return net.JoinHostPort(r.host, strconv.Itoa(r.port)) }

// tlsConfig has no way to skip the verification: an internal relay gets a CA file.
func (r relay) tlsConfig(caFile string) (*tls.Config, error) {
	c := &tls.Config{ServerName: r.host, MinVersion: tls.VersionTLS12}
	if caFile == "" {
		return c, nil
	}
	var err error
	c.RootCAs, err = readAuthorities(caFile)
	return c, err
}

func readAuthorities(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file: %s holds no certificate in PEM form", file)
	}
	return pool, nil
}
