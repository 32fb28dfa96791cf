package doctor

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	check "blitiri.com.ar/go/spf"

	"postrider/internal/finding"
)

// maxLookups is after how many a receiver gives up and takes the record for broken (RFC 7208, 4.6.4).
const maxLookups = 10

// spf looks at the record of the envelope's domain: whether it can be read, how much a receiver must ask for it, whether
// it lets everybody send, and whether it lets us.
func spf(ctx context.Context, dns Resolver, p Site) []finding.Finding {
	domain := domainOf(p.Envelope)
	record, err := spfRecord(ctx, dns, domain)
	switch {
	case err != nil && missing(err):
		return []finding.Finding{finding.Fail(
			"spf", domain+" has no SPF record; the big mailboxes refuse mail without one",
			"publish: "+entry(domain, spfVersion+" "+strings.Join(p.mechanisms(), " ")+" ~all"))}

	case err != nil:
		return []finding.Finding{unknown("spf", err)}
	case len(record) > 1:
		return []finding.Finding{finding.Fail(
			"spf", fmt.Sprintf("%s has %d SPF records, which is as good as none:\n%s", domain, len(record), strings.Join(record, "\n")),
			"leave one, with the terms of all")}

	}
	found := spfTree(ctx, dns, domain, record[0])
	if found.Level == finding.LevelFail {
		return []finding.Finding{found}
	}
	return append([]finding.Finding{found}, p.permits(ctx, dns, record[0])...)
}

// spfRecord gives the SPF records of a domain, of which there should be one.
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
		return nil, fault(domain, "there is no SPF record", true)
	}
	return records, nil
}

// spfTree judges a record with all that it includes.
func spfTree(ctx context.Context, dns Resolver, domain, record string) finding.Finding {
	w := recordWalk{ctx: ctx, dns: dns, path: map[string]bool{}}
	terms := w.record(domain, record)
	text := fmt.Sprintf("%s: %s", domain, record)
	switch {
	case w.broken != "":
		return finding.Fail("spf", text+"\n"+w.broken, "mend the record: as it is, receivers take none of it")
	case w.open != "":
		return finding.Fail("spf", text+"\n"+w.open+" lets the whole world send in your name", "take that term away, and end the record with ~all")
	case w.questions > maxLookups:
		return finding.Fail(
			"spf", fmt.Sprintf("%s\nit makes receivers ask the DNS %d times; after %d they take it for broken", text, w.questions, maxLookups),
			"take includes away that you do not need, or write ip4: and ip6: in place of a, mx and include")

	case w.unknown != nil:
		return unknown("spf", w.unknown)
	case !ends(terms):
		return finding.Warn("spf", text+"\nit does not say what holds for all others", "put in its place: "+entry(domain, record+" ~all"))
	}
	return finding.OK("spf", fmt.Sprintf("%s (%d of %d questions)", text, w.questions, maxLookups))
}

// ends tells that a record decides about everybody.
func ends(terms []term) bool {
	for _, t := range terms {
		if t.name == "all" || t.name == "redirect" {
			return true
		}
	}
	return false
}

// permits asks, as a receiver would, whether mail may come from where ours does.
func (p Site) permits(ctx context.Context, dns Resolver, record string) []finding.Finding {
	if len(p.Sends) == 0 {
		return []finding.Finding{finding.Warn(
			"spf sender", "it is not known from which address mails leave for the world",
			"name it with --sends-from, so that it can be held against the record")}

	}
	var found []finding.Finding
	for _, address := range p.Sends {
		found = append(found, p.permit(ctx, dns, record, address))
	}
	return found
}

func (p Site) permit(ctx context.Context, dns Resolver, record string, address netip.Addr) finding.Finding {
	domain := domainOf(p.Envelope)
	result, err := check.CheckHostWithSender(address.AsSlice(), domain, p.Envelope, check.WithResolver(dns), check.WithContext(ctx))
	f := finding.Finding{Part: "spf sender", Text: fmt.Sprintf("%s for mail of %s from %v", result, domain, address)}
	switch {
	case result == check.Pass:
		f.Level = finding.LevelOK
		return f
	case result == check.TempError:
		return unknown("spf sender", err)
	case result == check.PermError:
		f.Level, f.Fix = finding.LevelFail, "mend the record: "+err.Error()
		return f
	}
	f.Level, f.Fix = finding.LevelFail, "put in its place: "+entry(domain, addMechanism(record, mechanism(address)))
	if !p.Here {
		f.Level = finding.LevelWarn
		f.Text += ", the address of the relay " + p.Relay + "; it may send from others"
		f.Fix = "see what your relay's handbook wants in SPF (most name an include); if it sends from that address, " + f.Fix
	}
	return f
}

// mechanisms are what a record must hold that lets us send.
func (p Site) mechanisms() []string {
	var list []string
	for _, address := range p.Sends {
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

// addMechanism puts a mechanism in front of what a record says of all others.
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

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
