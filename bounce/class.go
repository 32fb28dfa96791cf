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

// Classify returns the reason for a permanent rejection. Each argument may be missing: 0 and "".
//
// Clear words come first, because many servers choose their codes carelessly: 5.7.1 for an unknown user, 5.1.1 for a
// block list. Then comes the enhanced status code (RFC 3463), then vague words, then the reply code.
func Classify(code int, enhanced, text string) Class {
	return readStatement(code, enhanced, text).judge()
}

// ClassifyReply is Classify for what our own relay replied to a command: "MAIL FROM", "RCPT TO", "DATA" or "end of DATA".
func ClassifyReply(command string, code int, enhanced, text string) Class {
	s := readStatement(code, enhanced, text)
	if !anyStage.in(s.stage) { // otherwise the relay says what it asked another server
		s.stage += normalize("in reply to " + command)
	}
	return s.judge()
}

// judge returns the class, which for a temporary rejection is seldom the one that the words say.
func (s statement) judge() Class {
	c := s.class()
	if s.temporary() && c != ClassMailboxFull && c != ClassPolicy && !(s.code == 0 && lastingWords.in(s.words)) {
		return ClassExpired // the words may no longer apply
	}
	return c
}

// statement is a server's reply, prepared for classification.
type statement struct {
	code     int
	enhanced string
	derived  bool   // the server's own text has only a reply code: another server derived the enhanced code from it
	words    string // as from normalize
	stage    string // what an intermediate server says about the moment of the rejection, normalized
	ip       bool   // the server's own text names an IP address
	raw      string // the whole text, with the words of intermediate servers
}

// readStatement finds the reply of the server that decided: intermediate servers wrap it into words of their own.
func readStatement(code int, enhanced, text string) statement {
	text = strings.ToValidUTF8(text[:min(len(text), maxReply)], " ")
	text, _, _ = strings.Cut(text, "(Other MXes tried:") // qmail, with replies of servers that it did not stay with
	inner := innermost(text)
	own, _, _ := strings.Cut(inner, "(in reply to ") // Postfix
	own, _, _ = strings.Cut(own, "Giving up on ")    // qmail
	s := statement{code: code, enhanced: enhanced, words: normalize(own), stage: normalize(text[:len(text)-len(inner)]), raw: text}
	innerCode, innerEnhanced := codes(inner)
	if len(inner) < len(text) && innerCode != 0 {
		s.code = innerCode
	}
	if innerEnhanced != "" && (len(inner) < len(text) || s.enhanced == "") {
		s.enhanced = innerEnhanced
	}
	s.ip = namesAddress(own)
	s.derived = innerEnhanced != s.enhanced && innerCode != 0
	if i := strings.Index(text, "in reply to "); i >= 0 { // Postfix adds the command after the reply
		s.stage += normalize(text[i:])
	}
	return s
}

// temporary reports whether the server rejected the message for now only.
func (s statement) temporary() bool {
	return s.code/100 == 4 || s.code == 0 && strings.HasPrefix(s.enhanced, "4.")
}

func (s statement) class() Class {
	if senderStages.in(s.stage) || senderWords.in(s.stage) {
		return ClassPolicy // rejected before the recipient was known
	}
	if c := s.byServer(); c != "" {
		return c
	}
	c := byEnhanced(s.enhanced)
	switch clear := clearWords.class(s.words); {
	case clear == ClassDomainNotFound && s.enhanced == "5.4.310":
		return c
	case clear == ClassDomainNotFound && laterWords.in(strings.ReplaceAll(s.words, checkDomain, "")) && !lastingWords.in(s.words):
		return ClassExpired
	case clear != "":
		return clear
	}
	vague := vagueWords.class(s.words)
	if (vague == "" || vague == ClassUnspecified) && namesUnknown(s.words) {
		return ClassUnknownUser
	}
	switch {
	case c == "":
		c = vague
	case s.derived && strings.HasPrefix(s.enhanced, "5.1.") && vague == ClassPolicy:
		c = ClassPolicy // Sendmail derives 5.1.1 from every 550
	case s.ip && c == ClassUnknownUser && (vague == "" || vague == ClassPolicy || vague == ClassUnspecified):
		c = ClassPolicy // nothing is said about the mailbox, but something about a sending address
	}
	if c == "" {
		c = byCode(s.code, s.enhanced)
	}
	if c == ClassUnspecified && messageStages.in(s.stage) {
		return ClassContent // the recipient had been accepted
	}
	return c
}

