// Package line turns text from outside into one harmless line: for a header, a table in a terminal, a title or a name.
// The text may come from a forum, a relay's reply or a received message.
package line

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Clean returns s as one line of valid UTF-8:
//   - line ends, other white space and control characters become single spaces, and none is left at the ends
//   - other characters for which IsHarmful reports true are removed
//   - each invalid byte becomes U+FFFD
//
// Zero-width joiners and tags stay: emoji and some scripts need them. A clean text is returned without a copy.
func Clean(s string) string {
	if isClean(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r):
			return ' '
		case IsHarmful(r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }), " ")
}

func isClean(s string) bool {
	blank := true // the start counts as a space
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c < ' ' || c == 0x7f || c == ' ' && blank {
				return false
			}
			blank = c == ' '
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || unicode.IsSpace(r) || IsHarmful(r) {
			return false
		}
		blank = false
		i += size
	}
	return !blank || s == ""
}

// IsHarmful reports whether no text may contain a character:
//   - control characters, except for tab and line feed
//   - embeddings, overrides and isolates, which change the direction of the text after them (UAX #9, 2.1 to 2.4), and the
//     deprecated U+206A to U+206F. The marks U+200E, U+200F and U+061C (2.6) have no effect on other text, and stay.
//   - the byte order mark, interlinear annotations and noncharacters
func IsHarmful(r rune) bool {
	switch {
	case r < ' ':
		return r != '\n' && r != '\t'
	case r < 0x7f:
		return false
	case r <= 0x9f:
		return true
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u206f':
		return true
	case r == '\ufeff', r >= '\ufff0' && r <= '\ufffb', r >= 0xfdd0 && r <= 0xfdef:
		return true
	}
	return r&0xfffe == 0xfffe
}

// Printable returns text of several lines without what could control a terminal: characters for which IsHarmful reports true.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if IsHarmful(r) {
			return -1
		}
		return r
	}, s)
}

// Fit returns s cleaned and shortened.
func Fit(s string, limit int) string { return Shorten(Clean(s), limit) }

// IsBlank reports whether nothing of s can be seen, as in a name of zero-width spaces.
func IsBlank(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.Mn, r) })
}

// Shorten cuts a line to at most limit characters as a reader counts them. A character that combines many runes counts
// as several.
func Shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	const runesEach = 8 // a family emoji has seven
	end, last, count := 0, 0, 0
	for state, rest := -1, s; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		count += 1 + utf8.RuneCountInString(cluster)/(runesEach+1)
		if count > limit {
			return strings.TrimRight(s[:last], " ") + "…"
		}
		last, end = end, end+len(cluster)
	}
	return s
}
