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

// checkPTRs checks whether each sending address has a PTR record whose name resolves to it. Without one, Gmail and others
// reject messages (550 5.7.25).
func checkPTRs(ctx context.Context, dns Resolver, p Site) []finding.Finding {
	var found []finding.Finding
	for _, address := range p.SendsFrom {
		found = append(found, checkPTR(ctx, dns, address))
	}
	return found
}

func checkPTR(ctx context.Context, dns Resolver, address netip.Addr) finding.Finding {
	names, err := dns.LookupAddr(ctx, address.String())
	switch {
	case err != nil && missing(err):
		return finding.Fail(
			"ptr", fmt.Sprintf("%v has no PTR record", address),
			"ask your hosting provider to set the PTR record to the host name of your mail server, whose A or AAAA record must have this address")
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
			return finding.OK("ptr", fmt.Sprintf("%v is %s, which resolves to it", address, strings.TrimSuffix(name, ".")))
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
		"ptr", fmt.Sprintf("%v is %s, which does not resolve to it", address, strings.Join(names, ", ")),
		fmt.Sprintf("publish: %s IN %s %v", names[0], kind, address))

}
