package mail

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"postrider/internal/qp"
)

// maxSubject is what stays of a subject, in characters: thread titles go into it.
const maxSubject = 250

// Composer writes messages. It is safe for concurrent use.
type Composer struct {
	host   string
	secret []byte
}

// NewComposer gives a composer whose Message-IDs end in host. They are keyed with secret, so that
// nobody can tell from one whom it was for, nor make one that we would take for ours.
func NewComposer(host string, secret []byte) (*Composer, error) {
	ascii, err := asciiDomain(host)
	if err != nil {
		return nil, fmt.Errorf("host of Message-IDs %q: not a valid name", host)
	}
	if len(secret) < 16 {
		return nil, errors.New("the secret of Message-IDs has less than 16 bytes")
	}
	return &Composer{host: ascii, secret: bytes.Clone(secret)}, nil
}

// MessageID gives the Message-ID of the message with that key, in its angle brackets. It is the same on every
// retry, so that a receiver who has the first copy can drop the second.
func (c *Composer) MessageID(key string) string {
	return "<" + c.id(c.token(key)) + ">"
}

func (c *Composer) id(token string) string { return token + "@" + c.host }

// tokenLen is the length of a token.
const tokenLen = 24

// token is 24 letters and digits that stand for key.
func (c *Composer) token(key string) string {
	mac := hmac.New(sha256.New, c.secret)
	mac.Write([]byte(key))
	// Lower case: some archives fold it, and two ids must not meet there.
	return strings.ToLower(base32.StdEncoding.EncodeToString(mac.Sum(nil)[:15]))
}

// Compose writes the whole message as it goes over the wire (RFC 5322), but for the final dot. Equal messages give
// equal bytes. An [*AddressError] means that this member cannot be mailed, any other error that
// the message is at fault.
func (c *Composer) Compose(m Message) ([]byte, error) {
	if m.Key == "" || m.Date.IsZero() || len(m.Text) == 0 {
		return nil, errors.New("composing: a message needs a key, a date and a text")
	}
	token := c.token(m.Key)
	// "=_" cannot stand in quoted-printable (RFC 2045, 6.7), so no body can hold the boundary.
	boundary := "=_" + token
	var b bytes.Buffer
	b.Grow(m.Text.EncodedLen() + m.HTML.EncodedLen() + 3072)
	if err := c.writeHeader(&b, m, c.id(token)); err != nil {
		return nil, fmt.Errorf("composing: %w", err)
	}
	if len(m.HTML) == 0 {
		writeBody(&b, "text/plain", m.Text)
	} else {
		b.WriteString("Content-Type: multipart/alternative; boundary=\"" + boundary + "\"\r\n\r\n")
		// The last part is the one that a reader's program prefers (RFC 2046, 5.1.4).
		writePart(&b, boundary, "text/plain", m.Text)
		writePart(&b, boundary, "text/html", m.HTML)
		b.WriteString("--" + boundary + "--\r\n")
	}
	if err := validateRaw(b.Bytes()); err != nil {
		return nil, fmt.Errorf("composing: %w", err)
	}
	return b.Bytes(), nil
}

// writePart writes one body. The line break before the next boundary belongs to that boundary, so
// the part decodes to the rope's text and nothing more.
func writePart(b *bytes.Buffer, boundary, contentType string, body qp.Pieces) {
	b.WriteString("--" + boundary + "\r\n")
	writeBody(b, contentType, body)
	b.WriteString("\r\n")
}

func writeBody(b *bytes.Buffer, contentType string, body qp.Pieces) {
	b.WriteString("Content-Type: " + contentType + "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	for _, t := range body {
		b.WriteString(t.Encoded)
	}
}

// writeHeader writes the header block: first what others wrote, which go-mail encodes, folds and sorts, then what is
// ours. go-mail gets nothing preformatted, because it writes that in the order of a map.
func (c *Composer) writeHeader(b *bytes.Buffer, m Message, id string) error {
	// Never used twice: Reset leaves some fields of the last member in place.
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := setAddresses(msg, m); err != nil {
		return err
	}
	msg.SetMessageIDWithValue(id)
	msg.SetDateWithValue(m.Date)
	msg.SetGenHeader(gomail.HeaderSubject, truncate(singleLine(m.Subject), maxSubject))
	setList(msg, m)
	setArchive(msg, m.Archive)
	c.setConversation(msg, m)
	if _, err := msg.WriteTo(b); err != nil {
		return fmt.Errorf("writing the header: %w", err)
	}
	b.WriteString(autoHeaders + precedence(m.Stream) + "\r\n")
	if err := writeUnsubscribe(b, m.Unsubscribe, m.UnsubscribeMail); err != nil {
		return err
	}
	return nil
}

func setAddresses(msg *gomail.Msg, m Message) error {
	from, err := header(m.From)
	if err != nil {
		return fmt.Errorf("sender: %w", flattenErr(err))
	}
	msg.FromMailAddress(&from)
	if m.ReplyTo.Address != "" {
		replyTo, err := header(m.ReplyTo)
		if err != nil {
			return fmt.Errorf("address for answers: %w", flattenErr(err))
		}
		msg.ReplyToMailAddress(&replyTo)
	}
	to, err := header(m.To)
	if err != nil {
		return err
	}
	msg.ToMailAddress(&to)
	return nil
}

// flattenErr keeps the words of an address error: a bad From is our fault, not the member's.
func flattenErr(err error) error { return errors.New(err.Error()) }

// writeUnsubscribe writes the two fields of one-click unsubscription (RFC 8058, 3.1). They are written here, for
// go-mail would fold the long address, and some verifiers of DKIM stumble over that. The address to mail comes second: a
// program that knows one-click takes the first, an older one what it can.
func writeUnsubscribe(b *bytes.Buffer, address, mailTo string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || strings.ContainsAny(address, "<>, \t\r\n") {
		return errors.New("the unsubscribe link is not an https address")
	}
	b.WriteString("List-Unsubscribe: <" + u.String() + ">")
	if mailTo != "" {
		if mailTo, err = mailbox(mailTo); err != nil {
			return fmt.Errorf("the address to unsubscribe by mail: %w", flattenErr(err))
		}
		b.WriteString(", <mailto:" + mailTo + ">")
	}
	b.WriteString("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
	return nil
}
