package cli

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"postrider/config"
	"postrider/doctor"
	"postrider/internal/addr"
	"postrider/internal/finding"
	"postrider/mail"
	"postrider/store"
	"postrider/web"
)

// checkOptions are the flags of check.
type checkOptions struct {
	asJSON    bool
	offline   bool
	resolver  string
	sendsFrom []string
}

// addresses parses --sends-from.
func (o checkOptions) addresses() ([]netip.Addr, error) {
	var list []netip.Addr
	for _, text := range o.sendsFrom {
		address, err := netip.ParseAddr(text)
		if err != nil {
			return nil, usagef("invalid --sends-from %q: must be an IP address, for example 192.0.2.10", text)
		}
		list = append(list, address)
	}
	return list, nil
}

// checkDNS checks what other mail servers see of this site.
func checkDNS(ctx context.Context, cfg config.Config, o checkOptions, to connections) []finding.Finding {
	dns := doctor.NewDNS(o.resolver)
	for _, from := range []struct{ key, address string }{{"smtp.from", cfg.SMTP.From}, {"smtp.announcements.from", cfg.SMTP.Announcements.From}} {
		if domain := addr.Domain(address(from.address).Address); net.ParseIP(strings.Trim(domain, "[]")) != nil {
			return []finding.Finding{finding.Fail("from", from.key+" is an address at "+domain+", which is no domain: no receiver can check it",
				"set "+from.key+" to an address at your forum's domain")}
		}
	}
	return doctor.Check(ctx, dns, newSite(ctx, dns, cfg, o, to))
}

func newSite(ctx context.Context, dns doctor.Resolver, cfg config.Config, o checkOptions, to connections) doctor.Site {
	p := senderSite(cfg, cfg.SMTP.From, cfg.DKIM)
	p.Relay, p.Bounces = host(cfg.SMTP.URL), cfg.Bounces.Domain
	addOrigin(ctx, dns, &p, o, to.shared)
	if own := cfg.SMTP.Announcements; own.From != "" || own.DKIM.Enabled() || own.OwnRelay() {
		a := senderSite(cfg, cfg.SMTP.AnnouncementFrom(), cfg.AnnouncementDKIM())
		a.Relay, a.SendsFrom, a.Local = p.Relay, p.SendsFrom, p.Local
		if own.OwnRelay() {
			a.Relay = host(own.URL)
			if !isLocal(to.announcements) {
				o = checkOptions{} // --sends-from is about this machine, or about the relay of all messages
			}
			addOrigin(ctx, dns, &a, o, to.announcements)
		}
		p.Announcements = &a
	}
	return p
}

// senderSite describes a sender whose messages are signed with keys.
func senderSite(cfg config.Config, from string, keys mail.DKIMConfig) doctor.Site {
	from = address(from).Address
	p := doctor.Site{From: addr.Domain(from), Envelope: from}
	if cfg.Bounces.Domain != "" { // each message has its own return path there
		p.Envelope = "postmaster@" + cfg.Bounces.Domain
	}
	// checkDKIM reports keys that cannot be read.
	if signer, err := mail.NewSigner(keys); err == nil && signer != nil {
		p.SigningDomain = keys.Domain
		for _, r := range signer.Records() {
			p.Keys = append(p.Keys, doctor.Key{Name: r.Name, Value: r.Value})
		}
	}
	return p
}

// addOrigin adds the addresses that messages leave from.
func addOrigin(ctx context.Context, dns doctor.Resolver, p *doctor.Site, o checkOptions, conn mail.ConnInfo) {
	p.Local = isLocal(conn)
	if p.SendsFrom, _ = o.addresses(); len(p.SendsFrom) > 0 {
		p.Local = true
		return
	}
	switch {
	case p.Local:
		p.SendsFrom = outboundAddresses()
	case conn.Remote.IsValid() && !conn.IsLocalNetwork():
		p.SendsFrom = addressesOf(ctx, dns, p.Relay)
	}
}

// isLocal reports whether a connection stays on this machine.
func isLocal(conn mail.ConnInfo) bool {
	return conn.Remote.IsLoopback() || isLocalAddress(conn.Remote)
}

// isLocalAddress reports whether an address belongs to this machine.
func isLocalAddress(address netip.Addr) bool {
	ours, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, our := range ours {
		if prefix, err := netip.ParsePrefix(our.String()); err == nil && prefix.Addr().Unmap() == address {
			return true
		}
	}
	return false
}

// outboundAddresses returns the public source addresses of this machine, or none behind NAT. Connecting a UDP socket sends
// nothing: it only selects the source address by the routing table.
func outboundAddresses() []netip.Addr {
	var list []netip.Addr
	for _, target := range []string{"192.0.2.1:25", "[2001:db8::1]:25"} {
		conn, err := net.Dial("udp", target)
		if err != nil {
			continue // no route for this address family
		}
		address := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
		conn.Close()
		if address.IsGlobalUnicast() && !address.IsPrivate() && !cgnatPrefix.Contains(address) {
			list = append(list, address)
		}
	}
	return list
}

// cgnatPrefix is the shared address space of carrier-grade NAT (RFC 6598).
var cgnatPrefix = netip.MustParsePrefix("100.64.0.0/10")

func addressesOf(ctx context.Context, dns doctor.Resolver, host string) []netip.Addr {
	if address, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{address}
	}
	found, err := dns.LookupIPAddr(ctx, host)
	if err != nil {
		return nil
	}
	var list []netip.Addr
	for _, a := range found {
		if address, ok := netip.AddrFromSlice(a.IP); ok {
			list = append(list, address.Unmap())
		}
	}
	return list
}

// checkProxies warns if requests for the pages came through a proxy of ours that is not trusted. The running daemon saved it, perhaps
// when check itself requested a page.
func checkProxies(ctx context.Context, cfg config.Config) []finding.Finding {
	s, err := store.OpenReadOnly(ctx, cfg.Store.DSN)
	if err != nil {
		return nil // checkStore reports it
	}
	defer s.Close()
	p, found, err := web.LastUntrustedProxy(ctx, s.Values, cfg.Web.TrustedProxies, time.Now())
	switch {
	case err != nil:
		return []finding.Finding{finding.Fail("proxies", err.Error(), "check that postrider can read the database in [store] dsn")}
	case !found:
		return nil
	}
	return []finding.Finding{untrustedProxyFinding(p)}
}

func untrustedProxyFinding(p web.UntrustedProxy) finding.Finding {
	text := fmt.Sprintf("%s forwards requests, but is missing from web.trusted_proxies (last seen %s): everyone behind it counts as one visitor, with one limit on requests", p.Addr, p.Seen.Format(time.RFC3339))
	return finding.Warn("proxies", text, fmt.Sprintf("set [web] trusted_proxies = [%q], and reload postrider", p.Addr))
}

// clockReading compares a database's clock with this machine's.
func clockReading(whose string, at time.Time, known bool, err error) []doctor.ClockReading {
	if err != nil || !known {
		return nil // another check reports it
	}
	return []doctor.ClockReading{{Whose: whose, Ahead: time.Until(at)}}
}
