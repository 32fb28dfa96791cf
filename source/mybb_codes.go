package source

import (
	"regexp"
	"strconv"
	"strings"

	"postrider/markup"
)

// patternCode returns the names of a code that MyBB finds by a pattern, and what becomes of it. An administrator
// writes \[name=(.*?)\](.*?)\[/name\] and a replacement with $1 and $2. A pattern without brackets is no tag:
// what it replaces is shown as typed.
func patternCode(pattern, page string) (names []string, code markup.Code) {
	p := readPattern(pattern)
	if len(p.names) == 0 {
		return nil, markup.HiddenCode
	}
	content := p.content
	if p.void {
		content, p.options = p.options, nil
	}
	page = groupOfPattern.ReplaceAllStringFunc(page, func(ref string) string {
		n, _ := strconv.Atoi(strings.Trim(ref, `$\{}`))
		switch {
		case contains(content, n):
			return "{text}"
		case contains(p.options, n):
			return "{option}"
		}
		return ""
	})
	code = markup.NewCode(p.names[0], page, "")
	if p.void && len(content) == 0 {
		return nil, code // there is nothing in it to hide
	}
	if p.void {
		code = code.Void()
	}
	return p.names, code
}

var groupOfPattern = regexp.MustCompile(`\$\{?\d{1,2}\}?|\\\d{1,2}`)

func contains(list []int, n int) bool {
	for _, one := range list {
		if one == n {
			return true
		}
	}
	return false
}

// tagPattern is what a pattern of a tag says.
type tagPattern struct {
	names   []string
	options []int // groups in the opening tag
	content []int // groups between the tags
	void    bool  // there is no closing tag
}

var tagName = regexp.MustCompile(`^(?:\(\?:|\()?([\p{L}\p{N}_.*-]+(?:\|[\p{L}\p{N}_.*-]+)*)\)?`)

func readPattern(s string) tagPattern {
	var p tagPattern
	start := strings.Index(s, `\[`)
	if start < 0 {
		return p
	}
	found := tagName.FindStringSubmatch(s[start+2:])
	if found == nil {
		return p
	}
	p.names = strings.Split(found[1], "|")
	end := start + 2 + len(found[0])
	inTag, inClass, group := true, false, 0
	p.void = true
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			if i++; inClass || i < end {
				continue
			}
			switch {
			case s[i] == ']' && inTag:
				inTag = false
			case s[i] == '[' && strings.HasPrefix(strings.TrimLeft(s[i+1:], `\`), "/"):
				p.void = false
				return p
			}
		case inClass:
			inClass = c != ']'
		case c == '[':
			inClass = true
		case c == ']' && inTag && i >= end: // PCRE accepts it without a backslash
			inTag = false
		case c == '(' && capturing(s[i:]):
			group++
			switch {
			case i < end:
			case inTag:
				p.options = append(p.options, group)
			default:
				p.content = append(p.content, group)
			}
		}
	}
	return p
}

func capturing(s string) bool {
	return !strings.HasPrefix(s, "(?") || strings.HasPrefix(s, "(?P<") || strings.HasPrefix(s, "(?'") ||
		strings.HasPrefix(s, "(?<") && !strings.HasPrefix(s, "(?<=") && !strings.HasPrefix(s, "(?<!")
}
