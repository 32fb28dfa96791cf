package bounce

import (
	"regexp"
	"strings"
)

// parseHeuristically reads a message that has no report in a standard format.
func (w *mimeWalker) parseHeuristically(head header, r Report) Report {
	if n, found := readNotification(w.plainText()); found {
		return n.report(r)
	}
	said, copied := splitCopy(w.plainText())
	subject := decodeWords(head.get("Subject"))
	switch {
	case strings.Contains(strings.ToLower(said), "\nfinal-recipient:"): // a report that lost its MIME structure in transit
		w.statuses = readGroups([]byte(said))
		r.Form = "delivery status"
		r.Kind, r.Recipients = w.statusKind()
	case head.get("X-Failed-Recipients") != "": // Exim, and Gmail before 2016
		r.Kind, r.Form = Failure, "exim"
		failed := addresses(head.get("X-Failed-Recipients"))
		if failed == nil {
			failed = []string{""}
		}
		for _, address := range failed {
			r.Recipients = append(r.Recipients, recipientFromText(address, said))
		}
	case qmailGreeting.MatchString(said):
		r.Kind, r.Form = Failure, "qmail"
		r.Recipients = qmailRecipients(said)
	case isReport(head, subject, said):
		r.Form = "text"
		r.Kind, r.Recipients = Failure, recipientsFromText(said)
		delayed := delaySubject.MatchString(subject) || stillTrying.in(normalize(said[:min(len(said), maxReply)]))
		if delayed && r.Recipients[0].Class() != ClassUnknownUser { // MDaemon: "Warning: anna@example.org - User unknown!"
			r.Kind = Delay
		}
	case isAutomatic(head, subject):
		r.Kind = AutoReply
	}
	if r.Kind == Failure || r.Kind == Delay {
		if o := readOriginal(fieldsIn(copied)); o != (Original{}) && len(r.Originals) < maxOriginals {
			r.Originals = append(r.Originals, o)
		}
	}
	return r
}

var (
	// qmailGreeting matches the fixed first line of qmail's reports (QSBMF, cr.yp.to/proto/qsbmf.txt); its forks change the words
	// after "Hi.".
	qmailGreeting = regexp.MustCompile(`(?m)^Hi\. (?:This is the|The) .*qmail`)
	// delaySubject matches the start of a subject that announces a delay. Later in the subject, the words may be from our own message.
	delaySubject = regexp.MustCompile(`(?i)^(?:warning:|delayed mail|delivery delayed|delivery status notification ?\(delay\)|mail delivery delayed|message \S+ delayed)`)
	// reportSubject matches the subjects of non-standard reports: Exchange, Sendmail, GroupWise, Notes and others.
	reportSubject = regexp.MustCompile(`(?i)undeliver|failure notice|returned mail|mail (?:delivery|system) (?:failed|failure|problem|system|error)|delivery (?:status|final failure|failure|failed|has failed|error)|delivery notification|could not be delivered|couldn.t be delivered|not delivered|non.?deliver|unzustellbar|nicht zustellbar|non remis|échec de (?:la )?(?:remise|distribution)|onbestelbaar|recapitare|no se puede entregar|não entregue|не ?доставлен|error during delivery|failed mail|user unknown|退信|message status - undeliverable|returned to sender|return(?:ing|ed) (?:message|mail)|returning to sender|mail status report|メールエラー|warning: (?:message|could not send)`)
	daemonSender  = regexp.MustCompile(`(?i)^[^@]*(?:mailer-daemon|post[-_.]?master|mail-?daemon|mdaemon|mail delivery|no-?reply)`)
)

// withoutTags replaces each tag with a space. That is enough to find words.
func withoutTags(html string) string {
	var b strings.Builder
	for html != "" {
		before, rest, found := strings.Cut(html, "<")
		b.WriteString(before)
		if !found {
			break
		}
		b.WriteByte(' ')
		_, html, _ = strings.Cut(rest, ">")
	}
	return b.String()
}

var stillTrying = phrases{
	"will continue to try", "will keep trying", "will be retried", "will retry", "do not need to resend", "warning message only", "still trying",
	"delivery attempts will continue", "has been delayed", "has not yet been delivered", "no action is required on your part",
}

var (
	// copyMarker matches the line before a copy of our message, whose words must not be mistaken for the server's.
	copyMarker = regexp.MustCompile(`(?im)^[-=_*]{2,}[-=_* ]*(?:below this line is a copy|this is a copy of|included is a copy|enclosed is a copy|the original message|original message|the header of the original|unsent message|returned message|message header follows|message log follows|message text follows|original-nachricht).*$`)
	// headerMarker matches fields at the top of a message.
	headerMarker = regexp.MustCompile(`(?m)^\s{0,4}(?:Return-[Pp]ath|Received|DKIM-Signature|Message-I[Dd]|List-Unsubscribe):\s`)
)

// subjectLine matches a line that repeats the subject of our message, whose words are not the server's either.
var subjectLine = regexp.MustCompile(`(?im)^[ \t]*(?:(?:message |the )?subject(?: of the message is)?|betreff|objet|sujet|asunto|oggetto|onderwerp|assunto|temat|тема)[ \t]*:.*$`)

