// Package doctor checks a site as other mail servers see it: SPF, DKIM, DMARC, the PTR record of the sending address, the
// MX record for bounces, and the page for one-click unsubscribe.
//
// [Check] queries the DNS, through a [Resolver]; [Page], [TLSFinding] and [Clock] check the rest. Nothing is sent or
// changed. Each finding says what is wrong and how to fix it, with the DNS record to publish if one is missing.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"postrider/internal/finding"
)

// Resolver queries the DNS. Its methods are those of net.Resolver, and its errors are *net.DNSError, with IsNotFound if a
// name or its records do not exist. Use [DNS]: net.Resolver also reads the hosts file of this machine.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupIPAddr(ctx context.Context, name string) ([]net.IPAddr, error)
	LookupAddr(ctx context.Context, address string) ([]string, error)
}

// Site is the site to check.
type Site struct {
	From          string       // domain of From
	Envelope      string       // envelope sender, which receives bounces
	Keys          []Key        // DKIM keys; none: the relay signs
	SigningDomain string       // domain of the signatures; empty: the relay signs
	Relay         string       // host of the relay
	SendsFrom     []netip.Addr // public addresses that messages are sent from; none: unknown
	Local         bool         // Sends and the relay are on this machine
	Bounces       string       // domain whose mail must be delivered to postrider; empty: bounces are not processed
	// Announcements is the sender of announcements, if they have one of their own: only SPF, DKIM and DMARC are checked for it.
	Announcements *Site
}

// Key is a DKIM key in the form in which it must be published.
type Key struct{ Name, Value string }

// Check makes the DNS queries that a receiver would make.
func Check(ctx context.Context, dns Resolver, p Site) []finding.Finding {
	// Without a DNS server, each query would wait for its timeout. So try one first.
	if _, err := dns.LookupTXT(ctx, p.From); err != nil && !missing(err) {
		return []finding.Finding{finding.Warn(
			"dns", "DNS is unavailable: "+err.Error(),
			"check the resolvers in /etc/resolv.conf, use another with --resolver, or skip these checks with --offline")}

	}
	found := authentication(ctx, dns, p)
	if p.Announcements != nil {
		for _, f := range authentication(ctx, dns, *p.Announcements) {
			f.Part = "announcements " + f.Part
			found = append(found, f)
		}
	}
	if p.Local {
		found = append(found, checkPTRs(ctx, dns, p)...)
	}
	if p.Bounces != "" {
		found = append(found, checkMX(ctx, dns, p.Bounces))
	}
	return found
}

// authentication checks what shows receivers that messages are from the sender's domain.
func authentication(ctx context.Context, dns Resolver, p Site) []finding.Finding {
	found := append(spf(ctx, dns, p), dkim(ctx, dns, p)...)
	return append(found, dmarc(ctx, dns, p))
}

// missing reports whether a name or its records do not exist, as opposed to a failed query.
func missing(err error) bool {
	e, ok := errors.AsType[*net.DNSError](err)
	return ok && e.IsNotFound
}

// unknown returns the finding for a part whose DNS query failed.
func unknown(part string, err error) finding.Finding {
	return finding.Warn(part, "unknown, the DNS query failed: "+err.Error(), "try again later")
}

// zoneRecord returns a TXT record for a zone file. A string holds at most 255 bytes (RFC 1035, 3.3), so longer values are split.
func zoneRecord(name, value string) string {
	var parts []string
	for len(value) > 255 {
		parts = append(parts, fmt.Sprintf("%q", value[:255]))
		value = value[255:]
	}
	parts = append(parts, fmt.Sprintf("%q", value))
	return fmt.Sprintf("%s. IN TXT %s", strings.TrimSuffix(name, "."), strings.Join(parts, " "))
}
