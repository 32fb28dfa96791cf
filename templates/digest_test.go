package templates

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"postrider/digest"
	"postrider/forum"
	"postrider/markup"
)

func TestSubject_NamesTheBestThread(t *testing.T) {
	set := load(t)
	for _, tt := range []struct {
		name, locale string
		titles       []string
		want         string
	}{
		{"one thread", "en", []string{"Fleet review"}, "Fleet review"},
		{"two threads", "en", []string{"Fleet review", "Radio room"}, "Fleet review and 1 more thread"},
		{"German", "de", []string{"Flottenschau", "Funkraum"}, "Flottenschau und 1 weiteres Thema"},
		{"German, many", "de", []string{"Flottenschau", "Funkraum", "Deck"}, "Flottenschau und 2 weitere Themen"},
		{"a title that tries to add headers", "en", []string{"A\r\nBcc: x@example.org\x00"}, "A Bcc: x@example.org"},
		{"a very long title", "en", []string{strings.Repeat("long ", 99), "B"},
			"long long long long long long long long long long long long long long l… and 1 more thread"},
		{"a title that just fits, not in ASCII", "en", []string{strings.Repeat("ж", 90)}, strings.Repeat("ж", 90)},
		{"a title that does not fit, not in ASCII", "en", []string{strings.Repeat("ж", 91)}, strings.Repeat("ж", 89) + "…"},
		{"a title in the other direction", "en", []string{"אוניות", "B"}, "\u2068אוניות\u2069 and 1 more thread"},
		{"a title of invisible characters", "en", []string{"\u200b\x00"}, "3 new threads and 12 replies"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := set.locale(tt.locale)
			d := &digest.Digest{Groups: make([]digest.Group, 1)}
			for i, title := range tt.titles {
				d.Groups[0].Threads = append(d.Groups[0].Threads, digest.Thread{Thread: forum.Thread{ID: forum.ThreadID(-i), Title: title}})
			}
			if got := l.subject(l.countPhrase(digest.Counts{NewThreads: 3, Replies: 12}), d); got != tt.want {
				t.Errorf("subject = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCountPhrase_SaysWhatIsNew(t *testing.T) {
	set := load(t)
	for _, tt := range []struct {
		locale              string
		newThreads, replies int
		want                string
	}{
		{"en", 3, 12, "3 new threads and 12 replies"},
		{"en", 1, 1, "1 new thread and 1 reply"},
		{"en", 0, 2, "2 replies"},
		{"en", 2, 0, "2 new threads"},
		{"en", 0, 12345, "12,345 replies"},
		{"de", 1, 1, "1 neues Thema und 1 Antwort"},
		{"de", 3, 1200, "3 neue Themen und 1.200 Antworten"},
	} {
		if got := set.locale(tt.locale).countPhrase(digest.Counts{NewThreads: tt.newThreads, Replies: tt.replies}); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.locale, got, tt.want)
		}
	}
}

func TestDigest_ShowsLikes(t *testing.T) {
	set := load(t)
	for _, tt := range []struct {
		names  []string
		count  int
		en, de string
	}{
		{nil, 0, "", ""},
		{[]string{"W.G.Ewald"}, 1, "W.G.Ewald likes this", "W.G.Ewald gefällt das"},
		{[]string{"Anna", "Bo"}, 2, "Anna and Bo like this", "Anna und Bo gefällt das"},
		{[]string{"Anna", "Bo", "Cy"}, 3, "Anna, Bo and Cy like this", "Anna, Bo und Cy gefällt das"},
		{[]string{"Anna", "Bo", "Cy"}, 4, "Anna, Bo and 2 others like this", "Anna, Bo und 2 weiteren gefällt das"},
		{[]string{"Anna", "Bo"}, 3, "Anna, Bo and 1 other like this", "Anna, Bo und einem weiteren Mitglied gefällt das"},
		{[]string{"Anna"}, 2, "Anna and 1 other like this", "Anna und einem weiteren Mitglied gefällt das"},
		{[]string{"Anna"}, 1500, "Anna and 1,499 others like this", "Anna und 1.499 weiteren gefällt das"},
		{nil, 1, "1 member likes this", "Einem Mitglied gefällt das"},
		{[]string{"", "\x00"}, 7, "7 members like this", "7 Mitgliedern gefällt das"},
		{[]string{"Anna"}, 0, "Anna likes this", "Anna gefällt das"},
	} {
		if got := set.locale("en").likes(tt.names, tt.count); got != tt.en {
			t.Errorf("en: likes(%q, %d) = %q, want %q", tt.names, tt.count, got, tt.en)
		}
		if got := set.locale("de").likes(tt.names, tt.count); got != tt.de {
			t.Errorf("de: likes(%q, %d) = %q, want %q", tt.names, tt.count, got, tt.de)
		}
	}
}

func TestTime_UsesTheMembersZone(t *testing.T) {
	set := load(t)
	site, _ := set.Sample()
	p := set.NewRenderer(site, 100)
	var rendering sync.WaitGroup
	for name, want := range map[string]string{
		"Europe/Amsterdam": "4 May, 21:40", "Asia/Kolkata": "5 May, 01:10", "America/St_Johns": "4 May, 17:10", "UTC": "4 May, 19:40",
	} {
		rendering.Go(func() {
			_, d := set.Sample()
			d.Zone = zone(t, name)
			c, err := p.Digest(d, testFooter, 80<<10)
			if err != nil {
				t.Error(err)
				return
			}
			html, text := c.HTML.Plain(), c.Text.Plain()
			if !strings.Contains(html, want) || !strings.Contains(text, want) {
				t.Errorf("%s: post 3 does not have the time %s", name, want)
			}
			if !strings.Contains(text, "Time zone: "+name) {
				t.Errorf("%s: the footer does not name the zone", name)
			}
		})
	}
	rendering.Wait()
}

func TestTime_ShowsAnotherYear(t *testing.T) {
	set := load(t)
	site, d := set.Sample()
	d.Zone = zone(t, "Pacific/Auckland")
	d.Until = time.Date(2025, 12, 31, 12, 0, 0, 0, time.UTC) // already 2026 in Auckland
	posts := d.Groups[0].Threads[0].Posts
	posts[0].PostedAt = time.Date(2025, 12, 31, 11, 30, 0, 0, time.UTC)
	posts[1].PostedAt = time.Date(2025, 12, 31, 10, 30, 0, 0, time.UTC)
	c, err := set.NewRenderer(site, 100).Digest(d, testFooter, 80<<10)
	if err != nil {
		t.Fatal(err)
	}
	text := c.Text.Plain()
	for _, want := range []string{"Thu 1 Jan, 00:30\n", "31 Dec 2025, 23:30\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q", want)
		}
	}
}

