package bounce

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxReply is how much of a reply is read, in bytes.
const maxReply = 2000

var (
	// emailAddress and localPart match what a reply repeats from our message: a member may be called "blacklist".
	emailAddress = regexp.MustCompile(`[^\s<>(),;:"']+@[^\s<>(),;:"']+`)
	localPart    = regexp.MustCompile(`<[^<>\s]*>`)
	// hostOrLink matches links, addresses, and names of hosts with at least three labels: a host may be called "spamfilter".
	hostOrLink = regexp.MustCompile(`(?i:https?://|\bwww\.)\S+|[^\s<>(),;:"']+@[^\s<>(),;:"']+|\b(?:[a-z0-9_-]+\.){2,}[a-z]{2,}\b`)
	// namedDomain matches the name of a domain or a host where a server says what is wrong with it.
	namedDomain = regexp.MustCompile(`(?i)\b(domain(?: name)?|host(?:name)?|exchanger of|host for|records? for)[ :]+['"<(]?(?:[a-z0-9-]+\.)+[a-z]{2,}\b`)
	// linkAboutSender matches a link to a page about the sending address. Such a link may be all that a server says.
	linkAboutSender = regexp.MustCompile(`^(?:https?://|www\.).*(?:\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b|delist|unblock|reputation|[/?&=]blocked)`)
	// repeatedCode matches the codes at the start of each line of a reply with several lines.
	repeatedCode = regexp.MustCompile(`\b[245]\d\d[ -]+#?(?:[245]\.\d{1,3}\.\d{1,3}\b)?|\b[245]\.\d{1,3}\.\d{1,3}\b`)
)

// blockedLink stands for a link that linkAboutSender matches.
const blockedLink = "link about us"

// ipAddress matches what may be an IP address.
var ipAddress = regexp.MustCompile(`\b(?:\d{1,3}(?:\.\d{1,3}){3}\b|(?i:[0-9a-f]{1,4}:[0-9a-f:]*:[0-9a-f]{1,4}\b))`)

// namesAddress reports whether a text names an IP address.
func namesAddress(text string) bool {
	return slices.ContainsFunc(ipAddress.FindAllString(text, 10), func(match string) bool {
		_, err := netip.ParseAddr(match)
		return err == nil
	})
}

// normalize returns the text as lower-case words without accents, each preceded by a space, and a last space. It drops
// addresses. Of links and host names it keeps only the names of block lists, and [blockedLink].
func normalize(text string) string {
	var links strings.Builder
	text = hostOrLink.ReplaceAllStringFunc(text, func(link string) string {
		link = strings.ToLower(link)
		if emailAddress.FindString(link) == link {
			return " "
		}
		for _, name := range blockLists {
			if strings.Contains(link, strings.TrimSpace(name)) {
				links.WriteString(" " + name + " ")
			}
		}
		if linkAboutSender.MatchString(link) {
			links.WriteString(" " + blockedLink + " ")
		}
		return " "
	})
	text = namedDomain.ReplaceAllString(text, "$1 ")
	text = localPart.ReplaceAllString(emailAddress.ReplaceAllString(text, " "), " ")
	text = repeatedCode.ReplaceAllString(text, " ") + links.String()
	return lettersAndDigits(text)
}

// lettersAndDigits returns the words of a text. It drops the accents of Latin letters only: a mark makes another letter of a Russian or
// Japanese one.
func lettersAndDigits(text string) string {
	var b strings.Builder
	b.WriteByte(' ')
	gap, latin := true, false
	for _, r := range norm.NFD.String(strings.ToLower(text)) {
		switch {
		case r == '\'' || r == '’' || unicode.Is(unicode.Mn, r) && (latin || gap):
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r):
			b.WriteRune(r)
			gap, latin = false, latin && unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Latin, r)
		case !gap:
			b.WriteByte(' ')
			gap = true
		}
	}
	if !gap {
		b.WriteByte(' ')
	}
	return norm.NFC.String(b.String())
}
