package source

import (
	"strings"

	"postrider/markup"
)

// mybbFilter completes a filtered word: MyBB shows five asterisks if there is no replacement.
func mybbFilter(w markup.FilteredWord) ([]markup.FilteredWord, error) {
	if w.Replacement == "" {
		w.Replacement = "*****"
	}
	return []markup.FilteredWord{w}, nil
}

// stripTags removes HTML tags and comments from the name of a forum, as PHP's strip_tags does for MyBB's own
// emails and page titles. A "<" before a space is no tag.
func stripTags(s string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 || i+1 == len(s) {
			break
		}
		b.WriteString(s[:i])
		if s = s[i:]; strings.IndexByte(" \t\n\r", s[1]) >= 0 {
			b.WriteByte('<')
			s = s[1:]
			continue
		}
		s = s[tagLength(s):]
	}
	b.WriteString(s)
	return strings.TrimSpace(b.String())
}

// tagLength returns the length of the tag or comment at the start of s. An unclosed one takes all of it.
func tagLength(s string) int {
	if strings.HasPrefix(s, "<!--") {
		if i := strings.Index(s, "-->"); i >= 0 {
			return i + len("-->")
		}
		return len(s)
	}
	var quote byte
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i + 1
		}
	}
	return len(s)
}
