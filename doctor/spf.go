package doctor

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	check "blitiri.com.ar/go/spf"

	"postrider/internal/addr"
	"postrider/internal/finding"
)

// maxLookups is the limit of DNS lookups, above which receivers reject the record (RFC 7208, 4.6.4).
const maxLookups = 10

// spf checks the record of the envelope domain: whether it is valid, how many lookups it needs, whether it allows everyone
// to send, and whether it allows us.
func spf(ctx context.Context, dns Resolver, p Site) []finding.Finding {
	domain := addr.Domain(p.Envelope)
	record, err := spfRecord(ctx, dns, domain)
	switch {
	case err != nil && missing(err):
		return []finding.Finding{finding.Fail(
			"spf", domain+" has no SPF record; large providers reject messages without one",
			"publish: "+zoneRecord(domain, spfVersion+" "+strings.Join(p.mechanisms(), " ")+" ~all"))}

	case err != nil:
		return []finding.Finding{unknown("spf", err)}
	case len(record) > 1:
		return []finding.Finding{finding.Fail(
			"spf", fmt.Sprintf("%s has %d SPF records, so receivers ignore all of them:\n%s", domain, len(record), strings.Join(record, "\n")),
			"keep one, with the terms of all")}
	}
	found := spfTree(ctx, dns, domain, record[0])
	if found.Level == finding.LevelFail {
		return []finding.Finding{found}
	}
	return append([]finding.Finding{found}, p.checkSenders(ctx, dns, record[0])...)
}

// spfRecord returns the SPF records of a domain. There should be one.
func spfRecord(ctx context.Context, dns Resolver, domain string) ([]string, error) {
	texts, err := dns.LookupTXT(ctx, domain)
	if err != nil {
		return nil, err
	}
	var records []string
	for _, text := range texts {
		if isSPF(text) {
			records = append(records, text)
		}
	}
	if len(records) == 0 {
		return nil, dnsError(domain, "no SPF record", true)
	}
	return records, nil
}

// spfTree checks a record with all that it includes.
func spfTree(ctx context.Context, dns Resolver, domain, record string) finding.Finding {
	w := spfWalk{ctx: ctx, dns: dns, path: map[string]bool{}}
	terms := w.record(domain, record)
	text := fmt.Sprintf("%s: %s", domain, record)
	switch {
	case w.invalid != "":
		return finding.Fail("spf", text+"\n"+w.invalid, "correct the record: receivers ignore it as it is")
	case w.allowsAll != "":
		return finding.Fail("spf", text+"\n"+w.allowsAll+" allows everyone to send in your name", "remove that term, and end the record with ~all")
	case w.lookups > maxLookups:
		return finding.Fail(
			"spf", fmt.Sprintf("%s\nit needs %d DNS lookups; receivers reject it above %d", text, w.lookups, maxLookups),
			"remove includes that you do not need, or replace a, mx and include with ip4: and ip6:")
	case w.unknown != nil:
		return unknown("spf", w.unknown)
	case !hasDefault(terms):
		return finding.Warn("spf", text+"\nit has no rule for all other senders", "replace it with: "+zoneRecord(domain, record+" ~all"))
	}
	return finding.OK("spf", fmt.Sprintf("%s (%d of %d lookups)", text, w.lookups, maxLookups))
}

// hasDefault reports whether a record has a rule for all other senders.
func hasDefault(terms []term) bool {
	for _, t := range terms {
		if t.name == "all" || t.name == "redirect" {
			return true
		}
	}
	return false
}

// checkSenders checks, like a receiver, whether our sending addresses are allowed.
func (p Site) checkSenders(ctx context.Context, dns Resolver, record string) []finding.Finding {
	if len(p.SendsFrom) == 0 {
		return []finding.Finding{finding.Warn(
			"spf sender", "the public address that messages are sent from is unknown",
			"specify it with --sends-from, so that it can be checked against the record")}
	}
	var found []finding.Finding
	for _, address := range p.SendsFrom {
		found = append(found, p.checkSender(ctx, dns, record, address))
	}
	return found
}

func (p Site) checkSender(ctx context.Context, dns Resolver, record string, address netip.Addr) finding.Finding {
	domain := addr.Domain(p.Envelope)
	result, err := check.CheckHostWithSender(address.AsSlice(), domain, p.Envelope, check.WithResolver(dns), check.WithContext(ctx))
	f := finding.Finding{Part: "spf sender", Text: fmt.Sprintf("%s for messages of %s from %v", result, domain, address)}
	switch {
	case result == check.Pass:
		f.Level = finding.LevelOK
		return f
	case result == check.TempError:
		return unknown("spf sender", err)
	case result == check.PermError:
		f.Level, f.Fix = finding.LevelFail, "correct the record: "+err.Error()
		return f
	}
	f.Level, f.Fix = finding.LevelFail, "replace it with: "+zoneRecord(domain, addMechanism(record, mechanism(address)))
	if !p.Local {
		f.Level = finding.LevelWarn
		f.Text += ", the address of the relay " + p.Relay + "; it may send from other addresses"
		f.Fix = "see the relay's documentation for its SPF settings (usually an include); if it sends from that address, " + f.Fix
	}
	return f
}

// mechanisms returns the mechanisms that allow us to send.
func (p Site) mechanisms() []string {
	var list []string
	for _, address := range p.SendsFrom {
		list = append(list, mechanism(address))
	}
	if len(list) == 0 {
		return []string{"a", "mx"}
	}
	return list
}

func mechanism(address netip.Addr) string {
	if address = address.Unmap(); address.Is4() {
		return "ip4:" + address.String()
	}
	return "ip6:" + address.String()
}

// addMechanism inserts a mechanism before the rule for all other senders.
func addMechanism(record, mechanism string) string {
	words := strings.Fields(record)
	for i, word := range words {
		t, err := parseTerm(word)
		if err == nil && i > 0 && (t.name == "all" || t.name == "redirect") {
			return strings.Join(words[:i], " ") + " " + mechanism + " " + strings.Join(words[i:], " ")
		}
	}
	return record + " " + mechanism
}
