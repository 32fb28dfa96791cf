package inbound

import (
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"strings"

	"postrider/internal/addr"
)

// Config is the [bounces] table.
type Config struct {
	Domain   string `toml:"domain"`
	Listen   string `toml:"listen"`
	Maildir  string `toml:"maildir"`
	IMAP     string `toml:"imap"`
	Password string `toml:"password"`
	Replies  string `toml:"replies"` // where answers of persons are forwarded to; empty: smtp.reply_to, else alarms.email
}

// Validate returns all faults; each error begins with its key.
func (c Config) Validate() error {
	var errs []error
	if c.Domain != "" && (strings.ContainsAny(c.Domain, "@ :/<>") || !strings.Contains(c.Domain, ".")) {
		errs = append(errs, fmt.Errorf("domain is %q: must be a domain whose mail is delivered to postrider, for example \"bounce.forum.example.org\"", c.Domain))
	}
	if c.Replies != "" {
		a, err := netmail.ParseAddress(c.Replies)
		if err != nil {
			errs = append(errs, fmt.Errorf("replies: invalid address %q: must be like \"admin@example.org\", or empty", c.Replies))
		} else if c.Domain != "" && strings.EqualFold(addr.Domain(a.Address), c.Domain) {
			errs = append(errs, fmt.Errorf("replies: invalid address %q: its mail comes back to postrider; must be outside of bounces.domain", c.Replies))
		}
	}
	if c.Listen != "" {
		door, err := parseListenAddr(c.Listen)
		errs = append(errs, err)
		if err == nil && !door.lmtp && c.Domain == "" {
			errs = append(errs, errors.New("listen accepts SMTP from any host: set bounces.domain, so that it accepts mail for that domain only"))
		}
	}
	if c.IMAP != "" {
		box, err := parseIMAP(c.IMAP)
		errs = append(errs, err)
		if err == nil && c.Password == "" {
			errs = append(errs, fmt.Errorf("password is missing for the user %q of imap: set password, password_file or POSTRIDER_BOUNCES_PASSWORD", box.user))
		}
	}
	return errors.Join(errs...)
}

// listenAddr is the address of the listener.
type listenAddr struct {
	lmtp             bool
	network, address string
}

func parseListenAddr(listen string) (listenAddr, error) {
	bad := fmt.Errorf("listen is %q: must be like \"lmtp://127.0.0.1:2400\", \"lmtp+unix:///run/postrider/bounces\" or \"smtp://0.0.0.0:25\"", listen)
	u, err := url.Parse(listen)
	if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return listenAddr{}, bad
	}
	switch u.Scheme {
	case "lmtp+unix":
		if u.Host != "" || len(u.Path) < 2 {
			return listenAddr{}, bad
		}
		return listenAddr{true, "unix", u.Path}, nil
	case "lmtp", "smtp":
		if _, port, err := net.SplitHostPort(u.Host); err != nil || port == "" || u.Path != "" {
			return listenAddr{}, bad
		}
		return listenAddr{u.Scheme == "lmtp", "tcp", u.Host}, nil
	}
	return listenAddr{}, bad
}

// mailbox is the address of an IMAP mailbox.
type mailbox struct {
	host, user, name string
	port             string
	encrypted        bool
}

// parseIMAP parses the address of a mailbox. Its errors never repeat the address: it could contain a password.
func parseIMAP(address string) (mailbox, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User.Username() == "" || u.RawQuery != "" || u.Fragment != "" {
		return mailbox{}, errors.New("imap is not the address of a mailbox: must be like \"imaps://user@host/INBOX\"")
	}
	if _, found := u.User.Password(); found {
		return mailbox{}, errors.New("imap contains a password: move it to password, password_file or POSTRIDER_BOUNCES_PASSWORD")
	}
	m := mailbox{host: u.Hostname(), user: u.User.Username(), name: strings.Trim(u.Path, "/"), port: u.Port(), encrypted: u.Scheme == "imaps"}
	if m.name == "" {
		m.name = "INBOX"
	}
	ip := net.ParseIP(m.host)
	local := m.host == "localhost" || ip != nil && ip.IsLoopback()
	switch {
	case m.encrypted && m.port == "":
		m.port = "993"
	case u.Scheme == "imap" && !local:
		return mailbox{}, errors.New("imap is not encrypted and not on this machine: use imaps://")
	case u.Scheme == "imap" && m.port == "":
		m.port = "143"
	case u.Scheme != "imap" && u.Scheme != "imaps":
		return mailbox{}, fmt.Errorf("imap has the scheme %q: use imaps://", u.Scheme)
	}
	return m, nil
}
