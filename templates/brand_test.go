package templates

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"postrider/internal/browsertest"
)

// testLogo draws a logo of a size.
func testLogo(t testing.TB, width, height int, c color.Color) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		for y := range height {
			img.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var brandedSet = sync.OnceValues(func() (*Set, error) {
	logo, err := NewLogo(testLogo(&testing.T{}, 400, 96, color.RGBA{180, 20, 60, 255}))
	if err != nil {
		return nil, err
	}
	return LoadBranded("", Brand{
		Logo: logo, Accent: "#a0143c", Address: []string{"Forum <Ltd>", "1 Harbour Road, Hull"},
		Links: []BrandLink{{"Imprint", "https://forum.example/imprint?a&b"}, {"Privacy", "https://forum.example/privacy"}},
	})
})

func branded(t *testing.T) *Set {
	t.Helper()
	set, err := brandedSet()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// brandedMails renders every kind of email of the branded site.
func brandedMails(t *testing.T) map[string]Content {
	t.Helper()
	set := branded(t)
	mails := sampleMessages(t, set, Site{}, "de")
	site, _ := set.Sample()
	c, err := set.NewRenderer(site, 16).Confirmation(sampleConfirmation("de", false))
	if err != nil {
		t.Fatal(err)
	}
	mails["confirmation"] = c
	return mails
}

func TestBrand_IsInEveryEmail(t *testing.T) {
	for kind, c := range brandedMails(t) {
		if len(c.Images) != 1 {
			t.Fatalf("%s brings %d images, want the logo once", kind, len(c.Images))
		}
		html, text := c.HTML.Plain(), c.Text.Plain()
		for part, wants := range map[string][]string{
			html: {`src="cid:` + c.Images[0].ID + `" alt="`, `height="`, "Forum &lt;Ltd&gt;", "1 Harbour Road, Hull", `href="https://forum.example/imprint?a&amp;b" style="color:#a0143c`, ">Privacy</a>"},
			text: {"\nForum <Ltd>\n1 Harbour Road, Hull\n", "\nImprint:\nhttps://forum.example/imprint?a&b\n", "\nPrivacy:\nhttps://forum.example/privacy\n"},
		} {
			for _, want := range wants {
				if strings.Count(part, want) != 1 {
					t.Errorf("%s: %q is there %d times, want once, in\n%s", kind, want, strings.Count(part, want), part)
				}
			}
		}
		if strings.Contains(html, "#05a") || strings.Contains(html, "ZgotmplZ") {
			t.Errorf("%s: a link or line does not have the accent color:\n%s", kind, html)
		}
		if page := c.Standalone(); strings.Contains(page, "cid:") || !strings.Contains(page, `src="data:image/png;base64,`) {
			t.Errorf("%s: for a browser, the logo is not in the page", kind)
		}
	}
}

func TestBrand_IsReadableInLightAndDark(t *testing.T) {
	p := browsertest.New(t)
	for kind, c := range brandedMails(t) {
		for _, dark := range []bool{false, true} {
			p.Emulate(360, dark)
			p.Open(serve(t, c.Standalone()))
			for _, fault := range browsertest.Run(p, chromedp.Evaluate[[]string](colorFaults)) {
				t.Errorf("%s, dark %v: contrast of %s", kind, dark, fault)
			}
			if shown := browsertest.Run(p, chromedp.Evaluate[[]int]("(i => [i.naturalWidth, i.width, i.height])(document.images[0])")); !slices.Equal(shown, []int{400, 200, 48}) && !slices.Equal(shown, []int{400, 92, 22}) {
				t.Errorf("%s: the logo is shown as %v", kind, shown)
			}
		}
	}
}

func TestLogo_RefusesWhatMailProgramsDoNotShow(t *testing.T) {
	noise := image.NewRGBA(image.Rect(0, 0, 90, 90))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range noise.Pix {
		noise.Pix[i] = byte(random.Uint32()) | 255*byte(i%4/3) // opaque
	}
	var large, jpg, anim bytes.Buffer
	for _, err := range []error{png.Encode(&large, noise), jpeg.Encode(&jpg, noise, nil), gif.Encode(&anim, noise, nil)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name string
		data []byte
		want string // empty: it is accepted
	}{
		{"PNG", testLogo(t, 200, 50, color.Black), ""},
		{"JPEG", jpg.Bytes(), ""},
		{"GIF", anim.Bytes(), ""},
		{"SVG", []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`), "SVG"},
		{"WebP", []byte("RIFF\x00\x00\x00\x00WEBPVP8 "), "image/webp: must be a PNG"},
		{"text", []byte("our logo"), "text/plain"},
		{"nothing", nil, "must be a PNG"},
		{"too many bytes", large.Bytes(), "at most 20480"},
		{"too many pixels", testLogo(t, 2001, 1, color.Black), "2001 × 1 pixels"},
		{"a part of a PNG", testLogo(t, 200, 50, color.Black)[:100], "damaged"},
	} {
		logo, err := NewLogo(tt.data)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		case tt.want == "" && logo.Plate:
			t.Errorf("%s gets a background, but is not transparent", tt.name)
		}
	}
	if logo, err := NewLogo(testLogo(t, 20, 20, color.Transparent)); err != nil || !logo.Plate {
		t.Errorf("a transparent logo: %v, want a background for dark screens", err)
	}
}

func TestBrand_ValidateNamesTheKey(t *testing.T) {
	for _, tt := range []struct {
		brand Brand
		want  string
	}{
		{Brand{}, ""},
		{Brand{Accent: "#fc0"}, "accent: the color #fc0 has a contrast of 1."},
		{Brand{Address: []string{" "}}, "address: a line is empty"},
		{Brand{Address: make([]string, 7)}, "address: has 7 lines"},
		{Brand{Address: []string{"a\nb"}}, "address: the line"},
		{Brand{Links: []BrandLink{{"Imprint", "http://forum.example"}}}, `links: invalid url "http://forum.example"`},
		{Brand{Links: []BrandLink{{"Imprint", "javascript:alert(1)"}}}, "links: invalid url"},
		{Brand{Links: []BrandLink{{"", "https://forum.example"}}}, "links: text: a line is empty"},
	} {
		err := tt.brand.Validate()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%+v: error %v, want %q", tt.brand, err, tt.want)
		}
	}
}
