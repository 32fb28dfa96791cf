package markup

import (
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// minColumns is what is left for words at least, however deep they stand.
const minColumns = 12

// wrap breaks a line of text into lines of at most width columns: at spaces, where the script has
// none where its rules allow (UAX #14), and within a word that is longer than a line.
func wrap(s string, width int, line func(string)) {
	start, end, columns := 0, 0, 0 // the line so far, without the space behind it
	for at := 0; at < len(s); {
		size, w := piece(s[at:])
		word := strings.TrimRight(s[at:at+size], " ")
		blank := size - len(word)
		if columns > 0 && columns+w > width {
			line(s[start:end])
			start, columns = at, 0
		}
		for w > width { // too long for any line
			n, cut := fit(word, width)
			line(word[:n])
			at, size, start = at+n, size-n, at+n
			word, w = word[n:], w-cut
		}
		end = at + len(word)
		at += size
		columns += w + blank
	}
	if start < end {
		line(s[start:end])
	}
}

// piece is the part of s up to the first place where a line may break, its size with the spaces
// behind it and its width without them.
func piece(s string) (size, width int) {
	end := strings.IndexByte(s, ' ')
	if end < 0 {
		end = len(s)
	}
	if isASCII(s[:end]) {
		width = end
	} else {
		end, width = unspaced(s[:end])
	}
	for size = end; size < len(s) && s[size] == ' '; size++ {
	}
	return size, width
}

// unspaced is piece for words that are not plain letters.
func unspaced(s string) (size, width int) {
	state := -1
	for rest := s; rest != ""; {
		var c string
		var found int
		c, rest, found, state = uniseg.StepString(rest, state)
		size += len(c)
		width += found >> uniseg.ShiftWidth
		if found&uniseg.MaskLine != uniseg.LineDontBreak {
			break
		}
	}
	return size, width
}

// fit is how many bytes of s fit into width columns, at least one character, and their width.
func fit(s string, width int) (size, columns int) {
	for size < len(s) {
		n, w := len(s[size:]), 1
		if s[size] < utf8.RuneSelf && (size+1 == len(s) || s[size+1] < utf8.RuneSelf) {
			n = 1
		} else {
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

// columns is the width of s in a fixed font; Han, kana, Hangul and emoji count two.
func columns(s string) int {
	if isASCII(s) {
		return len(s)
	}
	return uniseg.StringWidth(s)
}
