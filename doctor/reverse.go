package doctor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"postrider/internal/finding"
)

// reverse looks whether each address that mails leave from has a name that leads back to it. Gmail and others refuse mail
// from one that has not (550 5.7.25).
func reverse(ctx context.Context, dns Resolver, p Site) []finding.Finding {
	var found []finding.Finding
	for _, address := range p.Sends {
		found = append(found, reverseOf(ctx, dns, address))
	}
	return found
}

func reverseOf(ctx context.Context, dns Resolver, address netip.Addr) finding.Finding {
	names, err := dns.LookupAddr(ctx, address.String())
	switch {
	case err != nil && missing(err):
		return finding.Fail(
			"ptr", fmt.Sprintf("%v has no name", address),
			"let whoever rents you that address give it one (PTR), the host name of your mail server, whose A or AAAA record leads back to it")

	case err != nil:
		return unknown("ptr", err)
	}
	var lost error
	for _, name := range names {
		back, err := dns.LookupIPAddr(ctx, name)
		if err != nil && !missing(err) {
			lost = err
		}
		if slices.ContainsFunc(back, func(a net.IPAddr) bool { return a.IP.Equal(address.AsSlice()) }) {
			return finding.OK("ptr", fmt.Sprintf("%v is %s, and back", address, strings.TrimSuffix(name, ".")))
		}
	}
	if lost != nil {
		return unknown("ptr", lost)
	}
	kind := "A"
	if address.Is6() {
		kind = "AAAA"
	}
	return finding.Fail(
		"ptr", fmt.Sprintf("%v is called %s, which does not lead back to it", address, strings.Join(names, ", ")),
		fmt.Sprintf("publish: %s IN %s %v", names[0], kind, address))

}
