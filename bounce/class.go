package bounce

import (
	"regexp"
	"strconv"
	"strings"
)

// Class is the reason for a rejection.
type Class string

const (
	ClassUnknownUser    Class = "dead"     // the address does not exist
	ClassDomainNotFound Class = "nowhere"  // the domain does not exist; counts only if that lasts
	ClassDisabled       Class = "disabled" // the mailbox is closed for now
	ClassUnspecified    Class = "doubtful" // rejected without a reason
	ClassRouting        Class = "routing"  // no route to the mailbox
	ClassMailboxFull    Class = "full"     // the mailbox is full
	ClassExpired        Class = "expired"  // not delivered after many attempts
	ClassPolicy         Class = "policy"   // the sender is rejected, whoever the recipient is
	ClassContent        Class = "content"  // this message is rejected: too large, malformed
	ClassUnknown        Class = "unknown"  // no code and no known words
	ClassComplaint      Class = "unwanted" // delivered, then reported as spam: the address works
)

// Classes lists every class.
var Classes = []Class{ClassUnknownUser, ClassDomainNotFound, ClassDisabled, ClassUnspecified, ClassRouting, ClassMailboxFull, ClassExpired, ClassPolicy, ClassContent, ClassUnknown, ClassComplaint}

// Points that a bounce adds to the score of an address. At [Threshold] the address is suppressed.
const (
	deadPoints = Threshold
	halfPoints = 2
	softPoints = 1
)

// points returns what a bounce of this class adds to the score of the address. What is our own fault adds nothing:
// otherwise, one policy block would suppress half of the members.
func (c Class) points() float64 {
	switch c {
	case ClassUnknownUser:
		return deadPoints
	case ClassDisabled, ClassUnspecified, ClassRouting:
		return halfPoints
	case ClassMailboxFull, ClassExpired:
		return softPoints
	}
	return 0
}

// Classify returns the reason for a permanent rejection: by the enhanced status code (RFC 3463), then by the words, then
// by the reply code. Each may be missing: 0 and "".
func Classify(code int, enhanced, text string) Class {
	words := normalize(text)
	if c := byEnhanced(enhanced); c != "" {
		// Some relays invent a code where the other server gave none: Sendmail turns every 550 into a 5.1.1.
		if c == ClassUnknownUser && blocked.in(words) {
			return ClassPolicy
		}
		return c
	}
	if c := byWords(words); c != "" {
		return byBoth(code, c, words)
	}
	return byCode(code, enhanced)
}

// enhancedClasses maps codes that have a meaning as a whole. Microsoft documents its codes in "Email non-delivery
// reports in Exchange Online" (learn.microsoft.com, 2025).
var enhancedClasses = map[string]Class{
	"5.1.1": ClassUnknownUser, "5.1.3": ClassUnknownUser, "5.1.6": ClassUnknownUser, "5.1.10": ClassUnknownUser, "5.4.310": ClassUnknownUser,
	"5.1.2": ClassDomainNotFound,
	"5.1.7": ClassPolicy, "5.1.8": ClassPolicy, // of the sender
	"5.2.1": ClassDisabled,
	"5.2.2": ClassMailboxFull, "4.2.2": ClassMailboxFull, "5.3.1": ClassMailboxFull,
	"5.2.3": ClassContent, "5.3.4": ClassContent,
	"5.4.1": ClassUnspecified, // "Recipient address rejected: Access denied": Microsoft uses it for unknown users and for blocked senders
	"5.4.4": ClassRouting, "5.4.6": ClassRouting, "5.4.14": ClassRouting,
}

// byEnhanced returns "" if the code does not identify a class.
func byEnhanced(enhanced string) Class {
	if c, known := enhancedClasses[enhanced]; known {
		return c
	}
	class, rest, _ := strings.Cut(enhanced, ".")
	subject, detail, _ := strings.Cut(rest, ".")
	switch {
	case class != "4" && class != "5":
		return ""
	case subject == "7":
		return ClassPolicy
	case class == "4" && subject != "0":
		return ClassExpired
	case subject == "6":
		return ClassContent
	case detail == "0", subject == "0": // "other": the words may be more precise
		return ""
	case subject == "4":
		return ClassExpired
	case subject == "5":
		return ClassContent
	case subject == "3":
		return ClassRouting
	}
	return ""
}

// byBoth corrects the class found in the words by the reply code.
func byBoth(code int, c Class, words string) Class {
	switch {
	case code == 552 && tooBig.in(words):
		return ClassContent
	case code/100 == 4 && c != ClassMailboxFull && c != ClassPolicy:
		return ClassExpired // a temporary error: the words may no longer apply
	}
	return c
}

// byCode classifies a rejection that gives no reason.
func byCode(code int, enhanced string) Class {
	switch {
	case code == 556: // the domain accepts no mail at all (RFC 7505, 4.1)
		return ClassUnknownUser
	case code == 552:
		return ClassMailboxFull
	case code == 550, code == 551, code == 553, code == 521:
		return ClassUnspecified
	case code/100 == 4, code == 0 && strings.HasPrefix(enhanced, "4."):
		return ClassExpired
	case code == 0 && strings.HasPrefix(enhanced, "5."):
		return ClassUnspecified
	}
	return ClassUnknown
}

var (
	// angleBrackets and addressed match what a reply repeats from our message: a member may be called "blacklist".
	angleBrackets = regexp.MustCompile(`<[^<>]*>`)
	emailAddress  = regexp.MustCompile(`\S+@\S+`)
	webLink       = regexp.MustCompile(`https?://\S+`)
)

// maxReply is how much of a reply is read, in bytes.
const maxReply = 2000

// normalize returns the text as lower-case words separated by single spaces, without addresses and links.
func normalize(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), maxReply)], " ")
	text = webLink.ReplaceAllString(text, " ")
	text = emailAddress.ReplaceAllString(angleBrackets.ReplaceAllString(text, " "), " ")
	return strings.Join(strings.Fields(strings.ToLower(text)), " ")
}

var (
	replyCode    = regexp.MustCompile(`(?:^|[\s:;"(])([45]\d\d)(?:[\s-]|$)`)
	enhancedCode = regexp.MustCompile(`(?:^|[\s#(\[:;-])([45]\.\d{1,3}\.\d{1,3})(?:[^.\d]|$|\.(?:\D|$))`)
)

// codes finds the reply code and the enhanced status code in a text.
func codes(text string) (code int, enhanced string) {
	if m := replyCode.FindStringSubmatch(text); m != nil {
		code, _ = strconv.Atoi(m[1]) // three digits
	}
	if m := enhancedCode.FindStringSubmatch(text); m != nil {
		enhanced = m[1]
	}
	return code, enhanced
}
