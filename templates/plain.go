package templates

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/bidi"

	"postrider/markup"
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

// wrap breaks a paragraph into lines of at most width columns, where the script allows it. It breaks longer words too.
func wrap(width int, s string) string {
	words := strings.FieldsFunc(s, func(c rune) bool { return c != '\u00a0' && unicode.IsSpace(c) }) // a no-break space keeps words together
	return strings.Join(markup.Wrap(strings.Join(words, " "), width), "\n")
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
