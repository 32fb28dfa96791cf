package web_test

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"postrider/daemon/view"
	"postrider/demo"
	"postrider/internal/browsertest"
	"postrider/internal/link"
	"postrider/templates"
	"postrider/web"
)

func TestPages_ShowTheBrand(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	check(t, png.Encode(&file, image.NewRGBA(image.Rect(0, 0, 300, 60))))
	logo := must(templates.NewLogo(file.Bytes()))(t)
	set := must(templates.LoadBranded("", templates.Brand{
		Logo: logo, Accent: "#a0143c", Address: []string{"1 Harbour Road"}, Links: []templates.BrandLink{{Text: "Imprint", URL: "https://forum.example/imprint"}},
	}))(t)
	w, messages := newFixtureWithMessages(t)
	w.deps = func(d *web.Deps) {
		site := templates.Site{Name: demo.Name, URL: demo.URL, Links: w.source.Links(), Locale: "en"}
		d.Pages, d.Viewer = set.Pages(site, "/postrider"), view.New(w.source, w.store, w.settings, set.NewRenderer(site, 100), w.links)
	}
	former := w.site.URL
	w.open()
	p := browsertest.New(t)
	pages := map[string]string{"unsubscribe": w.url(link.Digests, 0), "settings": w.url(link.Settings, 0)}
	for kind, m := range messages {
		pages[kind+" in the browser"] = strings.Replace(m.links("v/")[0], former, w.site.URL, 1)
	}
	for name, address := range pages {
		got := w.get(address)
		if got.status != http.StatusOK || !strings.Contains(got.body, "1 Harbour Road") || !strings.Contains(got.body, `href="https://forum.example/imprint"`) {
			t.Errorf("%s: status %d, without the address or the link", name, got.status)
		}
		p.Open(address) // fails if the page violates its policy
		if width := browsertest.Run(p, chromedp.Evaluate[int]("document.images[0].naturalWidth")); width != 300 {
			t.Errorf("%s: the logo is %d pixels wide, want 300: it was not loaded", name, width)
		}
	}
}
