package templates

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// message is a text with named placeholders, in the plural forms of its language. A text without a count has only the
// form Other.
type message map[plural.Form][]piece

// piece is a part of a message: literal text, or the name of a placeholder.
type piece struct {
	text, placeholder string
}

// pieces parses a text, for example "{n} replies in {section}".
func pieces(s string) ([]piece, error) {
	var out []piece
	for s != "" {
		text, rest, open := strings.Cut(s, "{")
		if text != "" {
			out = append(out, piece{text: text})
		}
		if !open {
			return out, nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || name == "" || strings.ContainsAny(name, "{ ") {
			return nil, fmt.Errorf("invalid placeholder at %q: write {name}", "{"+rest)
		}
		out = append(out, piece{placeholder: name})
		s = after
	}
	return out, nil
}

// placeholdersOf returns the names of the placeholders in one form.
func placeholdersOf(ps []piece) map[string]bool {
	names := map[string]bool{}
	for _, p := range ps {
		if p.placeholder != "" {
			names[p.placeholder] = true
		}
	}
	return names
}

// placeholders returns the names of the placeholders in all forms.
func (m message) placeholders() map[string]bool {
	names := map[string]bool{}
	for _, form := range m {
		maps.Copy(names, placeholdersOf(form))
	}
	return names
}

// formNames maps the CLDR names of the plural forms, as locale files use them.
func formNames() map[string]plural.Form {
	return map[string]plural.Form{
		"zero": plural.Zero, "one": plural.One, "two": plural.Two,
		"few": plural.Few, "many": plural.Many, "other": plural.Other,
	}
}

// countingForms returns the plural forms that a language uses for whole numbers.
func countingForms(tag language.Tag) map[plural.Form]bool {
	forms := map[plural.Form]bool{}
	for n := range 202 { // the CLDR rules show all forms in the first two hundred numbers, except for the millions
		forms[formOf(tag, n)] = true
	}
	forms[formOf(tag, 1_000_000)] = true
	return forms
}

func formOf(tag language.Tag, n int) plural.Form {
	return plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0)
}

// readMessage reads the value of a key: a string, or a table of plural forms.
func readMessage(value any, tag language.Tag) (message, error) {
	if s, ok := value.(string); ok {
		ps, err := pieces(s)
		return message{plural.Other: ps}, err
	}
	table, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("must be a string or a table of plural forms")
	}
	m := message{}
	for name, v := range table {
		form, known := formNames()[name]
		s, isText := v.(string)
		if !known || !isText {
			return nil, fmt.Errorf("invalid plural form %q: use %s", name, strings.Join(requiredForms(countingForms(tag)), ", "))
		}
		ps, err := pieces(s)
		if err != nil {
			return nil, err
		}
		m[form] = ps
	}
	return m, m.checkForms(tag)
}

// checkForms checks the plural forms of a message against its language. Other is always allowed: some languages use
// it only for fractions.
func (m message) checkForms(tag language.Tag) error {
	want := countingForms(tag)
	for form := range want {
		if _, ok := m[form]; !ok {
			return fmt.Errorf("missing plural form: the language needs %s", strings.Join(requiredForms(want), ", "))
		}
	}
	for form := range m {
		if !want[form] && form != plural.Other {
			return fmt.Errorf("unexpected plural form: the language needs only %s", strings.Join(requiredForms(want), ", "))
		}
	}
	return nil
}

func requiredForms(forms map[plural.Form]bool) []string {
	var names []string
	for name, form := range formNames() {
		if forms[form] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// checkPlaceholders compares the placeholders of a message with the reference. A form for a single number ("zero", "one",
// "two") may leave out the number.
func (m message) checkPlaceholders(ref message) error {
	want := ref.placeholders()
	for form, ps := range m {
		have := placeholdersOf(ps)
		for name := range have {
			if !want[name] {
				return fmt.Errorf("unknown placeholder {%s}", name)
			}
		}
		single := form == plural.One || form == plural.Two || form == plural.Zero
		for name := range want {
			if !have[name] && (name != countPlaceholder || !single) {
				return fmt.Errorf("missing placeholder {%s}", name)
			}
		}
	}
	return nil
}
