// Package qp writes text as quoted-printable, a piece at a time (RFC 2045, 6.7).
//
// A digest is put together from pieces that many members share. Each piece is encoded once and
// starts at the beginning of a line, so that encoded pieces can be laid one behind the other.
//
// What it writes can go to a mail relay as it is: lines end with CRLF and have at most 76 columns,
// all is ASCII, no line starts with a dot (which SMTP would double) and none with "From " (which
// an mbox would quote). So the bytes that are composed are the bytes that travel.
package qp

import (
	"fmt"
	"io"
	"mime/quotedprintable"
	"strings"
)

// Text is a piece of text, encoded. It ends with a line break: a hard one where the text itself
// ends a line, a soft one ("=" CRLF) where it goes on. The zero Text is the empty one.
type Text struct {
	Encoded string
	Size    int // bytes that a decoder makes of it: line ends are two, as everywhere in mail
}

// Plain gives the text back, its lines ended by "\n".
func (t Text) Plain() string {
	b, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(t.Encoded)))
	if err != nil {
		// Only a Text that Encode did not make can be at fault, and that is a slip in our own code.
		panic(fmt.Sprintf("qp: a text that Encode did not make: %v", err))
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

// Pieces is a text in pieces.
type Pieces []Text

// Size counts the bytes that a decoder makes of the text: line ends are two, as everywhere in mail.
func (r Pieces) Size() int {
	n := 0
	for _, t := range r {
		n += t.Size
	}
	return n
}

// EncodedLen counts the bytes that WriteTo writes.
func (r Pieces) EncodedLen() int {
	n := 0
	for _, t := range r {
		n += len(t.Encoded)
	}
	return n
}

// Plain gives the whole text back, its lines ended by "\n".
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
