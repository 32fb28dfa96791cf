package templates

import (
	"postrider/digest"
	"postrider/internal/line"
	"postrider/internal/qp"
)

// listData is the data of the templates "contents" and "briefs", which surround a list.
type listData struct{ Body slot }

// entryData is the data of the template "entry": a section in the table of contents.
type entryData struct {
	Title   string
	Threads int
	Last    bool
}

// briefData is the data of the template "brief": a thread in one line.
type briefData struct {
	Prefix, Title, URL string // URL: the first new post
	Text               string // "7 new, last by Anna"
}

// framed renders a list between the two halves of a template.
func (w *render) framed(template string, html, text qp.Pieces, list func(html, text qp.Pieces) (qp.Pieces, qp.Pieces)) (qp.Pieces, qp.Pieces) {
	f := w.frame(template)
	if w.err != nil {
		return html, text
	}
	html, text = list(append(html, f.html.parts[0]), append(text, f.text.parts[0]))
	return append(html, f.html.parts[1]), append(text, f.text.parts[1])
}

func (w *render) frame(template string) *fragment {
	key := headingKey{kind: w.locale.pageOwner(w.kind, template), template: template, locale: w.locale.index}
	f := w.head(key, func() any { return listData{slotBody} })
	if w.err == nil && (len(f.html.slots) != 1 || len(f.text.slots) != 1) {
		w.err = frameError(template)
	}
	return f
}

// frameError means that a template of the administrator has no place for its list.
type frameError string

// Error returns the text of the error.
func (e frameError) Error() string { return "template \"" + string(e) + "\" must print {{.Body}} once" }

// entry renders a section of the table of contents.
func (w *render) entry(g *digest.Group, last bool) *fragment {
	title := w.sectionTitle(g)
	key := headingKey{kind: w.kind, template: "entry", locale: w.locale.index, title: title, n: len(g.Threads)}
	if last {
		key.first = 1
	}
	return w.head(key, func() any { return entryData{title, len(g.Threads), last} })
}

// brief renders a thread as a line.
func (w *render) brief(t *digest.Thread) *fragment {
	first, name := firstNew(t), w.displayName(t.Last().AuthorName)
	key := headingKey{
		kind: w.kind, template: "brief", locale: w.locale.index, id: int64(t.ID), first: int64(first),
		title: t.Title, name: name, prefix: t.Marks.Prefix, n: len(t.Posts),
	}
	return w.head(key, func() any {
		return briefData{
			Prefix: w.locale.isolate(line.Fit(t.Marks.Prefix, nameLimit)), Title: line.Fit(t.Title, titleLimit), URL: w.renderer.site.Links.Post(t.ID, first),
			Text: w.locale.mustText("more.brief", "n", len(t.Posts), "name", name),
		}
	})
}

// sectionTitle returns the heading of a group.
func (w *render) sectionTitle(g *digest.Group) string {
	if g.ForYou {
		return w.locale.mustText("summary.for_you")
	}
	return line.Fit(g.Section.Title, titleLimit)
}

// sectionURL returns where the forum lists the threads of a group.
func (w *render) sectionURL(g *digest.Group) string {
	if g.ForYou {
		return w.renderer.site.URL
	}
	return w.renderer.site.Links.Section(g.Section.ID)
}
