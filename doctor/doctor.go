// Package doctor looks at a site as the world's mail servers do: who may send in its name (SPF), who signs (DKIM), what
// a receiver shall do with the rest (DMARC), whether the sending address has a name, whether bounces find home, and
// whether the page behind one-click unsubscription answers.
//
// [Check] asks the DNS, through a [Resolver]; [Page], [TLSFinding] and [Clock] judge what else was met. Nothing is sent and
// nothing is changed: each [Finding] says what is wrong and how to mend it, with the record to paste where one is
// missing. The room knows no other room, so that the command line and pages may use it alike.
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

// Resolver asks the DNS. Its methods are those of net.Resolver, and its errors are *net.DNSError, with IsNotFound where a
// name or its records do not exist. [DNS] is one; net.Resolver would let the hosts file of this machine answer.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupIPAddr(ctx context.Context, name string) ([]net.IPAddr, error)
	LookupAddr(ctx context.Context, address string) ([]string, error)
}

// Site is the site that is examined.
type Site struct {
	From     string       // domain of the sender that members see
	Envelope string       // address that the relay is given as the sender, to which bounces go
	Keys     []Key        // with which mails are signed; none: the relay signs
	Signs    string       // domain that the signatures are made for; empty: the relay signs
	Relay    string       // host of the relay
	Sends    []netip.Addr // from where mails leave for the world; none: not known
	Here     bool         // those are this machine's, and so is the relay
	Bounces  string       // domain whose mail must come back to postrider; empty: bounces are not taken in
}

// Key is a signing key as it must be published.
type Key struct{ Name, Value string }

// Check asks the DNS about everything that a receiver would ask it.
func Check(ctx context.Context, dns Resolver, p Site) []finding.Finding {
	// One question first: if nobody answers, a dozen more would only take their time-outs.
	if _, err := dns.LookupTXT(ctx, p.From); err != nil && !missing(err) {
		return []finding.Finding{finding.Warn(
			"dns", "cannot be asked: "+err.Error(),
			"see that a resolver of /etc/resolv.conf answers, name another with --resolver, or leave this out with --offline")}

	}
	found := spf(ctx, dns, p)
	found = append(found, dkim(ctx, dns, p)...)
	found = append(found, dmarc(ctx, dns, p))
	if p.Here {
		found = append(found, reverse(ctx, dns, p)...)
	}
	if p.Bounces != "" {
		found = append(found, exchangers(ctx, dns, p.Bounces))
	}
	return found
}

// missing tells that a name or its records do not exist, as opposed to: nobody knows at the moment.
func missing(err error) bool {
	e, ok := errors.AsType[*net.DNSError](err)
	return ok && e.IsNotFound
}

// unknown is what is said of a part whose records could not be asked for.
func unknown(part string, err error) finding.Finding {
	return finding.Warn(part, "not known: "+err.Error(), "try again later")
}

// entry words a TXT record so that it can be pasted into a zone file. A string of it holds 255 bytes at most (RFC 1035,
// 3.3), longer ones go as several.
func entry(name, value string) string {
	var parts []string
	for len(value) > 255 {
		parts = append(parts, fmt.Sprintf("%q", value[:255]))
		value = value[255:]
	}
	parts = append(parts, fmt.Sprintf("%q", value))
	return fmt.Sprintf("%s. IN TXT %s", strings.TrimSuffix(name, "."), strings.Join(parts, " "))
}
