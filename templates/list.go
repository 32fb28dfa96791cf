package templates

import (
	"strings"
	"time"

	"postrider/digest"
	"postrider/internal/line"
	"postrider/internal/qp"
)

// listData is the data of the templates "contents" and "briefs", which surround a list as the template "thread" of a digest does.
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

// framed renders a list within a template.
func (w *render) framed(template string, html, text qp.Pieces, list func(html, text qp.Pieces) (qp.Pieces, qp.Pieces)) (qp.Pieces, qp.Pieces) {
	f := w.frame(template)
	html, text = list(w.append(f, time.Time{}, html, text))
	return w.appendRest(f, html, text)
}

func (w *render) frame(template string) *fragment {
	key := headingKey{kind: w.locale.pageOwner(w.kind, template), template: template, locale: w.locale.index}
	return w.checkFrame(template, w.head(key, func() any { return listData{slotBody} }))
}

// checkFrame notes an error if a template has no place for its list.
func (w *render) checkFrame(template string, f *fragment) *fragment {
	if f.rest == nil && w.err == nil {
		w.err = frameError(template)
	}
	return f
}

// appendRest appends what follows the list that a template surrounds.
func (w *render) appendRest(f *fragment, html, text qp.Pieces) (qp.Pieces, qp.Pieces) {
	if f.rest == nil {
		return html, text
	}
	return w.append(f.rest, time.Time{}, html, text)
}

// frameOf returns a fragment with its rest, if the template surrounds a list in both parts of the message.
func frameOf(html, text string) *fragment {
	htmlHead, htmlFoot, inHTML := strings.Cut(html, slotBody.String())
	textHead, textFoot, inText := strings.Cut(text, slotBody.String())
	f := &fragment{html: compile(htmlHead), text: compile(textHead)}
	if inHTML && inText {
		f.rest = &fragment{html: compile(htmlFoot), text: compile(textFoot)}
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
