package templates

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"postrider/digest"
	"postrider/internal/browsertest"
)

// brokenWords lists the words of table cells that a line break divides, except for very long ones and those with hyphens.
const brokenWords = `[...document.querySelectorAll("td[dir], th[dir]")].flatMap(cell => {
	const broken = [], walk = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT)
	for (let node = walk.nextNode(); node; node = walk.nextNode()) {
		for (const word of node.data.matchAll(/\S+/g)) {
			const range = document.createRange()
			range.setStart(node, word.index)
			range.setEnd(node, word.index + word[0].length)
			if (word[0].length <= 24 && !word[0].includes("-") && range.getClientRects().length > 1) broken.push(word[0])
		}
	}
	return broken
})`

// serve returns the address of a message for the browser.
func serve(t *testing.T, message string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		rw.Write([]byte(message))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestTable_KeepsWordsWholeAndMessageNarrow(t *testing.T) {
	set := load(t)
	p := browsertest.New(t)
	for name, body := range map[string]string{
		"three columns": "|Who|Day|What|\n|-|:-:|-:|\n|Who|Wednesday|Maintenance of the harbour|\n",
		"six columns":   "|Who|Weekday|Department|Time|Reason|Source|\n|-|-|-|-|-|-|\n|Ray|Wednesday|Communications|14:00|Maintenance|https://a.example/" + fmt.Sprintf("%060d", 1) + "|\n",
		"code":          "|Who|Command|\n|-|-|\n|Somebody|`postrider check --config example`|\n",
	} {
		site, a, r := set.SampleAnnouncement()
		a.Variants = []digest.Variant{{Locale: "en", Title: "Table", Body: "A table with words:\n\n" + body}}
		mail := renderAnnouncement(t, set.NewRenderer(site, 16), a, r).HTML.Plain()
		address := serve(t, mail)
		for _, width := range []int{360, 600} {
			p.Emulate(width, false)
			p.Open(address)
			if got := browsertest.Run(p, chromedp.Evaluate[[]string](brokenWords)); len(got) > 0 {
				t.Errorf("%s at %d px: broken words %q", name, width, got)
			}
			if got := browsertest.Run(p, chromedp.Evaluate[int]("document.documentElement.scrollWidth")); got > width {
				t.Errorf("%s at %d px: the message is %d px wide", name, width, got)
			}
		}
	}
}

// Names are cut at 60 characters, which may all be one word: wider than a phone.
func TestMail_BreaksLongNames(t *testing.T) {
	set := load(t)
	p := browsertest.New(t)
	site, d := set.Sample()
	post := &d.Groups[0].Threads[0].Posts[0]
	content := *post.Content
	long := strings.Repeat("K", nameLimit)
	post.AuthorName, content.AuthorTitle, content.Likes, content.LikeCount = long, long, []string{long}, 1
	post.Content = &content
	c, err := set.NewRenderer(site, 16).Digest(d, sampleFooter(site), 200<<10)
	if err != nil {
		t.Fatal(err)
	}
	mail := c.HTML.Plain()
	address := serve(t, mail)
	for _, width := range []int{360, 600} {
		p.Emulate(width, false)
		p.Open(address)
		if got := browsertest.Run(p, chromedp.Evaluate[int]("document.documentElement.scrollWidth")); got > width {
			t.Errorf("at %d px, the message is %d px wide", width, got)
		}
	}
}
