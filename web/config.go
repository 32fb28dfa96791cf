package web

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// Config is the [web] table.
type Config struct {
	Listen         string   `toml:"listen"` // empty: no pages
	URL            string   `toml:"url"`
	Links          string   `toml:"links"` // LinksPages, also if empty, or LinksNone
	Probe          bool     `toml:"probe"` // run requests url before it sends
	TrustedProxies []string `toml:"trusted_proxies"`
	HookSecret     string   `toml:"hook_secret"` // empty: the forum cannot call
	LinkSecret     string   `toml:"link_secret"` // empty: the forum has no links to the settings
}

// DefaultListen is where a reverse proxy on the same machine finds the pages.
const DefaultListen = "127.0.0.1:8026"

// Values of Config.Links: what messages link to.
const (
	LinksPages = "pages"
	LinksNone  = "none"
)

// DefaultConfig serves the pages on DefaultListen, links to them, and trusts no proxies.
func DefaultConfig() Config {
	return Config{Listen: DefaultListen, Links: LinksPages, Probe: true, TrustedProxies: []string{}}
}

// NoLinks reports whether messages have no links to the pages.
func (c Config) NoLinks() bool { return c.Links == LinksNone }

// Validate returns every error of the configuration; each begins with its key.
func (c Config) Validate() error {
	var errs []error
	if err := checkListen(c.Listen); err != nil {
		errs = append(errs, fmt.Errorf("listen %w", err))
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.RawQuery != "" || u.Fragment != "" {
		errs = append(errs, fmt.Errorf("url is %q: must be an http or https URL, the public address of postrider's pages, for example \"https://forum.example.org/postrider\"", c.URL))
	}
	if c.Links != "" && c.Links != LinksPages && c.Links != LinksNone {
		errs = append(errs, fmt.Errorf("links is %q: must be \"pages\", or \"none\" for messages without links to postrider's pages", c.Links))
	}
	if _, err := parsePrefixes(c.TrustedProxies); err != nil {
		errs = append(errs, fmt.Errorf("trusted_proxies %w", err))
	}
	if c.HookSecret != "" && len(c.HookSecret) < minSecretLength {
		errs = append(errs, fmt.Errorf("hook_secret has %d characters: use %d or more, for example the output of: openssl rand -hex 32", len(c.HookSecret), minSecretLength))
	}
	if c.LinkSecret != "" && len(c.LinkSecret) < minSecretLength {
		errs = append(errs, fmt.Errorf("link_secret has %d characters: use %d or more, for example the output of: openssl rand -hex 32", len(c.LinkSecret), minSecretLength))
	}
	return errors.Join(errs...)
}

// minSecretLength is the least number of characters in a secret that must not be guessed.
const minSecretLength = 16

func checkListen(address string) error {
	if address == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return fmt.Errorf("is %q: must be an address and a port, for example \"127.0.0.1:8026\"", address)
	}
	return nil
}

// parsePrefixes parses networks. A single address counts as a network of one.
func parsePrefixes(list []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range list {
		if a, err := netip.ParseAddr(text); err == nil {
			a = a.Unmap()
			all = append(all, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("has %q: must be an address (\"127.0.0.1\") or a network (\"10.0.0.0/8\")", text)
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// basePath is the path of the pages without a trailing slash.
func (c Config) basePath() string {
	u, err := url.Parse(c.URL)
	if err != nil {
		return ""
	}
	return strings.TrimRight(u.Path, "/")
}

// origin is the scheme and host of the pages, in the form of the Origin header.
func (c Config) origin() string {
	u, err := url.Parse(c.URL)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}
