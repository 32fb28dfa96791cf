package markup

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postrider/internal/golden"
	"postrider/internal/racetest"
)

func nodebbLinksForTest() Links {
	l := sampleLinks()
	l.Base = "https://forum.example.org"
	return l
}

func TestPostMarkdown_Renders(t *testing.T) {
	for _, tt := range []struct{ name, src, text string }{
		{"lines and paragraphs", "One *two* **three** ~~four~~\nfive\n\nsix", "One _two_ *three* ~four~\nfive\n\nsix"},
		{"heading, rule, list", "## Head\n\n- a\n- b\n  1. c\n  2. d\n\n***\nend", "Head\n\n* a\n* b\n  1. c\n  2. d\n\n* * *\n\nend"},
		{"code", "See `x < 1`:\n\n```php\n<?php [spoiler]\n\tx();\n```\n\n    indented", "See `x < 1`:\n\n    <?php [spoiler]\n        x();\n\n    indented"},
		{"a link and its address", "[the <story>](http://a.example/x_y_z?a=1&b=2#f) and http://b.example/p_(q)?r=s&t=u .", "the <story> [1] and b.example [2] .\n[1] http://a.example/x_y_z?a=1&b=2#f\n[2] http://b.example/p_(q)?r=s&t=u"},
		{"a link of the forum", "[rules](/topic/3/rules)", "rules\nhttps://forum.example.org/topic/3/rules"},
		{"a script", "[x](javascript:alert(1)) <script>alert(2)</script>", "x <script>alert(2)</script>"},
		{"an image", "![0_1_a.png](/assets/uploads/files/1-a.png)", "[Image: 0_1_a.png]\nhttps://forum.example.org/assets/uploads/files/1-a.png"},
		{"a table", "| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n1 | 2"},
		{"a quote", "> @bobby_tables said in [Quota [x] budget](/post/259):\n>\n> Reef *tariff*.\n>\n> more\n\nMine.", "> bobby_tables wrote:\n> https://forum.example.org/community/posts/259/\n> Reef _tariff_.\n>\n> more\n\nMine."},
		{"a short quote", "> @ray [said](https://forum.example.org/post/14):\n> Words.\n\nMine.", "> ray wrote:\n> https://forum.example.org/community/posts/14/\n> Words.\n\nMine."},
		{"a quote in German", "> @ray sagte in [Titel](/post/14):\n>\n> Worte.", "> ray wrote:\n> https://forum.example.org/community/posts/14/\n> Worte."},
		{"a quote in a quote", "> @a [said](/post/1):\n>\n> > @b [said](/post/2):\n> >\n> > SECRET\n>\n> outer\n\nmine", "> a wrote:\n> https://forum.example.org/community/posts/1/\n> > b wrote: […]\n> > https://forum.example.org/community/posts/2/\n>\n> outer\n\nmine"},
		{"a quote of nobody", "> words: @ray said\n\nmine", "> Quote:\n> words: @ray said\n\nmine"},
		{"a post elsewhere is no source", "> @ray said in [x](https://evil.example/post/14):\n>\n> w", "> Quote:\n> @ray said in x:\n> https://evil.example/post/14\n>\n> w"},
		{"a BB code quote", `[quote="ray, post:1, topic:2"]` + "\nWords.\n[/quote]\nMine.", "> ray wrote:\n> Words.\n\nMine."},
		{"a spoiler quote", ">! SECRET\n> SECRET\n\nshown", "[Spoiler]\n\nshown"},
		{"spoilers", "a [spoiler]SECRET **b** SECRET[/spoiler] c [spoiler=why]\n\nSECRET\n\n- SECRET\n\n[/spoiler]\nd", "a\n\n[Spoiler]\n\nc\n\n[Spoiler: why]\n\nd"},
		{"bars", "a ||SECRET *x* SECRET|| b, c || d, `e||f`", "a [Spoiler] b, c || d, `e||f`"},
		{"bars that stay open", "a ||b\n\nc||d", "a ||b\n\nc||d"},
		{"gates", "a [hide]SECRET[/hide] b [staff]SECRET[/staff] [users] c", "a [hidden on the forum] b [hidden on the forum] [users] c"},
		{"details", "a\n<details>\n<summary>x</summary>\n\nSECRET\n\n</details>\n\nb", "a\n\n[Spoiler]\n\nb"},
		{"a comment", "a <!-- SECRET\n\n *SECRET* --> b", "a [hidden on the forum] b"},
		{"tags as written", "1 < 2 <b>bold</b> [b]x[/b] &amp; &lt; \\*", "1 < 2 <b>bold</b> [b]x[/b] & < *"},
		{"emoji", "fine :thumbsup: `:thumbsup:`", "fine 👍 `:thumbsup:`"},
		{"unclosed spoiler is text", "[spoiler] shown", "[spoiler] shown"},
	} {
		d := Dialect{ShortNames: true}.Markdown(tt.src, nodebbLinksForTest())
		checkDoc(t, d)
		if got := d.Text(Labels{}, 72); got != tt.text {
			t.Errorf("%s: text is\n%q, want\n%q", tt.name, got, tt.text)
		}
		if strings.Contains(d.HTML(Labels{}), "SECRET") {
			t.Errorf("%s: the secret is shown: %s", tt.name, d.HTML(Labels{}))
		}
	}
}

