package templates

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/markup"
)

const testURL = "https://forum.example"

var testSite = Site{Name: "Harbour & Rail", URL: testURL, Links: sampleLinks(testURL)}

var testFooter = sampleFooter(testSite)

func load(t testing.TB) *Set {
	t.Helper()
	s, err := Load("")
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return s
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// generator generates digests, the same ones for the same seed.
type generator struct {
	*rand.Rand
	post   forum.PostID
	thread forum.ThreadID
}

func newGenerator(seed uint64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, 7)), post: 100, thread: 10}
}

var storyWords = strings.Fields("the old harbour master & his dog went to see a ship of the line <b> which had been " +
	"sold for \"scrap\" in Größe 47 to a yard on the Elbe where 船 and קו wait for 🚂 the tide, again.")

func (s *generator) words(n int) string {
	var out []string
	for range n {
		out = append(out, storyWords[s.IntN(len(storyWords))])
	}
	return strings.Join(out, " ")
}

func (s *generator) names(n int) []string {
	var out []string
	for range n {
		out = append(out, s.words(1+s.IntN(2)))
	}
	return out
}

// digest returns a digest with at most this many sections, threads in each, and posts in each.
func (s *generator) digest(sections, threads, posts int) *digest.Digest {
	until := time.Date(2026, 5, 5, 6, 0, 0, 0, time.UTC)
	d := &digest.Digest{
		Member: forum.Member{ID: 42, Name: s.words(1), Locale: []string{"en", "de", "eo", ""}[s.IntN(4)]},
		Zone:   time.FixedZone("somewhere", s.IntN(24*60)*60-12*3600),
		From:   until.Add(-24 * time.Hour), Until: until,
	}
	for i := range 1 + s.IntN(sections) {
		g := digest.Group{Section: forum.Section{ID: forum.SectionID(i + 1), Title: fmt.Sprintf("Section %d %s", i, s.words(3))}}
		for range 1 + s.IntN(threads) {
			g.Threads = append(g.Threads, s.newThread(1+s.IntN(posts), until))
		}
		d.Groups = append(d.Groups, g)
	}
	return d
}

func (s *generator) newThread(posts int, until time.Time) digest.Thread {
	s.thread++
	t := digest.Thread{
		Thread: forum.Thread{
			ID: s.thread, Title: fmt.Sprintf("Thread %d %s", s.thread, s.words(1+s.IntN(12))),
			StarterName: s.words(1), StartedAt: until.Add(-time.Duration(s.IntN(1e6)) * time.Minute),
		},
		New: s.IntN(2) == 0, Participated: s.IntN(3) == 0, QuotesReader: s.IntN(4) == 0,
	}
	for i := range posts {
		s.post++
		c := &forum.Content{
			Number: i + 1 + s.IntN(3), AuthorTitle: s.words(s.IntN(3)), Badges: s.names(s.IntN(3)),
			Likes: s.names(s.IntN(4)), Body: markup.BBCode(s.body(), markup.Links{}),
		}
		c.LikeCount = len(c.Likes)
		if len(c.Likes) > 2 {
			c.LikeCount += s.IntN(5)
		}
		t.Posts = append(t.Posts, digest.Post{
			Post: forum.Post{
				ID: s.post, Thread: t.ID, AuthorName: s.words(s.IntN(3)), Version: "1",
				PostedAt: until.Add(-time.Duration(s.IntN(1440)) * time.Minute),
			},
			Content: c, Opening: t.New && i == 0, QuotesReader: s.IntN(9) == 0,
		})
	}
	return t
}

func (s *generator) body() string {
	body := s.words(s.IntN(90))
	if s.IntN(3) == 0 {
		body = "[QUOTE=\"Ray, post: 12, member: 7\"]" + s.words(20) + "[/QUOTE]\n" + body
	}
	if s.IntN(6) == 0 {
		body += "\n[code]x := 1\ny := 2[/code]"
	}
	return body
}
