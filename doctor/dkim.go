package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"postrider/internal/finding"
)

// dkim compares the published keys with our signing keys.
func dkim(ctx context.Context, dns Resolver, p Site) []finding.Finding {
	if len(p.Keys) == 0 {
		return []finding.Finding{finding.OK(
			"dkim record", "the relay signs: send yourself a message, and check it for dkim=pass with header.d="+organization(p.From)+
				", and for list-unsubscribe and list-unsubscribe-post in the h= of DKIM-Signature (RFC 8058, 4)")}

	}
	var found []finding.Finding
	for _, key := range p.Keys {
		found = append(found, dkimKey(ctx, dns, key))
	}
	return found
}

func dkimKey(ctx context.Context, dns Resolver, key Key) finding.Finding {
	texts, err := dns.LookupTXT(ctx, key.Name)
	fix := "publish: " + zoneRecord(key.Name, key.Value)
	switch {
	case err != nil && missing(err):
		return finding.Fail("dkim record", key.Name+" is not published, so signatures cannot be verified", fix)
	case err != nil:
		return unknown("dkim record", err)
	case len(texts) > 1:
		// Which one a verifier uses is undefined (RFC 6376, 3.6.2.2).
		return finding.Fail("dkim record", fmt.Sprintf("%s has %d TXT records", key.Name, len(texts)), "keep one; "+fix)
	}
	theirs, err := parseDKIM(texts[0])
	if err != nil {
		return finding.Fail("dkim record", fmt.Sprintf("%s: %v: %s", key.Name, err, texts[0]), "replace it with: "+zoneRecord(key.Name, key.Value))
	}
	ours, err := parseDKIM(key.Value)
	if err != nil {
		return finding.Fail("dkim record", fmt.Sprintf("our own record for %s: %v", key.Name, err), "generate a new key")
	}
	if err := theirs.checkAgainst(ours); err != nil {
		return finding.Fail("dkim record", fmt.Sprintf("%s: %v", key.Name, err), "replace it with: "+zoneRecord(key.Name, key.Value))
	}
	if theirs.testing {
		return finding.Warn("dkim record", key.Name+" has t=y: receivers treat signed mail as unsigned", "remove t=y once signatures verify")
	}
	return finding.OK("dkim record", key.Name+" matches the signing key")
}

// dkimRecord is a published key (RFC 6376, 3.6.1).
type dkimRecord struct {
	kind     string   // "rsa", "ed25519"
	public   string   // base64; empty: revoked
	hashes   []string // allowed hashes; none: all
	services []string // allowed services; none: all
	testing  bool
}

// parseDKIM parses a key record.
func parseDKIM(record string) (dkimRecord, error) {
	list, err := parseTags(record)
	if err != nil {
		return dkimRecord{}, err
	}
	if version, there := list.get("v"); there && (version != "DKIM1" || list[0].name != "v") {
		return dkimRecord{}, errors.New("it must begin with v=DKIM1")
	}
	r := dkimRecord{kind: "rsa"}
	if kind, there := list.get("k"); there {
		r.kind = strings.ToLower(kind)
	}
	public, there := list.get("p")
	if !there {
		return dkimRecord{}, errors.New("it has no p=")
	}
	r.public = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(public)
	r.hashes, r.services = words(list, "h"), words(list, "s")
	r.testing = slices.Contains(words(list, "t"), "y")
	return r, nil
}

// words splits a tag's value at its colons.
func words(list tags, name string) []string {
	value, there := list.get(name)
	if !there {
		return nil
	}
	var all []string
	for word := range strings.SplitSeq(value, ":") {
		all = append(all, strings.ToLower(trimFold(word)))
	}
	return all
}

// checkAgainst returns why a receiver with this record would reject our signatures.
func (r dkimRecord) checkAgainst(ours dkimRecord) error {
	switch {
	case r.public == "":
		return errors.New("the key is revoked (p= is empty)")
	case r.kind != ours.kind:
		return fmt.Errorf("it is for k=%s, but the signing key is %s", r.kind, ours.kind)
	case r.public != ours.public:
		return errors.New("it has another key than the signing key")
	case r.hashes != nil && !slices.Contains(r.hashes, "sha256"):
		return fmt.Errorf("its h=%s does not allow sha256, which signatures need", strings.Join(r.hashes, ":"))
	case r.services != nil && !slices.Contains(r.services, "*") && !slices.Contains(r.services, "email"):
		return fmt.Errorf("its s=%s does not include email", strings.Join(r.services, ":"))
	}
	return nil
}
