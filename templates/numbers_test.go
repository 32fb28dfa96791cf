package templates

import (
	"strings"
	"testing"

	"postrider/digest"
	"postrider/forum"
)

// A forum may not number its posts. Then the time of a post, or the name of its author, is the link to it.
func TestPost_WithoutNumber(t *testing.T) {
	set := load(t)
	unnumber := func(groups []digest.Group) {
		for _, g := range groups {
			for _, th := range g.Threads {
				for i := range th.Posts {
					dropNumber(&th.Posts[i].Content)
					if q := th.Posts[i].Quoted; q != nil {
						dropNumber(&q.Content)
					}
				}
			}
		}
	}
	site, d := set.Sample()
	unnumber(d.Groups)
	renderer := set.NewRenderer(site, 300)
	mail, err := renderer.Digest(d, sampleFooter(site), 80<<10)
	if err != nil {
		t.Fatal(err)
	}
	_, a := set.SampleAlert()
	unnumber(a.Groups)
	alert, err := renderer.Alert(a, sampleFooter(site), 80<<10)
	if err != nil {
		t.Fatal(err)
	}
	post := &d.Groups[0].Threads[0].Posts[0]
	address := site.Links.Post(post.Thread, post.ID)
	for name, c := range map[string]Content{"digest": mail, "alert": alert} {
		for _, text := range []string{c.HTML.Plain(), c.Text.Plain()} {
			if strings.Contains(text, "Post #0") {
				t.Errorf("the %s has a post number 0:\n%s", name, text)
			}
		}
		if err := checkTagBalance(c.HTML.Plain()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !strings.Contains(mail.HTML.Plain(), address) {
		t.Errorf("the digest has no link to %s", address)
	}
}

func dropNumber(c **forum.Content) {
	changed := **c
	changed.Number = 0
	*c = &changed
}
