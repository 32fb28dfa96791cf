package templates

import (
	htmltemplate "html/template"
	"math"
	"strings"

	"postrider/digest"
	"postrider/forum"
	"postrider/markup"
)

// How many characters of what members and admins name may stand in a mail.
const (
	titleLimit = 200
	nameLimit  = 60
)

// fragment is a piece of a mail that members share, in both forms.
type fragment struct {
	html, text sheet
	title      string // of a thread, or what a post says, short enough for a preheader
}

// headKey tells headings and "more" lines apart. Threads and sections have no version: what the
// heading says is in the key.
type headKey struct {
	kind        kind
	template    string
	locale, n   int
	id, first   int64
	title, name string
	marks       marks
}

type postKey struct {
	kind                    kind
	template                string
	locale, excerpt, number int
	thread                  forum.ThreadID
	post                    forum.PostID
	version, author         string
	marks                   marks
	in                      forum.PostID // of what another post quotes
	inVersion               string
}

// marks are what concerns the member in a thread or a post.
type marks uint8

const (
	markNew marks = 1 << iota
	markTookPart
	markQuotesYou
	markMentionsYou
)

func (m marks) with(mark marks, on bool) marks {
	if on {
		return m | mark
	}
	return m
}

// sectionData is what the template "section" is given.
type sectionData struct {
	Title, URL string
}

// threadData is what the template "thread" is given.
type threadData struct {
	Title, URL               string // URL: the first new post
	Starter                  string
	Time                     hole // of its start
	New, TookPart, QuotesYou bool
}

// postData is what the template "post" is given.
type postData[T string | htmltemplate.HTML] struct {
	Number      int
	URL         string
	Author      string
	AuthorTitle string
	Badges      []string
	Time        hole
	Excerpt     T // ready-made: safe HTML, or lines of text
	Likes       string
	Opening     bool
	QuotesYou   bool
	MentionsYou bool
}

// moreData is what the template "more" is given.
type moreData struct {
	Text, URL string
	Threads   bool // these are whole threads, and the line is the last of the mail
}

func (w *laying) section(g *digest.Group) *fragment {
	key := headKey{kind: w.kind, template: "section", locale: w.locale.index, id: int64(g.Section.ID), title: g.Section.Title}
	return w.head(key, func() any {
		return sectionData{Title: line(g.Section.Title, titleLimit), URL: w.press.site.Links.Section(g.Section.ID)}
	})
}

func (w *laying) thread(t *digest.Thread) *fragment {
	first := firstNew(t)
	m := marks(0).with(markNew, t.New).with(markTookPart, t.Participated).with(markQuotesYou, t.QuotesReader)
	if w.kind == alertMail {
		return w.alertThread(t)
	}
	key := headKey{
		kind: w.kind, template: "thread", locale: w.locale.index, id: int64(t.ID), first: int64(first),
		title: t.Title, name: t.StarterName, marks: m,
	}
	return w.head(key, func() any {
		return threadData{
			Title:     line(t.Title, titleLimit),
			URL:       w.press.site.Links.Post(t.ID, first),
			Starter:   w.name(t.StarterName),
			Time:      holeTime,
			New:       t.New,
			TookPart:  t.Participated,
			QuotesYou: t.QuotesReader,
		}
	})
}

// firstNew is the oldest post of the edition in a thread: the digest may show another one first.
func firstNew(t *digest.Thread) forum.PostID {
	if len(t.Posts) == 0 {
		return t.FirstPost
	}
	first := &t.Posts[0]
	for i := range t.Posts {
		p := &t.Posts[i]
		if p.PostedAt.Before(first.PostedAt) || p.PostedAt.Equal(first.PostedAt) && p.ID < first.ID {
			first = p
		}
	}
	return first.ID
}

func (w *laying) more(key string, n int, url string) *fragment {
	return w.head(headKey{kind: w.locale.home(w.kind, "more"), template: "more", locale: w.locale.index, title: key, name: url, n: n}, func() any {
		return moreData{Text: w.locale.say(key, "n", n), URL: url, Threads: key == moreThreads}
	})
}

// head renders a heading or a "more" line, or takes it from the cache.
func (w *laying) head(key headKey, data func() any) *fragment {
	if f, ok := w.press.heads.Get(key); ok {
		return f
	}
	d := data()
	f := w.render(key.kind, key.template, d, d)
	if th, ok := d.(threadData); ok {
		f.title = shorten(th.Title, preheaderTitle)
	}
	if w.err == nil { // what failed is tried again for the next member
		w.press.heads.Add(key, f)
	}
	return f
}

