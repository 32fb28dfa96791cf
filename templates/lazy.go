package templates

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// lazyLocale is a language whose words are read when somebody first needs them. A site has members in few languages.
type lazyLocale struct {
	tag    language.Tag
	index  int  // position in Set.locales
	own    bool // the owner of the site wrote some of its words
	admins bool // there are words for admins
	read   func() (*locale, error)
}

// locale returns the words. Those of the owner were read by [Load], and a test reads all others.
func (l *lazyLocale) locale() *locale {
	words, err := l.read()
	if err != nil {
		panic(fmt.Sprintf("templates: an embedded locale: %v", err))
	}
	return words
}

// findLocales lists the locales, the reference first. It reads the reference and what the owner of the site wrote.
func (s *Set) findLocales() ([]*lazyLocale, error) {
	names, err := s.files.list(localeDir, ".toml")
	if err != nil {
		return nil, fmt.Errorf("listing the locales: %w", err)
	}
	forAdmins, err := s.files.list(adminLocaleDir, ".toml")
	if err != nil {
		return nil, fmt.Errorf("listing the locales: %w", err)
	}
	slices.SortFunc(names, compareLocales)
	var list []*lazyLocale
	for i, name := range names {
		admin := path.Join(adminLocaleDir, path.Base(name))
		if !slices.Contains(forAdmins, admin) {
			admin = ""
		}
		l, err := s.findLocale(name, admin, i, list)
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	for _, name := range forAdmins {
		if other := path.Join(localeDir, path.Base(name)); !slices.Contains(names, other) {
			return nil, fmt.Errorf("%s: there are words for admins only: add those for members as %s", s.files.displayName(name), other)
		}
	}
	return list, nil
}

// compareLocales puts the reference first, and languages before their regional variants.
func compareLocales(a, b string) int {
	key := func(name string) string {
		tag := strings.TrimSuffix(path.Base(name), ".toml")
		if tag == reference {
			return ""
		}
		return fmt.Sprint(strings.Count(tag, "-"), tag)
	}
	return strings.Compare(key(a), key(b))
}

// findLocale returns a locale with the files for members and for admins; admin is "" if there is none.
func (s *Set) findLocale(name, admin string, index int, known []*lazyLocale) (*lazyLocale, error) {
	tag, err := tagOf(s.files.displayName(name), name)
	if err != nil {
		return nil, err
	}
	parent := parentOf(tag, known)
	l := &lazyLocale{
		tag: tag, index: index,
		own:    s.files.own(name) || s.files.own(admin) || parent != nil && parent.own,
		admins: admin != "" || parent != nil && parent.admins,
		read: sync.OnceValues(func() (*locale, error) {
			read, err := s.readLocale(name, admin, parent)
			if err == nil {
				read.index = index
			}
			return read, err
		}),
	}
	if l.own || index == 0 {
		read, err := l.read()
		if err != nil {
			return nil, err
		}
		l.admins = read.admins
	}
	return l, nil
}

// parentOf returns the nearest language of which a tag is a regional variant, or nil.
func parentOf(tag language.Tag, known []*lazyLocale) *lazyLocale {
	for _, t := range parents(tag)[1:] {
		for _, l := range known {
			if l.tag == t {
				return l
			}
		}
	}
	return nil
}

func (s *Set) readLocale(name, admin string, variantOf *lazyLocale) (*locale, error) {
	ref, err := readReference()
	if err != nil {
		return nil, err
	}
	var parent *locale
	if variantOf != nil {
		if parent, err = variantOf.read(); err != nil {
			return nil, err
		}
	}
	src, err := s.files.read(name)
	if err != nil {
		return nil, fmt.Errorf("reading a locale: %w", err)
	}
	l, err := readLocale(s.files.displayName(name), name, src, ref, parent)
	if err != nil {
		return nil, err
	}
	if admin != "" {
		if err := l.readAdminWords(s.files, admin, ref); err != nil {
			return nil, err
		}
	}
	l.bound.set, l.palette = s, s.palette
	l.words = l.markupWords()
	return l, nil
}

// checkKeys returns an error for a key that is used and missing in words of the owner. Tests check the embedded locales, which have
// the keys of the reference: if a template of the owner uses another one, no locale is right.
func (s *Set) checkKeys(used usedKeys) error {
	ref, err := readReference()
	if err != nil {
		return err
	}
	all := false
	for _, keys := range []map[string]string{used.members, used.admins} {
		for key := range keys {
			all = all || ref.all[key] == nil
		}
	}
	for _, l := range s.locales {
		if !l.own && !all {
			continue
		}
		if err := l.locale().checkKeys(used); err != nil {
			return err
		}
	}
	return nil
}
