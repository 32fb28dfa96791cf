package source

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"postrider/markup"
)

// xenforoFilter decodes the option censorWords, which is JSON in XenForo 2 and serialized PHP in XenForo 1. The
// replacement of the row is the option censorCharacter.
func xenforoFilter(row markup.FilteredWord) ([]markup.FilteredWord, error) {
	var list any
	var err error
	if text := strings.TrimSpace(row.Word); strings.HasPrefix(text, "a:") {
		list, err = parsePHP([]byte(text))
	} else if text != "" {
		err = json.Unmarshal([]byte(text), &list)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the option censorWords: %w", err)
	}
	character := row.Replacement
	if character == "" {
		character = "*"
	}
	var words []markup.FilteredWord
	switch list := list.(type) {
	case []any:
		for _, one := range list {
			if m, ok := one.(map[string]any); ok {
				words = append(words, censoredWord(m, character))
			}
		}
	case map[string]any:
		for key, one := range list {
			m, ok := one.(map[string]any)
			switch {
			case !ok:
			case m["word"] != nil || m["regex"] != nil:
				words = append(words, censoredWord(m, character))
			default: // XenForo 1.0: "exact" and "any" map words to replacements
				words = append(words, censoredGroup(key, m, character)...)
			}
		}
	}
	slices.SortFunc(words, func(a, b markup.FilteredWord) int { return strings.Compare(a.Word, b.Word) })
	return words, nil
}

func censoredWord(m map[string]any, character string) markup.FilteredWord {
	word, _ := m["word"].(string)
	w := markup.FilteredWord{Word: word}
	if word == "" {
		pattern, _ := m["regex"].(string)
		w.Word, w.Regex = delimited(pattern), true
	}
	w.Replacement = censored(word, m["replace"], character)
	return w
}

func censoredGroup(kind string, m map[string]any, character string) []markup.FilteredWord {
	var words []markup.FilteredWord
	for word, replace := range m {
		w := markup.FilteredWord{Word: word, Replacement: censored(word, replace, character)}
		if kind == "any" {
			w.Word, w.Regex = regexp.QuoteMeta(word), true
		}
		words = append(words, w)
	}
	return words
}

// censored returns what replaces a word: a text, or the number of characters.
func censored(word string, replace any, character string) string {
	n := len([]rune(strings.Trim(word, "*")))
	switch r := replace.(type) {
	case string:
		if length, err := strconv.Atoi(r); err == nil && length > 0 && length < 100 {
			n = length
		} else if r != "" {
			return r
		}
	case float64:
		n = min(int(r), 100)
	case int64:
		n = min(int(r), 100)
	}
	return strings.Repeat(character, max(n, 1))
}

// delimited returns the expression between PHP's delimiters.
func delimited(pattern string) string {
	if pattern == "" {
		return ""
	}
	end := strings.LastIndexByte(pattern[1:], pattern[0])
	if end < 0 {
		return pattern
	}
	return pattern[1 : 1+end]
}