func TestPostMarkdown_NamesAndQuotes(t *testing.T) {
	d := Dialect{}.Markdown("> @a-b said in [x](/post/7):\n>\n> @nobody\n\n@marshal-panda, see @ray. And `@code` x@example.org", nodebbLinksForTest())
	if got, want := d.Names(), []string{"marshal-panda", "ray"}; !slices.Equal(got, want) {
		t.Errorf("names are %q, want %q", got, want)
	}
	if q := d.Quotes(); len(q) != 1 || q[0] != (Quote{Author: "a-b", Post: 7}) {
		t.Errorf("quotes are %+v", q)
	}
}

// postFloods are posts that grow without end.
var postFloods = map[string]func(n int) string{
	"quotes in quotes":      func(n int) string { return strings.Repeat(">", n) + "x\n" + strings.Repeat("y\n", n) },
	"lists in lists":        func(n int) string { return strings.Repeat("- ", n) + "x\n" + strings.Repeat("y\n", n) },
	"numbers in numbers":    func(n int) string { return strings.Repeat("1. ", n) + "x\n" + strings.Repeat("  y\n", n) },
	"quotes and lists":      func(n int) string { return strings.Repeat(strings.Repeat("> - ", 6)+"x\n", n/24) },
	"deeper and deeper":     deeper,
	"brackets":              func(n int) string { return strings.Repeat("[", n) },
	"brackets both ways":    func(n int) string { return strings.Repeat("[", n/2) + strings.Repeat("]", n/2) },
	"links that stay open":  func(n int) string { return strings.Repeat("[a](<b", n/6) },
	"titles that stay open": func(n int) string { return strings.Repeat("[a](b \"", n/7) },
	"images":                func(n int) string { return strings.Repeat("![a](b)", n/7) },
	"images in images":      func(n int) string { return strings.Repeat("![", n/4) + strings.Repeat("](x)", n/4) },
	"asterisks":             func(n int) string { return strings.Repeat("*", n) },
	"emphasis":              func(n int) string { return strings.Repeat("*a _b ", n/6) },
	"emphasis both ways":    func(n int) string { return strings.Repeat("**a", n/6) + strings.Repeat("**", n/6) },
	"emphasis by lines":     func(n int) string { return strings.Repeat("*a _b **c\n\n", n/12) },
	"strikes":               func(n int) string { return strings.Repeat("~~a ~b", n/6) },
	"backticks": func(n int) string {
		var b strings.Builder
		for i := 1; b.Len() < n; i++ {
			b.WriteString(strings.Repeat("`", i) + "a")
		}
		return b.String()
	},
	"fences":                    func(n int) string { return strings.Repeat("```\n", n/4) },
	"autolinks":                 func(n int) string { return strings.Repeat("<http://x.example/a", n/19) },
	"addresses":                 func(n int) string { return strings.Repeat("http://x.example/ ", n/18) },
	"one address":               func(n int) string { return "http://x.example/" + strings.Repeat("(", n) },
	"words with at signs":       func(n int) string { return strings.Repeat("a@", n/2) },
	"references":                func(n int) string { return strings.Repeat("[a]: b\n", n/7) },
	"different references":      func(n int) string { return numbered("[a]: /x\n\n[a", n/14) },
	"references that stay open": func(n int) string { return strings.Repeat("[a]:\n", n/5) },
	"cells": func(n int) string {
		return "a" + strings.Repeat("|", n/3) + "\n-" + strings.Repeat("|", n/3) + strings.Repeat("\n|", n/6)
	},
	"tables":      func(n int) string { return strings.Repeat("|a|b|\n|-|-|\n|c|d|\n\n", n/20) },
	"rows":        func(n int) string { return "|a|b|\n|-|-|\n" + strings.Repeat("|c|d|\n", n/6) },
	"entities":    func(n int) string { return strings.Repeat("&amp;&#65;&", n/11) },
	"backslashes": func(n int) string { return strings.Repeat("\\", n) },
	"headings":    func(n int) string { return strings.Repeat("a\n=\n", n/4) },
	"rules":       func(n int) string { return strings.Repeat("***\n", n/4) },
	"spoilers":    func(n int) string { return strings.Repeat("[spoiler]", n/18) + strings.Repeat("[/spoiler]", n/20) },
	"spoilers that cross": func(n int) string {
		return strings.Repeat("[spoiler]||<details>[hide][/spoiler]||</details>[/hide]", n/55)
	},
	"bars":            func(n int) string { return strings.Repeat("||a", n/3) },
	"comments":        func(n int) string { return strings.Repeat("<!--", n/5) + "-->" },
	"gates":           func(n int) string { return numbered("[hide", n/12) + "[/hidea]" },
	"line ends":       func(n int) string { return strings.Repeat("\n", n) },
	"blanks":          func(n int) string { return strings.Repeat(" ", n) },
	"tabs":            func(n int) string { return strings.Repeat("\t\n-\t", n/4) },
	"broken bytes":    func(n int) string { return strings.Repeat("\xff\x00>\n", n/4) },
	"heads of quotes": func(n int) string { return strings.Repeat("> @a [b](/post/1):\n\n", n/20) },
}

