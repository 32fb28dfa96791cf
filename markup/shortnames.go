package markup

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// shortNameList has the names of JoyPixels (emoji-toolkit 6.6, MIT license), which XenForo 2 uses: the code
// points of an emoji, then its names.
//
//go:embed shortnames.txt
var shortNameList string

var shortNames = sync.OnceValue(func() map[string]string {
	names := make(map[string]string, 4096)
	for line := range strings.Lines(shortNameList) {
		var emoji string
		for i, field := range strings.Fields(line) {
			if i > 0 {
				names[field] = emoji
				continue
			}
			for code := range strings.SplitSeq(field, "-") {
				c, _ := strconv.ParseInt(code, 16, 32)
				emoji += string(rune(c))
			}
		}
	}
	return names
})

// maxShortName is longer than any name in the list.
const maxShortName = 80

// replaceShortNames replaces the names of emoji, such as ":thumbsup:" and ":thumbsup_tone3:". XenForo stores
// them where its database cannot hold four-byte characters.
func replaceShortNames(s string) string {
	var b strings.Builder
	kept := 0
	for at := 0; ; {
		i := strings.IndexByte(s[at:], ':')
		if i < 0 {
			break
		}
		at += i + 1
		end := at
		for end < len(s) && end-at < maxShortName && isShortNameByte(s[end]) {
			end++
		}
		if end == at || end == len(s) || s[end] != ':' {
			at = end
			continue
		}
		if emoji := emojiNamed(s[at:end]); emoji != "" && !isWithinWord(s, at-1, end+1) {
			b.WriteString(s[kept : at-1])
			b.WriteString(emoji)
			kept = end + 1
			at = kept
			continue
		}
		at = end // its colon may start the next name
	}
	if kept == 0 {
		return s
	}
	b.WriteString(s[kept:])
	return b.String()
}

// emojiNamed returns the emoji of a name, or "". A skin tone follows the first character (UTS #51, 1.4.4).
func emojiNamed(name string) string {
	if emoji := shortNames()[name]; emoji != "" {
		return emoji
	}
	base, tone, found := strings.Cut(name, "_tone")
	if emoji := shortNames()[base]; found && emoji != "" && len(tone) == 1 && tone[0] >= '1' && tone[0] <= '5' {
		_, size := utf8.DecodeRuneInString(emoji)
		return emoji[:size] + string(0x1f3fb+rune(tone[0]-'1')) + strings.TrimPrefix(emoji[size:], "\ufe0f")
	}
	return ""
}

func isShortNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '+' || c == '-'
}

// isWithinWord reports whether letters or digits are on both sides of s[from:to], as in "10:100:5".
func isWithinWord(s string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:from])
	after, _ := utf8.DecodeRuneInString(s[to:])
	return isWordRune(before) && isWordRune(after)
}
