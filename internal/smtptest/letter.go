package smtptest

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// Letter is what a reader sees of a message.
type Letter struct {
	Header     mail.Header
	Text, HTML string // decoded; empty: it has no such part
}

// ReadLetter reads a message with a text part, an HTML part, or both.
func ReadLetter(raw []byte) (Letter, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Letter{}, fmt.Errorf("reading a message: %w", err)
	}
	l := Letter{Header: m.Header}
	if err := l.read(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body); err != nil {
		return Letter{}, fmt.Errorf("reading a message: %w\n%s", err, raw)
	}
	return l, nil
}

// read reads a part and the parts in it.
func (l *Letter) read(contentType, encoding string, body io.Reader) error {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return err
	}
	if strings.HasPrefix(kind, "multipart/") {
		return l.readParts(multipart.NewReader(body, params["boundary"]))
	}
	if strings.EqualFold(encoding, "quoted-printable") {
		body = quotedprintable.NewReader(body)
	} else if strings.EqualFold(encoding, "base64") {
		return fmt.Errorf("a %s part is base64, which no message of a test is", kind)
	}
	text, err := io.ReadAll(body)
	switch kind {
	case "text/plain":
		l.Text = string(text)
	case "text/html":
		l.HTML = string(text)
	}
	return err
}

func (l *Letter) readParts(parts *multipart.Reader) error {
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = l.read(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part)
		}
		if err != nil {
			return err
		}
	}
}
