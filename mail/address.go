package mail

import (
	netmail "net/mail"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"postrider/internal/line"
)

// Maximum lengths of an address in bytes (RFC 5321, 4.5.3.1; 254 is a path of 256 without its brackets).
const (
	maxAddress   = 254
	maxLocalPart = 64
)

// AddressError is why no message can be sent to an address. It does not contain the address itself.
type AddressError struct {
	Enhanced string // the code that a relay would have given: "5.1.3" bad syntax, "5.6.7" not ASCII
	Reason   string
}

// Error returns the text of the error.
func (e *AddressError) Error() string { return "address: " + e.Reason }

func badAddress(reason string) error { return &AddressError{Enhanced: "5.1.3", Reason: reason} }

// Mailbox returns an address as written on the wire: local@domain, all ASCII. Forums let members register
// addresses that no relay accepts, and a relay may interpret special forms (quoted local parts, routes) in
// unexpected ways, so only plain addresses pass.
func Mailbox(address string) (string, error) {
	at := strings.LastIndexByte(address, '@')
	if at <= 0 || at == len(address)-1 {
		return "", badAddress("must have the form name@domain")
	}
	local, domain := address[:at], address[at+1:]
	if err := checkLocalPart(local); err != nil {
		return "", err
	}
	domain, err := asciiDomain(domain)
	if err != nil {
		return "", err
	}
	if at+1+len(domain) > maxAddress {
		return "", badAddress("longer than 254 bytes")
	}
	return local + "@" + domain, nil
}

// checkLocalPart accepts only a dot-atom (RFC 5321, 4.1.2).
func checkLocalPart(local string) error {
	if len(local) > maxLocalPart {
		return badAddress("the part before the @ is longer than 64 bytes")
	}
	for _, c := range []byte(local) {
		switch {
		case c >= 0x80:
			// It would need SMTPUTF8 all the way to the mailbox (RFC 6531). 5.6.7 is the code for that.
			return &AddressError{Enhanced: "5.6.7", Reason: "the part before the @ is not ASCII"}
		case c <= ' ' || c == 0x7f:
			return badAddress("the part before the @ contains a space or a control character")
		case strings.IndexByte(`"(),:;<>@[\]`, c) >= 0:
			return badAddress("the part before the @ contains a character that needs quoting")
		}
	}
	if local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..") {
		return badAddress("the part before the @ starts or ends with a dot, or has two dots in a row")
	}
	return nil
}

// asciiDomain returns a domain as DNS has it: "müller.example" becomes "xn--mller-kva.example".
func asciiDomain(domain string) (string, error) {
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || !utf8.ValidString(domain) || ascii == "" || len(ascii) > 253 {
		return "", badAddress("the domain is not a valid name")
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return "", badAddress("the domain is not a valid name")
		}
		for _, c := range []byte(label) {
			if !isAlnum(c) && c != '-' {
				return "", badAddress("the domain is not a valid name")
			}
		}
	}
	return ascii, nil
}

func isAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// maxName is the longest display name, in characters. Some forums allow very long names, and a header line
// that cannot be folded must stay below 998 bytes for any characters in the name.
const maxName = 128

// header returns an address for the header block, with a sanitized name.
func header(a netmail.Address) (netmail.Address, error) {
	address, err := Mailbox(a.Address)
	if err != nil {
		return netmail.Address{}, err
	}
	return netmail.Address{Name: displayName(a.Name), Address: address}, nil
}

func displayName(name string) string { return headerText(name, maxName) }

// headerText returns untrusted text for a header: one line of at most limit characters. None of them can change the
// writing direction of the text after it, because a name could disguise an address that way.
func headerText(s string, limit int) string {
	s = line.Clean(s)
	// ASCII goes into a header unencoded. A reader's program would decode text there that looks like an
	// encoded word (RFC 2047). The zero-width space makes the text non-ASCII, so that it gets encoded
	// itself.
	return truncate(strings.ReplaceAll(s, "=?", "=\u200b?"), limit)
}

// truncate cuts s after n characters.
func truncate(s string, n int) string {
	for i := range s {
		if n == 0 {
			return strings.TrimRight(s[:i], " ")
		}
		n--
	}
	return s
}
