package doctor

import (
	"context"
	"fmt"
	"net"
	"strings"

	"postrider/internal/finding"
)

// exchangers looks whether bounces find a server: the MX of their domain, or without one its address (RFC 5321, 5.1).
func exchangers(ctx context.Context, dns Resolver, domain string) finding.Finding {
	list, err := dns.LookupMX(ctx, domain)
	if err != nil && !missing(err) {
		return unknown("bounces mx", err)
	}
	if len(list) == 0 {
		return noExchanger(ctx, dns, domain)
	}
	if len(list) == 1 && strings.Trim(list[0].Host, ".") == "" { // RFC 7505
		return finding.Fail("bounces mx", domain+" says that it takes no mail (MX 0 .), so no bounce comes back", mxCure(domain))
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
		return finding.Warn("bounces mx", text+"; no address has "+strings.Join(lost, ", "), "give each an A or AAAA record, or take it out")
	}
	return finding.OK("bounces mx", text)
}

func noExchanger(ctx context.Context, dns Resolver, domain string) finding.Finding {
	addresses, err := dns.LookupIPAddr(ctx, domain)
	switch {
	case err != nil && missing(err):
		return finding.Fail("bounces mx", domain+" has neither MX nor address, so no bounce comes back; receivers may refuse the mails, too", mxCure(domain))
	case err != nil:
		return unknown("bounces mx", err)
	}
	return finding.Warn("bounces mx", fmt.Sprintf("%s has no MX: bounces go to its address %s", domain, first(addresses)), mxCure(domain))
}

func first(addresses []net.IPAddr) string { return addresses[0].String() }

func mxCure(domain string) string {
	return fmt.Sprintf("publish: %s. IN MX 10 HOST. with the host that hands bounces to postrider", domain)
}
