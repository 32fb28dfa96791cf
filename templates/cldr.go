package templates

import (
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/ar"
	"github.com/go-playground/locales/cs"
	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/en"
	"github.com/go-playground/locales/es"
	"github.com/go-playground/locales/fa"
	"github.com/go-playground/locales/fr"
	"github.com/go-playground/locales/he"
	"github.com/go-playground/locales/it"
	"github.com/go-playground/locales/ja"
	"github.com/go-playground/locales/ko"
	"github.com/go-playground/locales/nl"
	"github.com/go-playground/locales/pl"
	"github.com/go-playground/locales/pt"
	"github.com/go-playground/locales/ru"
	"github.com/go-playground/locales/sv"
	"github.com/go-playground/locales/tr"
	"github.com/go-playground/locales/uk"
	"github.com/go-playground/locales/zh"
	"github.com/go-playground/locales/zh_Hant"
	"golang.org/x/text/language"
	printer "golang.org/x/text/message"
	"golang.org/x/text/number"
)

// cldrNames are the names of months and weekdays by language, from the Unicode CLDR. A language that is not among them brings its own in
// its locale file. Each makes the program 50 KB larger.
var cldrNames = map[string]func() locales.Translator{
	"ar": ar.New, "cs": cs.New, "de": de.New, "en": en.New, "es": es.New, "fa": fa.New, "fr": fr.New, "he": he.New, "it": it.New,
	"ja": ja.New, "ko": ko.New, "nl": nl.New, "pl": pl.New, "pt": pt.New, "ru": ru.New, "sv": sv.New, "tr": tr.New, "uk": uk.New,
	"zh": zh.New, "zh-Hant": zh_Hant.New,
}

// addNames sets the names that the file leaves out to those of the CLDR, as they stand inside a date.
func (f *timeFile) addNames(tag language.Tag) {
	for _, t := range parents(tag) {
		create, ok := cldrNames[t.String()]
		if !ok {
			continue
		}
		names := create()
		for _, list := range []struct {
			to   *[]string
			from []string
		}{
			{&f.Months, names.MonthsWide()}, {&f.MonthsShort, names.MonthsAbbreviated()},
			{&f.Weekdays, names.WeekdaysWide()}, {&f.WeekdaysShort, names.WeekdaysAbbreviated()},
		} {
			if *list.to == nil {
				*list.to = list.from
			}
		}
		return
	}
}

// parents returns a language and those that stand in for it, the nearest first: pt-BR, pt.
func parents(tag language.Tag) []language.Tag {
	var list []language.Tag
	for ; !tag.IsRoot(); tag = tag.Parent() {
		list = append(list, tag)
	}
	return list
}

// digits are the digits of a language, from 0 to 9.
type digits [10]rune

// digitsOf returns the digits that the CLDR has for a language: ۰۱۲۳ in Persian.
func digitsOf(tag language.Tag) (d digits) {
	for i := range d {
		for _, r := range withSeparators(tag, i) {
			if unicode.IsDigit(r) {
				d[i] = r
			}
		}
	}
	return d
}

// append appends a number, with at least width digits.
func (d *digits) append(b []byte, n, width int) []byte {
	s := strconv.Itoa(n)
	for i := len(s); i < width; i++ {
		b = utf8.AppendRune(b, d[0])
	}
	for _, c := range s {
		if c >= '0' {
			c = d[c-'0']
		}
		b = utf8.AppendRune(b, c) // the sign as it is: a forum may say that a post is of before year 0
	}
	return b
}

// comma returns what stands between the items of a list. The modules do not have it (CLDR, listPattern).
func (l *locale) comma() string {
	switch base, _ := l.tag.Base(); base.String() {
	case "ar", "fa":
		return "، "
	case "ja", "zh":
		return "、"
	}
	return ", "
}

// withSeparators formats n after the rules of a language.
func withSeparators(tag language.Tag, n int) string {
	return printer.NewPrinter(tag).Sprint(number.Decimal(n))
}
