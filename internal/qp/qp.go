// Package qp encodes text as quoted-printable, in pieces (RFC 2045, 6.7).
//
// A digest is composed of pieces that many members share. Each piece is encoded once and starts at the beginning of a
// line, so encoded pieces can be concatenated.
//
// The output can be sent to a relay unchanged: lines end with CRLF and have at most 76 columns, all bytes are ASCII, and
// no line starts with a dot (which SMTP would double) or "From " (which an mbox would quote).
package qp

import (
	"fmt"
	"io"
	"mime/quotedprintable"
	"strings"
)

// Text is an encoded piece of text. It ends with a line break: a hard one if the text ends a line, else a soft one
// ("=" CRLF). The zero Text is empty.
type Text struct {
	Encoded string
	Size    int // decoded size in bytes, with CRLF line breaks
}

// Plain returns the decoded text, with lines ended by "\n".
func (t Text) Plain() string {
	b, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(t.Encoded)))
	if err != nil {
		// Encode never produces this: it is an error in our own code.
		panic(fmt.Sprintf("qp: decoding a Text: %v", err))
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

// Pieces is a text in pieces.
type Pieces []Text

// Size returns the decoded size in bytes, with CRLF line breaks.
func (r Pieces) Size() int {
	n := 0
	for _, t := range r {
		n += t.Size
	}
	return n
}

// EncodedLen returns the number of bytes that WriteTo writes.
func (r Pieces) EncodedLen() int {
	n := 0
	for _, t := range r {
		n += len(t.Encoded)
	}
	return n
}

// Plain returns the whole decoded text, with lines ended by "\n".
func (r Pieces) Plain() string {
	var b strings.Builder
	b.Grow(r.Size())
	for _, t := range r {
		b.WriteString(t.Plain())
	}
	return b.String()
}

// WriteTo writes the encoded text.
func (r Pieces) WriteTo(w io.Writer) (int64, error) {
	var written int64
	for _, t := range r {
		n, err := io.WriteString(w, t.Encoded)
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
	return written, nil
}
