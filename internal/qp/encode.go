package qp

import (
	"strings"
	"unicode/utf8"
)

const (
	// width leaves the last of the 76 columns to the "=" of a soft break.
	width = 75
	// onStack is what a piece may grow to, encoded, before it costs a second allocation.
	onStack = 4096

	upperHex = "0123456789ABCDEF"
)

// Encode writes s as quoted-printable. Its lines may end with "\n" or "\r\n"; any other byte,
// printable or not, comes out of the decoder as it went in.
func Encode(s string) Text {
	if s == "" {
		return Text{}
	}
	var stack [onStack]byte
	out, column, size := stack[:0], 0, len(s)
	if len(s) > onStack*3/4 {
		out = make([]byte, 0, len(s)+len(s)/4)
	}
	for i := 0; i < len(s); {
		if column == 0 && mustHide(s[i:]) {
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
		case plain(s[i]): // the line is full
			out, column = breakLine(out)
		default: // a letter beyond ASCII seldom comes alone
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

// plain tells that c may stand for itself. Blanks may, too, but not at the end of a line.
func plain(c byte) bool {
	return c >= ' ' && c <= '~' && c != '=' || c == '\t'
}

// plainRun counts the bytes at the start of s that may stand for themselves.
func plainRun(s string) int {
	for i := range len(s) {
		if !plain(s[i]) {
			return i
		}
	}
	return len(s)
}

// mustHide tells that a line must not start with s as it is.
func mustHide(s string) bool {
	return s[0] == '.' || s[0] == 'F' && strings.HasPrefix(s, "From ")
}

// The three below append to out and give the column that it stands at then. They are no methods of
// a writer: written through a pointer, the buffer of Encode could not stay on its stack.

// escape writes a byte as "=XX", on the next line if this one has no room.
func escape(out []byte, column int, c byte) ([]byte, int) {
	if column > width-3 {
		out, column = breakLine(out)
	}
	return append(out, '=', upperHex[c>>4], upperHex[c&15]), column + 3
}

// breakLine ends the line, but not the text's own.
func breakLine(out []byte) ([]byte, int) {
	return append(out, '=', '\r', '\n'), 0
}

// endLine ends the text's own line. A blank before it would be lost on the way (RFC 2045, 6.7 (3)).
func endLine(out []byte, column int) ([]byte, int) {
	if last := len(out) - 1; column > 0 && (out[last] == ' ' || out[last] == '\t') {
		out, _ = escape(out[:last], column-1, out[last])
	}
	return append(out, '\r', '\n'), 0
}
