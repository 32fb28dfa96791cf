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

// looksOf lists how each element of a page looks.
func looksOf(p *browsertest.Page) []string {
	return browsertest.Run(p, chromedp.Evaluate[[]string](`[...document.body.querySelectorAll("*")].map(e => {
		const style = getComputedStyle(e)
		return e.tagName + " " + e.textContent.trim().slice(0, 20) + ": " + ["color", "background-color", "font", "padding", "margin",
			"border", "display", "width", "text-decoration", "white-space", "overflow-wrap"].map(p => style.getPropertyValue(p)).join("; ")
	})`))
}

var viewLink = regexp.MustCompile(`<a [^>]*/v/[^>]*>[^<]*</a>&emsp;\s*`)

func TestExtractStyles_KeepsTheLayout(t *testing.T) {
	t.Parallel()
	_, all := newMailedWorld(t)
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
				want := looksOf(p)
				p.Open(l.links("v/")[0])
				got := looksOf(p)
				if slices.Equal(got, want) {
					continue
				}
				for i := range min(len(got), len(want)) {
					if got[i] != want[i] {
						t.Errorf("%s, %d pixels, %s: element %d looks\n%s, want\n%s", kind, width, shade(dark), i, got[i], want[i])
						break
					}
				}
				if len(got) != len(want) {
					t.Errorf("%s: the page has %d elements, the mail %d", kind, len(got), len(want))
				}
			}
		}
	}
}