func deeper(n int) string {
	var b strings.Builder
	for indent := 0; b.Len() < n; indent += 12 {
		b.WriteString(strings.Repeat(" ", indent) + "- - - - - -x\n")
	}
	return b.String()
}

func TestPostMarkdown_HostileTextTakesLinearTime(t *testing.T) {
	racetest.SkipIfRace(t)
	floods := maps.Clone(markdownFloods)
	maps.Copy(floods, postFloods)
	for name, flood := range floods {
		t.Run(name, func(t *testing.T) {
			checkDoc(t, Dialect{}.Markdown(flood(1000), nodebbLinksForTest()))
			d := Dialect{}.Markdown(flood(maxMarkdown), nodebbLinksForTest())
			if depth := depthOf(d); depth > 2*maxDepth+1 {
				t.Errorf("nodes are nested %d deep", depth)
			}
			if got := len(d.Excerpt(300).HTML(Labels{})); got > 30_000 {
				t.Errorf("the excerpt has %d bytes of HTML, want less", got)
			}
		})
	}
}

func postFiles(t testing.TB) map[string]string {
	files, err := filepath.Glob("testdata/posts/*.in")
	if err != nil || len(files) == 0 {
		t.Fatalf("no posts in testdata/posts: %v", err)
	}
	texts := make(map[string]string)
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[strings.TrimSuffix(filepath.Base(file), ".in")] = string(src)
	}
	return texts
}

