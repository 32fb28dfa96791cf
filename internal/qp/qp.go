// Package qp writes text as quoted-printable, a piece at a time (RFC 2045, 6.7).
//
// A digest is put together from pieces that many members share. Each piece is encoded once and
// starts at the beginning of a line, so that encoded pieces can be laid one behind the other.
package qp

// Text is a piece of text, encoded. It ends with a line break: a hard one where the text itself
// ends a line, a soft one ("=" CRLF) where it goes on.
type Text struct {
	Encoded string
	Size    int // bytes of the text before encoding, line ends counted as one
}

// Rope is a text in pieces.
type Rope []Text
