package templates

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"postrider/digest"
	"postrider/internal/browsertest"
	"postrider/markup"
)

// clientFilters do to an email what programs and webmail do before they show it.
var clientFilters = map[string]func(string) string{
	"everything":         func(s string) string { return s },
	"no bdi":             removeTag("bdi"), // Gmail, Outlook, Yahoo
	"no bdi, no <style>": func(s string) string { return removeTag("bdi")(removeStyles(s)) },
	"no classes, no dir": func(s string) string { return removeAttribute("class")(removeAttribute("dir")(s)) },
}

func removeTag(name string) func(string) string {
	tag := regexp.MustCompile(`(?i)</?` + name + `(\s[^>]*)?>`)
	return func(s string) string { return tag.ReplaceAllString(s, "") }
}

func removeAttribute(name string) func(string) string {
	attribute := regexp.MustCompile(` ` + name + `="[^"]*"`)
	return func(s string) string { return attribute.ReplaceAllString(s, "") }
}

func removeStyles(s string) string {
	return regexp.MustCompile(`(?s)<style>.*?</style>`).ReplaceAllString(s, "")
}

// colorFaults lists what is hard to see in an email, by the contrast of WCAG 2.2, 1.4.3 and 1.4.11: text below 4.5:1, a button
// below 3:1 to the card around it, a chip that has lost its background, and a thin line of a table or a rule that is brighter than
// the text around it needs.
const colorFaults = `(() => {
	const channels = color => color.match(/[\d.]+/g).map(Number)
	const luminance = color => {
		const [r, g, b] = channels(color).map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
		return 0.2126 * r + 0.7152 * g + 0.0722 * b
	}
	const contrast = (a, b) => {
		const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y)
		return (high + 0.05) / (low + 0.05)
	}
	const ground = e => {
		for (; e; e = e.parentElement) {
			const color = getComputedStyle(e).backgroundColor
			if (channels(color)[3] !== 0) return color
		}
		return matchMedia("(prefers-color-scheme: dark)").matches ? "rgb(18, 18, 18)" : "rgb(255, 255, 255)"
	}
	const faults = []
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
	for (let node = walk.nextNode(); node; node = walk.nextNode()) {
		const e = node.parentElement
		if (!node.data.trim() || e.getClientRects().length === 0 || getComputedStyle(e).opacity === "0") continue
		const ratio = contrast(getComputedStyle(e).color, ground(e))
		if (ratio < 4.5) faults.push(ratio.toFixed(1) + ":1 for text " + node.data.trim().slice(0, 40))
	}
	for (const e of document.querySelectorAll("table table table td[bgcolor]")) {
		const ratio = contrast(getComputedStyle(e).backgroundColor, ground(e.parentElement))
		if (ratio < 3) faults.push(ratio.toFixed(1) + ":1 for button " + e.innerText.trim())
	}
	for (const e of document.querySelectorAll("td[dir], th[dir], hr, .pr-rule, .pr-head")) {
		const style = getComputedStyle(e), side = ["top", "bottom"].find(s => style["border-" + s + "-width"] !== "0px")
		if (!side) continue
		const ratio = contrast(style["border-" + side + "-color"], ground(e))
		if (ratio < 1.2 || ratio > 3) faults.push(ratio.toFixed(1) + ":1 for the line of " + e.outerHTML.slice(0, 60))
	}
	return faults
})()`

// plainChips lists the chips that have neither a background of their own nor a space before them.
const plainChips = `document.body.innerText.includes("Quotes you") && !document.querySelector("span[style*=nowrap]") ? ["Quotes you"] : [...document.querySelectorAll("span:not(:has(span))")].filter(e => e.innerText.startsWith("\u00a0")).filter(e =>
	getComputedStyle(e).backgroundColor === "rgba(0, 0, 0, 0)" || getComputedStyle(e).whiteSpace !== "nowrap").map(e => e.innerText)`

func TestMail_IsReadableInEveryClient(t *testing.T) {
	set := load(t)
	p := browsertest.New(t)
	var shown atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		rw.Write([]byte(shown.Load().(string)))
	}))
	t.Cleanup(server.Close)
	for name, mail := range clientMails(t, set) {
		for filter, apply := range clientFilters {
			shown.Store(apply(mail))
			for _, dark := range []bool{false, true} {
				if dark && filter == "no classes, no dir" {
					continue // such a client has its own dark mode
				}
				p.Emulate(600, dark)
				p.Open(server.URL)
				for _, fault := range browsertest.Run(p, chromedp.Evaluate[[]string](colorFaults)) {
					t.Errorf("%s, %s, dark %v: contrast of %s", name, filter, dark, fault)
				}
				for _, chip := range browsertest.Run(p, chromedp.Evaluate[[]string](plainChips)) {
					t.Errorf("%s, %s, dark %v: chip %q is plain text", name, filter, dark, chip)
				}
			}
		}
	}
}

// clientMails returns one email of each kind as HTML, with everything that has its own colors.
func clientMails(t *testing.T, set *Set) map[string]string {
	t.Helper()
	mails := make(map[string]string)
	site, d := set.Sample()
	thread := &d.Groups[0].Threads[0]
	thread.New, thread.QuotesReader, thread.Participated = true, true, true
	content := *thread.Posts[0].Content
	content.Body = markup.BBCode("Words [ICODE]code[/ICODE] [ISPOILER]inline[/ISPOILER] [URL=https://a.example]link[/URL]\n[SPOILER=Title]secret[/SPOILER]"+
		"[QUOTE=\"Ray, post: 4, member: 9\"]Quoted [URL=https://a.example]link[/URL][/QUOTE][CODE]x := 1[/CODE][HR][/HR][TABLE][TR][TH]Who[/TH][TD]Ray[/TD][/TR][/TABLE]", markup.Links{})
	thread.Posts[0].Content = &content
	thread.Posts[0].QuotesReader = true
	c, err := set.NewRenderer(site, 16).Digest(d, sampleFooter(site), 200<<10)
	if err != nil {
		t.Fatal(err)
	}
	mails["digest"] = c.HTML.Plain()
	site, a := set.SampleAlert()
	if c, err = set.NewRenderer(site, 16).Alert(a, sampleFooter(site), 200<<10); err != nil {
		t.Fatal(err)
	}
	mails["alert"] = c.HTML.Plain()
	site, n, r := set.SampleAnnouncement()
	n.Variants = []digest.Variant{{Locale: "en", Title: "Move", Body: n.Variants[0].Body + "\n\n---\n\n```\ncode\n```\n"}}
	mails["announcement"] = renderAnnouncement(t, set.NewRenderer(site, 16), n, r).HTML.Plain()
	return mails
}

// Gmail, Outlook and Yahoo drop <bdi> with its style, and do not know logical sides. Outlook for Windows pads no link.
func TestMail_AvoidsWhatClientsDrop(t *testing.T) {
	dropped := regexp.MustCompile(`<bdi\b|text-align:\s*(start|end)|(margin|padding|border)-(inline|block)|inset-`)
	for name, mail := range clientMails(t, load(t)) {
		if found := dropped.FindString(mail); found != "" {
			t.Errorf("%s contains %q", name, found)
		}
		if button := regexp.MustCompile(`<td class="pr-button"[^>]*>`).FindString(mail); (name != "digest") != strings.Contains(button, "padding:") {
			t.Errorf("%s: the cell of the button is %q, want its padding", name, button)
		}
	}
}
