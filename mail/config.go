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

// The defaults of SMTPConfig.
const (
	DefaultConnections = 8
	DefaultTimeout     = 30 * time.Second
	DefaultRecycle     = 100
)

// maxConnections is more than any relay allows one client; Postfix allows 50.
const maxConnections = 200

// maxRecycle is practically never.
const maxRecycle = 1_000_000

// SMTPConfig is how to reach the relay.
type SMTPConfig struct {
	// URL is the relay's address and the protection of the connection:
	//
	//	smtp://127.0.0.1:25              never encrypted: for a relay on this machine or in its own network
	//	smtp+starttls://user@host:587    encrypted by STARTTLS; without it nothing is sent
	//	smtps://user@host:465            encrypted from the first byte
	//
	// Encrypted means: with a certificate that is valid for that host. There is no opportunistic mode,
	// because anyone who can remove STARTTLS from an answer could then read the messages.
	URL      string        `toml:"url"`
	Password string        `toml:"password"`
	HELO     string        `toml:"helo"`    // our name in EHLO; empty: the machine's host name
	CAFile   string        `toml:"ca_file"` // PEM file with the only CAs to trust; empty: the system's
	Timeout  time.Duration `toml:"timeout"` // for connecting and for each reply; ten times as long for the reply to a whole message
	// MaxConnections is the maximum number of open connections; they are opened as needed.
	MaxConnections int `toml:"max_connections"`
	// MaxMessagesPerConnection is how many messages a connection carries before it is closed. Many relays end a session
	// after some number of messages; closing earlier avoids being cut off.
	MaxMessagesPerConnection int `toml:"max_messages_per_connection"`
}

// Validate reports everything that is wrong, each with its key and how to fix it.
func (c SMTPConfig) Validate() error {
	relay, err := parseRelay(c.URL)
	errs := []error{err}
	if err == nil {
		errs = append(errs, checkLogin(relay, c.Password))
	}
	if strings.ContainsFunc(c.HELO, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		errs = append(errs, fmt.Errorf("helo: invalid name %q: must be the full host name of this machine, or empty", c.HELO))
	}
	if c.CAFile != "" {
		_, err := readAuthorities(c.CAFile)
		errs = append(errs, err)
	}
	if c.MaxConnections < 0 || c.MaxConnections > maxConnections {
		errs = append(errs, fmt.Errorf("max_connections: invalid number %d: must be between 1 and %d", c.MaxConnections, maxConnections))
	}
	if c.MaxMessagesPerConnection < 0 || c.MaxMessagesPerConnection > maxRecycle {
		errs = append(errs, fmt.Errorf("max_messages_per_connection: invalid number %d: must be between 1 and %d", c.MaxMessagesPerConnection, maxRecycle))
	}
	if c.Timeout != 0 && (c.Timeout < time.Second || c.Timeout > 10*time.Minute) {
		errs = append(errs, fmt.Errorf("timeout: invalid duration %v: must be between 1s and 10m", c.Timeout))
	}
	return errors.Join(errs...)
}

func checkLogin(r relay, password string) error {
	switch {
	case r.user == "" && password != "":
		return errors.New("password: is set, but the url has no user: use, for example, smtps://user@host:465")
	case r.user != "" && password == "":
		return fmt.Errorf("password: missing for user %q of the url: set password, password_file or POSTRIDER_SMTP_PASSWORD "+
			"(POSTRIDER_SMTP_FALLBACK_PASSWORD for a fallback, POSTRIDER_SMTP_ANNOUNCEMENTS_PASSWORD for announcements)", r.user)
	}
	return nil
}

// protection is how the connection to the relay is encrypted.
type protection int

const (
	plain protection = iota
	startTLS
	implicitTLS
)

// relay is the parsed URL.
type relay struct {
	host string
	port int
	user string
	protection
}

// parseRelay parses the URL. Its errors never repeat it, because it could contain a password.
func parseRelay(s string) (relay, error) {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" {
		return relay{}, errors.New("url: invalid: must be like smtp://127.0.0.1:25, smtp+starttls://user@host:587 or smtps://user@host:465")
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
		return relay{}, fmt.Errorf("url: invalid scheme %q: must be smtp, smtp+starttls or smtps", u.Scheme)
	}
	if _, ok := u.User.Password(); ok {
		return relay{}, errors.New("url: invalid: must not contain a password; set password, password_file or the environment variable")
	}
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return relay{}, errors.New("url: invalid: must end after the port")
	}
	if port := u.Port(); port != "" {
		if r.port, err = strconv.Atoi(port); err != nil || r.port < 1 || r.port > 65535 {
			return relay{}, fmt.Errorf("url: invalid port %q: must be between 1 and 65535", port)
		}
	}
	return r, nil
}

// local reports whether the connection stays on this machine, so that a password needs no encryption.
func (r relay) local() bool {
	ip := net.ParseIP(r.host)
	return r.host == "localhost" || ip != nil && ip.IsLoopback()
}

func (r relay) address() string { return net.JoinHostPort(r.host, strconv.Itoa(r.port)) }

// tlsConfig has no option to skip verification: for an internal relay, set a CA file.
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
		return nil, fmt.Errorf("ca_file: no PEM certificate in %s", file)
	}
	return pool, nil
}

// IsSameRelay reports whether two URLs lead to the same account of the same server.
func (c SMTPConfig) IsSameRelay(other SMTPConfig) bool {
	a, errA := parseRelay(c.URL)
	b, errB := parseRelay(other.URL)
	return errA == nil && errB == nil && a.user == b.user && strings.EqualFold(a.host, b.host) && a.port == b.port
}

// Inherit takes what is missing from another relay. missing reports whether a key is. A password belongs to the account of one host,
// and leaves it only if its connection is protected as well. The authorities belong to that host, too: any other one is more likely
// to have a certificate that the system trusts.
func (c *SMTPConfig) Inherit(from SMTPConfig, missing func(key string) bool) {
	if missing("helo") {
		c.HELO = from.HELO
	}
	if missing("timeout") {
		c.Timeout = from.Timeout
	}
	if missing("max_connections") {
		c.MaxConnections = from.MaxConnections
	}
	if missing("max_messages_per_connection") {
		c.MaxMessagesPerConnection = from.MaxMessagesPerConnection
	}
	own, err := parseRelay(c.URL)
	other, errFrom := parseRelay(from.URL)
	if err != nil || errFrom != nil || !strings.EqualFold(own.host, other.host) {
		return
	}
	if missing("ca_file") {
		c.CAFile = from.CAFile
	}
	if missing("password") && own.user == other.user && (own.protection != plain || other.protection == plain) {
		c.Password = from.Password
	}
}
