package templates

import (
	"strings"
	"testing"

	"postrider/forum"
	"postrider/markup"
)

func TestAlert_ShowsOnlyTheUnquotedRestOfThePost(t *testing.T) {
	const asked, more = "She ran last summer.", "What of the paddles?"
	answer := func(quoted string) string {
		return `[QUOTE="Tide Table, post: 102, member: 9"]` + quoted + `[/QUOTE]Then the survey is theirs.`
	}
	tests := []struct {
		name, post, reply string
		asked, more       int // how often each is read
		box               bool
	}{
		{"a quote of all of it", asked + " " + more, answer(asked + " " + more), 1, 1, false},
		{"a quote of its beginning", asked + " " + more, answer(asked), 1, 1, true},
		{"a quote of its end", asked + " " + more, answer(more), 1, 2, true},
		{"a quote of a picture alone", asked + " " + more, answer("[img]http://a.example/b.png[/img]"), 1, 1, true},
		{"a quote of what was changed since", asked + " " + more, answer("She ran last year."), 1, 1, true},
		{"a post that says nothing", "", answer(""), 0, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site, a := load(t).SampleAlert()
			p := &a.Groups[0].Threads[0].Posts[0]
			say(&p.Content, tt.reply)
			say(&p.Quoted.Content, tt.post)
			press := load(t).NewRenderer(site, 16)
			for range 2 { // the second time from the cache
				c, err := press.Alert(a, sampleFooter(site), 80<<10)
				if err != nil {
					t.Fatal(err)
				}
				for _, mail := range []string{c.Text.Plain(), c.HTML.Plain()} {
					_, mail, _ = strings.Cut(mail, "Post #5") // behind the preheader
					got := [2]int{strings.Count(mail, asked), strings.Count(mail, more)}
					if want := [2]int{tt.asked, tt.more}; got != want || strings.Contains(mail, "In reply to") != tt.box {
						t.Errorf("it stands %v times in the mail, want %v; with a box: %t\n%s", got, want, tt.box, mail)
					}
				}
			}
		})
	}
}

func say(c **forum.Content, words string) {
	said := **c
	said.Body = markup.BBCode(words, markup.Links{})
	*c = &said
}
