package markup

import (
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// minColumns is the minimum number of columns for words, however deep they are nested.
const minColumns = 12

// Wrap breaks text without line breaks into lines of at most width columns, as the plain text of posts.
func Wrap(s string, width int) (lines []string) {
	wrap(s, width, func(line string) { lines = append(lines, line) })
	return lines
}

// wrap breaks a line of text into lines of at most width columns. It breaks at spaces, where the rules of
// scripts without spaces allow it (UAX #14), and within a word that is longer than a line, except for code.
func wrap(s string, width int, line func(string)) {
	p := lineFiller{s: s, width: width, line: line}
	for at := 0; at < len(s); {
		end := strings.IndexByte(s[at:], ' ') + at
		if end < at {
			end = len(s)
		}
		p.word(at, end)
		at = end + 1
	}
	if p.start < p.end {
		line(s[p.start:p.end])
	}
}

// lineFiller fills lines with words.
type lineFiller struct {
	s          string
	width      int
	line       func(string)
	start, end int // of the line so far
	columns    int // of the line so far
}

// word adds the text between two spaces.
func (p *lineFiller) word(from, to int) {
	if strings.Contains(p.s[from:to], wholeWord) {
		p.piece(from, to, columns(strings.ReplaceAll(p.s[from:to], wholeWord, "")))
		return
	}
	if isASCII(p.s[from:to]) {
		p.piece(from, to, to-from)
		return
	}
	// Korean puts spaces between its words and prefers not to be broken elsewhere.
	if strings.ContainsFunc(p.s[from:to], func(c rune) bool { return c >= 0xac00 && c <= 0xd7a3 }) {
		if width := columns(p.s[from:to]); width <= p.width {
			p.piece(from, to, width)
			return
		}
	}
	state := -1
	width := 0
	at := from
	for rest := p.s[from:to]; rest != ""; {
		var c string
		var found int
		c, rest, found, state = uniseg.StepString(rest, state)
		at += len(c)
		width += found >> uniseg.ShiftWidth
		if found&uniseg.MaskLine != uniseg.LineDontBreak || rest == "" {
			p.piece(from, at, width)
			from, width = at, 0
		}
	}
}

// piece adds text that can be broken only if it is longer than a line.
func (p *lineFiller) piece(from, to, width int) {
	space := 0
	if from > p.end {
		space = 1
	}
	if p.columns > 0 && p.columns+space+width > p.width {
		p.line(p.s[p.start:p.end])
		p.columns = 0
	}
	if p.columns == 0 {
		p.start, space = from, 0
	}
	for width > p.width && !strings.Contains(p.s[from:to], wholeWord) {
		n, w := fitColumns(p.s[from:to], p.width)
		p.line(p.s[from : from+n])
		from, width = from+n, width-w
		p.start = from
	}
	p.end = to
	p.columns += space + width
}

// fitColumns returns how many bytes of s fit into width columns (at least one character), and their width.
func fitColumns(s string, width int) (size, columns int) {
	for size < len(s) {
		n, w := 1, 1
		if s[size] >= utf8.RuneSelf || size+1 < len(s) && s[size+1] >= utf8.RuneSelf {
			var c string
			c, _, w, _ = uniseg.FirstGraphemeClusterInString(s[size:], -1)
			n = len(c)
		}
		if size > 0 && columns+w > width {
			break
		}
		size, columns = size+n, columns+w
	}
	return size, columns
}

// columns returns the width of s in a monospaced font; Han, kana, Hangul and emoji count two.
func columns(s string) int {
	if isASCII(s) {
		return len(s)
	}
	return uniseg.StringWidth(s)
}
