package sqlfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// scanner copies a query to out without its comments, with its macros replaced.
type scanner struct {
	macros map[string]Macro
	line   int
	out    strings.Builder
	params []string
	ended  bool     // a semicolon was met: nothing may follow
	within []string // the macros whose output this is
}

func (s *scanner) scan(text string) error {
	for text != "" {
		n, err := s.next(text)
		if err != nil {
			return err
		}
		if len(s.within) == 0 {
			s.line += strings.Count(text[:n], "\n")
		}
		text = text[n:]
	}
	return nil
}

// next copies the first token of text and returns its length.
func (s *scanner) next(text string) (int, error) {
	switch c := text[0]; {
	case strings.HasPrefix(text, "--"):
		if end := strings.IndexByte(text, '\n'); end >= 0 {
			return end, nil // the line break stays, to separate the words around the comment
		}
		return len(text), nil
	case strings.HasPrefix(text, "/*"):
		end := strings.Index(text[2:], "*/")
		if end < 0 {
			return 0, errors.New("unterminated comment /*")
		}
		s.out.WriteByte(' ')
		return end + 4, nil
	case c == ' ' || c == '\t' || c == '\r' || c == '\n':
		s.out.WriteByte(c)
		return 1, nil
	case s.ended:
		return 0, errors.New("a second statement after the semicolon")
	case c == ';':
		s.ended = true
		return 1, nil
	case c == '\'' || c == '"' || c == '`':
		return s.literal(text)
	case c == ':':
		return s.param(text)
	case c == '{':
		return s.macro(text)
	case c == '}':
		return 0, errors.New("unmatched brace }")
	case c == '?' || c == '$' || c == '#':
		return 0, fmt.Errorf("%q is not allowed outside a literal: write parameters as :name, comments with --", c)
	case c == 0:
		return 0, errors.New("a zero byte")
	default:
		s.out.WriteByte(c)
		return 1, nil
	}
}

// literal copies a quoted string or name. A doubled quote in it reads as two adjacent literals, with the same result.
func (s *scanner) literal(text string) (int, error) {
	end := strings.IndexByte(text[1:], text[0])
	if end < 0 {
		return 0, fmt.Errorf("unterminated literal %c", text[0])
	}
	inside := text[1 : 1+end]
	if i := strings.IndexAny(inside, ":?\\\x00"); i >= 0 {
		return 0, fmt.Errorf("%q is not allowed in a literal: write CHR(%[2]d) on PostgreSQL, CHAR(%[2]d) on other databases, joined to the rest of the text", inside[i], inside[i])
	}
	s.out.WriteString(text[:end+2])
	return end + 2, nil
}

func (s *scanner) param(text string) (int, error) {
	n := wordLen(text[1:])
	switch {
	case strings.HasPrefix(text, "::"):
		return 0, errors.New("\"::\" is read as a parameter: write CAST(x AS type)")
	case n == 0:
		return 0, errors.New("a colon must be followed by a name of lower-case letters, digits and _")
	case text[n] == '_':
		return 0, fmt.Errorf("parameter %s ends in _, which sqlx drops at the end of a query", text[:n+1])
	case continuesParam(text[n+1:]):
		return 0, fmt.Errorf("parameter %s is followed by %q", text[:n+1], text[n+1])
	}
	if name := text[1 : n+1]; !slices.Contains(s.params, name) {
		s.params = append(s.params, name)
	}
	s.out.WriteString(text[:n+1])
	return n + 1, nil
}

// continuesParam reports whether sqlx would read the next character as part of the parameter.
func continuesParam(text string) bool {
	if text == "" || strings.HasPrefix(text, "::") {
		return false // "::" is rejected elsewhere
	}
	c := text[0]
	return c == '.' || c == ':' || c == '{' || c >= 0x80 || 'A' <= c && c <= 'Z'
}

func (s *scanner) macro(text string) (int, error) {
	end := strings.IndexByte(text, '}')
	if end < 0 {
		return 0, errors.New("unmatched brace {")
	}
	word, arg, _ := strings.Cut(strings.TrimSpace(text[1:end]), " ")
	macro, found := s.macros[word]
	if !found || slices.Contains(s.within, word) {
		return 0, fmt.Errorf("unknown macro {%s}", word)
	}
	s.within = append(s.within, word)
	defer func() { s.within = s.within[:len(s.within)-1] }()
	if err := s.scan(macro(strings.TrimSpace(arg))); err != nil {
		return 0, fmt.Errorf("{%s}: %w", word, err)
	}
	return end + 1, nil
}

// wordLen returns the length of the name at the start of text.
func wordLen(text string) int {
	for i := range len(text) {
		c := text[i]
		if (c < 'a' || c > 'z') && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return i
		}
	}
	return len(text)
}
