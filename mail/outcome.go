package mail

import (
	"errors"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Result is the result of sending a message. The values are stored.
type Result string

const (
	// Accepted: the relay has accepted the message and is responsible for it.
	Accepted Result = "accepted"
	// Refused: the relay replied 5xx to this message, or the message must not be sent at all.
	Refused Result = "refused"
	// TempFail: the relay replied 4xx to this message.
	TempFail Result = "try again"
	// NotSent: there was no verdict on this message (connection, TLS, EHLO, AUTH, 421, or the connection
	// was lost before the final dot was written). It does not count as an attempt.
	NotSent Result = "not sent"
	// Uncertain: the connection was lost after the final dot and before the reply. The relay may or may not
	// have the message, and there is no way to find out (RFC 1047).
	Uncertain Result = "uncertain"
)

// Stage is the point in a transaction where the outcome was decided.
type Stage string

const (
	Connecting Stage = "connect" // dial, greeting, EHLO, STARTTLS, AUTH
	Sender     Stage = "MAIL"
	Recipient  Stage = "RCPT"
	Data       Stage = "DATA"
	Body       Stage = "message" // the text and its final dot
)

// Outcome is the outcome of sending one message.
type Outcome struct {
	Result   Result
	Stage    Stage         // where it was decided; a 5xx to MAIL is about the sender, not the member
	Code     int           // of the reply, 0: none
	Enhanced string        // "5.1.1" (RFC 3463), announced or not; empty: none
	Reply    string        // text of the reply: one line, printable, at most 500 bytes
	QueueID  string        // the relay's ID of an accepted message; empty: unknown
	Retry    time.Duration // the delay that the relay asks for after a 4xx; 0: none
	At       time.Time
	Err      error // what went wrong, if no reply to this message says it; nil for Accepted
}

// Unreachable reports whether the relay was not reached: no connection, TLS, EHLO or AUTH.
func (o Outcome) Unreachable() bool { return o.Result == NotSent && o.Stage == Connecting }

// LoginRefused reports whether the relay rejected our login, or requires a login, or TLS before it (RFC
// 4954, 6; RFC 3207, 4). That does not change until an operator changes a setting.
func (o Outcome) LoginRefused() bool {
	switch o.Code {
	case 530, 534, 535, 538:
		return o.Result == NotSent
	case 432: // "a password transition is needed"; Office 365 replies 432 4.3.2 if there are too many connections
		return o.Result == NotSent && o.Enhanced == "4.7.12"
	}
	return false
}

// RelayLimit is a limit that the relay sets for all our messages, whoever the recipient is.
type RelayLimit int

const (
	NoRelayLimit RelayLimit = iota
	RelayRate               // too many messages in a short time: slow down
	RelayQuota              // no more messages for hours: rest
)

var (
	// relayRatePattern matches Amazon SES ("Maximum sending rate exceeded", "Throttling failure") and Office 365 ("sender
	// thread limit exceeded", "Message submission rate ... exceeded").
	relayRatePattern = regexp.MustCompile(`(?i)sending rate exceeded|maximum sending rate|throttling failure|submission rate|concurrent connections limit|thread limit exceeded|too many concurrent|exceeded your messaging limits`)
	// relayQuotaPattern matches Amazon SES ("Daily message quota exceeded"), Gmail ("Daily user sending limit exceeded"),
	// Office 365 ("reached your daily limit") and cPanel ("exceeded the max emails per hour").
	relayQuotaPattern = regexp.MustCompile(`(?i)daily (?:message|user|smtp|sending|mail|email|relay)[a-z ]{0,20}(?:quota|limit)|reached your (?:daily|hourly|monthly)? ?(?:sending |message |email )?(?:limit|quota)|(?:daily|hourly|monthly)[a-z -]{0,20}(?:limit|quota)|exceeded the max(?:imum)? (?:emails|defers)|max emails per|sending quota|outgoing mail (?:limit|suspen)|(?:emails?|messages?|mails?) (?:limit|quota) (?:exceeded|reached)`)
)

// RelayLimit returns the limit of the relay that the outcome reveals.
func (o Outcome) RelayLimit() RelayLimit {
	if o.Result == Accepted || o.Result == Uncertain || o.Code/100 != 4 && o.Code/100 != 5 {
		return NoRelayLimit
	}
	switch {
	case o.Enhanced == "5.4.5", o.Enhanced == "5.1.90":
		return RelayQuota
	case strings.HasPrefix(o.Enhanced, "4.2."), strings.HasPrefix(o.Enhanced, "5.2."): // a single mailbox
		return NoRelayLimit
	case relayQuotaPattern.MatchString(o.Reply):
		return RelayQuota
	case relayRatePattern.MatchString(o.Reply), o.Code == 432 && !o.LoginRefused():
		return RelayRate
	case o.Result == TempFail && (o.Stage == Sender || o.Stage == Data) && !greylistPattern.MatchString(o.Reply) && rateLimitPattern.MatchString(o.Reply):
		return RelayRate // without regard to the recipient
	}
	return NoRelayLimit
}

// rateLimitPattern matches replies of relays that find us too fast, whatever the code.
var rateLimitPattern = regexp.MustCompile(`(?i)\b(rate|throttl\w*|too (many|fast|much)|slow(ing)? down|unusual)\b`)

// greylistPattern matches replies of relays that delay every first attempt.
var greylistPattern = regexp.MustCompile(`(?i)gr[ae]y-?list`)

// RateLimited reports whether the recipient's provider, or the relay on its behalf, asks for fewer
// messages. It is about the provider only after the recipient is known: a 421 to MAIL or earlier is the
// relay's own.
func (o Outcome) RateLimited() bool {
	temporary := o.Result == TempFail || o.Result == NotSent
	if !temporary || o.RelayLimit() != NoRelayLimit || o.Code/100 != 4 || o.Stage != Recipient && o.Stage != Body || greylistPattern.MatchString(o.Reply) {
		return false
	}
	if o.Code == 421 || strings.HasPrefix(o.Enhanced, "4.7.") {
		return true
	}
	return !strings.HasPrefix(o.Enhanced, "4.2.") && rateLimitPattern.MatchString(o.Reply) // 4.2: a single mailbox gets too much
}

// String returns the outcome as one line for people. It never contains an address or password of ours; the
// relay's text is unchanged.
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
