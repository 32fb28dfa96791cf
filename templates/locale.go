package templates

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"postrider/markup"
)

const (
	localeDir        = "locales"
	adminLocaleDir   = localeDir + "/admin"
	reference        = "en" // the locale that the others are checked against, and the one for unknown languages
	countPlaceholder = "n"  // the placeholder that picks the plural form
)

// locale is one language: its messages, and how it writes dates and numbers.
type locale struct {
	tag       language.Tag
	file      string
	adminFile string   // with the words for admins
	admins    bool     // there are words for admins
	index     int      // position in Set.locales
	time      timeFile // as the file has it, for regional variants
	calendar  calendar
	messages  map[string]message
	words     markup.Labels
	palette   palette
	bound     boundTemplates
	longest   func() int // see maxTimeBytes
}

// dir returns the text direction: "ltr" or "rtl".
func (l *locale) dir() string { return direction(l.tag) }

// start returns the side on which lines start: "left" or "right". Email clients do not know border-inline-start.
func (l *locale) start() string {
	if l.dir() == "rtl" {
		return "right"
	}
	return "left"
}

func direction(tag language.Tag) string {
	script, _ := tag.Script()
	switch script.String() {
	case "Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm", "Rohg":
		return "rtl"
	}
	return "ltr"
}

// number formats n with the digits of the language and its thousands separated.
func (l *locale) number(n int) string {
	if n >= 0 && n < 1000 {
		return string(l.calendar.digits.append(make([]byte, 0, 8), n, 1))
	}
	return withSeparators(l.tag, n)
}

// text formats a message with its placeholders filled from name-value pairs. The value of "n" selects the plural
// form.
func (l *locale) text(key string, pairs ...any) (string, error) {
	m, ok := l.messages[key]
	if !ok {
		return "", fmt.Errorf("%s: missing key %q", l.file, key)
	}
	form := m[plural.Other]
	if len(m) > 1 || form == nil {
		if n, ok := lookup(pairs, countPlaceholder).(int); ok {
			form = m[formOf(l.tag, n)]
		}
	}
	var b strings.Builder
	for _, p := range form {
		if p.placeholder == "" {
			b.WriteString(p.text)
			continue
		}
		switch v := lookup(pairs, p.placeholder).(type) {
		case string:
			b.WriteString(v)
		case int:
			b.WriteString(l.number(v))
		case slot:
			b.WriteString(v.String())
		default:
			return b.String(), fmt.Errorf("%q: no value for {%s}", key, p.placeholder)
		}
	}
	return b.String(), nil
}

// mustText is text without an error. It is for the keys of ownKeys and alarmKeys, which [Load] has checked.
func (l *locale) mustText(key string, pairs ...any) string {
	s, _ := l.text(key, pairs...)
	return s
}

func lookup(pairs []any, name string) any {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == name {
			return pairs[i+1]
		}
	}
	return nil
}

// readAdminWords adds the words for admins from their own file. Those that the members' file has already stay: an
// administrator may keep all words of a language in one file.
func (l *locale) readAdminWords(files overlayFS, name string, ref words) error {
	src, err := files.read(name)
	if err != nil {
		return fmt.Errorf("reading a locale: %w", err)
	}
	l.adminFile = files.displayName(name)
	admins, err := readLocale(l.adminFile, name, src, ref, nil)
	if err != nil {
		return err
	}
	maps.Copy(admins.messages, l.messages)
	l.messages, l.admins = admins.messages, true
	return nil
}

// words are the messages of the embedded reference locale. They define which placeholders a key may use.
type words struct {
	all    map[string]message
	admins map[string]bool // the keys that are for admins
}

var readReference = sync.OnceValues(func() (words, error) {
	files := overlayFS{}
	var ref words
	var both [2]*locale
	for i, folder := range []string{localeDir, adminLocaleDir} {
		name := path.Join(folder, reference+".toml")
		src, err := files.read(name)
		if err != nil {
			return words{}, fmt.Errorf("reading the reference locale: %w", err)
		}
		if both[i], err = readLocale(name, name, src, words{}, nil); err != nil {
			return words{}, err
		}
	}
	ref.all, ref.admins = both[0].messages, map[string]bool{}
	for key, m := range both[1].messages {
		ref.all[key], ref.admins[key] = m, true
	}
	return ref, nil
})