func TestDigest_RendersChangedPostAgain(t *testing.T) {
	set := load(t)
	site, d := set.Sample()
	p := set.NewRenderer(site, 100)
	post := &d.Groups[0].Threads[0].Posts[0]
	for _, version := range []string{"1", "2"} {
		c := *post.Content
		c.Body = markup.BBCode("This is version "+version+".", markup.Links{})
		post.Version, post.Content = version, &c
		mail, err := p.Digest(d, testFooter, 80<<10)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(mail.HTML.Plain(), "This is version "+version) {
			t.Errorf("version %s is missing", version)
		}
	}
}

func TestDigest_RejectsInvalidURL(t *testing.T) {
	set := load(t)
	site, d := set.Sample()
	for _, f := range []Footer{{}, {Settings: testURL, Unsubscribe: "javascript:alert(1)"}, {Settings: "/mail/x", Unsubscribe: testURL}} {
		if _, err := set.NewRenderer(site, 10).Digest(d, f, 80<<10); err == nil || !strings.Contains(err.Error(), "invalid url") {
			t.Errorf("Digest with %v: %v, want an error", f, err)
		}
	}
}

// hostile has names that an attacker could choose for themselves, threads and sections.
var hostile = []string{
	`"><script>alert(1)</script>`, `' onmouseover='alert(1)`, `</td></tr></table><h1>`, `<!--`, `]]>`, `{{.Body}}`,
	"\uFDD0\uFDD1\uFDD2\uFDD8\uFDD9", "%ef%b7%90%ef%b7%99", "\u202e\u2066\x00\x1b\r\nBcc: x", `&lt;b&gt;`, `</title><style>`,
}

func TestDigest_EscapesForumText(t *testing.T) {
	set := load(t)
	harmless, attack := "quiet", func(i int) string { return hostile[i%len(hostile)] + "quiet" }
	render := func(name func(int) string) Content {
		t.Helper()
		d := newGenerator(3).digest(3, 3, 3)
		site := Site{Name: name(0), URL: testURL, Links: sampleLinks(testURL)}
		d.Member.Name, d.Member.Locale = name(1), "en"
		n := 2
		next := func() string { n++; return name(n) }
		for i := range d.Groups {
			d.Groups[i].Section.Title = next()
			for j := range d.Groups[i].Threads {
				th := &d.Groups[i].Threads[j]
				th.Title, th.StarterName = next(), next()
				for k := range th.Posts {
					c := *th.Posts[k].Content
					th.Posts[k].AuthorName, c.AuthorTitle = next(), next()+" a"
					c.Badges, c.Likes, c.LikeCount = []string{next() + " b"}, []string{next(), next()}, 9
					c.Body = markup.BBCode(next(), markup.Links{})
					th.Posts[k].Content = &c
				}
			}
		}
		c, err := set.NewRenderer(site, 100).Digest(d, testFooter, 80<<10)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	want, got := render(func(int) string { return harmless }), render(attack)
	if w, g := tagsOf(want.HTML.Plain()), tagsOf(got.HTML.Plain()); !slices.Equal(w, g) {
		t.Errorf("the tags differ from those of a harmless digest:\n%s\nwant\n%s", strings.Join(g, "\n"), strings.Join(w, "\n"))
	}
	if n := strings.Count(got.Text.Plain(), "%ef%b7%90%ef%b7%99quiet"); n == 0 {
		t.Error("percent-encoded slot characters in a name are changed")
	}
	for name, s := range map[string]string{"HTML": got.HTML.Plain(), "text": got.Text.Plain(), "subject": got.Subject} {
		if i := strings.IndexFunc(s, func(r rune) bool {
			return r >= firstSlot && r <= lastSlot || r == '\u202e' || r == '\u2066' || r < ' ' && r != '\n'
		}); i >= 0 {
			t.Errorf("the %s contains %q", name, s[i:min(len(s), i+20)])
		}
	}
}

// tagsOf lists the tags of a page with the names of their attributes and all links.
func tagsOf(src string) []string {
	var out []string
	for z := html.NewTokenizer(strings.NewReader(src)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return out
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken, html.CommentToken, html.DoctypeToken:
			tok := z.Token()
			s := fmt.Sprint(tok.Type, tok.Data)
			for _, a := range tok.Attr {
				s += " " + a.Key
				if a.Key == "href" {
					s += "=" + a.Val
				}
			}
			out = append(out, s)
		}
	}
}

