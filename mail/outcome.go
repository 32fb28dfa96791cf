package mail

import (
	"errors"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Result is what became of a message that was handed over.
type Result string

const (
	// Accepted: the relay has taken it and answers for it from now on.
	Accepted Result = "accepted"
	// Refused: the relay said 5xx to this message, or it is one that must not be sent at all.
	Refused Result = "refused"
	// TempFail: the relay said 4xx to this message.
	TempFail Result = "try again"
	// NotSent: it never came to a verdict on this message (connection, TLS, EHLO, AUTH, 421, or
	// the connection was lost before the final dot was written). It costs the message no attempt.
	NotSent Result = "not sent"
	// Uncertain: the connection was lost after the final dot and before the answer. The relay may
	// have the message or not, and nobody can tell (RFC 1047).
	Uncertain Result = "uncertain"
)

// Stage is the point of a transaction that an outcome stems from.
type Stage string

const (
	Connecting Stage = "connect" // dial, greeting, EHLO, STARTTLS, AUTH
	Sender     Stage = "MAIL"
	Recipient  Stage = "RCPT"
	Data       Stage = "DATA"
	Body       Stage = "message" // the text and its final dot
)

// Outcome tells what became of one message.
type Outcome struct {
	Result   Result
	Stage    Stage         // where it was decided; a 5xx to MAIL is about the sender, not the member
	Code     int           // of the reply, 0: none
	Enhanced string        // "5.1.1" (RFC 3463), announced or not; empty: none
	Reply    string        // text of the reply: one line, printable, at most 500 bytes
	QueueID  string        // the relay's own name for an accepted message; empty: it told none
	Retry    time.Duration // when the relay would have us come back with it, after a 4xx; 0: it did not say
	At       time.Time
	Err      error // what went wrong, when no reply to this message says it; nil for Accepted
}

// Unreachable tells that the relay was not reached: no connection, TLS, EHLO or AUTH.
func (o Outcome) Unreachable() bool { return o.Result == NotSent && o.Stage == Connecting }

// LoginRefused tells that the relay wants another login than ours, or one at all, or TLS before it (RFC 4954, 6; RFC 3207, 4).
// It will go on so until somebody changes a setting.
func (o Outcome) LoginRefused() bool {
	switch o.Code {
	case 432, 530, 534, 535, 538:
		return o.Result == NotSent
	}
	return false
}

// rateLimitPattern are what relays say when they find us too fast, whatever code they give it.
var rateLimitPattern = regexp.MustCompile(`(?i)\b(rate|throttl\w*|too (many|fast|much)|slow(ing)? down|unusual)\b`)

// greylistPattern are what relays say that let everybody wait the first time.
var greylistPattern = regexp.MustCompile(`(?i)gr[ae]y-?list`)

// RateLimited tells that the recipient's provider, or the relay on its behalf, wants fewer mails at a time. It speaks of
// the provider only where it has heard of the recipient: a 421 to MAIL or before is the relay's own.
func (o Outcome) RateLimited() bool {
	temporary := o.Result == TempFail || o.Result == NotSent
	if !temporary || o.Code/100 != 4 || o.Stage != Recipient && o.Stage != Body || greylistPattern.MatchString(o.Reply) {
		return false
	}
	if o.Code == 421 || strings.HasPrefix(o.Enhanced, "4.7.") {
		return true
	}
	return !strings.HasPrefix(o.Enhanced, "4.2.") && rateLimitPattern.MatchString(o.Reply) // 4.2: one mailbox has too much
}

// String tells the outcome in a line for people. It never holds an address of ours or a password;
// what the relay wrote stands as it is.
func (o Outcome) String() string {
	var b strings.Builder
	b.WriteString(string(o.Result))
	if o.Stage != "" && o.Result != Accepted {
		b.WriteString(" at " + string(o.Stage))
	}
	if o.Code != 0 {
		b.WriteString(": " + strconv.Itoa(o.Code) + " " + o.Reply)
	}
	if _, repeats := errors.AsType[*textproto.Error](o.Err); o.Err != nil && !repeats {
		b.WriteString(": " + o.Err.Error())
	}
	return b.String()
}
