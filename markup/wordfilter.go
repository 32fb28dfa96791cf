package markup

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// FilteredWord is a word that a forum does not show.
type FilteredWord struct {
	Word        string // "*" stands for any letters, "+" for one
	Regex       bool   // Word is a regular expression of PHP, without delimiters
	Replacement string
}

// WordFilter replaces the words that a forum does not show. It is immutable and safe for concurrent use.
type WordFilter struct {
	words []filteredWord
}

type filteredWord struct {
	pattern     *regexp.Regexp
	literal     string // a text without the longest literal part, in lower case, has no match
	whole       bool   // matches whole words only
	replacement string
}

// NewWordFilter returns a filter, or nil if there are no words, and an error for each expression that Go's
// regexp does not support.
func NewWordFilter(words []FilteredWord) (*WordFilter, []error) {
	f := &WordFilter{}
	var errs []error
	for _, w := range words {
		if strings.TrimSpace(w.Word) == "" {
			continue
		}
		one := filteredWord{replacement: w.Replacement, whole: !w.Regex}
		source := w.Word
		if w.Regex {
			one.replacement = groupReference.ReplaceAllString(w.Replacement, "$${$1}")
		} else {
			source, one.literal = wordPattern(w.Word)
		}
		pattern, err := regexp.Compile("(?is)" + source)
		if err != nil {
			errs = append(errs, fmt.Errorf("filtered word %q: %w", w.Word, err))
			continue
		}
		one.pattern = pattern
		f.words = append(f.words, one)
	}
	if len(f.words) == 0 {
		return nil, errs
	}
	return f, errs
}

// groupReference finds \1, $1 and ${1} in PHP's replacements.
var groupReference = regexp.MustCompile(`[\\$]\{?(\d{1,2})\}?`)

// wordPattern returns the expression for a word with wildcards, and its longest part without any.
func wordPattern(word string) (pattern, literal string) {
	var b strings.Builder
	for part := range strings.FieldsFuncSeq(word, func(c rune) bool { return c == '*' || c == '+' }) {
		if len(part) > len(literal) {
			literal = strings.ToLower(part)
		}
	}
	for i := 0; i < len(word); {
		switch c := word[i]; c {
		case '*':
			if b.Len() == 0 || word[i-1] != '*' {
				b.WriteString(`[\pL\pM\pN_]*`)
			}
			i++
		case '+':
			b.WriteString(`\S`)
			i++
		default:
			_, size := utf8.DecodeRuneInString(word[i:])
			b.WriteString(regexp.QuoteMeta(word[i : i+size]))
			i += size
		}
	}
	return b.String(), literal
}

// Apply returns s without the filtered words.
func (f *WordFilter) Apply(s string) string {
	if s == "" {
		return s
	}
	low := strings.ToLower(s)
	for i := range f.words {
		w := &f.words[i]
		if w.literal != "" && !strings.Contains(low, w.literal) {
			continue
		}
		if changed := w.replaceIn(s); changed != s {
			s = sanitize(changed)
			low = strings.ToLower(s)
		}
	}
	return s
}

func (w *filteredWord) replaceIn(s string) string {
	if !w.whole {
		return w.pattern.ReplaceAllString(s, w.replacement)
	}
	places := w.pattern.FindAllStringIndex(s, -1)
	places = slices.DeleteFunc(places, func(p []int) bool { return p[0] == p[1] || !isWhole(s, p[0], p[1]) })
	if len(places) == 0 {
		return s
	}
	var b strings.Builder
	kept := 0
	for _, p := range places {
		b.WriteString(s[kept:p[0]])
		b.WriteString(w.replacement)
		kept = p[1]
	}
	b.WriteString(s[kept:])
	return b.String()
}

// isWhole reports whether no letter or digit is next to s[from:to].
func isWhole(s string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:from])
	after, _ := utf8.DecodeRuneInString(s[to:])
	first, _ := utf8.DecodeRuneInString(s[from:])
	last, _ := utf8.DecodeLastRuneInString(s[:to])
	return !(from > 0 && isWordRune(before) && isWordRune(first)) && !(to < len(s) && isWordRune(after) && isWordRune(last))
}

func isWordRune(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) || c == '_' }
