package templates

import (
	"fmt"
	"maps"
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

// Each language has all emails as text in one file. In HTML, languages differ by
// their words and their direction, so one with each direction stands for the others, and Japanese for fonts and line breaks.
func TestLocales_Golden(t *testing.T) {
	set := load(t)
	for _, lazy := range set.locales {
		tag := lazy.tag.String()
		mails := sampleMails(t, set, tag)
		if tag == "en" || tag == "de" { // the other tests have their files
			continue
		}
		var all strings.Builder
		for _, kind := range slices.Sorted(maps.Keys(mails)) {
			fmt.Fprintf(&all, "%s\n\nSubject: %s\n\n%s\n", kind, mails[kind].Subject, mails[kind].Text.Plain())
		}
		golden.Files(t, "mails."+tag, map[string]string{"txt": all.String()})
		if tag != "ar" && tag != "ja" {
			continue
		}
		for kind, c := range mails {
			golden.Files(t, kind+"."+tag, map[string]string{"html": c.HTML.Plain()})
		}
	}
}

func TestMail_IsMirroredFromRightToLeft(t *testing.T) {
	set := load(t)
	for _, tag := range []string{"ar", "fa", "he"} {
		for kind, c := range sampleMails(t, set, tag) {
			html := c.HTML.Plain()
			for _, want := range []string{`<html lang="` + tag + `" dir="rtl">`, ` dir="rtl" style="margin:0;padding:0;background-color:#edf0f3">`, `lang="` + tag + `" dir="rtl">`} {
				if !strings.Contains(html, want) {
					t.Errorf("%s, %s: the HTML lacks %q", tag, kind, want)
				}
			}
			if kind != "announcement" && strings.Contains(html, "border-left") { // its body has the direction of the language it is written in
				t.Errorf("%s, %s: a quote has its line at the end of its words", tag, kind)
			}
			if kind == "alert" && !strings.Contains(html, "border-right:3px") {
				t.Errorf("%s, %s: a quote has no line", tag, kind)
			}
		}
	}
}

// sampleMails returns an email of each kind to members in a language.
func sampleMails(t *testing.T, set *Set, tag string) map[string]Content {
	t.Helper()
	site, d := set.Sample()
	d.Member.Locale = tag
	d.Unread = forum.UnreadMessages{Count: 3, Senders: []string{"Mirela"}}
	p := set.NewRenderer(site, 256)
	mails := make(map[string]Content)
	var err error
	if mails["digest"], err = p.Digest(d, sampleFooter(site), 80<<10); err != nil {
		t.Fatal(err)
	}
	_, a := set.SampleAlert()
	withQuietHours(a)
	a.Member.Locale = tag
	if mails["alert"], err = p.Alert(a, sampleFooter(site), 80<<10); err != nil {
		t.Fatal(err)
	}
	_, n, r := set.SampleAnnouncement()
	r.Member.Locale = tag
	mails["announcement"] = renderAnnouncement(t, p, n, r)
	if mails["confirmation"], err = p.Confirmation(sampleConfirmation(tag, false)); err != nil {
		t.Fatal(err)
	}
	return mails
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
