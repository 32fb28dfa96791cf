package templates

import (
	"fmt"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/markup"
)

// BenchmarkLoad loads the embedded files, as each start does.
func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := loadFrom("", Brand{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDigest renders a digest of about 20 KB whose fragments are cached, as when many
// members watch the same sections.
func BenchmarkDigest(b *testing.B) {
	set := load(b)
	p := set.NewRenderer(testSite, 10_000)
	d := dayOf(b, 3, 2, 2)
	c, err := p.Digest(d, testFooter, 80<<10)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Digest(d, testFooter, 80<<10); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(c.HTML.Size()), "bytes/message")
	b.ReportMetric(float64(len(c.HTML)+len(c.Text)), "pieces/message")
}

// BenchmarkDigestCut renders a digest that exceeds the budget: all three excerpt lengths are measured.
func BenchmarkDigestCut(b *testing.B) {
	set := load(b)
	p := set.NewRenderer(testSite, 10_000)
	d := dayOf(b, 6, 6, 6)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Digest(d, testFooter, 80<<10); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPost renders a post that is not cached yet.
func BenchmarkPost(b *testing.B) {
	set := load(b)
	p := set.NewRenderer(testSite, 1)
	d := dayOf(b, 1, 1, 2)
	w := render{renderer: p, locale: set.locales[0].locale(), zone: time.UTC}
	posts := d.Groups[0].Threads[0].Posts
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w.post(&posts[i%2], 300)
	}
}

// dayOf returns a digest with this many sections, threads in each, and posts in each.
func dayOf(b *testing.B, sections, threads, posts int) *digest.Digest {
	b.Helper()
	s := newGenerator(1)
	until := time.Date(2026, 5, 5, 6, 0, 0, 0, time.UTC)
	d := &digest.Digest{
		Member: forum.Member{ID: 42, Name: "Anneke", Locale: "de"}, Zone: zone(b, "Europe/Berlin"),
		From: until.Add(-24 * time.Hour), Until: until,
	}
	for i := range sections {
		g := digest.Group{Section: forum.Section{ID: forum.SectionID(i + 1), Title: fmt.Sprint("Section ", i)}}
		for range threads {
			t := s.newThread(posts, until)
			for j := range t.Posts {
				t.Posts[j].Content.Body = markup.BBCode(s.words(60), markup.Links{})
			}
			g.Threads = append(g.Threads, t)
		}
		d.Groups = append(d.Groups, g)
	}
	return d
}
