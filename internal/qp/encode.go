package qp

import (
	"strings"
	"unicode/utf8"
)

const (
	// width leaves the last of the 76 columns to the "=" of a soft break.
	width = 75
	// stackSize is the size up to which an encoded piece needs only one allocation.
	stackSize = 4096

	upperHex = "0123456789ABCDEF"
)

// Encode returns s as quoted-printable. Lines may end with "\n" or "\r\n"; every other byte is preserved, printable or not.
func Encode(s string) Text {
	if s == "" {
		return Text{}
	}
	var stack [stackSize]byte
	out, column, size := stack[:0], 0, len(s)
	if len(s) > stackSize*3/4 {
		out = make([]byte, 0, len(s)+len(s)/4)
	}
	for i := 0; i < len(s); {
		if column == 0 && mustEscape(s[i:]) {
			out, column = escape(out, column, s[i])
			i++
			continue
		}
		run := plainRun(s[i:min(len(s), i+width-column)])
		out = append(out, s[i:i+run]...)
		column += run
		i += run
		switch {
		case i == len(s):
		case s[i] == '\n':
			out, column = endLine(out, column)
			i++
			size++
		case strings.HasPrefix(s[i:], "\r\n"):
			out, column = endLine(out, column)
			i += 2
		case isPlain(s[i]): // the line is full
			out, column = breakLine(out)
		default: // non-ASCII bytes usually come in groups
			for more := true; more; more = i < len(s) && s[i] >= utf8.RuneSelf {
				out, column = escape(out, column, s[i])
				i++
			}
		}
	}
	if column > 0 {
		out, _ = breakLine(out)
	}
	return Text{Encoded: string(out), Size: size}
}

// isPlain reports whether c needs no encoding. Spaces and tabs need it only at the end of a line.
func isPlain(c byte) bool {
	return c >= ' ' && c <= '~' && c != '=' || c == '\t'
}

// plainRun counts the bytes at the start of s that need no encoding.
func plainRun(s string) int {
	for i := range len(s) {
		if !isPlain(s[i]) {
			return i
		}
	}
	return len(s)
}

// mustEscape reports whether the first byte of s must be encoded at the start of a line.
func mustEscape(s string) bool {
	return s[0] == '.' || s[0] == 'F' && strings.HasPrefix(s, "From ")
}

// The three functions below append to out and return the new column. They are not methods, because through a pointer the
// buffer of Encode would escape to the heap.

// escape writes a byte as "=XX", on the next line if this one is full.
func escape(out []byte, column int, c byte) ([]byte, int) {
	if column > width-3 {
		out, column = breakLine(out)
	}
	return append(out, '=', upperHex[c>>4], upperHex[c&15]), column + 3
}

// breakLine writes a soft line break.
func breakLine(out []byte) ([]byte, int) {
	return append(out, '=', '\r', '\n'), 0
}

// endLine writes a line break of the text. A space or tab before it would be lost in transit (RFC 2045, 6.7 (3)).
func endLine(out []byte, column int) ([]byte, int) {
	if last := len(out) - 1; column > 0 && (out[last] == ' ' || out[last] == '\t') {
		out, _ = escape(out[:last], column-1, out[last])
	}
	return append(out, '\r', '\n'), 0
}
