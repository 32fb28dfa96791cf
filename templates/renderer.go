package templates

import (
	"cmp"
	"fmt"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/qp"
)

// Site is the forum that the emails are about.
type Site struct {
	Name    string
	URL     string
	Links   forum.Links
	Excerpt int    // characters of a post; 0: 300
	Locale  string // for members whose language is not available
	// SubjectPrefix begins the subjects of alerts: "[Example Forum]"; empty: they begin with the thread's title.
	SubjectPrefix string
	// RepliesRead means that a person reads what members reply to messages.
	RepliesRead bool
	// AnnouncementRepliesRead is the same for announcements, which may have a sender of their own.
	AnnouncementRepliesRead bool
	// NoPages means that messages do not link to our pages. Members unsubscribe by email: to the addresses in the footer, or by
	// writing to Contact if it is set.
	NoPages bool
	Contact string
}

// Footer holds the personal links of a member. On a site without pages, there are at most the ones that unsubscribe, as mailto URLs.
type Footer struct {
	Settings    string
	Unsubscribe string
	All         string // of an alert: unsubscribes from all alerts, while Unsubscribe may cover only a thread or a section
	View        string // opens the email in a browser; empty: not stored, or this already is the web version
}

// Content is a rendered email.
type Content struct {
	Subject    string
	Text, HTML qp.Pieces
}

// Renderer renders the emails of one forum. It caches the fragments that members share, rendered and encoded. It is
// safe for concurrent use.
type Renderer struct {
	set       *Set
	site      Site
	excerpt   int // length of a post's excerpt, in characters
	layouts   map[layoutKey]func() (*layout, error)
	posts     *lru.Cache[postKey, *fragment]
	headings  *lru.Cache[headingKey, *fragment]
	times     *lru.Cache[timeKey, formattedTime]
	locales   *lru.Cache[string, *locale] // by the forum's name for the language
	checkHTML bool                        // check that tags are balanced
}

const (
	excerptLength   = 300
	timeCacheSize   = 8192 // the minutes of a day in a few zones
	localeCacheSize = 256
)

// NewRenderer returns a renderer for a forum. It caches up to cacheEntries posts and as many headings.
func (s *Set) NewRenderer(site Site, cacheEntries int) *Renderer {
	cacheEntries = max(cacheEntries, 1)
	p := &Renderer{
		set:      s,
		site:     site,
		excerpt:  cmp.Or(site.Excerpt, excerptLength),
		posts:    newCache[postKey, *fragment](cacheEntries),
		headings: newCache[headingKey, *fragment](cacheEntries),
		times:    newCache[timeKey, formattedTime](timeCacheSize),
		locales:  newCache[string, *locale](localeCacheSize),
		layouts:  make(map[layoutKey]func() (*layout, error)),
	}
	for k := range kinds() {
		for _, l := range s.locales {
			for form := range layoutForms {
				for _, view := range []bool{false, true} {
					key := layoutKey{k, l.index, form, view}
					p.layouts[key] = sync.OnceValues(func() (*layout, error) { return p.layoutFor(key) })
				}
			}
		}
	}
	return p
}

func newCache[K comparable, V any](entries int) *lru.Cache[K, V] {
	c, err := lru.New[K, V](entries)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return c
}

// Digest cuts an edition to a budget of bytes of HTML and renders it in the member's language and zone.
func (p *Renderer) Digest(d *digest.Digest, f Footer, budget int) (Content, error) {
	w, err := p.newRender(digestMail, d, plainLayout, f)
	if err != nil {
		return Content{}, err
	}
	subject, err := w.setSlots(d, f)
	if err != nil {
		return Content{}, err
	}
	d.Fit(budget, w.excerpts, w)
	c := Content{Subject: subject}
	c.HTML, c.Text = w.assemble(d)
	if w.err != nil {
		return Content{}, fmt.Errorf("rendering the digest of member %d: %w", d.Member.ID, w.err)
	}
	return c, nil
}

