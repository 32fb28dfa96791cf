package markup

import (
	"html"
	"strconv"
	"strings"
)

// A character that an entity stands for is text, even where the same character as typed would be markup. These
// private-use characters take the place of such characters while a post is parsed.
const (
	shieldedOpen  = "\U0010f55b" // "["
	shieldedClose = "\U0010f55d" // "]"
	shieldedColon = "\U0010f57a" // ":"
	shieldedAt    = "\U0010f540" // "@"
)

var unshielder = strings.NewReplacer(shieldedOpen, "[", shieldedClose, "]", shieldedColon, ":", shieldedAt, "@")

func unshield(s string) string {
	if !strings.Contains(s, "\xf4\x8f\x95") { // how all of them start
		return s
	}
	return unshielder.Replace(s)
}

// decodeEntities replaces decimal character references. MyBB 1.8 escapes every "&" except in front of "#",
// digits and ";" (class_parser.php, htmlspecialchars_uni), so browsers show these as characters, and named ones
// as typed. shielded reports whether the result needs unshield.
func decodeEntities(s string) (decoded string, shielded bool) {
	if !strings.Contains(s, "&#") {
		return s, false
	}
	var b strings.Builder
	kept := 0
	for at := 0; ; {
		i := strings.Index(s[at:], "&#")
		if i < 0 {
			break
		}
		i += at
		at = i + 2
		end := at
		for end < len(s) && end-at < 10 && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		if end == at || end == len(s) || s[end] != ';' {
			continue
		}
		at = end + 1
		b.WriteString(s[kept:i])
		kept = at
		if n, err := strconv.Atoi(s[i+2 : end]); err != nil || n < ' ' && n != '\n' && n != '\t' {
			continue
		}
		switch c := html.UnescapeString(s[i:at]); c { // numbers from 128 to 159 are in Windows-1252, as in browsers
		case "[":
			b.WriteString(shieldedOpen)
			shielded = true
		case "]":
			b.WriteString(shieldedClose)
			shielded = true
		case ":":
			b.WriteString(shieldedColon)
			shielded = true
		case "@":
			b.WriteString(shieldedAt)
			shielded = true
		case "\n", "\t":
			b.WriteByte(' ') // a browser folds it
		default:
			b.WriteString(c)
		}
	}
	b.WriteString(s[kept:])
	return sanitize(b.String()), shielded
}
