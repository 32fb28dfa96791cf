package bounce

import (
	"regexp"
	"strings"
)

var (
	// microsoftUnavailable matches how Outlook.com rejects an unknown user: RFC 5321's general words for 550, with its own
	// suffix, "(S2017062302)" or "(0000000022:2222:-0000000022)".
	microsoftUnavailable = regexp.MustCompile(`(?i)mailbox unavailable\s*\((?:S\d{8,}|-?\d+:-?\d+:-?\d+)\)`)
	// microsoftHost matches the name of a mail server of Microsoft's.
	microsoftHost = regexp.MustCompile(`(?i)\.(?:hotmail|outlook)\.com\b`)
	// docomoHost matches the mail server of NTT docomo.
	docomoHost = regexp.MustCompile(`(?i)\bmfsmax\.docomo\.ne\.jp\b`)
)

// onlyRejected are replies that say nothing else, of Cox, KDDI and others.
var onlyRejected = map[string]bool{
	" recipient rejected ": true, " rejected recipient ": true, " recipient address rejected ": true, " user rejected ": true, " rcpt rejected ": true,
}

// byServer returns the class of replies whose general words have a meaning of their own at some servers; "": none of them.
func (s statement) byServer() Class {
	switch {
	case s.enhanced == "5.4.1" && deniedRecipients.in(s.words):
		// "Use Directory-Based Edge Blocking to reject messages sent to invalid recipients" (learn.microsoft.com, 2025): the
		// reply to recipients that the directory does not have, before any filter. Blocked senders get 5.7.x.
		return ClassUnknownUser
	case microsoftUnavailable.MatchString(s.raw), s.code == 550 && s.words == " requested action not taken mailbox unavailable " && microsoftHost.MatchString(s.raw):
		return ClassUnknownUser
	case strings.HasPrefix(s.enhanced, "5.1.") && s.words == " address rejected ": // Cisco's Recipient Access Table and LDAP queries
		return ClassUnknownUser
	case s.code == 550 && onlyRejected[s.words], s.code == 542 && s.words == " rejected ": // 542: Symantec
		return ClassUnknownUser
	case (s.enhanced == "5.1.7" || s.enhanced == "5.1.8") && !recipientWords.in(s.words): // RFC 3463: the sender's address
		return ClassPolicy
	case s.enhanced == "5.4.4" && missingDomain.in(s.words) && !laterWords.in(s.words):
		return ClassDomainNotFound
	case docomoHost.MatchString(s.raw) && (messageStages.in(s.stage) || s.enhanced == "5.2.0"): // 5.2.0: Sendmail, after DATA
		// Until March 2025 docomo said "Unknown user" after the message if the member's own filter rejected the sender. It
		// rejects unknown users before.
		return ClassPolicy
	}
	return ""
}

// deniedRecipients are Microsoft's words for recipients that are not in a directory.
var deniedRecipients = phrases{"recipient address rejected access denied", "recipient addresses rejected access denied", "recipient address rejected access is denied"}

// missingDomain are words that are about the recipient's domain if the code is 5.4.4, "unable to route".
var missingDomain = phrases{"invalid domain", "invalid host", "bad domain", "unknown domain", "no mail server", "not found"}

var recipientWords = phrases{"user", "recipient", "mailbox"}

var (
	// namedUnknown matches "user anna unknown": a name without a domain stands between the words.
	namedUnknown = regexp.MustCompile(` (?:user|recipient|mailbox|account|alias) (\S+(?: \S+)?) (?:unknown|(?:is |was )?(?:not found|unknown|not known)|does not exist|doesnt exist) `)
	// noName matches what else can stand there.
	noName = regexp.MustCompile(`^(?:agent|authentication|class|database|domain|error|host|information|location|password|policy|profile|server|service|status|store|type|verification)\b`)
)

// namesUnknown reports whether the words say that a recipient, named by the local part of the address, is unknown.
func namesUnknown(words string) bool {
	m := namedUnknown.FindStringSubmatch(words)
	return m != nil && !noName.MatchString(m[1])
}
