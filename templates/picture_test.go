package templates

import (
	"image/color"
	"strings"
	"testing"

	"postrider/digest"
)

// withImages loads templates of the owner with these files in the folder of images.
func withImages(t *testing.T, brand Brand, files map[string]string) *Set {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		overlayFile(t, dir, pictureDir+"/"+name, data)
	}
	set, err := LoadBranded(dir, brand)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestAnnouncement_BringsItsImages(t *testing.T) {
	wide, logo := string(testLogo(t, 1072, 400, color.White)), testLogo(t, 40, 20, color.Black)
	mark, err := NewLogo(logo)
	if err != nil {
		t.Fatal(err)
	}
	set := withImages(t, Brand{Logo: mark}, map[string]string{"bridge.png": wide, "logo-2.png": string(logo)})
	site, a, r := set.SampleAnnouncement()
	a.Variants = []digest.Variant{{Locale: "en", Title: "New", Body: "![The bridge](cid:bridge.png)\n\n![Our mark](cid:logo-2.png) ![The bridge again](cid:bridge.png)"}}
	c := renderAnnouncement(t, set.NewRenderer(site, 16), a, r)
	if len(c.Images) != 2 {
		t.Fatalf("the message brings %d images, want the logo and the bridge, each once", len(c.Images))
	}
	html := c.HTML.Plain()
	if want := `src="` + c.Images[1].URL() + `" alt="The bridge" width="536" height="200"`; !strings.Contains(html, want) {
		t.Errorf("the HTML lacks %s, half its size:\n%s", want, html)
	}
	if strings.Count(html, c.Images[0].URL()) != 2 || strings.Count(html, c.Images[1].URL()) != 2 {
		t.Error("each image should be shown twice")
	}
	if strings.Contains(c.Standalone(), "cid:") {
		t.Error("the page for a browser does not hold its images")
	}
}

func TestAnnouncement_RefusesImages(t *testing.T) {
	large := string(testLogo(t, 40, 20, color.White)) + strings.Repeat("x", maxPictureBytes)
	half := string(testLogo(t, 40, 20, color.White)) + strings.Repeat("x", maxPictureBytes-4000)
	set := withImages(t, Brand{}, map[string]string{
		"large.png": large, "a.svg": "<svg></svg>", "a.html": "<p>", "1.png": half + "1", "2.png": half + "2", "3.png": half + "3",
	})
	for _, tt := range []struct {
		set        *Set
		body, want string
	}{
		{set, "![x](cid:none.png)", "line 1: image none.png: is not in the folder images of [templates] dir"},
		{set, "![x](cid:../../etc/passwd)", "image ../../etc/passwd: must be the name of a file"},
		{set, "![x](cid:..)", "image ..: must be the name of a file"},
		{set, "![x](cid:a.svg)", "image a.svg: is an SVG image"},
		{set, "![x](cid:a.html)", "image a.html: contains text/html"},
		{set, "![x](cid:large.png)", "must be at most 102400"},
		{set, "![x](cid:1.png)![x](cid:2.png)![x](cid:3.png)", "bytes of images: must be at most 204800 together"},
		{load(t), "![x](cid:a.png)", "set [templates] dir"},
	} {
		site, a, _ := set.SampleAnnouncement()
		a.Variants = []digest.Variant{{Locale: "en", Title: "New", Body: tt.body}}
		if _, err := tt.set.NewRenderer(site, 16).CompileAnnouncement(a, 80<<10); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.body, err, tt.want)
		}
	}
}
