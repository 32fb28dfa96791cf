package templates

import (
	"crypto/sha256"
	htmltemplate "html/template"
	"strconv"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"postrider/forum"
)

// initialColors are the backgrounds of initials. White letters on them have a contrast of 4.5:1, and they have 3:1 to the card of light
// and of dark emails.
var initialColors = []rgb{
	{0xa8, 0x58, 0x2e}, {0xb5, 0x4a, 0x5e}, {0x9c, 0x55, 0x9c}, {0x6d, 0x64, 0xc0},
	{0x2f, 0x74, 0xb5}, {0x2a, 0x7d, 0x85}, {0x3c, 0x80, 0x4f}, {0x7d, 0x70, 0x2c},
}

// initialColor returns the color of an author's initial: always the same for a member, whatever their name is.
func initialColor(author forum.MemberID, name string) htmltemplate.CSS {
	key := strconv.FormatInt(int64(author), 10)
	if author == forum.Guest {
		key = name
	}
	sum := sha256.Sum256([]byte(key))
	return htmltemplate.CSS(initialColors[int(sum[0])%len(initialColors)].String())
}

// initial returns the first letter or digit of a name, as a capital letter of the language; "" if it has none.
func initial(tag language.Tag, name string) string {
	runes := []rune(name)
	for i, r := range runes {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			continue
		}
		end := i + 1
		for end < len(runes) && end < i+3 && unicode.Is(unicode.M, runes[end]) { // accents that are characters of their own
			end++
		}
		return cases.Upper(tag).String(string(runes[i:end]))
	}
	return ""
}