func TestDigest_WorksInMailClients(t *testing.T) {
	set := load(t)
	site, d := set.Sample()
	c, err := set.NewRenderer(site, 100).Digest(d, testFooter, 80<<10)
	if err != nil {
		t.Fatal(err)
	}
	page := c.HTML.Plain()
	_, head, _ := strings.Cut(page, "<style>")
	head, _, _ = strings.Cut(head, "</head>")
	if len(head) > 8<<10 || strings.Contains(page[strings.Index(page, "</head>"):], "<style") {
		t.Error("Gmail drops style elements over 8 KB or outside the head")
	}
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	level := 0
	for n := range root.Descendants() {
		switch {
		case n.Type != html.ElementNode:
		case n.Data == "img" || n.Data == "script" || n.Data == "link" || n.Data == "form":
			t.Errorf("a <%s>, which an email must not contain", n.Data)
		case n.Data == "table" && attribute(n, "role") != "presentation":
			t.Errorf("a layout table without the role presentation")
		case len(n.Data) == 2 && n.Data[0] == 'h' && n.Data[1] >= '1' && n.Data[1] <= '6':
			if now := int(n.Data[1] - '0'); now > level+1 {
				t.Errorf("a heading of level %d after one of level %d", now, level)
			} else {
				level = now
			}
		case n.Data == "a" && strings.TrimSpace(textOf(n)) == "":
			t.Errorf("a link to %s without text", attribute(n, "href"))
		}
	}
	for l := range strings.SplitSeq(c.Text.Plain(), "\n") {
		if len([]rune(l)) > textWidth && !strings.HasPrefix(l, "https://") {
			t.Errorf("a line of the text is wider than %d: %q", textWidth, l)
		}
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var out string
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			out += c.Data
		}
	}
	return out
}

func TestFragment_FailureIsNotCached(t *testing.T) {
	dir := t.TempDir()
	page := shippedFile(t, common.html())
	overlayFile(t, dir, common.html(), strings.Replace(page, "{{.Author}}", "{{.Author}}{{if eq .Number 666}}{{index .Badges 9}}{{end}}", 1))
	set, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	site, d := set.Sample()
	d.Groups[0].Threads[0].Posts[0].Content.Number = 666
	p := set.NewRenderer(site, 100)
	for range 2 {
		if _, err := p.Digest(d, testFooter, 80<<10); err == nil || !strings.Contains(err.Error(), "member 42") {
			t.Errorf("Digest: %v, want an error that names the member", err)
		}
	}
}

func TestDigest_CountsUnreadPrivateMessages(t *testing.T) {
	set := load(t)
	for _, tt := range []struct {
		unread forum.UnreadMessages
		want   string
	}{
		{forum.UnreadMessages{}, ""},
		{forum.UnreadMessages{Count: 1}, "You have 1 unread private message."},
		{forum.UnreadMessages{Count: 1200, Senders: []string{"<i>Zed", "Anna"}, MoreSenders: true}, "You have 1,200 unread private messages, from <i>Zed, Anna, …."},
	} {
		site, d := set.Sample()
		d.Unread = tt.unread
		c, err := set.NewRenderer(site, 256).Digest(d, sampleFooter(site), 80<<10)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(c.Text.Plain()), " ")
		if tt.want == "" && strings.Contains(text, "private message") || !strings.Contains(text, tt.want) {
			t.Errorf("%+v: the text lacks %q:\n%.400s", tt.unread, tt.want, text)
		}
		if strings.Contains(c.HTML.Plain(), "<i>Zed") {
			t.Error("a sender's name is not escaped")
		}
	}
}
