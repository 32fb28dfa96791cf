package admin

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Config is the [admin] table.
type Config struct {
	Listen       string `toml:"listen"` // empty: nowhere
	URL          string `toml:"url"`
	PasswordHash string `toml:"password_hash"`
	UserHeader   string `toml:"user_header"`
}

// DefaultConfig is for an administrator who sits at the machine or comes through a tunnel. Without a password or a header
// nobody can log in, and nothing listens.
func DefaultConfig() Config { return Config{Listen: "127.0.0.1:8027"} }

// Enabled tells whether anybody can come in.
func (c Config) Enabled() bool { return c.Listen != "" && (c.PasswordHash != "" || c.UserHeader != "") }

// Address is where a browser finds the room.
func (c Config) Address() string {
	if c.URL != "" {
		return strings.TrimRight(c.URL, "/")
	}
	return "http://" + c.Listen
}

// Validate says what is wrong, each error beginning with its key.
func (c Config) Validate() error {
	var errs []error
	if c.PasswordHash != "" {
		if _, err := parseHash(c.PasswordHash); err != nil {
			errs = append(errs, fmt.Errorf("password_hash %w: give what \"postrider admin passwd\" prints", err))
		}
	}
	if c.UserHeader != "" && (http.CanonicalHeaderKey(c.UserHeader) == "Cookie" || strings.ContainsAny(c.UserHeader, " \t:")) {
		errs = append(errs, fmt.Errorf("user_header is %q: give the name of a field such as \"Remote-User\"", c.UserHeader))
	}
	if c.URL != "" {
		u, err := url.Parse(c.URL)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.RawQuery != "" || u.Fragment != "" {
			errs = append(errs, fmt.Errorf("url is %q, which is no web address: give the one under which you reach the room, such as \"https://postrider.example.org\"", c.URL))
		}
	}
	return errors.Join(append(errs, c.checkListen())...)
}

// checkListen keeps passwords from travelling in the open.
func (c Config) checkListen() error {
	if c.Listen == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("listen is %q: give an address and a port, such as \"127.0.0.1:8027\"", c.Listen)
	}
	if !isLoopback(host) && !strings.HasPrefix(c.URL, "https://") {
		return fmt.Errorf("listen is %q, which other machines reach without encryption: listen on 127.0.0.1, or put a proxy with TLS before it and give its address as url", c.Listen)
	}
	return nil
}

// isLoopback tells whether a host is this machine as it speaks with itself.
func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// basePath is what the paths of the room begin with, without a slash at its end.
func (c Config) basePath() string {
	u, err := url.Parse(c.Address())
	if err != nil { // the configuration was checked
		return ""
	}
	return strings.TrimRight(u.Path, "/")
}

// https tells whether the browser comes by TLS.
func (c Config) https() bool { return strings.HasPrefix(c.Address(), "https://") }

// Cleartext tells whether passwords travel over a network without encryption.
func (c Config) Cleartext() bool {
	u, err := url.Parse(c.Address())
	return err == nil && u.Scheme == "http" && !isLoopback(u.Hostname())
}

// allowedHosts are the names by which the room may be asked for. Any other is a page of somebody else whose name was made to
// lead here (DNS rebinding), so that his scripts can read ours.
func (c Config) allowedHosts() map[string]bool {
	known := map[string]bool{c.Listen: true}
	if u, err := url.Parse(c.Address()); err == nil {
		known[strings.ToLower(u.Host)] = true
	}
	if host, port, err := net.SplitHostPort(c.Listen); err == nil && isLoopback(host) {
		known[net.JoinHostPort("localhost", port)] = true
	}
	return known
}
