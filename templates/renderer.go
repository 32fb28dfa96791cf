package templates

import (
	"cmp"
	"fmt"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/inline"
	"postrider/internal/qp"
)

// Site is the forum that the emails are about.
type Site struct {
	Name     string
	URL      string
	Links    forum.Links
	Excerpt  int    // characters of a post; 0: 300
	MaxItems int    // the most posts that a digest shows; 0: as many as fit
	Locale   string // for members whose language is not available
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
	// Mute returns the link that mutes a thread. All of them have the same length. nil: there are none.
	Mute func(forum.ThreadID) string
}

// Content is a rendered email.
type Content struct {
	Subject    string
	Text, HTML qp.Pieces
	Images     []inline.Image // that the HTML shows by their content ID
}

// Standalone returns the HTML for a browser: it holds the images itself.
func (c Content) Standalone() string {
	html := c.HTML.Plain()
	for _, image := range c.Images {
		html = strings.ReplaceAll(html, `"`+image.URL()+`"`, `"`+image.DataURL()+`"`)
	}
	return html
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
	shortestExcerpt = 160      // characters; shorter ones say too little
	longExcerpt     = 2000     // of posts that cannot be whole
	largestCached   = 16 << 10 // bytes of a post's HTML; whole posts may be larger
	timeCacheSize   = 8192     // the minutes of a day in a few zones
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
	w.contents = len(d.Groups) > contentsFrom
	subject, err := w.setSlots(d, f)
	if err != nil {
		return Content{}, err
	}
	d.Fit(digest.Budget{Size: digest.Size{Bytes: budget, Height: digestHeight}, Posts: p.site.MaxItems}, w.excerpts, w)
	c := Content{Subject: subject, Images: p.set.brandImages()}
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
	w := &render{renderer: p, kind: k, locale: l, layout: sh, zone: d.Zone, excerpts: excerptLengths(length)}
	if w.zone == nil {
		w.zone = time.UTC
	}
	w.year = d.Until.In(w.zone).Year()
	return w, nil
}

// excerptLengths returns the lengths that Fit may choose from: the wanted one and shorter ones, but none that says nothing. Whole posts
// become long excerpts at once: to render each post in all lengths between would take too long.
func excerptLengths(wanted int) []int {
	if wanted == digest.WholePosts {
		return append([]int{wanted}, excerptLengths(longExcerpt)...)
	}
	lengths := []int{wanted}
	for n := wanted / 2; n > shortestExcerpt; n /= 2 {
		lengths = append(lengths, n)
	}
	if wanted > shortestExcerpt {
		lengths = append(lengths, shortestExcerpt)
	}
	return lengths
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
	contents bool                        // there may be a table of contents
	mute     func(forum.ThreadID) string // nil: no links that mute a thread
	muteSize int                         // of such a link, in bytes
	err      error                       // the first one

	// For alerts only.
	alert    *digest.Alert
	sections map[forum.SectionID]string // their titles
	only     bool                       // the alert has one post
}
