package mirror

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"
	"time"
)

// errPrivateRedirect means that a feed of the Internet leads into a private network. Its owner must not be able to read what only this
// machine can reach.
var errPrivateRedirect = errors.New("a redirect to a private address; if that is right, write it into url")

// redirectGuard follows the redirects of one feed. It looks at the addresses that are really connected to, because a name can stand for
// any address, and for another one a moment later.
type redirectGuard struct {
	redirected atomic.Bool
	private    atomic.Bool // the configured address is private itself
}

// feedClient fetches one feed. It follows few redirects, only to http and https, and not into private networks.
type feedClient struct {
	*http.Client
	guard *redirectGuard
}

func newClient(timeout time.Duration) *feedClient {
	var g redirectGuard
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: 10 * time.Second, Control: g.control}).DialContext
	return &feedClient{&http.Client{Timeout: timeout, Transport: transport, CheckRedirect: g.check}, &g}
}

// leave says that all further addresses are not the configured one.
func (c *feedClient) leave() { c.guard.redirected.Store(true) }

// check is called before each redirect.
func (g *redirectGuard) check(r *http.Request, via []*http.Request) error {
	g.redirected.Store(true)
	if len(via) > maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	if r.URL.Scheme != "http" && r.URL.Scheme != "https" {
		return errors.New("a redirect to another kind of address")
	}
	return nil
}

// control is called with the address of each connection, before it is opened.
func (g *redirectGuard) control(_, address string, _ syscall.RawConn) error {
	peer, err := netip.ParseAddrPort(address)
	if err != nil || !isPrivate(peer.Addr()) {
		return err
	}
	if !g.redirected.Load() {
		g.private.Store(true)
	}
	if !g.private.Load() {
		return errPrivateRedirect
	}
	return nil
}

// privateNetworks are those that netip does not know as private: of providers (RFC 6598), of tests (RFC 2544), "this network" (RFC 1122).
var privateNetworks = []netip.Prefix{netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("0.0.0.0/8")}

// isPrivate reports whether an address is not one of the Internet.
func isPrivate(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return !a.IsGlobalUnicast() || a.IsPrivate() || slices.ContainsFunc(privateNetworks, func(n netip.Prefix) bool { return n.Contains(a) })
}
