// Package addr reads email addresses.
package addr

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Domain returns the domain of an address as DNS has it, in lower case: "Anna@Müller.example" gives "xn--mller-kva.example".
// So two spellings of a domain are the same provider, count and hold. The domain is the part after the last @; a text
// without an @ is a domain itself. A domain that DNS cannot have is only changed to lower case.
func Domain(address string) string {
	domain := address[strings.LastIndexByte(address, '@')+1:]
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil && utf8.ValidString(domain) {
		return ascii
	}
	return strings.ToLower(domain)
}
