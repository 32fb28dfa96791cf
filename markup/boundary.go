package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// grapheme is the length in bytes of the first character of s as a reader sees it: a letter with its
// marks, a family of emoji, a syllable of Hangul (UAX #29, 3). It counts more than 1 when it is a
// monster: some scripts can pile up without end.
func grapheme(s string) (size, count int) {
	c, size := utf8.DecodeRuneInString(s)
	if c < 0x300 && (size == len(s) || s[size] < 0xcc) { // all below U+0300 start a character of their own
		return size, 1
	}
	first, _, _, _ := uniseg.FirstGraphemeClusterInString(s, -1)
	return len(first), 1 + len(first)/64
}

// cutAt is the length in bytes of the first n characters of s.
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

// boundary finds the best place to cut s, at most at at: behind a sentence, if one ends in the last
// third, else behind a word, else, in a very long word, at at itself. What follows at tells whether
// a word ends there.
func boundary(s string, at int) (cut int, sentence bool) {
	for i := at; i > 0 && i > at*2/3; i-- {
		if sentenceEnds(s, i) && !startsMidGrapheme(s[i:]) {
			return i, true
		}
	}
	return wordBoundary(s, at), false
}

// wordBoundary finds the end of a word, at most at at.
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

// startsMidGrapheme tells that s starts in the middle of a character.
func startsMidGrapheme(s string) bool {
	c, _ := utf8.DecodeRuneInString(s)
	return s != "" && (!utf8.RuneStart(s[0]) || c >= 0x300 && (isZeroWidth(c) || unicode.Is(unicode.Mc, c)))
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' }

// sentenceEnds tells whether a sentence ends right before i: with a full stop and what closes a
// quotation, before a space and no small letter. "W.G. Ewald" and "Mr. Ray" do not end one.
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

// endsWithAbbreviation tells whether the word that s ends with takes a full stop of its own: an initial, or a
// short title such as "Mr" and "Dr".
func endsWithAbbreviation(s string) bool {
	word := s[strings.LastIndexAny(s, " \n.(\"")+1:]
	first, _ := utf8.DecodeRuneInString(word)
	n := utf8.RuneCountInString(word)
	return n == 1 && unicode.IsLetter(first) || n <= 3 && unicode.IsUpper(first) && word != strings.ToUpper(word)
}

// noBreak is a space that keeps a "…" on the line of the words before it.
const noBreak = "\u00a0"

// withEllipsis puts "…" behind a piece that was cut.
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
