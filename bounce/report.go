package bounce

import (
	"bytes"
	"strings"
)

// Kind is the kind of an inbound message.
type Kind string

const (
	Failure   Kind = "failure"    // a message could not be delivered
	Delay     Kind = "delay"      // the relay is still trying
	Complaint Kind = "complaint"  // reported as spam
	NotSpam   Kind = "not spam"   // the spam report was withdrawn
	AutoReply Kind = "auto-reply" // out of office and similar replies, receipts
	Other     Kind = "other"      // unknown
)

// Kinds lists all kinds.
var Kinds = []Kind{Failure, Delay, Complaint, NotSpam, AutoReply, Other}

// Report is what an inbound message says about a message of ours. It is not verified and can be forged.
type Report struct {
	Kind       Kind
	Form       string // format: "delivery status", "feedback", "junk mail report", "notification", "qmail", "exim", "text"; empty: none
	Recipients []Recipient
	Originals  []Original // copies of our message; the outermost first
	To         []string   // recipients by the message's own header; those of the last server first
	Letter     *Letter    // what a person may have written; nil: a machine did
}

// Letter is a message that no machine wrote, as far as its header tells: an answer to one of our messages, or spam.
type Letter struct {
	From      string // the field, decoded
	ReplyTo   string // likewise
	Subject   string
	MessageID string
	AnswerTo  []string // Message-IDs that it answers
	Text      string
}

// LoopField is the field that marks messages that we have forwarded.
const LoopField = "X-Postrider-Forwarded"

// Recipient is a recipient whose message failed or is delayed.
type Recipient struct {
	Address  string // empty: not in the report
	Code     int    // SMTP reply code, 0: none
	Enhanced string // enhanced status code (RFC 3463); empty: none
	Text     string // the server's reply

	final string // where the message was forwarded to, if reported
	host  string // the server that rejected it, if reported
	stage string // at which moment it did, in another server's words; empty: not reported, or in Text
}

// Class returns the reason for the rejection.
func (r Recipient) Class() Class {
	s := readStatement(r.Code, r.Enhanced, r.Text)
	s.stage += normalize(r.stage)
	s.raw += " " + r.host
	return s.judge()
}

// Original is what a report contains of our message.
type Original struct {
	MessageID   string
	Unsubscribe string // its List-Unsubscribe
	ReturnPath  string // its envelope sender
}

// Limits of what is read, because anyone can send us anything.
const (
	MaxBytes      = 256 << 10 // of a message; the rest is ignored
	maxDepth      = 8         // parts within parts
	maxParts      = 50
	maxText       = 32 << 10 // bytes of plain text or HTML
	maxRecipients = 50
	maxOriginals  = 10
	maxTo         = 20
)

// Parse reads an inbound message. It accepts any input; what it cannot parse is [Other].
func Parse(raw []byte) Report {
	raw = raw[:min(len(raw), MaxBytes)]
	if !bytes.Contains(raw, []byte{'\n'}) { // lines that end with CR only, from a mailbox file
		raw = bytes.ReplaceAll(raw, []byte{'\r'}, []byte{'\n'})
	}
	w := mimeWalker{parts: maxParts}
	head, body := splitMessage(raw)
	w.walk(head, body, 0)
	r := w.combine(head)
	r.To = sentTo(head)
	if r.Kind == Other && r.Form == "" && len(w.originals) == 0 && isPersonal(head) {
		r.Letter = w.letter(head)
	}
	return r
}

// combine builds the report from the parts. Standard formats take precedence over heuristics.
func (w *mimeWalker) combine(head header) Report {
	r := Report{Kind: Other, Originals: w.originals}
	switch {
	case w.feedback != nil:
		r.Form, r.Kind = "feedback", feedbackKind(w.feedback)
	case w.namesRecipients():
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

// feedbackKind returns the kind of a feedback report (RFC 5965, 7.3). Any type that means "unwanted" is a complaint.
func feedbackKind(f header) Kind {
	switch strings.ToLower(firstWord(f.get("Feedback-Type"))) {
	case "abuse", "fraud", "virus", "other", "opt-out", "opt-out-list", "complaint":
		return Complaint
	case "not-spam":
		return NotSpam
	}
	return Other // auth-failure and dmarc report forgeries, not the recipient's choice
}

// sentTo lists the recipients in a message's header.
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
