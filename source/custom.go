package source

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"postrider/forum"
	"postrider/internal/sqlfile"
)

// customName is the forum type of a home-made forum: one SQL file of the administrator, and no Go.
const customName = "custom"

// custom is the forum type without its file.
func custom() forumType {
	return forumType{
		name:   customName,
		title:  "your own forum software",
		markup: "as your file says: " + strings.Join(markupNames(), ", "),
		notes: "Reads a forum of any layout through an SQL file of yours, in [forum] queries. \"postrider forums custom > forum.sql\" writes one with " +
			"remarks; docs/custom-forum.md leads from the tables to the first digest. IDs must be whole numbers.",
		engines:  []sqlfile.Engine{sqlfile.MySQL, sqlfile.Postgres, sqlfile.SQLite},
		links:    func(base string) forum.Links { return customLinks{base: base} },
		locale:   localeTag,
		rights:   parseRightDigits,
		homemade: true,
	}
}

// customType returns the forum type that a file describes at its top.
func customType(file string) (forumType, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return forumType{}, &QueriesError{err}
	}
	k, err := parseCustom(file, string(text))
	if err != nil {
		return forumType{}, &QueriesError{err}
	}
	return k, nil
}

// parseCustom reads the settings at the top of a file. The error contains all mistakes.
func parseCustom(file, text string) (forumType, error) {
	keys := customKeys()
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = key.name
	}
	k := custom()
	settings, err := sqlfile.Settings(file, text, names)
	errs := []error{err}
	var links customLinks
	for _, key := range keys {
		s, set := settings[key.name]
		switch {
		case !set && key.required && err == nil:
			errs = append(errs, fmt.Errorf("%s:1: missing \"-- %s: VALUE\" above the first query: %s, for example \"-- %s: %s\"",
				file, key.name, key.about, key.name, key.example))
		case set:
			if err := key.set(&k, &links, s.Value); err != nil {
				errs = append(errs, fmt.Errorf("%s:%d: %s: %w", file, s.Line, key.name, err))
			}
		}
	}
	k.links = func(base string) forum.Links {
		links.base = base
		return links
	}
	if k.wordList {
		k.filter = splitWords(k.filter)
	}
	return k, errors.Join(errs...)
}

// customLinks are the addresses that the file gives, with placeholders.
type customLinks struct{ base, section, thread, post, member string }

// Section implements forum.Links.
func (l customLinks) Section(id forum.SectionID) string { return l.fill(l.section, 0, int64(id)) }

// Thread implements forum.Links.
func (l customLinks) Thread(id forum.ThreadID) string { return l.fill(l.thread, int64(id), int64(id)) }

// Post implements forum.Links. The text of a post refers to another by its ID alone: then thread is 0, and an address that needs it
// is not known.
func (l customLinks) Post(thread forum.ThreadID, id forum.PostID) string {
	if thread == 0 && strings.Contains(l.post, "{thread}") {
		return ""
	}
	return l.fill(l.post, int64(thread), int64(id))
}

// Member implements forum.Links. A forum may have no pages of members.
func (l customLinks) Member(id forum.MemberID) string { return l.fill(l.member, 0, int64(id)) }

func (l customLinks) fill(address string, thread, id int64) string {
	return strings.NewReplacer("{url}", l.base, "{thread}", fmt.Sprint(thread), "{id}", fmt.Sprint(id)).Replace(address)
}
