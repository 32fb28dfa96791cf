package source

import (
	"fmt"
	"strconv"
	"strings"

	"postrider/markup"
)

// customMarkup is a value of the key markup.
type customMarkup struct {
	name, about string
	dialect     markup.Dialect
	body        func(d markup.Dialect, stored string, l markup.Links) markup.Doc // nil: BBCode
}

// customMarkups are the markup languages that a home-made forum can use. To add one, add a line.
func customMarkups() []customMarkup {
	return []customMarkup{
		{name: "bbcode", about: "BBCode: [b]bold[/b]"},
		{name: "mycode", about: "BBCode with character references such as &#8364;, as in MyBB", dialect: markup.Dialect{Entities: true}},
		{name: "markdown", about: "Markdown: **bold**", body: markup.Dialect.Markdown},
		{name: "s9e", about: "XML of the s9e text formatter, as in phpBB and Flarum", body: markup.Dialect.S9e},
		{name: "html", about: "HTML, read as that of Discourse; elements that it does not use are hidden", body: markup.Dialect.Discourse},
		{name: "smf", about: "BBCode with <br> and &quot;, as in SMF", body: markup.Dialect.SMF},
		{name: "text", about: "text without markup", body: markup.Dialect.Text},
	}
}

func markupNames() []string {
	var names []string
	for _, m := range customMarkups() {
		names = append(names, m.name)
	}
	return names
}

func setMarkup(k *forumType, _ *customLinks, value string) error {
	for _, m := range customMarkups() {
		if m.name == value {
			k.markup, k.body, k.dialect.Entities = m.about, m.body, m.dialect.Entities
			return nil
		}
	}
	return fmt.Errorf("unknown markup %q: must be one of %s", value, strings.Join(markupNames(), ", "))
}

func setZones(k *forumType, _ *customLinks, value string) error {
	perHour := map[string]float64{"hours": 1, "minutes": 60, "seconds": 3600}[value]
	switch {
	case value == "iana":
	case perHour == 0:
		return fmt.Errorf("invalid value %q: must be iana, hours, minutes or seconds", value)
	default:
		k.offsetOnly = true
		k.zone = func(stored string) string {
			offset, err := strconv.ParseFloat(strings.TrimSpace(stored), 64)
			if err != nil {
				return ""
			}
			return mybbZone(strconv.FormatFloat(offset/perHour, 'f', -1, 64))
		}
	}
	return nil
}

func setLocales(k *forumType, _ *customLinks, value string) error {
	switch value {
	case "tags":
		k.locale = localeTag
	case "names":
		k.locale = mybbLocale
	default:
		return fmt.Errorf("invalid value %q: must be tags or names", value)
	}
	return nil
}

// localeTag returns the BCP 47 tag for "pt_br", "pt-BR" or "pt_BR.UTF-8".
func localeTag(stored string) string {
	stored, _, _ = strings.Cut(strings.TrimSpace(stored), ".")
	language, rest, _ := strings.Cut(strings.ReplaceAll(stored, "_", "-"), "-")
	switch {
	case rest == "":
		return strings.ToLower(language)
	case len(rest) == 2:
		rest = strings.ToUpper(rest)
	}
	return strings.ToLower(language) + "-" + rest
}

// splitWords decodes a row of word_filter that has all words, and passes each on.
func splitWords(each func(markup.FilteredWord) ([]markup.FilteredWord, error)) func(markup.FilteredWord) ([]markup.FilteredWord, error) {
	return func(row markup.FilteredWord) ([]markup.FilteredWord, error) {
		var all []markup.FilteredWord
		for word := range strings.FieldsFuncSeq(row.Word, func(c rune) bool { return c == ',' || c == '\n' || c == '\r' }) {
			w := row
			if w.Word = strings.TrimSpace(word); w.Word == "" {
				continue
			}
			if each == nil {
				all = append(all, w)
				continue
			}
			some, err := each(w)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
		return all, nil
	}
}