// checkDomain is advice of Outlook.com to the author.
const checkDomain = " check the domain and try again"

// wrapper matches the words after which an intermediate server quotes the reply of the next one: IronPort and Amazon SES
// ("Unknown address error 550-'5.7.1 ...'"), Exchange ("Remote Server returned '550 ...'", "LED=550 ...",
// "smtp;550 ...", "-> 550 ..."), Postfix ("host x said: 550 ..."), Exim ("host x [192.0.2.1]: 550 ..."), Gmail ("The response was: ...").
var wrapper = regexp.MustCompile(`(?i)(?:said|returned|responded(?: as follows| with)?|replied|response(?: was)?|error|problem|failure|failed|host|\(message too old\)|smtp;|led=|\]|->|unable to deliver in \d+ minutes\.)[:;\s]*['"<(\[]*([45]\d\d(?:[ -]['"\[(]*|#?))(?:[^\d.]|[45]\.\d)`)

// innermost returns the part of a text that begins with the innermost server's reply code; the whole text if it is not
// quoted.
func innermost(text string) string {
	for range 4 {
		m := wrapper.FindStringSubmatchIndex(text)
		if m == nil || strings.HasPrefix(text, text[m[2]:m[2]+3]+"-") { // the next line of the same reply
			break
		}
		text = text[m[2]:]
	}
	return text
}

// enhancedClasses maps codes that have a meaning as a whole. Microsoft documents its codes in "Email non-delivery
// reports in Exchange Online" (learn.microsoft.com, 2025).
var enhancedClasses = map[string]Class{
	"5.1.1": ClassUnknownUser, "5.1.3": ClassUnknownUser, "5.1.6": ClassUnknownUser, "5.1.10": ClassUnknownUser, "5.4.310": ClassUnknownUser,
	"5.1.2": ClassDomainNotFound,
	"5.1.4": ClassUnspecified, "5.2.4": ClassUnspecified, // an ambiguous address; a broken mailing list
	"5.1.7": ClassPolicy, "5.1.8": ClassPolicy, "5.1.20": ClassPolicy, "5.1.90": ClassPolicy, // of the sender
	"5.2.1": ClassDisabled,
	"5.2.2": ClassMailboxFull, "4.2.2": ClassMailboxFull, "5.3.1": ClassMailboxFull,
	"5.2.3": ClassContent, "5.3.4": ClassContent,
	"5.2.121": ClassPolicy, "5.2.122": ClassPolicy, // the recipient gets too much mail at once
	"5.4.1": ClassUnspecified,
	"5.4.4": ClassRouting, "5.4.6": ClassRouting, "5.4.14": ClassRouting,
	"5.4.5": ClassPolicy, // a daily limit of the sender (Gmail)
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
	case subject == "4", subject == "3": // the network; the other mail system, which is not about the address
		return ClassExpired
	case subject == "5":
		return ClassContent
	}
	return ""
}

// byCode classifies a rejection that gives no reason.
func byCode(code int, enhanced string) Class {
	switch {
	case code == 556: // the domain accepts no mail at all (RFC 7505, 4.1)
		return ClassUnknownUser
	case code == 552, code == 522: // 522: Courier
		return ClassMailboxFull
	case code == 550, code == 551, code == 553, code == 521, code == 511:
		return ClassUnspecified
	case code/100 == 4, code == 0 && strings.HasPrefix(enhanced, "4."):
		return ClassExpired
	case code == 0 && strings.HasPrefix(enhanced, "5."):
		return ClassUnspecified
	}
	return ClassUnknown
}

var (
	replyCode    = regexp.MustCompile(`(?:^|[\s:;"'(<\[=])([45]\d\d)(?:[\s-]|$)`)
	enhancedCode = regexp.MustCompile(`(?:^|[\s#(\['":;<-])([45]\.\d{1,3}\.\d{1,3})(?:[^.\d]|$|\.(?:\D|$))`)
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
