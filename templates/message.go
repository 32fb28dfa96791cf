package templates

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// message is a sentence with named gaps, in the forms that its language counts in. A sentence that
// counts nothing has the form Other alone.
type message map[plural.Form][]piece

// piece is a stretch of a sentence: words, or the name of a gap.
type piece struct {
	words, gap string
}

// pieces reads "{n} replies in {section}".
func pieces(s string) ([]piece, error) {
	var out []piece
	for s != "" {
		words, rest, open := strings.Cut(s, "{")
		if words != "" {
			out = append(out, piece{words: words})
		}
		if !open {
			return out, nil
		}
		gap, after, closed := strings.Cut(rest, "}")
		if !closed || gap == "" || strings.ContainsAny(gap, "{ ") {
			return nil, fmt.Errorf("a brace that opens no placeholder: %q", "{"+rest)
		}
		out = append(out, piece{gap: gap})
		s = after
	}
	return out, nil
}

// placeholdersOf names the gaps of a sentence.
func placeholdersOf(ps []piece) map[string]bool {
	names := map[string]bool{}
	for _, p := range ps {
		if p.gap != "" {
			names[p.gap] = true
		}
	}
	return names
}

// placeholders names the gaps of all forms.
func (m message) placeholders() map[string]bool {
	names := map[string]bool{}
	for _, form := range m {
		maps.Copy(names, placeholdersOf(form))
	}
	return names
}

// formNames are the words of CLDR for the forms, as they stand in a locale file.
func formNames() map[string]plural.Form {
	return map[string]plural.Form{
		"zero": plural.Zero, "one": plural.One, "two": plural.Two,
		"few": plural.Few, "many": plural.Many, "other": plural.Other,
	}
}

// countingForms are the forms that a language needs to count whole things.
func countingForms(tag language.Tag) map[plural.Form]bool {
	forms := map[plural.Form]bool{}
	for n := range 202 { // all rules of CLDR show within the first two hundred, but for the millions
		forms[formOf(tag, n)] = true
	}
	forms[formOf(tag, 1_000_000)] = true
	return forms
}

func formOf(tag language.Tag, n int) plural.Form {
	return plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0)
}

// readMessage reads the value of a key: a sentence, or a table of forms.
func readMessage(value any, tag language.Tag) (message, error) {
	if s, ok := value.(string); ok {
		ps, err := pieces(s)
		return message{plural.Other: ps}, err
	}
	table, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("neither a sentence nor a table of plural forms")
	}
	m := message{}
	for name, v := range table {
		form, known := formNames()[name]
		s, isText := v.(string)
		if !known || !isText {
			return nil, fmt.Errorf("%q is no plural form: they are %s", name, strings.Join(requiredForms(countingForms(tag)), ", "))
		}
		ps, err := pieces(s)
		if err != nil {
			return nil, err
		}
		m[form] = ps
	}
	return m, m.checkForms(tag)
}

// checkForms compares the forms of a counting sentence with those of its language. Other may always
// be given: some languages use it for fractions only.
func (m message) checkForms(tag language.Tag) error {
	want := countingForms(tag)
	for form := range want {
		if _, ok := m[form]; !ok {
			return fmt.Errorf("lacks a plural form: the language needs %s", strings.Join(requiredForms(want), ", "))
		}
	}
	for form := range m {
		if !want[form] && form != plural.Other {
			return fmt.Errorf("has a plural form too many: the language needs %s", strings.Join(requiredForms(want), ", "))
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

// checkGaps compares the gaps of a message with those of the same message in the reference. A form
// that stands for one number ("one", "two", "zero") may do without the number.
func (m message) checkGaps(ref message) error {
	want := ref.placeholders()
	for form, ps := range m {
		have := placeholdersOf(ps)
		for name := range have {
			if !want[name] {
				return fmt.Errorf("knows no placeholder {%s}", name)
			}
		}
		single := form == plural.One || form == plural.Two || form == plural.Zero
		for name := range want {
			if !have[name] && (name != countPlaceholder || !single) {
				return fmt.Errorf("lacks the placeholder {%s}", name)
			}
		}
	}
	return nil
}