// The posts are from a forum's own data.
func TestPostMarkdown_Golden(t *testing.T) {
	for name, src := range postFiles(t) {
		t.Run(name, func(t *testing.T) {
			d := Dialect{ShortNames: true}.Markdown(src, nodebbLinksForTest())
			checkDoc(t, d)
			golden.Files(t, "../posts/"+name, map[string]string{
				"html":        page(d.HTML(Labels{})),
				"txt":         d.Text(Labels{}, 72) + "\n",
				"excerpt.txt": d.Excerpt(300).Text(Labels{}, 72) + "\n",
			})
		})
	}
}

func FuzzPostMarkdown(f *testing.F) {
	for _, src := range postFiles(f) {
		f.Add(src, 300)
		f.Add(src, 41)
	}
	for _, seed := range []string{
		"> @a said in [b](/post/1):\n>\n> > c\n\n- d\n  1. *e* **f** ~~g~~ `h`\n", "a ||b|| [spoiler]c[/spoiler] [hide]d[/hide] <details>e</details> <!-- f --> >! g\n",
		"|a|b|\n|:-:|-:|\n|c|d|\n\n# e\n\n```f\ng\n```\n\n***\n![h](i) <http://j.example> www.k.example :smile: [l]: m\n", "[quote=\"a, post:1\"]\n[list]b[/quote]\nc &amp; \\* &#x41;",
	} {
		f.Add(seed, 82)
	}
	d := everything(f)
	d.Cut = false
	f.Fuzz(func(t *testing.T, src string, n int) {
		if len(src) > maxFuzzed {
			return
		}
		doc := d.Markdown(src, nodebbLinksForTest())
		checkOneOf(t, n, doc, doc.Excerpt(n))
	})
}

// A secret between the marks of a spoiler is never shown, whatever is before, after and around it.
func FuzzPostSpoiler(f *testing.F) {
	pairs := [][2]string{{"[spoiler]", "[/spoiler]"}, {"<details>", "</details>"}, {"[hide]", "[/hide]"}, {"<!--", "-->"}, {"\n\n||", "||"}}
	pieces := []string{"words ", "\n", "\n\n", "> ", ">! ", "- ", "1. ", "*", "**", "~~a", "[a](b)", "![", "](c)", "# ", "|", "\n|-|-|\n", "@ray ", "http://x.example/ ", "\n***\n",
		"> @a [said](/post/1):\n> ", "[quote=a]", "[/quote]", "\\", "&amp;", "<b>", " :smile:", "[", "]", "("}
	f.Add(0, []byte{3, 20}, []byte{2, 5}, []byte{2})
	f.Add(3, []byte{7, 8}, []byte{7, 9}, []byte{2, 17})
	f.Add(4, []byte{2}, []byte{7}, []byte{1})
	f.Fuzz(func(t *testing.T, which int, before, within, behind []byte) {
		pair := pairs[uint(which)%uint(len(pairs))]
		var src strings.Builder
		put := func(indexes []byte) {
			for _, i := range indexes {
				p := pieces[int(i)%len(pieces)]
				if pair[0] == "\n\n||" && strings.Contains(p, "\n") || strings.ContainsAny(p, "|\\") {
					continue // ends the paragraph, or is a mark itself
				}
				src.WriteString(p)
			}
		}
		put(before)
		src.WriteString(pair[0] + "SECRET")
		put(within)
		src.WriteString("SECRET" + pair[1])
		put(behind)
		if src.Len() > maxFuzzed {
			return
		}
		d := Dialect{}.Markdown(src.String(), nodebbLinksForTest())
		for _, d := range []Doc{d, d.Excerpt(75)} {
			if shown := d.HTML(Labels{}) + d.Text(Labels{}, 72); strings.Contains(shown, "SECRET") {
				t.Fatalf("the secret of %q is shown: %s", src.String(), shown)
			}
		}
	})
}
