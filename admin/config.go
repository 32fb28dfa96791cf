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
	Listen       string `toml:"listen"` // empty: no admin pages
	URL          string `toml:"url"`
	PasswordHash string `toml:"password_hash"`
	UserHeader   string `toml:"user_header"`
}

// DefaultConfig is for an administrator at the same machine or behind a tunnel. Without a password or a header no login is possible,
// and nothing listens.
func DefaultConfig() Config { return Config{Listen: "127.0.0.1:8027"} }

// Enabled reports whether anybody can log in.
func (c Config) Enabled() bool { return c.Listen != "" && (c.PasswordHash != "" || c.UserHeader != "") }

// Address is the URL of the admin pages.
func (c Config) Address() string {
	if c.URL != "" {
		return strings.TrimRight(c.URL, "/")
	}
	return "http://" + c.Listen
}

// Validate returns every error of the configuration; each begins with its key.
func (c Config) Validate() error {
	var errs []error
	if c.PasswordHash != "" {
		if _, err := parseHash(c.PasswordHash); err != nil {
			errs = append(errs, fmt.Errorf("password_hash %w: use the output of \"postrider admin passwd\"", err))
		}
	}
	if c.UserHeader != "" && (http.CanonicalHeaderKey(c.UserHeader) == "Cookie" || strings.ContainsAny(c.UserHeader, " \t:")) {
		errs = append(errs, fmt.Errorf("user_header is %q: must be the name of a header, for example \"Remote-User\"", c.UserHeader))
	}
	if c.URL != "" {
		u, err := url.Parse(c.URL)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.RawQuery != "" || u.Fragment != "" {
			errs = append(errs, fmt.Errorf("url is %q: must be an http or https URL, the address of the admin pages, for example \"https://postrider.example.org\"", c.URL))
		}
	}
	return errors.Join(append(errs, c.checkListen())...)
}

// checkListen makes sure that passwords are not sent over a network without encryption.
func (c Config) checkListen() error {
	if c.Listen == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("listen is %q: must be an address and a port, for example \"127.0.0.1:8027\"", c.Listen)
	}
	if !isLoopback(host) && !strings.HasPrefix(c.URL, "https://") {
		return fmt.Errorf("listen is %q, which other machines can reach without encryption: listen on 127.0.0.1, or set url to the https address of a reverse proxy", c.Listen)
	}
	return nil
}

// isLoopback reports whether a host is this machine's loopback interface.
func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// basePath is the path of the admin pages without a trailing slash.
func (c Config) basePath() string {
	u, err := url.Parse(c.Address())
	if err != nil { // Validate has checked it
		return ""
	}
	return strings.TrimRight(u.Path, "/")
}

// https reports whether browsers connect by TLS.
func (c Config) https() bool { return strings.HasPrefix(c.Address(), "https://") }

// Cleartext reports whether passwords are sent over a network without encryption.
func (c Config) Cleartext() bool {
	u, err := url.Parse(c.Address())
	return err == nil && u.Scheme == "http" && !isLoopback(u.Hostname())
}

// allowedHosts are the Host headers that the admin pages accept. Any other comes from a page whose host name was pointed here (DNS
// rebinding), so that its scripts could read ours.
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
