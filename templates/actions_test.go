package templates

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"postrider/digest"
	"postrider/forum"
)

// muteFooter returns links that name the thread that they mute.
func muteFooter() Footer {
	f := testFooter
	f.Mute = func(thread forum.ThreadID) string { return fmt.Sprintf("%s/mute/%04d", testURL, thread) }
	return f
}

// The newest post of a thread may be one that a large digest leaves out.
func TestDigest_RepliesToTheNewestPostThatItShows(t *testing.T) {
	set := load(t)
	site, d := set.Sample()
	addPosts(d, 1, 9)
	c, err := set.NewRenderer(site, 256).Digest(d, muteFooter(), 14<<10)
	if err != nil {
		t.Fatal(err)
	}
	text, html := c.Text.Plain(), c.HTML.Plain()
	threads := 0
	for _, g := range d.Groups {
		for _, th := range g.Threads {
			if th.ShownPosts() == 0 {
				continue
			}
			threads++
			shown := slices.DeleteFunc(slices.Clone(th.Posts), func(p digest.Post) bool { return !p.Fits })
			newest := slices.MaxFunc(shown, func(a, b digest.Post) int {
				return cmp.Or(a.PostedAt.Compare(b.PostedAt), cmp.Compare(a.ID, b.ID))
			})
			reply := site.Links.Post(th.ID, newest.ID)
			if th.HiddenPosts() == 0 {
				t.Fatalf("thread %d hides nothing", th.ID)
			}
			for part, has := range map[string]bool{
				"text": strings.Contains(text, "View and reply:\n"+reply+"\n"), "HTML": strings.Contains(html, `<a href="`+reply+`" style="color:#05a">View and reply</a>`),
			} {
				if has == th.Locked {
					t.Errorf("the %s has a link to reply to %s: %v; the thread is locked: %v", part, reply, has, th.Locked)
				}
			}
			mute := muteFooter().Mute(th.ID)
			if strings.Count(text, "Mute this thread:\n"+mute+"\n") != 1 || strings.Count(html, mute) != 1 {
				t.Errorf("no link, or several, mute thread %d", th.ID)
			}
		}
	}
	if threads != 3 {
		t.Errorf("%d threads show posts, want all 3", threads)
	}
}

func TestDigest_ChangesNoLinkOfAnotherMember(t *testing.T) {
	set := load(t)
	site, _ := set.Sample()
	p := set.NewRenderer(site, 256)
	for _, member := range []string{"anna", "bo"} {
		f := testFooter
		f.Mute = func(forum.ThreadID) string { return testURL + "/" + member }
		_, d := set.Sample()
		c, err := p.Digest(d, f, 80<<10)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(c.Text.Plain(), "Mute this thread:\n"+testURL+"/"+member+"\n"); got != 3 {
			t.Errorf("%s has %d links of their own, want 3", member, got)
		}
	}
}

// Without pages, each link would open an email.
func TestDigest_WithoutPagesMutesNoThread(t *testing.T) {
	set := load(t)
	site, d := set.Sample()
	site.NoPages = true
	c, err := set.NewRenderer(site, 256).Digest(d, Footer{Unsubscribe: "mailto:u@bounces.example", Mute: func(forum.ThreadID) string { return "mailto:m@bounces.example" }}, 80<<10)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(c.Text.Plain()+c.HTML.Plain(), "m@bounces.example") || !strings.Contains(c.Text.Plain(), "View and reply:") {
		t.Errorf("a thread has a link that mutes it, or none to reply:\n%s", c.Text.Plain())
	}
}

func TestAlert_MutesEachOfItsThreads(t *testing.T) {
	set := load(t)
	for _, tt := range []struct {
		name string
		edit func(*digest.Alert)
		want []string // text before the links
	}{
		{"one thread from a watched section", func(a *digest.Alert) {
			a.Groups[0].Threads[0].Posts[0].Cause = digest.SectionWatched
		}, []string{"Turn off emails about this section:\n" + testFooter.Unsubscribe + "\n\nMute this thread:\n" + muteFooter().Mute(11)}},
		{"several threads", withQuietHours, []string{
			"View and reply:\n" + testURL + "/threads/11/post-103\n\nMute this thread:\n" + muteFooter().Mute(11),
			"Mute this thread:\n" + muteFooter().Mute(77), "Mute this thread:\n" + muteFooter().Mute(78),
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			site, a := set.SampleAlert()
			tt.edit(a)
			c, err := set.NewRenderer(site, 16).Alert(a, muteFooter(), 80<<10)
			if err != nil {
				t.Fatal(err)
			}
			text, html := c.Text.Plain(), c.HTML.Plain()
			for _, want := range tt.want {
				if !strings.Contains(text, want) || !strings.Contains(html, want[strings.LastIndexByte(want, '\n')+1:]) {
					t.Errorf("the alert lacks %q:\n%s", want, text)
				}
			}
			if n := strings.Count(html, "/mute/"); n != len(tt.want) {
				t.Errorf("%d links mute a thread, want %d", n, len(tt.want))
			}
		})
	}
}
