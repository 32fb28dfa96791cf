package inbound

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Config is the [bounces] table.
type Config struct {
	Domain   string `toml:"domain"`
	Listen   string `toml:"listen"`
	Maildir  string `toml:"maildir"`
	IMAP     string `toml:"imap"`
	Password string `toml:"password"`
}

// Validate says what is wrong, each error beginning with its key.
func (c Config) Validate() error {
	var errs []error
	if c.Domain != "" && (strings.ContainsAny(c.Domain, "@ :/<>") || !strings.Contains(c.Domain, ".")) {
		errs = append(errs, fmt.Errorf("domain is %q, which is no domain: give one whose mail comes to postrider, such as \"bounce.forum.example.org\"", c.Domain))
	}
	if c.Listen != "" {
		door, err := parseDoor(c.Listen)
		errs = append(errs, err)
		if err == nil && !door.lmtp && c.Domain == "" {
			errs = append(errs, errors.New("listen speaks SMTP, to whoever knocks: set bounces.domain, so that it takes mail for that only"))
		}
	}
	if c.IMAP != "" {
		box, err := parseIMAP(c.IMAP)
		errs = append(errs, err)
		if err == nil && c.Password == "" {
			errs = append(errs, fmt.Errorf("password: imap names the user %q; set its password, password_file or POSTRIDER_BOUNCES_PASSWORD", box.user))
		}
	}
	return errors.Join(errs...)
}

// listenAddr is where the listener listens.
type listenAddr struct {
	lmtp             bool
	network, address string
}

func parseDoor(listen string) (listenAddr, error) {
	bad := fmt.Errorf("listen is %q: give \"lmtp://127.0.0.1:2400\", \"lmtp+unix:///run/postrider/bounces\" or \"smtp://0.0.0.0:25\"", listen)
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

// mailbox is where a mailbox is read by IMAP.
type mailbox struct {
	host, user, name string
	port             string
	encrypted        bool
}

// parseIMAP reads the address of a mailbox. Its errors never repeat it: there could be a password in it.
func parseIMAP(address string) (mailbox, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User.Username() == "" || u.RawQuery != "" || u.Fragment != "" {
		return mailbox{}, errors.New("imap is not the address of a mailbox: give \"imaps://user@host/INBOX\"")
	}
	if _, found := u.User.Password(); found {
		return mailbox{}, errors.New("imap holds a password: put it into password, password_file or POSTRIDER_BOUNCES_PASSWORD")
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
		return mailbox{}, errors.New("imap is not encrypted, and not on this machine: write imaps://")
	case u.Scheme == "imap" && m.port == "":
		m.port = "143"
	case u.Scheme != "imap" && u.Scheme != "imaps":
		return mailbox{}, fmt.Errorf("imap has the scheme %q: write imaps://", u.Scheme)
	}
	return m, nil
}
