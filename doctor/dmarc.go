package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/publicsuffix"

	"postrider/internal/finding"
)

// dmarc looks at what receivers are told to do with mail that nobody answers for, and whether ours is answered for: by
// SPF for the envelope's domain or by a signature, for a domain that goes with that of From (RFC 7489, 3.1).
func dmarc(ctx context.Context, dns Resolver, p Site) finding.Finding {
	name, record, err := dmarcRecord(ctx, dns, p.From)
	switch {
	case err != nil && missing(err):
		return finding.Warn(
			"dmarc", p.From+" has no DMARC record; the big mailboxes ask for one from who sends much",
			"publish: "+entry("_dmarc."+organization(p.From), "v=DMARC1; p=none; rua=mailto:postmaster@"+organization(p.From)))

	case err != nil:
		return unknown("dmarc", err)
	}
	policy, err := parseDMARC(record)
	text := name + ": " + record
	if err != nil {
		return finding.Warn("dmarc", fmt.Sprintf("%s\n%v, so receivers take none of it", text, err), "put in its place: "+entry(name, "v=DMARC1; p=none"))
	}
	return p.aligned(policy, text)
}

// aligned tells which of the domains that answer for our mail go with that of From.
func (p Site) aligned(policy dmarcPolicy, text string) finding.Finding {
	envelope := domainOf(p.Envelope)
	bySPF, byDKIM := goesWith(envelope, p.From, policy.strictSPF), p.Signs != "" && goesWith(p.Signs, p.From, policy.strictDKIM)
	switch {
	case bySPF && byDKIM:
		text += "\nthe envelope and the signature answer for " + p.From
	case bySPF:
		text += "\nthe envelope answers for " + p.From
	case byDKIM:
		text += "\nthe signature answers for " + p.From
	case p.Signs == "":
		return finding.Warn(
			"dmarc", fmt.Sprintf("%s\nthe envelope's domain %s does not go with %s: all depends on the signature of the relay", text, envelope, p.From),
			"let the relay sign for "+p.From+", or sign here: [dkim]")

	default:
		return finding.Fail(
			"dmarc", fmt.Sprintf("%s\nneither the envelope's domain %s nor the signature's %s goes with %s", text, envelope, p.Signs, p.From),
			"sign for "+p.From+": dkim.domain")

	}
	return finding.OK("dmarc", text)
}

// goesWith is alignment (RFC 7489, 3.1): the same domain, or if that is enough, the same organization's.
func goesWith(domain, from string, strict bool) bool {
	if strict {
		return strings.EqualFold(domain, from)
	}
	return organization(domain) == organization(from)
}

// organization is the domain that somebody has registered: "example.org" of "mail.forum.example.org" (RFC 7489, 3.2).
func organization(domain string) string {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	registered, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil {
		return domain
	}
	return registered
}

// dmarcRecord finds the record of a domain, or else of its organization (RFC 7489, 6.6.3).
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
		if len(records) == 1 { // of several, none counts
			return name, records[0], nil
		}
	}
	return name, "", fault(name, "there is no DMARC record", true)
}

// dmarcPolicy is what matters to us of a record (RFC 7489, 6.3): how close the domains must be.
type dmarcPolicy struct{ strictSPF, strictDKIM bool }

// parseDMARC reads a record.
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
		return dmarcPolicy{}, fmt.Errorf("its p=%s is none of none, quarantine, reject", policy)
	}
	var p dmarcPolicy
	for name, strict := range map[string]*bool{"aspf": &p.strictSPF, "adkim": &p.strictDKIM} {
		value, _ := list.get(name)
		*strict = strings.EqualFold(value, "s")
	}
	return p, nil
}
