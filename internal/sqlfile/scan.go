package sqlfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// scanner copies a query to out without its comments, with its macros replaced.
type scanner struct {
	macros   map[string]Macro
	line     int
	out      strings.Builder
	params   []string
	ended    bool // a semicolon was met: nothing may follow
	replaced bool // inside of what a macro yielded
}

func (s *scanner) scan(text string) error {
	for text != "" {
		n, err := s.next(text)
		if err != nil {
			return err
		}
		if !s.replaced {
			s.line += strings.Count(text[:n], "\n")
		}
		text = text[n:]
	}
	return nil
}

// next copies the token that text begins with and says how long it was.
func (s *scanner) next(text string) (int, error) {
	switch c := text[0]; {
	case strings.HasPrefix(text, "--"):
		if end := strings.IndexByte(text, '\n'); end >= 0 {
			return end, nil // the line end stays: it keeps the words around the comment apart
		}
		return len(text), nil
	case strings.HasPrefix(text, "/*"):
		end := strings.Index(text[2:], "*/")
		if end < 0 {
			return 0, errors.New("a comment /* has no end")
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
		return 0, errors.New("a brace } was never opened")
	case c == '?' || c == '$' || c == '#':
		return 0, fmt.Errorf("%q cannot stand outside of a literal: parameters are written :name, comments with --", c)
	case c == 0:
		return 0, errors.New("a zero byte")
	default:
		s.out.WriteByte(c)
		return 1, nil
	}
}

// literal copies a quoted string or name. A doubled quote inside of it reads as two literals
// side by side, which comes to the same.
func (s *scanner) literal(text string) (int, error) {
	end := strings.IndexByte(text[1:], text[0])
	if end < 0 {
		return 0, fmt.Errorf("a literal %c has no end", text[0])
	}
	inside := text[1 : 1+end]
	if i := strings.IndexAny(inside, ":?\\\x00"); i >= 0 {
		return 0, fmt.Errorf("%q cannot stand in a literal: pass it as a parameter", inside[i])
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
		return 0, errors.New("a colon without a name of small letters, digits and _")
	case text[n] == '_':
		return 0, fmt.Errorf("parameter %s ends in _, which sqlx drops at the end of a query", text[:n+1])
	case readsOn(text[n+1:]):
		return 0, fmt.Errorf("parameter %s is followed by %q", text[:n+1], text[n+1])
	}
	if name := text[1 : n+1]; !slices.Contains(s.params, name) {
		s.params = append(s.params, name)
	}
	s.out.WriteString(text[:n+1])
	return n + 1, nil
}

// readsOn tells whether sqlx would read a parameter on into what follows it, where we end it.
func readsOn(text string) bool {
	if text == "" || strings.HasPrefix(text, "::") {
		return false // the second is refused in its own right
	}
	c := text[0]
	return c == '.' || c == ':' || c == '{' || c >= 0x80 || 'A' <= c && c <= 'Z'
}

func (s *scanner) macro(text string) (int, error) {
	end := strings.IndexByte(text, '}')
	if end < 0 {
		return 0, errors.New("a brace { has no end")
	}
	word, arg, _ := strings.Cut(strings.TrimSpace(text[1:end]), " ")
	macro, found := s.macros[word]
	if !found || s.replaced {
		return 0, fmt.Errorf("{%s} is not a macro known here", word)
	}
	s.replaced = true
	defer func() { s.replaced = false }()
	if err := s.scan(macro(strings.TrimSpace(arg))); err != nil {
		return 0, fmt.Errorf("{%s}: %w", word, err)
	}
	return end + 1, nil
}

// wordLen is the length of the name that text begins with.
func wordLen(text string) int {
	for i := range len(text) {
		c := text[i]
		if (c < 'a' || c > 'z') && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return i
		}
	}
	return len(text)
}
