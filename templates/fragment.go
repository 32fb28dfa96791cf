package templates

import (
	"cmp"
	"fmt"
	"hash/maphash"
	htmltemplate "html/template"
	"math"
	"strings"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/line"
	"postrider/markup"
)

// Limits of names and titles in an email, in characters.
const (
	titleLimit = 200
	nameLimit  = 60
)

// fragment is a part of an email that members share, as HTML and as text.
type fragment struct {
	html, text compiled
	rest       *fragment // what follows the list that the template surrounds; nil: it surrounds none
	title      string    // of a thread, or the beginning of a post; short enough for a preheader
	height     int       // of a post, in pixels; an estimate
}

// headingKey identifies a heading or a "more" line in the cache. Threads and sections have no version, so the key holds
// the text of the heading.
type headingKey struct {
	kind        kind
	template    string
	locale, n   int
	id, first   int64
	title, name string
	prefix      string // of a thread
	marks       highlights
	mute        bool // with a link that mutes the thread
}

type postKey struct {
	kind                    kind
	template                string
	locale, excerpt, number int
	thread                  forum.ThreadID
	post                    forum.PostID
	version, author         string
	marks                   highlights
	folded                  string       // the quotes from members that the reader ignores
	likes                   uint64       // of the names of those who like it: the version does not tell when one is banned
	in                      forum.PostID // the post that quotes this one
	inVersion               string
}

// highlights are the labels of a thread or a post that concern the member.
type highlights uint8

const (
	markNew highlights = 1 << iota
	markTookPart
	markQuotesYou
	markMentionsYou
	markHideStarter
	markLocked
	markSolved
)

func (m highlights) with(mark highlights, on bool) highlights {
	if on {
		return m | mark
	}
	return m
}

// sectionData is the data of the template "section".
type sectionData struct {
	Title, URL string
}

// threadData is the data of the template "thread".
type threadData struct {
	Prefix, Title, URL              string // URL: the first new post
	Section                         string // only below the heading "For you"
	Starter                         string // empty: the member ignores them
	Time                            slot   // of its start
	New, Participated, QuotesReader bool
	Locked, Solved                  bool
	Body                            slot // its posts
}

// postData is the data of the template "post".
type postData[T string | htmltemplate.HTML] struct {
	Number       int
	URL          string
	Author       string
	Initial      string // of the author; "" if the name has no letter
	Color        htmltemplate.CSS
	AuthorTitle  string
	Badges       []string
	Time         slot
	Excerpt      T // rendered: safe HTML, or lines of text
	Poll         string
	Files        string // "3 photos, 1 file: report.pdf"
	Likes        string
	Opening      bool
	QuotesReader bool
	MentionsYou  bool
}

// moreData is the data of the template "more": the line that counts what the email leaves out.
type moreData struct {
	Text, URL string
	Threads   bool // counts whole threads, in the last line of the email
}

func (w *render) section(g *digest.Group) *fragment {
	title := w.sectionTitle(g)
	key := headingKey{kind: w.kind, template: "section", locale: w.locale.index, id: int64(g.Section.ID), title: title}
	return w.head(key, func() any { return sectionData{Title: title, URL: w.sectionURL(g)} })
}

func (w *render) thread(t *digest.Thread) *fragment {
	first := firstNew(t)
	m := highlights(0).with(markNew, t.New).with(markTookPart, t.Participated).with(markQuotesYou, t.QuotesReader).with(markHideStarter, t.HideStarter).
		with(markLocked, t.Locked).with(markSolved, t.Marks.Solved)
	if w.kind == alertMail {
		return w.alertThread(t)
	}
	key := headingKey{
		kind: w.kind, template: "thread", locale: w.locale.index, id: int64(t.ID), first: int64(first),
		title: t.Title, name: t.StarterName + "\x00" + t.Home.Title, prefix: t.Marks.Prefix, marks: m,
	}
	starter := w.displayName(t.StarterName)
	if t.HideStarter {
		starter = ""
	}
	return w.checkFrame("thread", w.head(key, func() any {
		return threadData{
			Prefix:       w.locale.isolate(line.Fit(t.Marks.Prefix, nameLimit)),
			Title:        line.Fit(t.Title, titleLimit),
			URL:          w.renderer.site.Links.Post(t.ID, first),
			Section:      line.Fit(t.Home.Title, titleLimit),
			Starter:      starter,
			Time:         slotTime,
			New:          t.New,
			Participated: t.Participated,
			QuotesReader: t.QuotesReader,
			Locked:       t.Locked,
			Solved:       t.Marks.Solved,
			Body:         slotBody,
		}
	}))
}

// firstNew returns the oldest post of the edition in a thread. The digest may show another one first.
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

func (w *render) more(key string, n int, url string) *fragment {
	return w.head(headingKey{kind: w.locale.pageOwner(w.kind, "more"), template: "more", locale: w.locale.index, title: key, name: url, n: n}, func() any {
		return moreData{Text: w.locale.mustText(key, "n", n), URL: url, Threads: key == moreThreads}
	})
}

// head renders a heading or a "more" line, or returns it from the cache.
func (w *render) head(key headingKey, data func() any) *fragment {
	if f, ok := w.renderer.headings.Get(key); ok {
		return f
	}
	d := data()
	var f *fragment
	switch d := d.(type) {
	case actionsData, buttonData:
		f = w.renderLinks(key, d)
	case threadData:
		f = w.render(key.kind, key.template, d, d)
		f.title = line.Shorten(d.Title, preheaderTitle)
	default:
		f = w.render(key.kind, key.template, d, d)
	}
	if w.err == nil { // after a failure, try again for the next member
		w.renderer.headings.Add(key, f)
	}
	return f
}

