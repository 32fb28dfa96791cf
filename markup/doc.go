// Package markup parses the text of a post into a small tree, and writes the tree as email HTML and plain
// text.
//
// [BBCode] parses the dialects of XenForo 1.5, XenForo 2 and MyBB together. [Markdown] parses what an
// administrator writes. Both return a [Doc]. [Doc.Excerpt] shortens a Doc to a Doc, so an excerpt is as
// well-formed as the whole; the links that it cuts off are listed at its end. [Doc.HTML] and [Doc.Text]
// write the result.
//
// The tree has paragraphs, quotes, lists, tables, code, spoilers and links, and nothing else. There is no
// HTML sanitizer, because nothing outside the tree can be printed. The content of a spoiler, and of a quote
// within a quote, is not even kept.
//
// The package does not know the locale. The few words around a quote or an image come from [Labels].
package markup

import "cmp"

// Doc is the text of a post. It is immutable and safe for concurrent use; the zero Doc is empty.
type Doc struct {
	t *tree
}

// Links gives the URLs of the forum's own pages. Every field is optional; what cannot be linked is shown as
// text.
type Links struct {
	Post   func(id int64) string // a post, by its ID alone
	Member func(id int64) string // a member's page
	// Numbered is a post by its number in a thread, for a forum that finds none by its ID.
	Numbered   func(thread, number int64) string
	Attachment func(id int64) string // nil: the path that the dialect uses, below Base
	Base       string                // the forum's URL, for relative links and attachments
	// Picture returns an image that the message brings, by its name; in Markdown only. nil: there are none.
	Picture func(name string) (Picture, error)

	shielded bool // URLs may contain characters of shieldedOpen and so on
}

// Quote is the source of a quote. Post and Member are 0 if the forum did not record them.
type Quote struct {
	Author       string
	Post, Member int64
}

// Labels are the locale's words around the author's text. An empty label is in English.
type Labels struct {
	QuoteHead  func(name string) string // head of a quote: "Ray wrote:"
	QuotedPost string                   // head of a quote without an author: "Quote:"
	Ignored    string                   // replaces a quote from a member that the reader ignores
	Spoiler    string                   // replaces the hidden text
	Hidden     string                   // replaces text that not everybody may read on the forum
	Image      string                   // "Image"
	Attachment string                   // "Attachment"
	Video      string                   // "Video": any embedded media
	LinkColor  string                   // of links: a CSS color; empty: our own
	Field      func(Field) string       // the text for a merge field; nil: its fallback
}

func (w Labels) withDefaults() Labels {
	if w.QuoteHead == nil {
		w.QuoteHead = func(name string) string { return name + " wrote:" }
	}
	w.QuotedPost = cmp.Or(w.QuotedPost, "Quote:")
	w.Ignored = cmp.Or(w.Ignored, "Quote from a member you ignore")
	w.Hidden = cmp.Or(w.Hidden, "hidden on the forum")
	w.Spoiler = cmp.Or(w.Spoiler, "Spoiler")
	w.Image = cmp.Or(w.Image, "Image")
	w.Attachment = cmp.Or(w.Attachment, "Attachment")
	w.Video = cmp.Or(w.Video, "Video")
	w.LinkColor = cmp.Or(w.LinkColor, linkColor)
	if w.Field == nil {
		w.Field = func(g Field) string { return g.Fallback }
	}
	return w
}

// Empty reports whether there is nothing to show.
func (d Doc) Empty() bool { return d.t == nil || len(d.t.nodes) == 0 }
