package templates

import (
	"slices"
	"strings"
	"testing"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/golden"
	"postrider/markup"
)

func TestDigest_Golden(t *testing.T) {
	set := load(t)
	for _, tt := range []struct {
		name   string
		locale string
		budget int
		edit   func(*digest.Digest)
	}{
		{"digest.en", "en-GB", 80 << 10, func(*digest.Digest) {}},
		{"digest.de", "de-AT", 80 << 10, func(*digest.Digest) {}},
		{"folded.en", "en", 14 << 10, func(d *digest.Digest) { addPosts(d, 1, 9) }},
		{"cut.de", "de", 13 << 10, func(d *digest.Digest) { addPosts(d, 8, 4) }},
		{"single.en", "en", 80 << 10, keepOnePost},
		{"world.en", "en", 80 << 10, useAllScripts},
	} {
		t.Run(tt.name, func(t *testing.T) {
			site, d := set.Sample()
			d.Member.Locale = tt.locale
			tt.edit(d)
			c, err := set.NewRenderer(site, 256).Digest(d, sampleFooter(site), tt.budget)
			if err != nil {
				t.Fatal(err)
			}
			golden.Files(t, tt.name, map[string]string{
				"html": c.HTML.Plain(),
				"txt":  "Subject: " + c.Subject + "\n\n" + c.Text.Plain(),
			})
		})
	}
}

func TestAlert_Golden(t *testing.T) {
	set := load(t)
	for _, tt := range []struct {
		name   string
		locale string
		edit   func(*digest.Alert)
	}{
		{"alert.en", "en", func(*digest.Alert) {}},
		{"alert.de", "de", func(*digest.Alert) {}},
		{"quoted.en", "en", func(a *digest.Alert) {
			t := &a.Groups[0].Threads[0]
			a.Followup, t.Earlier = false, nil
			p := &t.Posts[0]
			p.Cause, p.QuotesReader, p.Quoted = digest.Quoted, true, nil
		}},
		{"opened.de", "de", func(a *digest.Alert) {
			t := &a.Groups[0].Threads[0]
			a.Followup, t.New, t.Earlier = false, true, nil
			t.Posts[0].Cause, t.Posts[0].Opening, t.Posts[0].Quoted = digest.SectionWatched, true, nil
		}},
		{"held.en", "en", withQuietHours},
	} {
		t.Run(tt.name, func(t *testing.T) {
			site, a := set.SampleAlert()
			a.Member.Locale = tt.locale
			tt.edit(a)
			c, err := set.NewRenderer(site, 256).Alert(a, sampleFooter(site), 80<<10)
			if err != nil {
				t.Fatal(err)
			}
			golden.Files(t, tt.name, map[string]string{
				"html": c.HTML.Plain(),
				"txt":  "Subject: " + c.Subject + "\n\n" + c.Text.Plain(),
			})
		})
	}
}

// withQuietHours gives the alert several threads with different causes, as after quiet hours.
func withQuietHours(a *digest.Alert) {
	a.Followup = false
	first := &a.Groups[0].Threads[0]
	second := *first
	second.ID, second.Title, second.Earlier = 77, "Rotterdam pilots: what do they earn?", nil
	second.Posts = slices.Clone(second.Posts)
	second.Posts[0].Cause, second.Posts[0].Quoted, second.Posts[0].AuthorName = digest.Mentioned, nil, ""
	third := second
	third.ID, third.Section, third.Title, third.Posts = 78, 9, "Night train Brussels–Prague", slices.Clone(second.Posts)
	third.Posts[0].Cause = digest.SectionWatched
	a.Groups[0].Threads = []digest.Thread{*first, second}
	a.Groups = append(a.Groups, digest.Group{
		Section: forum.Section{ID: 9, Title: "Timetables & Tickets"}, Threads: []digest.Thread{third},
	})
}

// addPosts repeats each thread and each post, so that the digest exceeds its budget.
func addPosts(d *digest.Digest, threads, posts int) {
	for i := range d.Groups {
		g := &d.Groups[i]
		g.Threads = slices.Repeat(g.Threads, threads)
		for j := range g.Threads {
			t := &g.Threads[j]
			t.ID += forum.ThreadID(100 * j)
			t.Posts = slices.Repeat(t.Posts, posts)
			for k := range t.Posts {
				p := &t.Posts[k]
				p.Thread = t.ID
				p.ID += forum.PostID(1000 * k)
				p.Opening = p.Opening && k == 0
			}
		}
	}
}

// keepOnePost reduces the digest to one reply.
func keepOnePost(d *digest.Digest) {
	d.Groups = d.Groups[:1]
	d.Groups[0].Threads = d.Groups[0].Threads[1:]
}

// useAllScripts adds right-to-left text, double-width characters and hostile input.
func useAllScripts(d *digest.Digest) {
	g := &d.Groups[0]
	d.Groups = d.Groups[:1]
	g.Section.Title = "רכבות ואוניות"
	write := func(t *digest.Thread, title, starter, author, body string) {
		t.Title, t.StarterName = title, starter
		t.Posts = t.Posts[:1]
		p := &t.Posts[0]
		c := *p.Content
		c.Body = markup.BBCode(body, markup.Links{})
		c.Likes, c.LikeCount, c.Badges = nil, 0, nil
		p.AuthorName, p.Content = author, &c
	}
	write(&g.Threads[0], "האם הרכבת האחרונה לחיפה עדיין יוצאת בחצות?", "דנה", "דנה",
		"ראיתי בלוח הזמנים (קו 47) שהיא יוצאת ב־23:59. מישהו נסע בה השבוע?")
	write(&g.Threads[1], "昭和の連絡船「十和田丸」の汽笛を録音した方はいますか。保存会が音源を探しています。", "船好き", "船好き",
		"[QUOTE=\"港の人, post: 4, member: 9\"]博物館には写真しか残っていません。[/QUOTE]\n保存会が音源を探しています。録音をお持ちの方は、ご連絡ください。カセットテープでも構いません。青函連絡船の最後の日に桟橋で録った方がいるはずです。")
	more := g.Threads[0]
	more.Posts = append([]digest.Post(nil), more.Posts...)
	more.ID = 99
	write(&more, "<script>alert(1)</script> \u202egnp.exe & \"quoted\" "+strings.Repeat("Donaudampfschifffahrt", 9), "<b>Bo</b>", "Ray\u202e\x00\uFDD1",
		"[b]</td></table>[/b] [url=javascript:alert(1)]click[/url] "+strings.Repeat("W", 90))
	g.Threads = append(g.Threads, more)
}
