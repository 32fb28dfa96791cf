package templates

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/browsertest"
	"postrider/markup"
)

func TestAlert_ShowsOnlyTheUnquotedRestOfThePost(t *testing.T) {
	const first, second = "She ran last summer.", "What of the paddles?"
	answer := func(quoted string) string {
		return `[QUOTE="Tide Table, post: 102, member: 9"]` + quoted + `[/QUOTE]Then the survey is theirs.`
	}
	tests := []struct {
		name, post, reply string
		first, second     int // how often each sentence appears
		box               bool
	}{
		{"a quote of the whole post", first + " " + second, answer(first + " " + second), 1, 1, false},
		{"a quote of its beginning", first + " " + second, answer(first), 1, 1, true},
		{"a quote of its end", first + " " + second, answer(second), 1, 2, true},
		{"a quote of a picture alone", first + " " + second, answer("[img]http://a.example/b.png[/img]"), 1, 1, true},
		{"a quote of text that was edited since", first + " " + second, answer("She ran last year."), 1, 1, true},
		{"an empty post", "", answer(""), 0, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site, a := load(t).SampleAlert()
			p := &a.Groups[0].Threads[0].Posts[0]
			setBody(&p.Content, tt.reply)
			setBody(&p.Quoted.Content, tt.post)
			renderer := load(t).NewRenderer(site, 16)
			for range 2 { // the second time from the cache
				c, err := renderer.Alert(a, sampleFooter(site), 80<<10)
				if err != nil {
					t.Fatal(err)
				}
				for _, mail := range []string{c.Text.Plain(), c.HTML.Plain()} {
					_, mail, _ = strings.Cut(mail, "Post #5") // after the preheader
					got := [2]int{strings.Count(mail, first), strings.Count(mail, second)}
					if want := [2]int{tt.first, tt.second}; got != want || strings.Contains(mail, "In reply to") != tt.box {
						t.Errorf("the sentences appear %v times, want %v; with a quote box: %t\n%s", got, want, tt.box, mail)
					}
				}
			}
		})
	}
}

// A reader decides in the first lines whether to read on, and a phone shows no more of a message in its preview.
func TestAlert_TextBeginsWithin200Pixels(t *testing.T) {
	p := browsertest.New(t)
	for name, set := range map[string]*Set{"plain": load(t), "with a logo": branded(t)} {
		t.Run(name, func(t *testing.T) { textBeginsNearTop(t, p, set) })
	}
}

func textBeginsNearTop(t *testing.T, p *browsertest.Page, set *Set) {
	t.Helper()
	site, a := set.SampleAlert()
	thread := &a.Groups[0].Threads[0]
	thread.Title = "The last paddle steamer on the Elbe is up for sale" // two lines, on a phone as well
	setBody(&thread.Posts[0].Content, "Then the survey is theirs, too.")
	c, err := set.NewRenderer(site, 16).Alert(a, sampleFooter(site), 80<<10)
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, c.Standalone())
	for _, width := range []int{360, 600} {
		p.Emulate(width, false)
		p.Open(address)
		const top = `(() => {
			const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
			for (let node = walk.nextNode(); node; node = walk.nextNode()) {
				if (node.data.includes("Then the survey") && node.parentElement.getClientRects().length) {
					const range = document.createRange()
					range.selectNode(node)
					const at = range.getBoundingClientRect().top
					if (at > 30) return Math.round(at) // after the preheader, which nobody sees
				}
			}
			return -1
		})()`
		if got := browsertest.Run(p, chromedp.Evaluate[int](top)); got < 50 || got > 200 {
			t.Errorf("at %d px, the text of the post begins %d px below the top, want at most 200", width, got)
		}
	}
}

func TestAlert_ShowsTheWholeReply(t *testing.T) {
	site, a := load(t).SampleAlert()
	a.WantedExcerpt = 2000
	long := strings.Repeat("The paddles were rebuilt. ", 70) + "The end."
	thread := &a.Groups[0].Threads[0]
	setBody(&thread.Posts[0].Content, long)
	setBody(&thread.Posts[0].Quoted.Content, long)
	thread.Earlier[0].Content = thread.Posts[0].Quoted.Content
	c, err := load(t).NewRenderer(site, 16).Alert(a, sampleFooter(site), 80<<10)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(c.Text.Plain(), "The end."); n != 1 {
		t.Errorf("the text ends %d times, want once: the quoted and the earlier post only begin it", n)
	}
}

func TestAlert_UnsubscribeLinkSaysWhatItEnds(t *testing.T) {
	set := load(t)
	for _, tt := range []struct {
		name  string
		alert func(*digest.Alert)
		want  string
	}{
		{"one thread", func(*digest.Alert) {}, "Mute this thread"},
		{"threads of a watched section", func(a *digest.Alert) {
			g := &a.Groups[0]
			other := g.Threads[0]
			other.ID++
			g.Threads = append(g.Threads, other)
			for i := range g.Threads {
				g.Threads[i].Posts = slices.Clone(g.Threads[i].Posts)
				g.Threads[i].Posts[0].Cause = digest.SectionWatched
			}
		}, "Turn off emails about this section"},
		{"threads of two sections", func(a *digest.Alert) { a.Groups = append(a.Groups, a.Groups[0]) }, "Turn off all alerts"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			site, a := set.SampleAlert()
			tt.alert(a)
			f := sampleFooter(site)
			c, err := set.NewRenderer(site, 16).Alert(a, f, 80<<10)
			if err != nil {
				t.Fatal(err)
			}
			if text := c.Text.Plain(); !strings.Contains(text, tt.want+":\n"+f.Unsubscribe) {
				t.Errorf("the unsubscribe link does not say %q:\n%s", tt.want, text)
			}
		})
	}
}

func setBody(c **forum.Content, body string) {
	changed := **c
	changed.Body = markup.BBCode(body, markup.Links{})
	*c = &changed
}
