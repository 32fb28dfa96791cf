package templates

import "golang.org/x/text/language"

// languages picks the best of some locales. The first is the one for languages that none of them fits.
type languages struct {
	list    []*lazyLocale
	matcher language.Matcher
}

func newLanguages(list []*lazyLocale) languages {
	tags := make([]language.Tag, len(list))
	for i, l := range list {
		tags[i] = l.tag
	}
	return languages{list, language.NewMatcher(tags)}
}

// match returns the locale for a BCP 47 tag or a forum's name for a language, or nil. It must be in the same language: a
// reader in Lisbon understands Brazilian Portuguese. The matcher also gives English for Icelandic and Russian for Kazakh, but the language
// of the forum is nearer to its members.
func (g languages) match(name string) *lazyLocale {
	tag, err := language.All.Parse(name) // All also makes zh of cmn
	if err != nil {
		return nil
	}
	_, i, _ := g.matcher.Match(tag)
	want, _ := tag.Base()
	if have, _ := g.list[i].tag.Base(); have == want {
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
