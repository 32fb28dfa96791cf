// Package mail turns a message into bytes and hands the bytes to a relay.
//
// A [Composer] writes the whole message first: header, text and HTML, ASCII only, lines as SMTP
// wants them. Then an [SMTP] sends those bytes in one transaction on a pooled connection and tells
// what became of them in an [Outcome]; a [DirSender] writes the same bytes to a file instead. Nothing
// is rendered while a transaction is open, so no fault of ours can deliver half a message.
//
// The room knows nothing of forums, digests or queues. go-mail does what is long and well trodden
// (the header, dialling, EHLO, STARTTLS, AUTH); the transaction itself is ours, because go-mail
// does not pipeline and cannot say whether a message that got no answer may have arrived.
package mail

import (
	netmail "net/mail"
	"time"

	"postrider/internal/qp"
)

// Announcement is the [Message.Stream] of mail that goes to all at once.
const Announcement = "announcement"

// Message is a mail to one person.
type Message struct {
	// Key names the message for good ("digest/42/2026-05-04"): the Message-ID is made from it.
	Key string
	// Stream says what kind of mail it is; an [Announcement] calls itself bulk, all others list mail.
	Stream string

	From    netmail.Address
	ReplyTo netmail.Address // zero: answers go to From
	To      netmail.Address
	Subject string
	Date    time.Time

	Text qp.Pieces
	HTML qp.Pieces // empty: the mail is text alone

	// ThreadRoot names what the message is about, for good ("thread/9917"): mail programs show together what is of one
	// conversation (RFC 5322, 3.6.4). Empty: it stands alone.
	ThreadRoot string
	// InReplyTo are the keys of the messages to the same person that came before it in its conversation, the oldest first.
	InReplyTo []string
	// Archive is where the conversation can be read, an http or https address (RFC 2369, 3.6); empty: nowhere.
	Archive string

	List List
	// Unsubscribe is an https address that ends this stream for this member when it gets a POST
	// (RFC 8058); empty: none.
	Unsubscribe string
	// UnsubscribeMail is a mail address that does the same for whatever is sent to it; empty: none. It stands in
	// the mail only beside Unsubscribe.
	UnsubscribeMail string
	// FeedbackID groups mail in Gmail's complaint figures ("digest:forum.example.org"): never
	// anything of one member; empty: none.
	FeedbackID string
}

// List names the stream to the reader's mail program, which files and mutes by it (RFC 2919).
type List struct {
	Name string // "Example Forum digest"
	ID   string // "digest.forum.example.org"; empty: no list
}
