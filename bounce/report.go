package bounce

import "strings"

// Kind is what a message that came back is.
type Kind string

const (
	Failure   Kind = "failure"          // a mail could not be delivered
	Delay     Kind = "delay"            // it is still being tried
	Complaint Kind = "complaint"        // its reader calls it spam
	NotSpam   Kind = "not spam"         // its reader takes that back
	AutoReply Kind = "automatic answer" // out of office, and the like; receipts too
	Other     Kind = "other"            // nothing that we know
)

// Report is what a message says of a mail of ours. Nothing in it is proven.
type Report struct {
	Kind       Kind
	Form       string // in which manner it is told: "delivery status", "feedback", "junk mail report", "qmail", "exim", "text"; empty: in none
	Recipients []Recipient
	Originals  []Original // what it tells of the mail that it is about; the outermost first
	To         []string   // addresses that the message itself says it was sent to, what the last server wrote first
}

// Recipient is one for whom a mail could not be delivered, or not yet.
type Recipient struct {
	Address  string // empty: the report does not tell
	Code     int    // SMTP reply code, 0: none
	Enhanced string // enhanced status code (RFC 3463); empty: none
	Text     string // what the other side said
}

// Class says whose fault it was.
func (r Recipient) Class() Class { return Classify(r.Code, r.Enhanced, r.Text) }

// Original is what came back of a mail.
type Original struct {
	MessageID   string
	Unsubscribe string // its List-Unsubscribe
	ReturnPath  string // its envelope sender
}

// Bounds of what is read. Anybody may send us anything.
const (
	MaxBytes      = 256 << 10 // of a message; what follows is not looked at
	maxDepth      = 8         // parts within parts
	maxParts      = 50
	maxText       = 32 << 10 // bytes of what is written for people
	maxRecipients = 50
	maxOriginals  = 10
	maxTo         = 20
)

// Parse finds out what a message is. It takes everything: what cannot be understood is [Other].
func Parse(raw []byte) Report {
	raw = raw[:min(len(raw), MaxBytes)]
	w := mimeWalker{parts: maxParts}
	head, body := splitMessage(raw)
	w.walk(head, body, 0)
	r := w.combine(head)
	r.To = sentTo(head)
	return r
}

// combine puts together what the parts said. What follows a standard counts before what has to be guessed.
func (w *mimeWalker) combine(head header) Report {
	r := Report{Kind: Other, Originals: w.originals}
	switch {
	case w.feedback != nil:
		r.Form, r.Kind = "feedback", feedbackKind(w.feedback)
	case len(w.statuses) > 0:
		r.Form = "delivery status"
		r.Kind, r.Recipients = w.statusKind()
	case w.complains:
		r.Form, r.Kind = "junk mail report", Complaint
	case w.receipt:
		r.Kind = AutoReply
	default:
		r = w.parseHeuristically(head, r)
	}
	return r
}

// feedbackKind reads the type of a feedback report (RFC 5965, 7.3). What is not spam but unwanted ends the stream as well.
func feedbackKind(f header) Kind {
	switch strings.ToLower(firstWord(f.get("Feedback-Type"))) {
	case "abuse", "fraud", "virus", "other", "opt-out", "opt-out-list", "complaint":
		return Complaint
	case "not-spam":
		return NotSpam
	}
	return Other // auth-failure and dmarc tell of forgeries, not of readers
}

// sentTo lists the addresses to which a message was sent, by its header.
func sentTo(head header) (list []string) {
	for _, name := range []string{"X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "To"} {
		for _, value := range head.all(name) {
			for _, address := range addresses(value) {
				if len(list) < maxTo {
					list = append(list, address)
				}
			}
		}
	}
	return list
}