// newRender prepares an email in the member's language and zone.
func (p *Renderer) newRender(k kind, d *digest.Digest, form layoutForm, f Footer) (*render, error) {
	l := p.locale(d.Member.Locale)
	sh, err := p.layouts[layoutKey{k, l.index, form, f.View != ""}]()
	if err != nil {
		return nil, err
	}
	length := cmp.Or(d.WantedExcerpt, p.excerpt)
	w := &render{renderer: p, kind: k, locale: l, layout: sh, zone: d.Zone, excerpts: []int{length, length / 2, length / 4}}
	if w.zone == nil {
		w.zone = time.UTC
	}
	w.year = d.Until.In(w.zone).Year()
	return w, nil
}

func (p *Renderer) locale(name string) *locale {
	if l, ok := p.locales.Get(name); ok {
		return l
	}
	l := p.set.locale(name, p.site.Locale)
	p.locales.Add(name, l)
	return l
}

// render is the state of rendering one email. It also implements digest.Sizes for it.
type render struct {
	renderer *Renderer
	kind     kind
	locale   *locale
	layout   *layout
	zone     *time.Location
	year     int   // of the edition: times in other years show theirs
	excerpts []int // the lengths that Fit may choose from, longest first
	values   struct{ html, text slotValues }
	err      error // the first one

	// For alerts only.
	alert    *digest.Alert
	sections map[forum.SectionID]string // their titles
	only     bool                       // the alert has one post
}

// Layout implements digest.Sizes.
func (w *render) Layout() int {
	s := &w.layout.html
	return s.head.filledSize(&w.values.html) + s.foot.filledSize(&w.values.html)
}

// Section implements digest.Sizes.
func (w *render) Section(g *digest.Group) int {
	if w.kind != digestMail {
		return 0 // an alert shows the section in the thread's heading
	}
	return w.section(g).html.size
}

// Thread implements digest.Sizes.
func (w *render) Thread(t *digest.Thread) int {
	size := w.sizeOf(w.thread(t))
	for _, f := range w.trailer(t) {
		size += w.sizeOf(f.fragment)
	}
	return size
}

// Post implements digest.Sizes.
func (w *render) Post(p *digest.Post, excerpt int) int {
	size := w.sizeOf(w.post(p, excerpt))
	if q := w.quoted(p, excerpt); q != nil {
		size += w.sizeOf(q)
	}
	return size
}

// More implements digest.Sizes.
func (w *render) More() int { return w.layout.moreBytes }

// sizeOf returns the size of a fragment with the longest time in its slots.
func (w *render) sizeOf(f *fragment) int { return f.html.size + len(f.html.slots)*w.layout.timeBytes }

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
	for i := range d.Groups {
		g := &d.Groups[i]
		if !g.Shown() {
			continue
		}
		if w.kind == digestMail {
			html, text = w.append(w.section(g), time.Time{}, html, text)
		}
		for j := range g.Threads {
			if t := &g.Threads[j]; t.Fits {
				html, text = w.assembleThread(t, d.Excerpt, html, text)
			}
		}
	}
	if d.MoreThreads > 0 {
		more := w.more(moreThreads, d.MoreThreads, w.renderer.site.URL)
		html, text = w.append(more, time.Time{}, html, text)
	}
	return html, text
}

func (w *render) assembleThread(t *digest.Thread, excerpt int, html, text qp.Pieces) (qp.Pieces, qp.Pieces) {
	html, text = w.append(w.thread(t), t.StartedAt, html, text)
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
	if folded != nil {
		more := w.more(moreKey(t, folded), t.HiddenPosts(), w.renderer.site.Links.Post(t.ID, folded.ID))
		html, text = w.append(more, time.Time{}, html, text)
	}
	for _, f := range w.trailer(t) {
		html, text = w.append(f.fragment, f.at, html, text)
	}
	return html, text
}

const moreThreads = "more.threads"

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
	var s formattedTime
	if len(f.html.slots)+len(f.text.slots) > 0 {
		s = w.formatTime(at)
	}
	return f.html.fillAll(html, s.html), f.text.fillAll(text, s.text)
}
