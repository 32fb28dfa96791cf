package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/publicsuffix"

	"postrider/internal/addr"
	"postrider/internal/finding"
)

// dmarc checks the DMARC record, and whether our messages pass: SPF or a DKIM signature must be for a domain that is
// aligned with that of From (RFC 7489, 3.1).
func dmarc(ctx context.Context, dns Resolver, p Site) finding.Finding {
	name, record, err := dmarcRecord(ctx, dns, p.From)
	switch {
	case err != nil && missing(err):
		return finding.Warn(
			"dmarc", p.From+" has no DMARC record; large providers require one from bulk senders",
			"publish: "+zoneRecord("_dmarc."+organization(p.From), "v=DMARC1; p=none; rua=mailto:postmaster@"+organization(p.From)))

	case err != nil:
		return unknown("dmarc", err)
	}
	policy, err := parseDMARC(record)
	text := name + ": " + record
	if err != nil {
		return finding.Warn("dmarc", fmt.Sprintf("%s\n%v, so receivers ignore the record", text, err), "replace it with: "+zoneRecord(name, "v=DMARC1; p=none"))
	}
	return p.checkAlignment(policy, text)
}

// checkAlignment reports which of our SPF and DKIM domains are aligned with that of From.
func (p Site) checkAlignment(policy dmarcPolicy, text string) finding.Finding {
	envelope := addr.Domain(p.Envelope)
	bySPF, byDKIM := isAligned(envelope, p.From, policy.strictSPF), p.SigningDomain != "" && isAligned(p.SigningDomain, p.From, policy.strictDKIM)
	switch {
	case bySPF && byDKIM:
		text += "\nSPF and DKIM are aligned with " + p.From
	case bySPF:
		text += "\nSPF is aligned with " + p.From
	case byDKIM:
		text += "\nDKIM is aligned with " + p.From
	case p.SigningDomain == "":
		return finding.Warn(
			"dmarc", fmt.Sprintf("%s\nthe envelope domain %s is not aligned with %s: DMARC depends on the signature of the relay", text, envelope, p.From),
			"have the relay sign for "+p.From+", or sign here: [dkim]")

	default:
		return finding.Fail(
			"dmarc", fmt.Sprintf("%s\nneither the envelope domain %s nor the signature domain %s is aligned with %s", text, envelope, p.SigningDomain, p.From),
			"sign for "+p.From+": dkim.domain")

	}
	return finding.OK("dmarc", text)
}

// isAligned reports whether two domains are aligned (RFC 7489, 3.1): the same domain or, unless strict, the same
// organizational domain.
func isAligned(domain, from string, strict bool) bool {
	if strict {
		return strings.EqualFold(domain, from)
	}
	return organization(domain) == organization(from)
}

// organization returns the organizational domain: "example.org" for "mail.forum.example.org" (RFC 7489, 3.2).
func organization(domain string) string {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	registered, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil {
		return domain
	}
	return registered
}

// dmarcRecord finds the record of a domain, or else of its organizational domain (RFC 7489, 6.6.3).
func dmarcRecord(ctx context.Context, dns Resolver, domain string) (name, record string, err error) {
	for _, d := range []string{domain, organization(domain)} {
		name = "_dmarc." + d
		texts, e := dns.LookupTXT(ctx, name)
		if err = e; e != nil && !missing(e) {
			return name, "", e
		}
		var records []string
		for _, text := range texts {
			if version, _, _ := strings.Cut(text, ";"); trimFold(version) == "v=DMARC1" {
				records = append(records, text)
			}
		}
		if len(records) == 1 { // several are ignored
			return name, records[0], nil
		}
	}
	return name, "", dnsError(name, "there is no DMARC record", true)
}

// dmarcPolicy has the alignment modes of a record (RFC 7489, 6.3).
type dmarcPolicy struct{ strictSPF, strictDKIM bool }

// parseDMARC parses a record.
func parseDMARC(record string) (dmarcPolicy, error) {
	list, err := parseTags(record)
	if err != nil {
		return dmarcPolicy{}, err
	}
	if len(list) == 0 || list[0] != (tag{"v", "DMARC1"}) {
		return dmarcPolicy{}, errors.New("it does not begin with v=DMARC1")
	}
	switch policy, _ := list.get("p"); strings.ToLower(policy) {
	case "none", "quarantine", "reject":
	case "":
		return dmarcPolicy{}, errors.New("it has no p=")
	default:
		return dmarcPolicy{}, fmt.Errorf("its p=%s must be none, quarantine or reject", policy)
	}
	var p dmarcPolicy
	for name, strict := range map[string]*bool{"aspf": &p.strictSPF, "adkim": &p.strictDKIM} {
		value, _ := list.get(name)
		*strict = strings.EqualFold(value, "s")
	}
	return p, nil
}
