package source

import (
	"math"
	"strings"

	"postrider/forum"
	"postrider/internal/sqlfile"
	"postrider/markup"
)

// MirrorType is the forum type whose database is our own. Package mirror creates and fills it.
const MirrorType = "mirror"

// MirrorPublic is the access class of members of a mirror who are in no group: it may read the public sections.
const MirrorPublic forum.Class = "0"

func mirror() forumType {
	return forumType{
		name:   MirrorType,
		title:  "a site whose database cannot be reached",
		markup: "HTML or BBCode, as the sender says",
		notes: "For a forum in the cloud or a news site. Postrider keeps what it needs in a database of its own, and fills it from feeds and from " +
			"signed requests, which say which groups of members may read a section. See docs/mirror.md.",
		engines: []sqlfile.Engine{sqlfile.SQLite, sqlfile.Postgres},
		files:   []string{"mirror.sql"},
		links:   func(base string) forum.Links { return mirrorLinks(base) },
		dialect: markup.Dialect{NoMentions: true},
		body:    mirrorBody,
		rights:  parseRightDigits,
		own:     true,

		needParent: true,
	}
}

// mirrorLinks are for what was sent without an address: the site's front page.
type mirrorLinks string

// Section implements forum.Links.
func (l mirrorLinks) Section(forum.SectionID) string { return string(l) }

// Thread implements forum.Links.
func (l mirrorLinks) Thread(forum.ThreadID) string { return string(l) }

// Post implements forum.Links. With the largest ID it returns the longest address: it measures the size of a link.
func (l mirrorLinks) Post(_ forum.ThreadID, id forum.PostID) string {
	if id == math.MaxInt64 {
		return string(l) + strings.Repeat("x", max(0, addressLimit-len(l)))
	}
	return string(l)
}

// Member implements forum.Links.
func (l mirrorLinks) Member(forum.MemberID) string { return "" }

// mirrorBody parses a letter and a post: h and HTML, or b and BBCode. The HTML of other sites is read as that of Discourse: what is not
// known to be plain is hidden.
func mirrorBody(d markup.Dialect, stored string, l markup.Links) markup.Doc {
	if text, isHTML := strings.CutPrefix(stored, "h"); isHTML {
		return d.Discourse(text, l)
	}
	return d.BBCode(strings.TrimPrefix(stored, "b"), l)
}
