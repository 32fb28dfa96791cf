package templates

import (
	"strings"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/markup"
)

// longPosts returns a digest of sections with one thread, whose only post has so many words.
func longPosts(sections, words int) *digest.Digest {
	d := &digest.Digest{Member: forum.Member{ID: 42, Name: "Anna", Locale: "en"}, Until: time.Date(2026, 5, 5, 6, 0, 0, 0, time.UTC)}
	s := newGenerator(5)
	for i := range sections {
		th := s.newThread(1, d.Until)
		th.Posts[0].Content = &forum.Content{Number: 1, Body: markup.BBCode("First. "+strings.Repeat("words ", words)+"Last.", markup.Links{})}
		d.Groups = append(d.Groups, digest.Group{Section: forum.Section{ID: forum.SectionID(i + 1), Title: "Section"}, Threads: []digest.Thread{th}})
	}
	return d
}

func TestDigest_KeepsItsBoundsWhateverTheExcerpt(t *testing.T) {
	set := load(t)
	const budget = 40_000
	for _, tt := range []struct {
		name                     string
		sections, words, excerpt int
		threads, firsts, lasts   int // shown
	}{
		{"a whole post", 1, 800, digest.WholePosts, 1, 1, 1},
		{"a post that is too long", 1, 20_000, digest.WholePosts, 1, 1, 0},
		{"too many whole posts become excerpts", 12, 2_000, digest.WholePosts, 12, 12, 0},
		{"titles", 12, 800, digest.TitlesOnly, 12, 0, 0},
		{"too many titles", 500, 10, digest.TitlesOnly, -1, 0, 0},
	} {
		d := longPosts(tt.sections, tt.words)
		d.WantedExcerpt = tt.excerpt
		c, err := set.NewRenderer(testSite, 4096).Digest(d, testFooter, budget)
		if err != nil {
			t.Fatal(err)
		}
		threads := 0
		for _, g := range d.Groups {
			threads += len(g.Threads) - g.HiddenThreads()
		}
		text := c.Text.Plain()
		if firsts, lasts := strings.Count(text, "First."), strings.Count(text, "Last."); firsts != tt.firsts || lasts != tt.lasts || tt.threads >= 0 && threads != tt.threads {
			t.Errorf("%s: %d threads, %d posts begin and %d end, want %d, %d and %d", tt.name, threads, firsts, lasts, tt.threads, tt.firsts, tt.lasts)
		}
		if c.HTML.Size() > budget {
			t.Errorf("%s: %d bytes, want at most %d", tt.name, c.HTML.Size(), budget)
		}
	}
}
