package source

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"postrider/internal/sqlfile"
	"postrider/markup"
)

// customKey is a setting at the top of the file of a home-made forum: what SQL cannot say.
type customKey struct {
	name     string
	about    string // what it is, for the template, the documentation and errors
	example  string // a valid value
	byWay    string // the default, in words; empty if required
	required bool
	set      func(k *forumType, l *customLinks, value string) error
}

func customKeys() []customKey {
	return []customKey{
		{name: "engine", about: "the databases that the queries are written for: postgres, mysql (also MariaDB), sqlite, or several, separated by commas",
			example: "postgres", byWay: "any", set: setEngines},
		{name: "prefix", about: "what {prefix} stands for in the queries: the start of all table names; [forum] prefix takes precedence",
			example: "forum_", byWay: "none", set: setPrefix},
		{name: "section-url", about: "the address of a section. {url} is the url in [forum], {id} the ID", example: "{url}/boards/{id}", required: true,
			set: func(_ *forumType, l *customLinks, v string) error { return setAddress(&l.section, v, "id") }},
		{name: "thread-url", about: "the address of a thread", example: "{url}/topics/{id}", required: true,
			set: func(_ *forumType, l *customLinks, v string) error { return setAddress(&l.thread, v, "id") }},
		{name: "post-url", about: "the address of a post. {id} is the ID of the post; {thread} can be used as well", example: "{url}/topics/{thread}#m{id}",
			required: true, set: func(_ *forumType, l *customLinks, v string) error { return setAddress(&l.post, v, "id", "thread") }},
		{name: "member-url", about: "the address of a member's page", example: "{url}/people/{id}", byWay: "members have no page",
			set: func(_ *forumType, l *customLinks, v string) error { return setAddress(&l.member, v, "id") }},
		{name: "markup", about: "how the forum stores the text of posts: " + strings.Join(markupNames(), ", "), example: "bbcode", required: true, set: setMarkup},
		{name: "mentions", about: "whether @name in a post means that member: yes or no", example: "yes", byWay: "yes",
			set: func(k *forumType, _ *customLinks, v string) error {
				return setTruth(v, func(on bool) { k.dialect.NoMentions = !on })
			}},
		{name: "titles", about: "how the forum stores titles and names: as text, or as html with &amp; and the like", example: "text", byWay: "text", set: setTitles},
		{name: "zones", about: "how the column zone names a time zone: iana (Europe/Berlin), or the offset from UTC in hours, minutes or seconds",
			example: "iana", byWay: "iana", set: setZones},
		{name: "locales", about: "how the column locale names a language: tags (de, pt-BR, pt_BR), or names (german, deutsch)", example: "tags", byWay: "tags",
			set: setLocales},
		{name: "public", about: "whether everyone may read every section that is not closed: yes or no. With yes, the query rights is not needed and not allowed",
			example: "no", byWay: "no", set: func(k *forumType, _ *customLinks, v string) error {
				return setTruth(v, func(on bool) { k.public = on })
			}},
		{name: "rights-inherit", about: "whether a role without a row for a section in the query rights has its rights of the section above, or else those of its row for section 0: yes or no",
			example: "no", byWay: "no", set: func(k *forumType, _ *customLinks, v string) error {
				return setTruth(v, func(on bool) { k.inherits = on })
			}},
		{name: "visit-reads", about: "whether a member has read everything that was there at their last visit (the query visits): yes or no", example: "no", byWay: "no",
			set: func(k *forumType, _ *customLinks, v string) error {
				return setTruth(v, func(on bool) { k.visitReads = on })
			}},
		{name: "word-filter", about: "how the query word_filter returns words: one in each row (rows), or all in one row, separated by commas or line ends (list)",
			example: "rows", byWay: "rows", set: setWordFilter},
		{name: "word-mask", about: "what the forum shows for a filtered word without a replacement", example: "****", byWay: "nothing", set: setWordMask},
	}
}

func setEngines(k *forumType, _ *customLinks, value string) error {
	k.engines = nil
	for name := range strings.SplitSeq(value, ",") {
		e := sqlfile.Engine(strings.ToLower(strings.TrimSpace(name)))
		if e == "mariadb" {
			e = sqlfile.MySQL
		}
		if e != sqlfile.MySQL && e != sqlfile.Postgres && e != sqlfile.SQLite {
			return fmt.Errorf("unknown database %q: must be postgres, mysql or sqlite", strings.TrimSpace(name))
		}
		k.engines = append(k.engines, e)
	}
	return nil
}

func setPrefix(k *forumType, _ *customLinks, value string) error {
	if !prefixes.MatchString(value) {
		return fmt.Errorf("invalid prefix %q: must have only letters, digits and _; for a schema of PostgreSQL, end [forum] dsn with ?search_path=SCHEMA", value)
	}
	k.prefix = value
	return nil
}

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// setAddress checks an address with placeholders. It must have {id}, so that two sections, threads or posts have two addresses.
func setAddress(to *string, value string, known ...string) error {
	if !strings.HasPrefix(value, "{url}") && !strings.HasPrefix(value, "https://") && !strings.HasPrefix(value, "http://") {
		return fmt.Errorf("%q does not begin with {url}: write for example {url}/t/{id}", value)
	}
	for _, word := range placeholder.FindAllString(value, -1) {
		if name := strings.Trim(word, "{}"); name != "url" && !slices.Contains(known, name) {
			return fmt.Errorf("unknown placeholder %s: must be {url}, {%s}", word, strings.Join(known, "}, {"))
		}
	}
	if rest, after := strings.CutPrefix(value, "{url}"); after && !strings.ContainsAny(rest[:min(1, len(rest))], "/?#") {
		return fmt.Errorf("%q has no / after {url}, so that the address would be on another host: write for example {url}/t/{id}", value)
	}
	if !strings.Contains(value, "{id}") {
		return fmt.Errorf("%q has no placeholder {id}, so that all of them would have the same address: write for example {url}/t/{id}", value)
	}
	filled := customLinks{base: "https://forum.example.org"}.fill(value, 1, 1)
	if u, err := url.Parse(filled); err != nil || u.Host == "" || webAddress(filled) != filled {
		return fmt.Errorf("%q is no valid address once its placeholders are filled in: %s", value, filled)
	}
	*to = value
	return nil
}

func setTruth(value string, set func(bool)) error {
	switch value {
	case "yes":
		set(true)
	case "no":
		set(false)
	default:
		return fmt.Errorf("invalid value %q: must be yes or no", value)
	}
	return nil
}

func setTitles(k *forumType, _ *customLinks, value string) error {
	switch value {
	case "text":
		k.dialect.EscapedNames = false
	case "html":
		k.dialect.EscapedNames = true
		k.escape = phpbbEscape.Replace
	default:
		return fmt.Errorf("invalid value %q: must be text or html", value)
	}
	return nil
}

func setWordFilter(k *forumType, _ *customLinks, value string) error {
	switch value {
	case "rows":
	case "list":
		k.wordList = true
	default:
		return fmt.Errorf("invalid value %q: must be rows or list", value)
	}
	return nil
}

func setWordMask(k *forumType, _ *customLinks, value string) error {
	k.filter = func(w markup.FilteredWord) ([]markup.FilteredWord, error) {
		if w.Replacement == "" {
			w.Replacement = value
		}
		return []markup.FilteredWord{w}, nil
	}
	return nil
}
