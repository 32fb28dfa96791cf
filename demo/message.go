package demo

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"

	"postrider/internal/line"
)

// Message is a received message. Its texts are untrusted.
type Message struct {
	ID      int
	At      time.Time // by the demo's clock
	From    Person
	To      Person // the address is the envelope's
	Subject string
	Text    string
	HTML    string
	Raw     []byte
}

// Person is a name with an address.
type Person struct{ Name, Address string }

// String returns the name, or the address if there is none.
func (p Person) String() string { return cmp.Or(p.Name, p.Address) }

// Initial returns the first letter of the name.
func (p Person) Initial() string {
	for _, r := range p.String() {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return string(unicode.ToUpper(r))
		}
	}
	return "?"
}

// Hue returns one of twelve colours, always the same for an address.
func (p Person) Hue() int {
	sum := 0
	for _, b := range []byte(p.Address) {
		sum = sum*31 + int(b)
	}
	return (sum%12 + 12) % 12
}

// Source returns the raw message.
func (m *Message) Source() string { return strings.ToValidUTF8(string(m.Raw), "\uFFFD") }

// read parses a message as far as possible. The source shows the rest.
func read(raw []byte, to string) *Message {
	m := &Message{Raw: raw, To: Person{Address: strings.ToLower(line.Clean(to))}}
	r, err := mail.CreateReader(bytes.NewReader(raw))
	if r == nil || err != nil && !message.IsUnknownCharset(err) {
		m.Subject = "(not an email: see its source)"
		return m
	}
	subject, _ := r.Header.Subject()
	m.Subject = cmp.Or(line.Clean(subject), "(no subject)")
	m.From = person(r.Header, "From")
	m.To.Name = person(r.Header, "To").Name
	m.parts(r)
	return m
}

// parts reads the first text part and the first HTML part.
func (m *Message) parts(r *mail.Reader) {
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) || err != nil && !message.IsUnknownCharset(err) {
			return
		}
		inline, ok := part.Header.(*mail.InlineHeader)
		if !ok {
			continue
		}
		kind, _, _ := inline.ContentType()
		body, _ := io.ReadAll(part.Body) // truncated at an encoding error: better than nothing
		text := strings.ToValidUTF8(string(body), "\uFFFD")
		switch {
		case kind == "text/html" && m.HTML == "":
			m.HTML = text
		case kind == "text/plain" && m.Text == "":
			m.Text = strings.ReplaceAll(text, "\r\n", "\n")
		}
	}
}

func person(h mail.Header, key string) Person {
	list, err := h.AddressList(key)
	if err != nil || len(list) == 0 {
		return Person{Address: line.Clean(h.Get(key))}
	}
	return Person{Name: line.Clean(list[0].Name), Address: line.Clean(list[0].Address)}
}
