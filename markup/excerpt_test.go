package markup

import (
	"runtime"
	"strings"
	"testing"
)

func TestExcerpt_EndsAtNaturalBreak(t *testing.T) {
	family := "👨\u200d👩\u200d👧\u200d👦"
	tests := []struct {
		name string
		src  string
		n    int
		want string
	}{
		{"all of it", "All of it.", 10, "All of it."},
		{"a sentence in the last third", "One two three four. Five six seven.", 24, "One two three four. …"},
		{"no sentence in the last third", "One. Two three four five six seven.", 24, "One. Two three four five…"},
		{"a comma is left out", "One two, three four five six", 8, "One two…"},
		{"an initial does not end a sentence", "We asked W. G. Ewald today why", 18, "We asked W. G.…"},
		{"a title does not end a sentence", "He said that Mr. Brown was here.", 18, "He said that Mr.…"},
		{"a lower-case letter after the stop", "It is 3 p.m. in the harbor of", 14, "It is 3 p.m.…"},
		{"a quotation ends with the sentence", `He said "It is so." Then he went`, 22, `He said "It is so." …`},
		{"a word that is too long", strings.Repeat("a", 50), 20, strings.Repeat("a", 20) + "…"},
		{"a family emoji is not split", strings.Repeat(family, 5), 3, strings.Repeat(family, 3) + "…"},
		{"combining marks stay with their letter", strings.Repeat("e\u0301", 30), 10, strings.Repeat("e\u0301", 10) + "…"},
		{"Hangul in parts stays whole", strings.Repeat("\u1112\u1161\u11ab", 30), 10, strings.Repeat("\u1112\u1161\u11ab", 10) + "…"},
		{"Japanese ends with its own stop", "これは文です。次の文はもっと長いです。", 9, "これは文です。…"},
		{"Chinese is cut between words", "韩国提出与中国签署军事情报共享协定", 10, "韩国提出与中国签署军…"},
		{"markup does not count", "[b]One[/b] [i]two[/i] three", 13, "*One* _two_ three"},
		{"a cut in bold", "[b]One two three[/b] four", 8, "*One two…*"},
		{"a paragraph ends a sentence", "One two three\n\nFour five six seven", 16, "One two three …"},
		{"a quote does not count", "[quote=A]quoted[/quote]One two", 7, "> A wrote:\n> quoted\n\nOne two"},
		{"a long code is shortened", "[code]a\nb\nc\nd\ne\nf\ng\nh\ni\nj[/code]x", 40, "    a\n    b\n    c\n    …\n\nx"},
		{"a row that does not fit is left out", "[table][tr][td]a[/td][td]b[/td][/tr][tr][td]Dignity lost[/td][td]bits[/td][/tr][/table]", 20, "a | b\n\n…"},
		{"a row that fits stays", "[table][tr][td]a[/td][td]b[/td][/tr][tr][td]c[/td][td]d[/td][/tr][/table]Words behind the table", 20, "a | b\nc | d\n\n…"},
		{"a row that is cut at an image", "[table][tr][td]a[/td][td]b[/td][/tr][tr][td]c[/td][td][img]http://a.example/cat.gif[/img][/td][/tr][/table]", 26, "a | b\n\n…"},
		{"a table of which no row fits", "Words. [table][tr][td]aaa bbb ccc ddd[/td][td]b[/td][/tr][/table]", 15, "Words.\n\n…"},
		{"a list of which no row fits", "Words. [list][*][table][tr][td]aaa bbb ccc ddd[/td][td]b[/td][/tr][/table][/list]", 15, "Words.\n\n…"},
		{"a row that is the whole post", "[table][tr][td]aaa bbb ccc ddd[/td][td]b[/td][/tr][/table]", 15, "aaa bbb ccc…"},
		{"a row below a quote", "[quote=A]x[/quote][table][tr][td]aaa bbb ccc ddd[/td][/tr][/table]", 15, "> A wrote:\n> x\n\naaa bbb ccc…"},
		{"no characters", "One two", 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := BBCode(tt.src, Links{}).Excerpt(tt.n).Text(Labels{}, 72); got != tt.want {
				t.Errorf("Excerpt(%d) of %q = %q, want %q", tt.n, tt.src, got, tt.want)
			}
		})
	}
}

func TestExcerpt_DescribesPostWithoutWords(t *testing.T) {
	for src, want := range map[string]string{
		"[quote=Ray]" + strings.Repeat("word ", 100) + "[/quote]": "> Ray wrote:\n> word",
		"[img]http://a.example/cat.gif[/img]":                     "[Image: cat.gif]",
		"[spoiler=End]x[/spoiler]":                                "[Spoiler: End]",
		"[media=youtube]abc[/media]":                              "[Video: youtube]",
		"http://a.example/" + strings.Repeat("long/", 100):        "http://a.example/long/",
	} {
		for _, n := range []int{75, 300} {
			if got := BBCode(src, Links{}).Excerpt(n).Text(Labels{}, 72); !strings.HasPrefix(got, want) {
				t.Errorf("Excerpt(%d) of %.60q = %q, want it to start with %q", n, src, got, want)
			}
		}
	}
}

func TestExcerpt_LimitsQuotes(t *testing.T) {
	src := strings.Repeat("[quote=Ray]"+strings.Repeat("word ", 100)+"[/quote]Yes.\n", 50)
	got := BBCode(src, Links{}).Excerpt(300)
	if n := len(got.Text(Labels{}, 72)); n > 1200 {
		t.Errorf("the excerpt has %d bytes, want at most 1200", n)
	}
	if !strings.Contains(got.Text(Labels{}, 72), "Yes.") {
		t.Errorf("the author's own words are not in %s", got.Text(Labels{}, 72))
	}
}

func TestExcerpt_DoesNotRetainThePost(t *testing.T) {
	const size = 8 << 20
	long := func() Doc {
		src := "Short words. [URL=https://example.org/a]A link[/URL] " + strings.Repeat("padding ", size/8)
		return BBCode(src, Links{}).Excerpt(100)
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	kept := long()
	after := heap()
	if after > before+size/4 {
		t.Errorf("an excerpt of a post of %d bytes keeps %d bytes in memory", size, after-before)
	}
	runtime.KeepAlive(kept)
}
