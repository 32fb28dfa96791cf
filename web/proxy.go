package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// trustedProxies are the networks whose X-Forwarded-* headers are believed. From other clients these headers are dropped: a visitor
// could send anything in them.
type trustedProxies []netip.Prefix

func (p trustedProxies) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(a) })
}

// applyForwarded sets a request's Host and URL.Scheme to those that the visitor used, and returns where the request came from.
func (p trustedProxies) applyForwarded(r *http.Request) RequestInfo {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	client := peer.Addr().Unmap()
	r.URL.Scheme = "http"
	if r.TLS != nil {
		r.URL.Scheme = "https"
	}
	trusted := err == nil && p.trusts(client)
	if trusted {
		client = p.client(client, r.Header.Values("X-Forwarded-For"))
		if host := lastValue(r.Header.Values("X-Forwarded-Host")); host != "" {
			r.Host = host
		}
		if scheme := lastValue(r.Header.Values("X-Forwarded-Proto")); scheme == "http" || scheme == "https" {
			r.URL.Scheme = scheme
		}
	}
	forwards := r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != ""
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded"} {
		r.Header.Del(name)
	}
	return RequestInfo{ClientAddr: client, Trusted: trusted, forwards: forwards, untrustedProxy: forwards && !trusted && isNearby(client)}
}

// client returns the last address in the chain that is not one of our proxies. The visitor may have forged everything before it.
func (p trustedProxies) client(peer netip.Addr, fields []string) netip.Addr {
	chain := strings.Split(strings.Join(fields, ","), ",")
	for _, part := range slices.Backward(chain) {
		a, known := parseForwarded(strings.TrimSpace(part))
		if !known {
			return peer
		}
		if peer = a; !p.trusts(peer) {
			return peer
		}
	}
	return peer
}

// parseForwarded parses an address of the chain. Some proxies (Azure's gateway, IIS) append a port and put IPv6 in brackets.
func parseForwarded(text string) (netip.Addr, bool) {
	if a, err := netip.ParseAddrPort(text); err == nil {
		return a.Addr().Unmap(), true
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	return a.Unmap(), err == nil
}

// lastValue returns the value that the nearest proxy added. Apache and others append to what the visitor sent: "forged, real".
func lastValue(fields []string) string {
	list := strings.Join(fields, ",")
	return strings.TrimSpace(list[strings.LastIndex(list, ",")+1:])
}
