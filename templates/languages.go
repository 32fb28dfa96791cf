package templates

import "golang.org/x/text/language"

// languageTags picks the best of some languages.
type languageTags struct {
	tags    []language.Tag
	matcher language.Matcher
}

func newLanguageTags(tags []language.Tag) languageTags {
	return languageTags{tags, language.NewMatcher(tags)}
}

// match returns the index of the best one for a BCP 47 tag or a forum's name for a language, or -1. It must be the same language: a
// reader in Lisbon understands Brazilian Portuguese. The matcher also gives English for Icelandic and Russian for Kazakh, but the language
// of the forum is nearer to its members.
func (t languageTags) match(name string) int {
	tag, err := language.All.Parse(name) // All also makes zh of cmn
	if err != nil {
		return -1
	}
	_, i, _ := t.matcher.Match(tag)
	if baseOf(t.tags[i]) != baseOf(tag) {
		return -1
	}
	return i
}

// baseOf returns the language of a tag without its region and script: one for all names of the language.
func baseOf(tag language.Tag) language.Base {
	if all, err := language.All.Canonicalize(tag); err == nil {
		tag = all
	}
	base, _ := tag.Base()
	return base
}

// languages picks the best of some locales. The first is the one for languages that none of them fits.
type languages struct {
	list []*lazyLocale
	by   languageTags
}

func newLanguages(list []*lazyLocale) languages {
	tags := make([]language.Tag, len(list))
	for i, l := range list {
		tags[i] = l.tag
	}
	return languages{list, newLanguageTags(tags)}
}

// match returns the locale for a BCP 47 tag or a forum's name for a language, or nil.
func (g languages) match(name string) *lazyLocale {
	if i := g.by.match(name); i >= 0 {
		return g.list[i]
	}
	return nil
}

// first returns the locale for the first name that has one, or else the reference.
func (g languages) first(names ...string) *locale {
	for _, name := range names {
		if l := g.match(name); l != nil {
			return l.locale()
		}
	}
	return g.list[0].locale()
}

// locale returns the locale for members: for the first name that matches one, or the reference.
func (s *Set) locale(names ...string) *locale { return s.members.first(names...) }

// adminLocale returns the locale for admins, out of those with words for them.
func (s *Set) adminLocale(names ...string) *locale { return s.admins.first(names...) }

// HasLocale reports whether there are texts for a language, or for one that its readers understand.
func (s *Set) HasLocale(name string) bool { return s.members.match(name) != nil }

// Locales returns the tags of all languages.
func (s *Set) Locales() []string { return s.members.tags() }

func (g languages) tags() []string {
	names := make([]string, len(g.list))
	for i, l := range g.list {
		names[i] = l.tag.String()
	}
	return names
}
