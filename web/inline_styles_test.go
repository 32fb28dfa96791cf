package web_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"postrider/internal/browsertest"
)

// computedStyles returns the computed style of each element of a page.
func computedStyles(p *browsertest.Page) []string {
	return browsertest.Run(p, chromedp.Evaluate[[]string](`[...document.body.querySelectorAll("*")].map(e => {
		const style = getComputedStyle(e)
		return e.tagName + " " + e.textContent.trim().slice(0, 20) + ": " + ["color", "background-color", "font", "padding", "margin",
			"border", "display", "width", "text-decoration", "white-space", "overflow-wrap"].map(p => style.getPropertyValue(p)).join("; ")
	})`))
}

// viewLink is the link to the page itself, which the page lacks: in the masthead, or on a line of the footer.
var viewLink = regexp.MustCompile(`(?:<br>\s*)?<a [^>]*/v/[^>]*>[^<]*</a>(?:&emsp;\s*)?`)

func TestExtractStyles_KeepsTheLayout(t *testing.T) {
	t.Parallel()
	_, all := newFixtureWithMessages(t)
	p := browsertest.New(t)
	for kind, l := range all {
		original := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "text/html; charset=utf-8")
			rw.Write([]byte(viewLink.ReplaceAllString(l.html, "")))
		}))
		t.Cleanup(original.Close)
		for _, dark := range []bool{false, true} {
			for _, width := range []int{360, 1280} {
				p.Emulate(width, dark)
				p.Open(original.URL)
				want := computedStyles(p)
				p.Open(l.links("v/")[0])
				got := computedStyles(p)
				if slices.Equal(got, want) {
					continue
				}
				for i := range min(len(got), len(want)) {
					if got[i] != want[i] {
						t.Errorf("%s, %d pixels, %s: element %d is\n%s, want\n%s", kind, width, schemeName(dark), i, got[i], want[i])
						break
					}
				}
				if len(got) != len(want) {
					t.Errorf("%s: page has %d elements, message has %d", kind, len(got), len(want))
				}
			}
		}
	}
}
