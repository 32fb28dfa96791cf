package source

import (
	"fmt"
	"html"
	"strings"
	"time"

	"postrider/forum"
	"postrider/internal/sqlfile"
	"postrider/markup"
)

func smf2() forumType {
	return forumType{
		name:   "smf2",
		title:  "SMF 2.0 and 2.1",
		markup: "BBCode, stored as HTML",
		notes: "A watched board means all its posts. Posts in the recycle bin are deleted ones. SMF 2.1 has the site's default for announcements " +
			"off; only what members chose themselves counts. SMF 2.0 stores UTC offsets, not time zones, and has no likes. " +
			"Boards that only their own moderators may see are left out.",
		engines:  []sqlfile.Engine{sqlfile.MySQL, sqlfile.Postgres},
		prefix:   "smf_",
		files:    []string{"smf2.sql"},
		versions: []string{"2.0", "2.1"},
		macros:   smfMacros(),
		lost:     smfLost(),
		either:   smfEither(),
		zonesIn:  smfZones,
		links:    func(base string) forum.Links { return smfLinks(base) },
		dialect:  markup.Dialect{EscapedNames: true, NoMentions: true},
		body:     markup.Dialect.SMF,
		escape:   smfStored,
		filter:   smfFilter,
		zone:     func(stored string) string { return smfZone(stored, time.Now()) }, // the offset of today, which the forum shows, too
		locale:   mybbLocale,
		addons:   smfAddons,
		rights:   smfRights,
	}
}

// smfLinks are SMF's own URLs. The address of a message alone leads to its topic (Sources/Load.php, loadBoard).
type smfLinks string

func (l smfLinks) Section(id forum.SectionID) string {
	return fmt.Sprintf("%s/index.php?board=%d.0", string(l), id)
}

func (l smfLinks) Thread(id forum.ThreadID) string {
	return fmt.Sprintf("%s/index.php?topic=%d.0", string(l), id)
}

func (l smfLinks) Post(_ forum.ThreadID, id forum.PostID) string {
	return fmt.Sprintf("%s/index.php?msg=%d", string(l), id)
}

func (l smfLinks) Member(id forum.MemberID) string {
	return fmt.Sprintf("%s/index.php?action=profile;u=%d", string(l), id)
}

// smfEscape escapes as SMF does before it stores a name (Sources/Subs.php, Smcfunc htmlspecialchars with ENT_QUOTES).
var smfEscape = strings.NewReplacer("&", "&amp;", `"`, "&quot;", "'", "&#039;", "<", "&lt;", ">", "&gt;")

// smfStored returns a name as SMF stores it. Its tables use MySQL's three-byte utf8, so other characters are references.
func smfStored(name string) string {
	var b strings.Builder
	for _, r := range smfEscape.Replace(name) {
		if r > 0xffff {
			fmt.Fprintf(&b, "&#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// smfRights decodes what a group may see of a board.
func smfRights(stored []byte) (grant, error) {
	switch string(stored) {
	case "all":
		return grant{view: true, read: true, always: true}, nil
	case "yes":
		return grant{view: true, read: true}, nil
	case "never":
		return grant{never: true}, nil
	case "no":
		return grant{}, nil
	}
	return grant{}, fmt.Errorf("invalid right %q: must be all, yes, no or never", stored)
}

// smfFilter decodes SMF's two lists of censored words, which have one word on each line.
func smfFilter(lists markup.FilteredWord) ([]markup.FilteredWord, error) {
	proper := strings.Split(lists.Replacement, "\n")
	var words []markup.FilteredWord
	for i, word := range strings.Split(lists.Word, "\n") {
		if word = strings.TrimSpace(html.UnescapeString(word)); word == "" {
			continue
		}
		w := markup.FilteredWord{Word: word}
		if i < len(proper) {
			w.Replacement = strings.TrimSpace(html.UnescapeString(proper[i]))
		}
		words = append(words, w)
	}
	return words, nil
}