// post renders a post, or takes it from the cache.
func (w *laying) post(p *digest.Post, excerpt int) *fragment { return w.postAs("post", p, excerpt) }

// postAs renders a post by a template.
func (w *laying) postAs(template string, p *digest.Post, excerpt int) *fragment {
	key := w.keyOf(template, p, excerpt)
	if f, ok := w.press.posts.Get(key); ok {
		return f
	}
	f := w.renderPost(key, p, p.Content.Body.Excerpt(excerpt))
	if w.err == nil {
		w.press.posts.Add(key, f)
	}
	return f
}

func (w *laying) keyOf(template string, p *digest.Post, excerpt int) postKey {
	m := marks(0).with(markNew, p.Opening).with(markQuotesYou, p.QuotesReader).with(markMentionsYou, mentionsYou(p))
	return postKey{
		kind: w.locale.home(w.kind, template), template: template, locale: w.locale.index, excerpt: excerpt, number: p.Content.Number, thread: p.Thread, post: p.ID,
		version: p.Version, author: p.AuthorName, marks: m,
	}
}

// renderPost renders a post of which doc is shown.
func (w *laying) renderPost(key postKey, p *digest.Post, doc markup.Doc) *fragment {
	text := withoutHoles(doc.Text(w.locale.words, columns))
	f := w.render(key.kind, key.template, postFor(w, p, htmltemplate.HTML(withoutHoles(doc.HTML(w.locale.words)))), postFor(w, p, text))
	f.title = shorten(gist(text), preheaderLimit)
	return f
}

// gist is what the author of a post says himself, on one line.
func gist(text string) string {
	var own []string
	for l := range strings.SplitSeq(text, "\n") {
		if !strings.HasPrefix(l, ">") {
			own = append(own, l)
		}
	}
	return line(strings.Join(own, " "), len(text))
}

// mentionsYou tells that a post mentions its reader and does not quote him: one mark is enough.
func mentionsYou(p *digest.Post) bool { return p.Cause == digest.Mentioned && !p.QuotesReader }

func postFor[T string | htmltemplate.HTML](w *laying, p *digest.Post, excerpt T) postData[T] {
	d := postData[T]{
		Number:      p.Content.Number,
		URL:         w.press.site.Links.Post(p.Thread, p.ID),
		Author:      w.name(p.AuthorName),
		AuthorTitle: w.locale.isolate(line(p.Content.AuthorTitle, nameLimit)),
		Time:        holeTime,
		Excerpt:     excerpt,
		Likes:       w.locale.likes(p.Content),
		Opening:     p.Opening,
		QuotesYou:   p.QuotesReader,
		MentionsYou: mentionsYou(p),
	}
	for _, b := range p.Content.Badges {
		if b = w.locale.isolate(line(b, nameLimit)); b != "" && b != d.AuthorTitle {
			d.Badges = append(d.Badges, b)
		}
	}
	return d
}

// withoutHoles takes our signs out of a text from the forum. Markup does so, too; but a hole that
// is not ours would tear the mail.
func withoutHoles(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= firstHole && r <= lastHole {
			return -1
		}
		return r
	}, s)
}

// name is a member's name, or the word for those who have none.
func (w *laying) name(s string) string {
	if s = line(s, nameLimit); s == "" {
		return w.locale.say("post.guest")
	}
	return w.locale.isolate(s)
}

// render renders a fragment. A fault is kept, and ends the laying.
func (w *laying) render(k kind, template string, html, text any) *fragment {
	h, t, err := w.press.render(w.locale, k, template, html, text)
	if err != nil && w.err == nil {
		w.err = err
	}
	return &fragment{html: cut(h), text: cut(t)}
}

// longestMore is the most bytes that a "more" line takes in HTML.
func (w *laying) longestMore() int {
	links := w.press.site.Links
	longest := 0
	for _, key := range []string{"more.replies", "more.posts", "more.new_posts", moreThreads} {
		for _, url := range []string{links.Post(math.MaxInt64, math.MaxInt64), w.press.site.URL} {
			data := moreData{Text: w.locale.sayLongest(key), URL: url, Threads: key == moreThreads}
			longest = max(longest, w.render(w.locale.home(w.kind, "more"), "more", data, data).html.size)
		}
	}
	return longest
}
