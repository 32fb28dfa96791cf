// Package mail composes messages and sends them to a relay.
//
//  1. A [Composer] writes the whole message: header, text and HTML, in ASCII, with lines as SMTP requires.
//  2. A [Signer] adds the DKIM signatures.
//  3. An [SMTP] sends those bytes in one transaction on a pooled connection and returns an [Outcome].
//     A [DirSender] writes the same bytes to a file instead.
//
// Nothing is rendered while a transaction is open, so a fault of ours cannot deliver half a message.
//
// The package does not know forums, digests or queues. go-mail does the well-understood parts: the header,
// and the mechanisms of AUTH. The dialog is our own, because go-mail does not pipeline, cannot report whether
// a message without a reply may have arrived, and rejects greetings that RFC 5321 allows.
package mail

import (
	netmail "net/mail"
	"time"

	"postrider/internal/inline"
	"postrider/internal/qp"
)

// Announcement is the [Message.Stream] of messages that go to many members at a time.
const Announcement = "announcement"

// Message is a message to one recipient.
type Message struct {
	// Key identifies the message permanently ("digest/42/2026-05-04"). The Message-ID is derived from it.
	Key string
	// Stream is the kind of message. An [Announcement] is marked as bulk, all others as list mail.
	Stream string

	From    netmail.Address
	ReplyTo netmail.Address // zero: replies go to From
	To      netmail.Address
	Subject string
	Date    time.Time

	Text qp.Pieces
	HTML qp.Pieces // empty: text only
	// Images are shown by the HTML by their content ID. Without HTML there are none.
	Images []inline.Image

	// ThreadRoot identifies the message's topic permanently ("thread/9917"), so that mail programs group
	// the messages of a conversation (RFC 5322, 3.6.4). Empty: no conversation.
	ThreadRoot string
	// InReplyTo are the keys of the previous messages to the same recipient in this conversation, oldest
	// first.
	InReplyTo []string
	// Archive is the http or https URL where the conversation can be read (RFC 2369, 3.6); empty: none.
	Archive string

	List List
	// Reason is why the recipient gets the message, in one lower-case word ("quote"), for filters in their mail
	// program: field X-Postrider-Reason. Empty: no such field.
	Reason string
	// Unsubscribe is an https URL that unsubscribes the member from this stream on a POST (RFC 8058);
	// empty: none.
	Unsubscribe string
	// UnsubscribeMail is an email address that does the same for any message sent to it; empty: none. It is
	// used only together with Unsubscribe, or if UnsubscribeMailOnly is set.
	UnsubscribeMail     string
	UnsubscribeMailOnly bool // there is no page to unsubscribe on
	// FeedbackID groups messages in Gmail's complaint statistics ("digest:forum.example.org"). It never
	// identifies a member; empty: none.
	FeedbackID string
}

// List identifies the stream to the reader's mail program, for filing and muting (RFC 2919).
type List struct {
	Name string // "Example Forum digest"
	ID   string // "digest.forum.example.org"; empty: no list
}
