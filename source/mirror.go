package source

import (
	"math"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"postrider/forum"
	"postrider/internal/sqlfile"
	"postrider/markup"
)

// MirrorType is the forum type whose database is our own. Package mirror creates and fills it.
const MirrorType = "mirror"

func mirror() forumType {
	return forumType{
		name:   MirrorType,
		title:  "a site whose database cannot be reached",
		markup: "HTML or BBCode, as the sender says",
		notes: "For a forum in the cloud or a news site. Postrider keeps what it needs in a database of its own, and fills it from feeds and from " +
			"signed requests. Everything in it counts as public: send nothing that not every member may read. See docs/mirror.md.",
		engines: []sqlfile.Engine{sqlfile.SQLite, sqlfile.Postgres},
		files:   []string{"mirror.sql"},
		links:   func(base string) forum.Links { return mirrorLinks(base) },
		dialect: markup.Dialect{NoMentions: true},
		body:    mirrorBody,
		public:  true,
		own:     true,
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

// mirrorBody parses a letter and a post: h and HTML, or b and BBCode.
func mirrorBody(d markup.Dialect, stored string, l markup.Links) markup.Doc {
	if text, isHTML := strings.CutPrefix(stored, "h"); isHTML {
		return d.BBCode(plainText(text), l)
	}
	return d.BBCode(strings.TrimPrefix(stored, "b"), l)
}

// hiddenElements are those whose content is not text, or not for readers.
var hiddenElements = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Template: true, atom.Noscript: true, atom.Iframe: true, atom.Object: true, atom.Svg: true,
	atom.Form: true, atom.Select: true, atom.Textarea: true, atom.Title: true, atom.Details: true,
}

// lineElements are those that begin a line, and how many.
var lineElements = map[atom.Atom]string{
	atom.P: "\n\n", atom.Div: "\n\n", atom.Blockquote: "\n\n", atom.Ul: "\n\n", atom.Ol: "\n\n", atom.Pre: "\n\n", atom.Table: "\n\n",
	atom.H1: "\n\n", atom.H2: "\n\n", atom.H3: "\n\n", atom.H4: "\n\n", atom.H5: "\n\n", atom.H6: "\n\n", atom.Figure: "\n\n",
	atom.Br: "\n", atom.Tr: "\n", atom.Li: "\n• ",
}

// plainText returns the words of HTML, without brackets that could be BBCode.
func plainText(src string) string {
	var out strings.Builder
	in := html.NewTokenizer(strings.NewReader(src))
	hidden := 0
	for {
		kind := in.Next()
		if kind == html.ErrorToken {
			return strings.TrimSpace(out.String())
		}
		t := in.Token()
		switch {
		case kind == html.TextToken && hidden == 0:
			words := strings.NewReplacer("[", "(", "]", ")", "\n", " ", "\r", " ").Replace(t.Data)
			if at := out.String(); at == "" || strings.HasSuffix(at, "\n") {
				words = strings.TrimLeft(words, " \t")
			}
			out.WriteString(words)
		case kind == html.StartTagToken && hiddenElements[t.DataAtom]:
			hidden++
		case kind == html.EndTagToken && hiddenElements[t.DataAtom]:
			hidden = max(0, hidden-1)
		case kind != html.TextToken && hidden == 0:
			if kind != html.EndTagToken || t.DataAtom != atom.Li {
				out.WriteString(lineElements[t.DataAtom])
			}
		}
	}
}
