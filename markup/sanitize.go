package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"postrider/internal/line"
)

// maxCombining is how many zero-width marks may follow a letter. The flag of Scotland needs six, and no
// script needs more.
const maxCombining = 6

// sanitize removes what could harm a message or a reader from a text: broken UTF-8, control characters,
// characters that change the writing direction of everything after them, and long runs of marks that cover
// the lines above. Line ends become "\n". A clean text is returned unchanged.
func sanitize(s string) string {
	var b strings.Builder
	kept := 0 // s is in b up to here
	replace := func(from, to int, with string) {
		b.WriteString(s[kept:from])
		b.WriteString(with)
		kept = to
	}
	marks, broken := 0, -1
	for i := 0; i < len(s); {
		c, size := rune(s[i]), 1
		if c >= ' ' && c < 0x7f || c == '\n' { // nearly all of nearly every post
			marks = 0
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			c, size = utf8.DecodeRuneInString(s[i:])
		}
		next := i + size
		switch {
		case c == utf8.RuneError && size == 1: // one replacement character for a run of broken bytes
			if with := "\ufffd"; broken == i {
				replace(i, next, "")
			} else {
				replace(i, next, with)
			}
			broken = next
		case c == '\r' && next < len(s) && s[next] == '\n':
			replace(i, next, "")
		case c == '\r' || c == '\u0085' || c == '\u2028' || c == '\u2029':
			replace(i, next, "\n")
		case c == '\u00a0': // editors insert it where spaces were typed
			marks = 0
			replace(i, next, " ")
		case line.IsHarmful(c):
			replace(i, next, "")
		case !isZeroWidth(c):
			marks = 0
		default:
			if marks++; marks > maxCombining {
				replace(i, next, "")
			}
		}
		i = next
	}
	if kept == 0 {
		return s
	}
	b.WriteString(s[kept:])
	return b.String()
}

// isZeroWidth reports whether a character has no width: marks, joiners, tags.
func isZeroWidth(c rune) bool {
	switch {
	case c < 0x300:
		return c == '\u00ad'
	case c >= 0x3400 && c <= 0x9fff, c >= 0xac00 && c <= 0xd7a3: // skip the table lookup for Han and Hangul
		return false
	}
	return unicode.In(c, unicode.Mn, unicode.Me, unicode.Cf)
}