// tagOf returns the language of a locale file.
func tagOf(shown, name string) (language.Tag, error) {
	tag, err := language.Parse(strings.TrimSuffix(path.Base(name), ".toml"))
	if err != nil {
		return tag, fmt.Errorf("%s: the file name must be a language tag, for example en.toml: %w", shown, err)
	}
	return tag, nil
}

// readLocale reads one file. Errors use the name shown. A regional variant needs only what differs from its parent; nil: it is none.
func readLocale(shown, name, src string, ref words, parent *locale) (*locale, error) {
	tag, err := tagOf(shown, name)
	if err != nil {
		return nil, err
	}
	var tables map[string]map[string]any
	if _, err := toml.Decode(src, &tables); err != nil {
		return nil, tomlError(shown, err)
	}
	l := &locale{tag: tag, file: shown, messages: map[string]message{}}
	l.longest = sync.OnceValue(l.findLongestTime)
	if parent != nil {
		l.time, l.admins, l.adminFile = parent.time, parent.admins, parent.adminFile
		maps.Copy(l.messages, parent.messages)
	}
	if err := l.readTime(src); err != nil {
		return nil, err
	}
	if path.Dir(name) != adminLocaleDir {
		if l.calendar, err = l.time.calendar(tag); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", shown, lineOf(src, "time"), err)
		}
	}
	delete(tables, "time")
	for _, group := range slices.Sorted(maps.Keys(tables)) {
		for _, name := range slices.Sorted(maps.Keys(tables[group])) {
			key := group + "." + name
			if l.messages[key], err = readChecked(tables[group][name], tag, key, ref.all); err != nil {
				return nil, fmt.Errorf("%s:%d: %q: %w", shown, lineOf(src, key), key, err)
			}
			l.admins = l.admins || ref.admins[key]
		}
	}
	return l, nil
}

// readTime reads the table of dates. What it does not have stays.
func (l *locale) readTime(src string) error {
	file := struct {
		Time *timeFile `toml:"time"`
	}{&l.time}
	meta, err := toml.Decode(src, &file)
	if err != nil {
		return tomlError(l.file, err)
	}
	for _, key := range meta.Undecoded() {
		if key[0] == "time" {
			return fmt.Errorf("%s:%d: unknown key %q", l.file, lineOf(src, key.String()), key.String())
		}
	}
	return nil
}

// readChecked reads a message and checks it against the reference.
func readChecked(value any, tag language.Tag, key string, ref map[string]message) (message, error) {
	m, err := readMessage(value, tag)
	if err != nil {
		return nil, err
	}
	want, ok := ref[key]
	if !ok {
		return m, nil
	}
	if len(want) > 1 {
		if err := m.checkForms(tag); err != nil {
			return nil, err
		}
	}
	return m, m.checkPlaceholders(want)
}

// checkKeys returns an error for the first missing key, with the template that uses it.
func (l *locale) checkKeys(used usedKeys) error {
	if err := l.checkWords(l.file, used.members); err != nil || !l.admins {
		return err
	}
	return l.checkWords(cmp.Or(l.adminFile, l.file), used.admins)
}

func (l *locale) checkWords(file string, used map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(used)) {
		if _, ok := l.messages[key]; !ok {
			return fmt.Errorf("%s: missing key %q, which %s uses", file, key, used[key])
		}
	}
	return nil
}

func tomlError(file string, err error) error {
	if at, ok := err.(toml.ParseError); ok { // the error's own text does not name the file
		return fmt.Errorf("%s:%d: %s", file, at.Position.Line, at.Message)
	}
	return fmt.Errorf("%s: %w", file, err)
}

// lineOf returns the line that defines a table, or a key written as "table.key".
func lineOf(src, key string) int {
	table, name, _ := strings.Cut(key, ".")
	in := false
	for i, line := range strings.Split(src, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "["):
			in = strings.HasPrefix(line, "["+table+"]")
			if in && name == "" {
				return i + 1
			}
		case in:
			for _, written := range []string{name, strconv.Quote(name)} {
				if rest, found := strings.CutPrefix(line, written); found && strings.HasPrefix(strings.TrimSpace(rest), "=") {
					return i + 1
				}
			}
		}
	}
	return 1
}
