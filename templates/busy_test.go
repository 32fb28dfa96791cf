package templates

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"golang.org/x/net/html"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/browsertest"
	"postrider/markup"
)

// busyDay returns a digest of about this many posts in eight sections.
func busyDay(posts int) *digest.Digest {
	s := newGenerator(3)
	d := &digest.Digest{}
	for d.Counts().Posts < posts {
		*d = *s.digest(8, 1+posts/12, 7)
		d.Member.Locale = "en"
	}
	for i := range d.Groups {
		for j := range d.Groups[i].Threads {
			t := &d.Groups[i].Threads[j]
			t.Participated, t.QuotesReader = t.Participated && i == 0 && j < 6, false
			for k := range t.Posts {
				t.Posts[k].QuotesReader = false
			}
		}
	}
	d.Arrange(digest.Telling)
	return d
}

// A digest that nobody reads to its end is an annoyance: 200 posts took 12,800 pixels once. And mailboxes judge a message by its share
// of text.
func TestDigest_BusyDayStaysReadable(t *testing.T) {
	p := browsertest.New(t)
	renderer := load(t).NewRenderer(testSite, 4096)
	for _, posts := range []int{200, 1000} {
		d := busyDay(posts)
		c, err := renderer.Digest(d, footerOfFullLength(), 80_000)
		if err != nil {
			t.Fatal(err)
		}
		p.Emulate(600, false)
		p.Open(serve(t, c.HTML.Plain()))
		height := browsertest.Run(p, chromedp.Evaluate[int]("document.documentElement.scrollHeight"))
		shown := 0
		for _, g := range d.Groups {
			for _, th := range g.Threads {
				shown += th.ShownPosts()
			}
		}
		text := visibleBytes(t, c.HTML.Plain())
		share := float64(text) / float64(c.HTML.Size())
		t.Logf("%d posts: %d shown, %d px, %d bytes of HTML, %d of text (%.1f %%)", d.Counts().Posts, shown, height, c.HTML.Size(), text, 100*share)
		if share < 0.25 {
			t.Errorf("%d posts: %.1f %% of the HTML is text, want 25 %%", d.Counts().Posts, 100*share)
		}
		if height > digestHeight+digestHeight/10 || height < digestHeight*6/10 {
			t.Errorf("%d posts take %d px, want about %d", d.Counts().Posts, height, digestHeight)
		}
		if shown < 10 {
			t.Errorf("%d posts of %d are shown, want at least 10", shown, d.Counts().Posts)
		}
	}
}

// footerOfFullLength returns links that are as long as signed ones, see link.Signer.
func footerOfFullLength() Footer {
	address := func(page string) string { return testURL + "/mail" + page + strings.Repeat("t", 47) }
	return Footer{
		Settings: address("/s/"), Unsubscribe: address("/u/"), View: address("/v/"),
		Mute: func(forum.ThreadID) string { return address("/u/") },
	}
}

// visibleBytes counts the bytes of text that a reader of the HTML sees: without the head and the preheader, and with one space for
// several.
func visibleBytes(t *testing.T, src string) int {
	t.Helper()
	root, err := html.Parse(strings.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Data == "head" || strings.Contains(attr(html.Token{Attr: n.Attr}, "style"), "display:none") {
			return
		}
		if n.Type == html.TextNode {
			text.WriteString(n.Data)
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
	}
	walk(root)
	return len(strings.Join(strings.Fields(text.String()), " "))
}

// Mailboxes clip a message by its bytes, so markup takes the place of text.
func TestDigest_MarkupOfAPostIsSmall(t *testing.T) {
	renderer := load(t).NewRenderer(testSite, 64)
	size := func(posts int) int {
		s := newGenerator(1)
		d := s.digest(1, 1, 1)
		d.Member.Locale = "en"
		d.Groups = d.Groups[:1]
		thread := &d.Groups[0].Threads[0]
		d.Groups[0].Threads, thread.Posts = d.Groups[0].Threads[:1], nil
		for i := range posts {
			thread.Posts = append(thread.Posts, digest.Post{
				Post:    forum.Post{ID: forum.PostID(100 + i), Thread: thread.ID, AuthorName: "Anneke", PostedAt: d.From, Version: "1"},
				Content: &forum.Content{Number: 5, Body: markup.BBCode(strings.Repeat("x", 200), markup.Links{})},
			})
		}
		c, err := renderer.Digest(d, testFooter, 80_000)
		if err != nil {
			t.Fatal(err)
		}
		return c.HTML.Size()
	}
	text := 200 + len("Anneke · Post #5 · Mon 4 May, 08:00") + len(testSite.Links.Post(10, 101))
	if got := size(3) - size(2) - text; got > 250 {
		t.Errorf("the markup of a post has %d bytes beside its text and its address, want at most 250", got)
	} else {
		t.Logf("%d bytes", got)
	}
}
