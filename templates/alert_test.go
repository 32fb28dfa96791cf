package templates

import (
	"strings"
	"testing"

	"postrider/forum"
	"postrider/markup"
)

func TestAlert_ShowsOnlyTheUnquotedRestOfThePost(t *testing.T) {
	const first, second = "She ran last summer.", "What of the paddles?"
	answer := func(quoted string) string {
		return `[QUOTE="Tide Table, post: 102, member: 9"]` + quoted + `[/QUOTE]Then the survey is theirs.`
	}
	tests := []struct {
		name, post, reply string
		first, second     int // how often each sentence appears
		box               bool
	}{
		{"a quote of the whole post", first + " " + second, answer(first + " " + second), 1, 1, false},
		{"a quote of its beginning", first + " " + second, answer(first), 1, 1, true},
		{"a quote of its end", first + " " + second, answer(second), 1, 2, true},
		{"a quote of a picture alone", first + " " + second, answer("[img]http://a.example/b.png[/img]"), 1, 1, true},
		{"a quote of text that was edited since", first + " " + second, answer("She ran last year."), 1, 1, true},
		{"an empty post", "", answer(""), 0, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site, a := load(t).SampleAlert()
			p := &a.Groups[0].Threads[0].Posts[0]
			setBody(&p.Content, tt.reply)
			setBody(&p.Quoted.Content, tt.post)
			renderer := load(t).NewRenderer(site, 16)
			for range 2 { // the second time from the cache
				c, err := renderer.Alert(a, sampleFooter(site), 80<<10)
				if err != nil {
					t.Fatal(err)
				}
				for _, mail := range []string{c.Text.Plain(), c.HTML.Plain()} {
					_, mail, _ = strings.Cut(mail, "Post #5") // after the preheader
					got := [2]int{strings.Count(mail, first), strings.Count(mail, second)}
					if want := [2]int{tt.first, tt.second}; got != want || strings.Contains(mail, "In reply to") != tt.box {
						t.Errorf("the sentences appear %v times, want %v; with a quote box: %t\n%s", got, want, tt.box, mail)
					}
				}
			}
		})
	}
}

func setBody(c **forum.Content, body string) {
	changed := **c
	changed.Body = markup.BBCode(body, markup.Links{})
	*c = &changed
}
