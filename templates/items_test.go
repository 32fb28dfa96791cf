package templates

import (
	"fmt"
	"io"
	"mime/quotedprintable"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rivo/uniseg"
	"golang.org/x/net/html"

	"postrider/digest"
	"postrider/forum"
)

// forumLink matches the links that both parts of a message must have in the same order.
var forumLink = regexp.MustCompile(`https://forum\.example/(?:threads|forums)\S+|https://forum\.example$`)

func TestItems_HTMLAndTextListTheSame(t *testing.T) {
	set := load(t)
	p := set.NewRenderer(testSite, 4096)
	for seed := range uint64(60) {
		s := newGenerator(seed)
		d := s.digest(5, 5, 8)
		c, err := p.Digest(d, testFooter, 10<<10+s.IntN(60<<10))
		if err != nil {
			t.Fatal(err)
		}
		want := wantItems(d)
		if got := textItems(c.Text.Plain()); !slices.Equal(got, want) {
			t.Fatalf("seed %d: the text lists\n%s\nwant\n%s", seed, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if got := htmlItems(t, c.HTML.Plain()); !slices.Equal(got, want) {
			t.Fatalf("seed %d: the HTML lists\n%s\nwant\n%s", seed, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// wantItems lists a digest's links in order, each after the title or number that it belongs to.
func wantItems(d *digest.Digest) []string {
	var out []string
	links := testSite.Links
	for _, g := range d.Groups {
		if !g.Shown() {
			continue
		}
		out = append(out, first(g.Section.Title), links.Section(g.Section.ID))
		var lines []string
		for i := range g.Threads {
			th := &g.Threads[i]
			heading := []string{first(th.Title), links.Post(th.ID, firstNew(th))}
			if th.ShownPosts() == 0 {
				if th.Fits {
					lines = append(lines, heading...)
				}
				continue
			}
			out = append(out, heading...)
			var folded forum.PostID
			for _, p := range th.Posts {
				if p.Fits {
					out = append(out, fmt.Sprintf("#%d", p.Content.Number), links.Post(th.ID, p.ID))
				} else if folded == 0 {
					folded = p.ID
				}
			}
			if folded != 0 {
				out = append(out, fmt.Sprint(th.HiddenPosts()), links.Post(th.ID, folded))
			}
			out = append(out, "", links.Post(th.ID, th.LastShown().ID)) // to reply
		}
		out = append(out, lines...)
		if n := g.HiddenThreads(); n > 0 {
			out = append(out, fmt.Sprint(n), links.Section(g.Section.ID))
		}
	}
	if d.MoreThreads > 0 {
		out = append(out, fmt.Sprint(d.MoreThreads), testURL)
	}
	return out
}

// first returns the start of a generated title: "Thread 12".
func first(title string) string {
	words := strings.Fields(title)
	return words[0] + " " + words[1]
}

var itemName = regexp.MustCompile(`^(?:Section|Thread) \d+|#\d+|^und eine?\b|\d+`)

// nameOf finds the title, number or count in the text of a link.
func nameOf(words string) string {
	switch name := itemName.FindString(words); name {
	case "und ein", "und eine":
		return "1"
	default:
		return name
	}
}

func textItems(text string) []string {
	_, body, _ := strings.Cut(text, testURL+"\n") // after the link in the masthead
	body, _, _ = strings.Cut(body, "\n-- \n")
	var out []string
	name := ""
	for l := range strings.SplitSeq(body, "\n") {
		switch {
		case forumLink.MatchString(l):
			out = append(out, name, l)
		case strings.HasPrefix(l, "Section ") || strings.HasPrefix(l, "Thread ") || strings.HasPrefix(l, "* Thread "):
			name = nameOf(strings.TrimPrefix(l, "* "))
		case strings.Contains(l, "Post #") || strings.Contains(l, "Beitrag #"):
			name = nameOf(l[strings.Index(l, "#"):])
		case strings.HasSuffix(l, ":"):
			name = nameOf(l)
		}
	}
	return out
}

func htmlItems(t *testing.T, src string) []string {
	t.Helper()
	var out []string
	z := html.NewTokenizer(strings.NewReader(src))
	href, words, masthead := "", "", true
	for {
		switch z.Next() {
		case html.ErrorToken:
			return out
		case html.StartTagToken:
			if tok := z.Token(); tok.Data == "a" {
				href, words = attr(tok, "href"), ""
			}
		case html.TextToken:
			words += z.Token().Data
		case html.EndTagToken:
			if z.Token().Data != "a" || !forumLink.MatchString(href) {
				continue
			}
			if masthead {
				masthead = false
				continue
			}
			out = append(out, nameOf(words), href)
			href = ""
		}
	}
}

func attr(tok html.Token, name string) string {
	for _, a := range tok.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func TestItems_StayWithinBudget(t *testing.T) {
	set := load(t)
	p := set.NewRenderer(testSite, 4096)
	for seed := range uint64(120) {
		s := newGenerator(seed)
		d := s.digest(1+s.IntN(12), 1+s.IntN(12), 1+s.IntN(12))
		d.Member.Locale = set.locales[seed%uint64(len(set.locales))].tag.String() // words are longer in some languages
		budget := 20<<10 + s.IntN(60<<10)
		c, err := p.Digest(d, testFooter, budget)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.HTML.Size(); got > budget {
			t.Errorf("seed %d: %d bytes, want at most %d", seed, got, budget)
		}
		var wire strings.Builder
		if _, err := c.HTML.WriteTo(&wire); err != nil {
			t.Fatal(err)
		}
		decoded, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(wire.String())))
		if err != nil || len(decoded) != c.HTML.Size() {
			t.Errorf("seed %d: Size() = %d, but a reader gets %d bytes (%v)", seed, c.HTML.Size(), len(decoded), err)
		}
	}
}

func TestSubject_FitsInEveryLanguage(t *testing.T) {
	set := load(t)
	_, d := set.Sample()
	best := d.Best()
	for _, title := range []string{"Short", strings.Repeat("Thread ", 40), strings.Repeat("連絡船", 90), strings.Repeat("🚂", 120)} {
		best.Title = title
		for _, l := range set.locales {
			got := l.locale().subject("12 replies", d)
			shown := strings.NewReplacer("\u2068", "", "\u2069", "").Replace(got)
			if n := uniseg.GraphemeClusterCount(shown); n > subjectLimit || !strings.Contains(got, title[:3]) {
				t.Errorf("%s: the subject %q has %d characters, want at most %d and the title", l.tag, got, n, subjectLimit)
			}
		}
	}
}
