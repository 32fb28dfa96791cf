package bounce

import (
	"regexp"
	"strconv"
	"strings"
)

// Class says whose fault a refusal is.
type Class string

const (
	Dead     Class = "dead"     // nobody has this address
	Nowhere  Class = "nowhere"  // its domain cannot be found; it is dead if that goes on
	Disabled Class = "disabled" // the mailbox is closed for now
	Doubtful Class = "doubtful" // refused, and not said why
	Routing  Class = "routing"  // the mail cannot find its way there
	Full     Class = "full"     // the mailbox takes no more
	Expired  Class = "expired"  // not delivered after many tries
	Policy   Class = "policy"   // they do not want mail from us, whoever it is for
	Content  Class = "content"  // they do not want this mail: too big, badly formed
	Unknown  Class = "unknown"  // nothing to go by
	Unwanted Class = "unwanted" // it arrived, and its reader complained: no fault of the address
)

// Classes are all that there are.
var Classes = []Class{Dead, Nowhere, Disabled, Doubtful, Routing, Full, Expired, Policy, Content, Unknown, Unwanted}

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
	case Dead:
		return deadPoints
	case Disabled, Doubtful, Routing:
		return halfPoints
	case Full, Expired:
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
		if c == Dead && blocked.in(words) {
			return Policy
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
	"5.1.1": Dead, "5.1.3": Dead, "5.1.6": Dead, "5.1.10": Dead, "5.4.310": Dead,
	"5.1.2": Nowhere,
	"5.1.7": Policy, "5.1.8": Policy, // of the sender
	"5.2.1": Disabled,
	"5.2.2": Full, "4.2.2": Full, "5.3.1": Full,
	"5.2.3": Content, "5.3.4": Content,
	"5.4.1": Doubtful, // "Recipient address rejected: Access denied": Microsoft says it of strangers and of the blocked
	"5.4.4": Routing, "5.4.6": Routing, "5.4.14": Routing,
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
		return Policy
	case class == "4" && subject != "0":
		return Expired
	case subject == "6":
		return Content
	case detail == "0", subject == "0": // "other": the words may say more
		return ""
	case subject == "4":
		return Expired
	case subject == "5":
		return Content
	case subject == "3":
		return Routing
	}
	return ""
}

// byBoth lets the reply code temper what the words say.
func byBoth(code int, c Class, words string) Class {
	switch {
	case code == 552 && tooBig.in(words):
		return Content
	case code/100 == 4 && c != Full && c != Policy:
		return Expired // "try again later": it may be as they say, and was only for then
	}
	return c
}

// byCode judges what gives no reason.
func byCode(code int, enhanced string) Class {
	switch {
	case code == 556: // the domain takes no mail at all (RFC 7505, 4.1)
		return Dead
	case code == 552:
		return Full
	case code == 550, code == 551, code == 553, code == 521:
		return Doubtful
	case code/100 == 4, code == 0 && strings.HasPrefix(enhanced, "4."):
		return Expired
	case code == 0 && strings.HasPrefix(enhanced, "5."):
		return Doubtful
	}
	return Unknown
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