// splitCopy separates the text of a report from the copy of our message.
func splitCopy(text string) (said, copied string) {
	end := len(text)
	for _, mark := range []*regexp.Regexp{copyMarker, headerMarker} {
		if at := mark.FindStringIndex(text); at != nil {
			end = min(end, at[0])
		}
	}
	return subjectLine.ReplaceAllString(text[:end], ""), text[end:]
}

// fieldsIn reads header fields anywhere in a text.
func fieldsIn(text string) (h header) {
	rest := []byte(text)
	for len(rest) > 0 && len(h) < maxFields {
		var block header
		block, rest = readHeader(rest)
		h = append(h, block...)
	}
	return h
}

// serverLinePatterns match lines that quote a server's reply: with an enhanced status code, or with a reply code in a
// place where no other number is expected.
var serverLinePatterns = []*regexp.Regexp{
	regexp.MustCompile(`(?m)^.*(?:^|[\s:;"'(<\[=])[45]\d\d[ -]#?[45]\.\d{1,3}\.\d{1,3}\b.*$`),
	regexp.MustCompile(`(?im)^(?:.*(?:said|error|response|reply|responded|failed|status|reason|with)\b[^\r\n]{0,60}[\s:;"'(<\[=]|[\s>]*)[45]\d\d[ -].*$`),
}

// recipientFromText reads a recipient from the text of a report: what follows the address, else a quoted reply of a server,
// else the whole text.
func recipientFromText(address, said string) Recipient {
	if r, found := paragraphOf(address, said); found {
		return r
	}
	first := len(said)
	for _, form := range serverLinePatterns {
		if at := form.FindStringIndex(said); at != nil {
			first = min(first, at[0])
		}
	}
	if first < len(said) {
		return recipientFrom(address, paragraph(said[first:]))
	}
	_, enhanced := codes(said[:min(len(said), maxReply)])
	return Recipient{Address: address, Enhanced: enhanced, Text: strings.TrimSpace(said[:min(len(said), maxReply)])}
}

// recipientFrom returns a recipient with the codes of a text.
func recipientFrom(address, text string) Recipient {
	code, enhanced := codes(text)
	return Recipient{Address: address, Code: code, Enhanced: enhanced, Text: text}
}

// maxMentions is how many mentions of an address are checked.
const maxMentions = 5

// paragraphOf returns the reason that follows an address in a text, if it identifies a class.
func paragraphOf(address, said string) (r Recipient, found bool) {
	if address == "" {
		return r, false
	}
	lower := strings.ToLower(said)
	if len(lower) != len(said) { // letters whose lower case has another length
		lower = said
	}
	address = strings.ToLower(address)
	for at, n := 0, 0; n < maxMentions; n++ {
		i := strings.Index(lower[at:], address)
		if i < 0 {
			break
		}
		at += i + len(address)
		r = recipientFrom(address, strings.TrimLeft(paragraph(said[at:]), "> :;,.-()\""))
		if c := r.Class(); c != ClassUnknown && c != ClassUnspecified {
			return r, true
		}
	}
	return r, false
}

// maxParagraph is how many lines of a paragraph are read.
const maxParagraph = 12

var (
	// otherRecipient matches the first line of the next recipient.
	otherRecipient = regexp.MustCompile(`^\s*<?[^\s<>@]+@[^\s<>@:]+>?(?::|\s*$)`)
	// transcriptMark matches what Sendmail and others put before a line of an SMTP session.
	transcriptMark = regexp.MustCompile(`^\s*(?:<<<|>>>|[|>])\s*`)
)

// paragraph returns the text up to a blank line or the next recipient, in one line.
func paragraph(text string) string {
	var b strings.Builder
	n := 0
	for line := range strings.Lines(text) {
		if line = transcriptMark.ReplaceAllString(line, ""); n > 0 && (strings.TrimSpace(line) == "" && b.Len() > 0 || otherRecipient.MatchString(line)) || n == maxParagraph || b.Len() > maxReply {
			break
		}
		b.WriteString(" " + strings.Join(strings.Fields(line), " "))
		n++
	}
	return strings.TrimSpace(b.String())
}

// qmailParagraph matches a recipient and the reason for the failure.
var qmailParagraph = regexp.MustCompile(`(?m)^<([^<>\s]+@[^<>\s]+)>:[ \t]*\r?\n((?:[^\r\n]+\r?\n?)*)`)

func qmailRecipients(said string) (list []Recipient) {
	for _, m := range qmailParagraph.FindAllStringSubmatch(said, maxRecipients) {
		code, enhanced := codes(m[2])
		list = append(list, Recipient{Address: m[1], Code: code, Enhanced: enhanced, Text: strings.Join(strings.Fields(m[2]), " ")})
	}
	if list == nil {
		list = []Recipient{{Text: strings.TrimSpace(said[:min(len(said), maxReply)])}}
	}
	return list
}
