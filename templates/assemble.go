package templates

import (
	"time"

	"postrider/digest"
	"postrider/internal/qp"
)

// contentsFrom is how many sections an email may have without a table of contents.
const contentsFrom = 3

// assemble joins the header, everything that fits the budget, and the footer.
func (w *render) assemble(d *digest.Digest) (html, text qp.Pieces) {
	n := 32 // header and footer take about as many
	for _, g := range d.Groups {
		n++
		for _, t := range g.Threads {
			n += 4 + 3*t.ShownPosts()
		}
	}
	html, text = make(qp.Pieces, 0, n), make(qp.Pieces, 0, n)
	html = w.layout.html.head.execute(html, &w.values.html)
	text = w.layout.text.head.execute(text, &w.values.text)
	html, text = w.body(d, html, text)
	html = w.layout.html.foot.execute(html, &w.values.html)
	text = w.layout.text.foot.execute(text, &w.values.text)
	return html, text
}

func (w *render) body(d *digest.Digest, html, text qp.Pieces) (qp.Pieces, qp.Pieces) {
	html, text = w.assembleContents(d, html, text)
	for i := range d.Groups {
		if g := &d.Groups[i]; g.Shown() {
			html, text = w.assembleGroup(g, d.Excerpt, html, text)
		}
	}
	if d.MoreThreads > 0 {
		more := w.more(moreThreads, d.MoreThreads, w.renderer.site.URL)
		html, text = w.append(more, time.Time{}, html, text)
	}
	return html, text
}

// assembleContents lists the sections above them, if there are more than a few.
func (w *render) assembleContents(d *digest.Digest, html, text qp.Pieces) (qp.Pieces, qp.Pieces) {
	var shown []*digest.Group
	for i := range d.Groups {
		if g := &d.Groups[i]; g.Shown() {
			shown = append(shown, g)
		}
	}
	if !w.contents || len(shown) <= contentsFrom {
		return html, text
	}
	return w.framed("contents", html, text, func(html, text qp.Pieces) (qp.Pieces, qp.Pieces) {
		for i, g := range shown {
			html, text = w.append(w.entry(g, i == len(shown)-1), time.Time{}, html, text)
		}
		return html, text
	})
}

// assembleGroup joins a section's heading, its threads with posts, those that are lines, and how many are not shown.
func (w *render) assembleGroup(g *digest.Group, excerpt int, html, text qp.Pieces) (qp.Pieces, qp.Pieces) {
	if w.kind == digestMail {
		html, text = w.append(w.section(g), time.Time{}, html, text)
	}
	var briefs []*digest.Thread
	for i := range g.Threads {
		switch t := &g.Threads[i]; {
		case !t.Fits:
		case w.kind == digestMail && t.ShownPosts() == 0:
			briefs = append(briefs, t)
		default:
			html, text = w.assembleThread(t, excerpt, html, text)
		}
	}
	if n := g.HiddenThreads(); len(briefs) > 0 || n > 0 {
		html, text = w.framed("briefs", html, text, func(html, text qp.Pieces) (qp.Pieces, qp.Pieces) {
			for _, t := range briefs {
				html, text = w.append(w.brief(t), time.Time{}, html, text)
			}
			if n > 0 {
				html, text = w.append(w.more(moreThreadsHere, n, w.sectionURL(g)), time.Time{}, html, text)
			}
			return html, text
		})
	}
	return html, text
}

func (w *render) assembleThread(t *digest.Thread, excerpt int, html, text qp.Pieces) (qp.Pieces, qp.Pieces) {
	heading := w.thread(t)
	html, text = w.append(heading, t.StartedAt, html, text)
	var folded *digest.Post
	for i := range t.Posts {
		p := &t.Posts[i]
		switch {
		case p.Fits:
			html, text = w.append(w.post(p, excerpt), p.PostedAt, html, text)
			if q := w.quoted(p, excerpt); q != nil {
				html, text = w.append(q, time.Time{}, html, text)
			}
		case folded == nil:
			folded = p
		}
	}
	w.fillMute(t)
	switch {
	case w.kind == digestMail:
		if f := w.actions(t, folded); f != nil {
			html, text = w.append(f, time.Time{}, html, text)
		}
	case folded != nil:
		html, text = w.append(w.more(moreKey(t, folded), t.HiddenPosts(), w.renderer.site.Links.Post(t.ID, folded.ID)), time.Time{}, html, text)
	}
	for _, f := range w.trailer(t) {
		html, text = w.append(f.fragment, f.at, html, text)
	}
	return w.appendRest(heading, html, text)
}

// The locale keys that count the threads that are not shown: of the whole email, and of a section.
const (
	moreThreads     = "more.threads"
	moreThreadsHere = "more.threads_here"
)

// moreKey returns the locale key that names the hidden posts of a thread.
func moreKey(t *digest.Thread, folded *digest.Post) string {
	switch {
	case t.ShownPosts() == 0:
		return "more.new_posts"
	case folded.Opening:
		return "more.posts"
	}
	return "more.replies"
}

func (w *render) append(f *fragment, at time.Time, html, text qp.Pieces) (qp.Pieces, qp.Pieces) {
	if len(f.html.slots)+len(f.text.slots) > 0 {
		s := w.formatTime(at)
		w.values.html[slotTime.index()], w.values.text[slotTime.index()] = s.html, s.text
	}
	return f.html.execute(html, &w.values.html), f.text.execute(text, &w.values.text)
}
