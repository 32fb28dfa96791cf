package doctor

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// term is a term of an SPF record (RFC 7208, 4.6.1 and 12).
type term struct {
	qualifier byte   // '+', '-', '~' or '?'; 0 for a modifier
	name      string // "include", "redirect", in lower case
	value     string // after the ":" or "="; for a and mx with the prefix lengths
	text      string // as written in the record
}

const spfVersion = "v=spf1"

// isSPF reports whether a TXT record is an SPF record (RFC 7208, 4.5).
func isSPF(record string) bool {
	version, _, _ := strings.Cut(record, " ")
	return strings.EqualFold(version, spfVersion)
}

// parseSPF parses the terms of a record. An invalid term makes the whole record invalid.
func parseSPF(record string) ([]term, error) {
	if !isSPF(record) {
		return nil, fmt.Errorf("it does not begin with %s", spfVersion)
	}
	var terms []term
	once := map[string]bool{}
	for word := range strings.SplitSeq(record[len(spfVersion):], " ") {
		if word == "" {
			continue
		}
		t, err := parseTerm(word)
		if err != nil {
			return nil, err
		}
		if t.name == "redirect" || t.name == "exp" {
			if once[t.name] {
				return nil, fmt.Errorf("duplicate %s=", t.name)
			}
			once[t.name] = true
		}
		terms = append(terms, t)
	}
	return terms, nil
}

func parseTerm(word string) (term, error) {
	t := term{text: word, qualifier: '+'}
	end := strings.IndexAny(word, ":/=")
	if end >= 0 && word[end] == '=' { // a modifier: the first of the three decides
		t.qualifier, t.name, t.value = 0, strings.ToLower(word[:end]), word[end+1:]
		return t, t.checkModifier()
	}
	if strings.IndexByte("+-~?", word[0]) >= 0 {
		t.qualifier, word = word[0], word[1:]
		end--
	}
	t.name = strings.ToLower(word)
	if end >= 0 {
		t.name, t.value = strings.ToLower(word[:end]), strings.TrimPrefix(word[end:], ":")
		if t.value == "" {
			return t, fmt.Errorf("%q: missing value after %q", t.text, word[end:])
		}
	}
	return t, t.checkMechanism()
}

func (t term) checkModifier() error {
	switch {
	case !modifierName(t.name):
		return fmt.Errorf("%q is not an SPF term", t.text)
	case (t.name == "redirect" || t.name == "exp") && t.value == "":
		return fmt.Errorf("%q: missing domain", t.text)
	}
	return nil
}

// modifierName reports whether s is ALPHA *(ALPHA / DIGIT / "-" / "_" / ".").
func modifierName(s string) bool { return tagName(strings.NewReplacer("-", "_", ".", "_").Replace(s)) }

func (t term) checkMechanism() error {
	switch t.name {
	case "all":
		if t.value != "" {
			return fmt.Errorf("%q: nothing may follow all", t.text)
		}
	case "include", "exists":
		if t.value == "" || t.value[0] == '/' {
			return fmt.Errorf("%q: missing domain", t.text)
		}
	case "ip4", "ip6":
		if _, err := t.network(); err != nil {
			return fmt.Errorf("%q is not a network: must be like ip4:192.0.2.0/24 or ip6:2001:db8::/32", t.text)
		}
	case "a", "mx":
		if err := t.checkPrefixes(); err != nil {
			return err
		}
	case "ptr":
	default:
		return fmt.Errorf("%q is not an SPF term", t.text)
	}
	return nil
}

// network returns the network of an ip4 or ip6 term.
func (t term) network() (netip.Prefix, error) {
	text := t.value
	if !strings.Contains(text, "/") {
		address, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, err
		}
		text = fmt.Sprintf("%s/%d", text, address.BitLen())
	}
	p, err := netip.ParsePrefix(text)
	if err == nil && p.Addr().Is4() != (t.name == "ip4") {
		err = fmt.Errorf("%s is not an %s network", text, t.name)
	}
	return p, err
}

// checkPrefixes checks the prefix lengths after a domain: "/24", "//64", "/24//64".
func (t term) checkPrefixes() error {
	_, lengths, found := strings.Cut(t.value, "/")
	if !found {
		return nil
	}
	four, six, both := strings.Cut(lengths, "/")
	if both {
		six = strings.TrimPrefix(six, "/")
		if strings.HasPrefix(lengths, "/") {
			four, six = "", lengths[1:]
		}
	}
	for text, most := range map[string]int{four: 32, six: 128} {
		if n, err := strconv.Atoi(text); text != "" && (err != nil || n < 0 || n > most) {
			return fmt.Errorf("%q: invalid prefix length /%s", t.text, text)
		}
	}
	return nil
}

// needsLookup reports whether the term counts as a DNS lookup (RFC 7208, 4.6.4).
func (t term) needsLookup() bool {
	switch t.name {
	case "include", "a", "mx", "ptr", "exists", "redirect":
		return true
	}
	return false
}

// matchesAll reports whether the term allows everyone to send.
func (t term) matchesAll() bool {
	if t.qualifier != '+' {
		return false
	}
	if t.name == "ip4" || t.name == "ip6" {
		p, err := t.network()
		return err == nil && p.Bits() == 0
	}
	return t.name == "all"
}
