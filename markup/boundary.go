package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// grapheme returns the length in bytes of the first character of s as a reader sees it: a letter with its
// marks, a family emoji, a Hangul syllable (UAX #29, 3). An oversized character counts more than 1, because
// some scripts can stack marks without end.
func grapheme(s string) (size, count int) {
	c, size := utf8.DecodeRuneInString(s)
	if c < 0x300 && (size == len(s) || s[size] < 0xcc) { // everything below U+0300 starts a new character
		return size, 1
	}
	first, _, _, _ := uniseg.FirstGraphemeClusterInString(s, -1)
	return len(first), 1 + len(first)/64
}

// cutAt returns the length in bytes of the first n characters of s.
func cutAt(s string, n int) int {
	at := 0
	for at < len(s) {
		size, count := grapheme(s[at:])
		if n -= count; n < 0 {
			break
		}
		at += size
	}
	return at
}

// boundary finds the best place to cut s, at or before at: after a sentence if one ends in the last third,
// else after a word, else (in a very long word) exactly at at. The text after at decides whether a word
// ends there.
func boundary(s string, at int) (cut int, sentence bool) {
	for i := at; i > 0 && i > at*2/3; i-- {
		if sentenceEnds(s, i) && !startsMidGrapheme(s[i:]) {
			return i, true
		}
	}
	return wordBoundary(s, at), false
}

// wordBoundary finds the end of a word, at or before at.
func wordBoundary(s string, at int) int {
	if at == len(s) || isSpace(s[at]) {
		return at
	}
	space := strings.LastIndexAny(s[:at], " \n")
	word := space + 1
	for word < at {
		next, _, _ := uniseg.FirstWordInString(s[word:], -1)
		if word+len(next) > at {
			break
		}
		word += len(next)
	}
	switch {
	case word > space+1 && !isASCII(s[space+1:at]):
		return word
	case space > at/2:
		return space
	}
	return at
}

// startsMidGrapheme reports whether s starts in the middle of a character.
func startsMidGrapheme(s string) bool {
	c, _ := utf8.DecodeRuneInString(s)
	return s != "" && (!utf8.RuneStart(s[0]) || c >= 0x300 && (isZeroWidth(c) || unicode.Is(unicode.Mc, c)))
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' }

// sentenceEnds reports whether a sentence ends right before i: a full stop and any closing quotation marks,
// followed by a space and no lower-case letter. "W.G. Ewald" and "Mr. Ray" do not end one.
func sentenceEnds(s string, i int) bool {
	if i < len(s) && s[i] == '\n' {
		return true
	}
	head := strings.TrimRight(s[:i], `"')]”’»`)
	stop, size := utf8.DecodeLastRuneInString(head)
	switch stop {
	case '。', '！', '？', '｡':
		return true
	case '.', '!', '?', '…', '؟', '۔', '।':
	default:
		return false
	}
	if i < len(s) {
		if s[i] != ' ' {
			return false
		}
		if next, _ := utf8.DecodeRuneInString(s[i+1:]); unicode.IsLower(next) {
			return false
		}
	}
	return stop != '.' || !endsWithAbbreviation(head[:len(head)-size])
}

// endsWithAbbreviation reports whether the last word of s takes its own full stop: an initial, or a short
// title such as "Mr" and "Dr".
func endsWithAbbreviation(s string) bool {
	word := s[strings.LastIndexAny(s, " \n.(\"")+1:]
	first, _ := utf8.DecodeRuneInString(word)
	n := utf8.RuneCountInString(word)
	return n == 1 && unicode.IsLetter(first) || n <= 3 && unicode.IsUpper(first) && word != strings.ToUpper(word)
}

// noBreak is a space that keeps a "…" on the same line as the words before it.
const noBreak = "\u00a0"

// withEllipsis appends "…" to text that was cut.
func withEllipsis(s string, sentence bool) string {
	s = strings.TrimRight(s, " \n")
	if sentence {
		if last, _ := utf8.DecodeLastRuneInString(s); last < 0x2e80 {
			return s + noBreak + "…"
		}
		return s + "…"
	}
	return strings.TrimRight(s, " ,;:-–—(") + "…"
}
