// Package markup turns the text of a post into a small tree, and the tree into e-mail HTML and
// plain text.
//
// [BBCode] reads the dialects of XenForo 1.5, XenForo 2 and MyBB together, [Markdown] what an
// administrator writes. What comes out is a [Doc].
// The tree knows paragraphs, quotes, lists, tables, code, spoilers and links, and nothing else: there
// is no sanitizer, for what the tree cannot say cannot be printed. The content of a spoiler and of a
// quote within a quote is not even kept.
//
// [Doc.Excerpt] shortens a Doc to a Doc, so an excerpt is as well-formed as the whole; links that it
// cuts off are listed at its end. The package
// knows no locale: the few words that stand around a quote or an image come with [Labels].
package markup

import "cmp"

// Doc is the text of a post. It is immutable and safe for concurrent use; the zero Doc is empty.
type Doc struct {
	t *tree
}

// Links tells where the forum's own pages are. Every field may be left out; what cannot be linked
// is then shown as text.
type Links struct {
	Post       func(id int64) string // a post, by its number alone
	Member     func(id int64) string // a member's page
	Attachment func(id int64) string // nil: the path that the dialect itself would use, below Base
	Base       string                // the forum's address, for relative links and attachments
}

// Quote says whose post is quoted. Post and Member are 0 where the forum did not note them.
type Quote struct {
	Author       string
	Post, Member int64
}

// Labels are the locale's words that stand around what the author wrote. An empty word is English.
type Labels struct {
	QuoteHead  func(name string) string // head of a quote: "Ray wrote:"
	QuotedPost string                   // head of a quote that names nobody: "Quote:"
	Spoiler    string                   // stands for what is hidden
	Image      string                   // "Image"
	Attachment string                   // "Attachment"
	Video      string                   // "Video": any embedded media
	Gap        func(Field) string       // what stands in a gap; nil: its fallback
}

func (w Labels) orEnglish() Labels {
	if w.QuoteHead == nil {
		w.QuoteHead = func(name string) string { return name + " wrote:" }
	}
	w.QuotedPost = cmp.Or(w.QuotedPost, "Quote:")
	w.Spoiler = cmp.Or(w.Spoiler, "Spoiler")
	w.Image = cmp.Or(w.Image, "Image")
	w.Attachment = cmp.Or(w.Attachment, "Attachment")
	w.Video = cmp.Or(w.Video, "Video")
	if w.Gap == nil {
		w.Gap = func(g Field) string { return g.Fallback }
	}
	return w
}

// Empty tells that there is nothing to show.
func (d Doc) Empty() bool { return d.t == nil || len(d.t.nodes) == 0 }