// post renders a post, or returns it from the cache.
func (w *render) post(p *digest.Post, excerpt int) *fragment {
	return w.renderPostAs("post", p, excerpt)
}

// renderPostAs renders a post with the named template.
func (w *render) renderPostAs(template string, p *digest.Post, excerpt int) *fragment {
	key := w.keyOf(template, p, excerpt)
	if f, ok := w.renderer.posts.Get(key); ok {
		return f
	}
	f := w.renderPost(key, p, p.Body().Excerpt(excerpt))
	if w.err == nil && f.html.size <= largestCached {
		w.renderer.posts.Add(key, f)
	}
	return f
}

func (w *render) keyOf(template string, p *digest.Post, excerpt int) postKey {
	m := highlights(0).with(markNew, p.Opening).with(markQuotesYou, p.QuotesReader).with(markMentionsYou, mentionsYou(p))
	return postKey{
		kind: w.locale.pageOwner(w.kind, template), template: template, locale: w.locale.index, excerpt: excerpt, number: p.Content.Number, thread: p.Thread, post: p.ID,
		version: p.Version, author: p.AuthorName, marks: m, folded: foldedKey(p), likes: likesKey(p.Likes()),
	}
}

var likesSeed = maphash.MakeSeed()

// likesKey returns a hash of names, 0 for none.
func likesKey(names []string) (key uint64) {
	for _, name := range names {
		key = key*31 + maphash.String(likesSeed, name)
	}
	return key
}

func foldedKey(p *digest.Post) string {
	if len(p.Folded) == 0 {
		return ""
	}
	return fmt.Sprint(p.Folded)
}

// renderPost renders a post with doc as its excerpt.
func (w *render) renderPost(key postKey, p *digest.Post, doc markup.Doc) *fragment {
	text := stripSlots(doc.Text(w.locale.words, textWidth))
	f := w.render(key.kind, key.template, postFor(w, p, htmltemplate.HTML(stripSlots(doc.HTML(w.locale.words)))), postFor(w, p, text))
	f.height = heightOf(text, p)
	f.title = line.Fit(cmp.Or(doc.Summary(w.locale.words, 4*preheaderLimit), w.locale.files(p.Content.Attachments)), preheaderLimit)
	return f
}

// mentionsYou reports whether a post mentions the reader without quoting them: one mark is enough.
func mentionsYou(p *digest.Post) bool {
	return (p.Cause == digest.Mentioned || p.MentionsReader) && !p.QuotesReader
}

func postFor[T string | htmltemplate.HTML](w *render, p *digest.Post, excerpt T) postData[T] {
	d := postData[T]{
		Number:       p.Content.Number,
		URL:          w.renderer.site.Links.Post(p.Thread, p.ID),
		Author:       w.displayName(p.AuthorName),
		Initial:      initial(w.locale.tag, w.displayName(p.AuthorName)),
		Color:        initialColor(p.Author, p.AuthorName),
		AuthorTitle:  w.locale.isolate(line.Fit(p.Content.AuthorTitle, nameLimit)),
		Time:         slotTime,
		Excerpt:      excerpt,
		Poll:         w.locale.isolate(line.Fit(p.Content.Poll, titleLimit)),
		Files:        w.locale.files(p.Content.Attachments),
		Likes:        w.locale.likes(p.Likes(), p.Content.LikeCount),
		Opening:      p.Opening,
		QuotesReader: p.QuotesReader,
		MentionsYou:  mentionsYou(p),
	}
	for _, b := range p.Content.Badges {
		if b = w.locale.isolate(line.Fit(b, nameLimit)); b != "" && b != d.AuthorTitle {
			d.Badges = append(d.Badges, b)
		}
	}
	return d
}

// stripSlots removes our slot runes from forum text. Package markup removes them too, but a foreign slot would break
// the message.
func stripSlots(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= firstSlot && r <= lastSlot {
			return -1
		}
		return r
	}, s)
}

// displayName returns a member's name, or the word for members without one.
func (w *render) displayName(s string) string {
	if s = line.Fit(s, nameLimit); line.IsBlank(s) {
		return w.locale.mustText("post.guest")
	}
	return w.locale.isolate(s)
}

// render renders a fragment. It keeps the first error, which ends the rendering.
func (w *render) render(k kind, template string, html, text any) *fragment {
	return frameOf(w.execute(k, template, html, text))
}

func (w *render) execute(k kind, template string, html, text any) (htmlOut, textOut string) {
	htmlOut, textOut, err := w.renderer.render(w.locale, k, template, html, text)
	if err != nil && w.err == nil {
		w.err = err
	}
	return htmlOut, textOut
}

// longestMore returns the maximum size of a "more" line, in bytes of HTML.
func (w *render) longestMore() int {
	links := w.renderer.site.Links
	longest := 0
	for _, key := range []string{"more.replies", "more.posts", "more.new_posts", moreThreads} {
		for _, url := range []string{links.Post(math.MaxInt64, math.MaxInt64), w.renderer.site.URL} {
			data := moreData{Text: w.locale.longestForm(key), URL: url, Threads: key == moreThreads}
			longest = max(longest, w.render(w.locale.pageOwner(w.kind, "more"), "more", data, data).html.size)
		}
	}
	return longest
}
