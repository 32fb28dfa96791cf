package templates

import (
	"strings"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/bidi"
)

// textWidth is the line width of the text part. RFC 5322, 2.1.1 recommends 78 at most; quoting needs some space.
const textWidth = 72

// isolate wraps a name that runs against the direction of the language, so that it does not pull the following number
// to its other side (UAX #9, 2.4).
func (l *locale) isolate(s string) string { return isolateIn(l.dir(), s) }

// isolateIn is isolate for text of a given direction.
func isolateIn(dir, s string) string {
	rtl := dir == "rtl"
	for i := 0; i < len(s); {
		p, n := bidi.LookupString(s[i:])
		switch p.Class() {
		case bidi.R, bidi.AL:
			if !rtl {
				return "\u2068" + s + "\u2069"
			}
		case bidi.L:
			if rtl {
				return "\u2068" + s + "\u2069"
			}
		}
		i += max(n, 1)
	}
	return s
}

// wrap breaks a paragraph into lines of at most width columns. It breaks longer words too.
func wrap(width int, s string) string {
	var b strings.Builder
	column := 0
	for word := range strings.FieldsSeq(s) {
		w := uniseg.StringWidth(word)
		switch {
		case column == 0:
		case column+1+w > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		if w > width { // a script without spaces, or something that is not a word
			word, w = breakWord(word, width)
		}
		b.WriteString(word)
		column += w
	}
	return b.String()
}

// breakWord breaks an overlong word between its characters. It returns the width of the last line too.
func breakWord(word string, width int) (string, int) {
	var b strings.Builder
	column := 0
	for state := -1; word != ""; {
		var cluster string
		var w int
		cluster, word, w, state = uniseg.FirstGraphemeClusterInString(word, state)
		if column+w > width {
			b.WriteByte('\n')
			column = 0
		}
		b.WriteString(cluster)
		column += w
	}
	return b.String(), column
}

// underline returns a wrapped title with a line of the sign below it.
func underline(sign, title string) string {
	s := wrap(textWidth, title)
	width := 1
	for l := range strings.SplitSeq(s, "\n") {
		width = max(width, uniseg.StringWidth(l))
	}
	return s + "\n" + strings.Repeat(sign, width)
}

// quoteLines prefixes each line with "> ".
func quoteLines(s string) string {
	return "> " + strings.ReplaceAll(strings.ReplaceAll(s, "\n", "\n> "), "> \n", ">\n")
}
