package bounce

import (
	"regexp"
	"strconv"
	"strings"
)

// Class says whose fault a refusal is.
type Class string

const (
	ClassUnknownUser    Class = "dead"     // nobody has this address
	ClassDomainNotFound Class = "nowhere"  // its domain cannot be found; it is dead if that goes on
	ClassDisabled       Class = "disabled" // the mailbox is closed for now
	ClassUnspecified    Class = "doubtful" // refused, and not said why
	ClassRouting        Class = "routing"  // the mail cannot find its way there
	ClassMailboxFull    Class = "full"     // the mailbox takes no more
	ClassExpired        Class = "expired"  // not delivered after many tries
	ClassPolicy         Class = "policy"   // they do not want mail from us, whoever it is for
	ClassContent        Class = "content"  // they do not want this mail: too big, badly formed
	ClassUnknown        Class = "unknown"  // nothing to go by
	ClassComplaint      Class = "unwanted" // it arrived, and its reader complained: no fault of the address
)

// Classes are all that there are.
var Classes = []Class{ClassUnknownUser, ClassDomainNotFound, ClassDisabled, ClassUnspecified, ClassRouting, ClassMailboxFull, ClassExpired, ClassPolicy, ClassContent, ClassUnknown, ClassComplaint}

// Points by which an address nears its end, which is at [Threshold].
const (
	deadPoints = Threshold
	halfPoints = 2
	softPoints = 1
)

// points is what an event of this class adds to the score of the address. What is our own fault adds nothing: one policy
// block would cost half the members their mail.
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

// Classify says whose fault it is that a mail was refused for good: by the enhanced status code (RFC 3463), then by the
// reply code, then by the words. Each may be missing: 0 and "".
func Classify(code int, enhanced, text string) Class {
	words := normalize(text)
	if c := byEnhanced(enhanced); c != "" {
		// Some relays make a code up where the other side gave none: Sendmail calls every 550 a 5.1.1.
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

// enhancedClasses are codes of which the whole counts. Those of Microsoft stand in "Email non-delivery reports
// in Exchange Online" (learn.microsoft.com, 2025).
var enhancedClasses = map[string]Class{
	"5.1.1": ClassUnknownUser, "5.1.3": ClassUnknownUser, "5.1.6": ClassUnknownUser, "5.1.10": ClassUnknownUser, "5.4.310": ClassUnknownUser,
	"5.1.2": ClassDomainNotFound,
	"5.1.7": ClassPolicy, "5.1.8": ClassPolicy, // of the sender
	"5.2.1": ClassDisabled,
	"5.2.2": ClassMailboxFull, "4.2.2": ClassMailboxFull, "5.3.1": ClassMailboxFull,
	"5.2.3": ClassContent, "5.3.4": ClassContent,
	"5.4.1": ClassUnspecified, // "Recipient address rejected: Access denied": Microsoft says it of strangers and of the blocked
	"5.4.4": ClassRouting, "5.4.6": ClassRouting, "5.4.14": ClassRouting,
}

// byEnhanced is "" where the code does not tell.
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
	case detail == "0", subject == "0": // "other": the words may say more
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

// byBoth lets the reply code temper what the words say.
func byBoth(code int, c Class, words string) Class {
	switch {
	case code == 552 && tooBig.in(words):
		return ClassContent
	case code/100 == 4 && c != ClassMailboxFull && c != ClassPolicy:
		return ClassExpired // "try again later": it may be as they say, and was only for then
	}
	return c
}

// byCode judges what gives no reason.
func byCode(code int, enhanced string) Class {
	switch {
	case code == 556: // the domain takes no mail at all (RFC 7505, 4.1)
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
	// angled and addressed are what a reply repeats of us: a member may be called "blacklist".
	angled    = regexp.MustCompile(`<[^<>]*>`)
	addressed = regexp.MustCompile(`\S+@\S+`)
	linked    = regexp.MustCompile(`https?://\S+`)
)

// maxReply is how much of a reply is looked at, in bytes.
const maxReply = 2000

// normalize makes lower-case words divided by single blanks, without addresses.
func normalize(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), maxReply)], " ")
	text = linked.ReplaceAllString(text, " ")
	text = addressed.ReplaceAllString(angled.ReplaceAllString(text, " "), " ")
	return strings.Join(strings.Fields(strings.ToLower(text)), " ")
}

var (
	replyCode    = regexp.MustCompile(`(?:^|[\s:;"(])([45]\d\d)(?:[\s-]|$)`)
	enhancedCode = regexp.MustCompile(`(?:^|[\s#(\[:;-])([45]\.\d{1,3}\.\d{1,3})(?:[^.\d]|$|\.(?:\D|$))`)
)

// codes finds the reply code and the enhanced code in a text.
func codes(text string) (code int, enhanced string) {
	if m := replyCode.FindStringSubmatch(text); m != nil {
		code, _ = strconv.Atoi(m[1]) // three digits
	}
	if m := enhancedCode.FindStringSubmatch(text); m != nil {
		enhanced = m[1]
	}
	return code, enhanced
}
