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

// maxSubject is the longest subject in characters; subjects contain thread titles.
const maxSubject = 250

// Composer writes messages. It is safe for concurrent use.
type Composer struct {
	host   string
	secret []byte
}

// NewComposer returns a composer whose Message-IDs end in host. They are keyed with secret, so that an ID
// does not reveal its recipient, and nobody can forge one that we would accept as ours.
func NewComposer(host string, secret []byte) (*Composer, error) {
	ascii, err := asciiDomain(host)
	if err != nil {
		return nil, fmt.Errorf("invalid Message-ID host %q: must be a domain name", host)
	}
	if len(secret) < 16 {
		return nil, errors.New("the Message-ID secret must have at least 16 bytes")
	}
	return &Composer{host: ascii, secret: bytes.Clone(secret)}, nil
}

// MessageID returns the Message-ID, with angle brackets, of the message with the given key. It is the same
// for every retry, so that a receiver that has the first copy can drop the second.
func (c *Composer) MessageID(key string) string {
	return "<" + c.id(c.token(key)) + ">"
}

func (c *Composer) id(token string) string { return token + "@" + c.host }

// tokenLen is the length of a token.
const tokenLen = 24

// token returns 24 letters and digits derived from key.
func (c *Composer) token(key string) string {
	mac := hmac.New(sha256.New, c.secret)
	mac.Write([]byte(key))
	// Lower case, because some archives fold case, and two IDs must not collide there.
	return strings.ToLower(base32.StdEncoding.EncodeToString(mac.Sum(nil)[:15]))
}

// Compose writes the whole message as it goes over the wire (RFC 5322), without the final dot. Equal
// messages give equal bytes. An [*AddressError] means that the member's address is invalid; any other error
// is a fault in the message.
func (c *Composer) Compose(m Message) ([]byte, error) {
	if m.Key == "" || m.Date.IsZero() || len(m.Text) == 0 {
		return nil, errors.New("composing: key, date and text are required")
	}
	token := c.token(m.Key)
	// "=_" cannot occur in quoted-printable (RFC 2045, 6.7), so no body can contain the boundary.
	boundary := "=_" + token
	var b bytes.Buffer
	size := m.Text.EncodedLen() + m.HTML.EncodedLen() + 3072
	for _, image := range m.Images {
		size += len(image.Encoded) + 256
	}
	b.Grow(size)
	if err := c.writeHeader(&b, m, c.id(token)); err != nil {
		return nil, fmt.Errorf("composing: %w", err)
	}
	if len(m.HTML) == 0 {
		writeBody(&b, "text/plain", m.Text)
	} else {
		b.WriteString("Content-Type: multipart/alternative; boundary=\"" + boundary + "\"\r\n\r\n")
		// Mail programs prefer the last part (RFC 2046, 5.1.4).
		writePart(&b, boundary, "text/plain", m.Text)
		if len(m.Images) == 0 {
			writePart(&b, boundary, "text/html", m.HTML)
		} else {
			writeRelated(&b, boundary, m)
		}
		b.WriteString("--" + boundary + "--\r\n")
	}
	if err := validateRaw(b.Bytes()); err != nil {
		return nil, fmt.Errorf("composing: %w", err)
	}
	return b.Bytes(), nil
}

// writePart writes one body. The line break before the next boundary belongs to that boundary, so the part
// decodes to exactly the body's text.
func writePart(b *bytes.Buffer, boundary, contentType string, body qp.Pieces) {
	b.WriteString("--" + boundary + "\r\n")
	writeBody(b, contentType, body)
	b.WriteString("\r\n")
}

// writeRelated writes the HTML with the images that it shows, as one of the alternatives (RFC 2387).
func writeRelated(b *bytes.Buffer, outer string, m Message) {
	boundary := outer + "r"
	b.WriteString("--" + outer + "\r\nContent-Type: multipart/related; type=\"text/html\"; boundary=\"" + boundary + "\"\r\n\r\n")
	writePart(b, boundary, "text/html", m.HTML)
	for _, image := range m.Images {
		b.WriteString("--" + boundary + "\r\nContent-Type: " + image.Type + "\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <" + image.ID +
			">\r\nContent-Disposition: inline; filename=" + image.Name + "\r\n\r\n" + image.Encoded)
	}
	b.WriteString("--" + boundary + "--\r\n")
}

func writeBody(b *bytes.Buffer, contentType string, body qp.Pieces) {
	b.WriteString("Content-Type: " + contentType + "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	for _, t := range body {
		b.WriteString(t.Encoded)
	}
}

// writeHeader writes the header block: first the fields with text from outside, which go-mail encodes,
// folds and sorts, then our own. go-mail gets nothing preformatted, because it writes that in map order.
func (c *Composer) writeHeader(b *bytes.Buffer, m Message, id string) error {
	// Never reused: Reset leaves some fields of the previous recipient in place.
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := setAddresses(msg, m); err != nil {
		return err
	}
	msg.SetMessageIDWithValue(id)
	msg.SetDateWithValue(m.Date)
	msg.SetGenHeader(gomail.HeaderSubject, headerText(m.Subject, maxSubject))
	setList(msg, m)
	setArchive(msg, m.Archive)
	c.setConversation(msg, m)
	if _, err := msg.WriteTo(b); err != nil {
		return fmt.Errorf("writing the header: %w", err)
	}
	b.WriteString(autoHeaders + precedence(m.Stream) + "\r\n")
	if err := writeUnsubscribe(b, m); err != nil {
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
			return fmt.Errorf("reply-to address: %w", flattenErr(err))
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

// flattenErr keeps the text of an address error but not its type: a bad From is our fault, not the
// member's.
func flattenErr(err error) error { return errors.New(err.Error()) }

// writeUnsubscribe writes the two fields of one-click unsubscription (RFC 8058, 3.1). go-mail would fold
// the long URL, and some DKIM verifiers mishandle that, so they are written here. The mailto address comes
// second: programs that support one-click use the first, older ones use what they can. Without a page it is the only one.
func writeUnsubscribe(b *bytes.Buffer, m Message) error {
	address, mailTo := m.Unsubscribe, m.UnsubscribeMail
	if address == "" && !m.UnsubscribeMailOnly {
		return nil
	}
	var ways []string
	if address != "" {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "https" || u.Host == "" || strings.ContainsAny(address, "<>, \t\r\n") {
			return errors.New("the unsubscribe link must be an https URL")
		}
		ways = append(ways, "<"+u.String()+">")
	}
	if mailTo != "" {
		mailTo, err := Mailbox(mailTo)
		if err != nil {
			return fmt.Errorf("unsubscribe address: %w", flattenErr(err))
		}
		ways = append(ways, "<mailto:"+mailTo+">")
	}
	if len(ways) > 0 {
		b.WriteString("List-Unsubscribe: " + strings.Join(ways, ", ") + "\r\n")
	}
	if address != "" {
		b.WriteString("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
	}
	return nil
}
