package doctor

import (
	"context"
	"fmt"
	"net"
	"strings"

	"postrider/internal/finding"
)

// checkMX checks whether the bounce domain has a mail server: its MX, or without one its address (RFC 5321, 5.1).
func checkMX(ctx context.Context, dns Resolver, domain string) finding.Finding {
	list, err := dns.LookupMX(ctx, domain)
	if err != nil && !missing(err) {
		return unknown("bounces mx", err)
	}
	if len(list) == 0 {
		return noMX(ctx, dns, domain)
	}
	if len(list) == 1 && strings.Trim(list[0].Host, ".") == "" { // RFC 7505
		return finding.Fail("bounces mx", domain+" accepts no mail (MX 0 .), so bounces cannot be received", mxFix(domain))
	}
	var names, lost []string
	for _, mx := range list {
		name := strings.TrimSuffix(mx.Host, ".")
		names = append(names, name)
		switch _, err := dns.LookupIPAddr(ctx, name); {
		case err != nil && missing(err):
			lost = append(lost, name)
		case err != nil:
			return unknown("bounces mx", err)
		}
	}
	text := fmt.Sprintf("bounces for %s go to %s", domain, strings.Join(names, ", "))
	switch {
	case len(lost) == len(names):
		return finding.Fail("bounces mx", text+", which has no address", "give it an A or AAAA record")
	case len(lost) > 0:
		return finding.Warn("bounces mx", text+"; without an address: "+strings.Join(lost, ", "), "give each an A or AAAA record, or remove it")
	}
	return finding.OK("bounces mx", text)
}

func noMX(ctx context.Context, dns Resolver, domain string) finding.Finding {
	addresses, err := dns.LookupIPAddr(ctx, domain)
	switch {
	case err != nil && missing(err):
		return finding.Fail("bounces mx", domain+" has neither MX nor address, so bounces cannot be received; receivers may also reject messages", mxFix(domain))
	case err != nil:
		return unknown("bounces mx", err)
	}
	return finding.Warn("bounces mx", fmt.Sprintf("%s has no MX: bounces go to its address %s", domain, first(addresses)), mxFix(domain))
}

func first(addresses []net.IPAddr) string { return addresses[0].String() }

func mxFix(domain string) string {
	return fmt.Sprintf("publish: %s. IN MX 10 HOST. where HOST is the mail server that passes bounces to postrider", domain)
}
