package mail

import (
	netmail "net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Longest parts of an address (RFC 5321, 4.5.3.1; 254 = a path of 256 without its brackets).
const (
	maxAddress   = 254
	maxLocalPart = 64
)

// AddressError says why an address cannot be mailed. It does not hold the address itself.
type AddressError struct {
	Enhanced string // what a relay would have said: "5.1.3" bad syntax, "5.6.7" not ASCII
	Reason   string
}

func (e *AddressError) Error() string { return "address: " + e.Reason }

func badAddress(reason string) error { return &AddressError{Enhanced: "5.1.3", Reason: reason} }

// mailbox gives an address as it is written on the wire: local@domain, all ASCII. Forums
// let members register what no relay takes, and a relay may read more into an address than one thinks
// (quoted parts, routes), so only plain ones pass.
func mailbox(address string) (string, error) {
	at := strings.LastIndexByte(address, '@')
	if at <= 0 || at == len(address)-1 {
		return "", badAddress("it is not of the form name@domain")
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
		return "", badAddress("it is longer than 254 bytes")
	}
	return local + "@" + domain, nil
}

// checkLocalPart takes a dot-atom (RFC 5321, 4.1.2) and tells what else it got.
func checkLocalPart(local string) error {
	if len(local) > maxLocalPart {
		return badAddress("the part before the @ is longer than 64 bytes")
	}
	for _, c := range []byte(local) {
		switch {
		case c >= 0x80:
			// It would take SMTPUTF8 from us to the mailbox (RFC 6531); 5.6.7 is its own refusal.
			return &AddressError{Enhanced: "5.6.7", Reason: "the part before the @ is not ASCII"}
		case c <= ' ' || c == 0x7f:
			return badAddress("the part before the @ holds a blank or a control character")
		case strings.IndexByte(`"(),:;<>@[\]`, c) >= 0:
			return badAddress("the part before the @ holds a character that would need quotes")
		}
	}
	if local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..") {
		return badAddress("the part before the @ has a dot at its end or two in a row")
	}
	return nil
}

// asciiDomain writes a domain as DNS has it: "müller.example" is "xn--mller-kva.example".
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

// maxName is what stays of a display name, in characters. Forums let names grow, and a header
// line that cannot be folded must stay below 998 bytes whatever the name is made of.
const maxName = 128

// header gives an address for the header block, with its name made harmless.
func header(a netmail.Address) (netmail.Address, error) {
	address, err := mailbox(a.Address)
	if err != nil {
		return netmail.Address{}, err
	}
	return netmail.Address{Name: displayName(a.Name), Address: address}, nil
}

// displayName is the name without what a reader cannot see: controls, and the marks that turn the direction
// of all that follows, with which a name could dress up the address behind it.
func displayName(name string) string {
	if clean(name) {
		return truncate(name, maxName)
	}
	name = strings.Map(func(r rune) rune {
		if r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' {
			return -1
		}
		return r
	}, name)
	return truncate(singleLine(name), maxName)
}

// singleLine makes one line of s: valid UTF-8, no control characters, single blanks.
func singleLine(s string) string {
	if clean(s) {
		return s
	}
	s = strings.ToValidUTF8(s, "\ufffd")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.IsSpace(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	// ASCII goes into a header as it is. What looks like an encoded word there (RFC 2047) would be
	// decoded by the reader; the unseen blank of no width makes it text that is itself encoded.
	return strings.ReplaceAll(s, "=?", "=\u200b?")
}

// clean tells, for most of what comes, that there is nothing to do.
func clean(s string) bool {
	blank := true // before the text
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || c == '=' || c == ' ' && blank {
			return false
		}
		blank = c == ' '
	}
	return !blank
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
