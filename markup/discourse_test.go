package markup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postrider/internal/golden"
)

// cooked are elements as Discourse writes them, with the text that an email shows.
var cooked = []struct{ name, src, text string }{
	{"paragraphs", "<p>One &amp; two<br>\nthree</p>\n<p>four\n  <strong>five</strong> <em>six</em></p>", "One & two\nthree\n\nfour *five* _six_"},
	{"a quote", `<aside class="quote no-group" data-username="sam" data-post="3" data-topic="12">
<div class="title">
<div class="quote-controls"></div>
<img loading="lazy" alt="" width="24" height="24" src="https://a.example/user_avatar/x/sam/48/1_2.png" class="avatar"> sam:</div>
<blockquote>
<p>Words.</p>
</blockquote>
</aside>
<p>Mine.</p>`, "> sam wrote:\n> https://forum.example.org/community/t/12/3\n> Words.\n\nMine."},
	{"a quote of another topic", `<aside class="quote" data-username="sam" data-post="1" data-topic="9"><div class="title"><div class="quote-controls"></div><a href="https://forum.example.org/t/slug/9">Another topic</a></div><blockquote><p>Words.</p></blockquote></aside>`,
		"> sam wrote:\n> https://forum.example.org/community/t/9/1\n> Words."},
	{"a quote in a quote", `<aside class="quote" data-username="a" data-post="3" data-topic="12"><blockquote><aside class="quote" data-username="b"><blockquote><p>INNER</p></blockquote></aside><p>outer</p></blockquote></aside><p>mine</p>`,
		"> a wrote:\n> https://forum.example.org/community/t/12/3\n> > b wrote: […]\n>\n> outer\n\nmine"},
	{"a quote in Markdown", "<blockquote>\n<p>Said by nobody.</p>\n</blockquote>\n<p>mine</p>", "> Quote:\n> Said by nobody.\n\nmine"},
	{"a preview of a page", `<aside class="onebox allowlistedgeneric" data-onebox-src="https://news.example.org/a?b=1">
  <header class="source"><img src="https://news.example.org/favicon.ico" class="site-icon" width="32" height="32"><a href="https://news.example.org/a?b=1" target="_blank" rel="noopener">News</a></header>
  <article class="onebox-body"><div class="aspect-image"><img src="https://news.example.org/i.png" class="thumbnail"></div>
<h3><a href="https://news.example.org/a?b=1" target="_blank">The <b>title</b> of it</a></h3><p>A long description.</p></article>
  <div class="onebox-metadata"></div><div style="clear: both"></div></aside><p>See above.</p>`,
		"The title of it (news.example.org)\nhttps://news.example.org/a?b=1\n\nSee above."},
	{"a preview without a title", `<aside class="onebox x" data-onebox-src="https://news.example.org/a"><article></article></aside>`, "https://news.example.org/a"},
	{"a preview within a line", `<p>See <a href="https://news.example.org/a" class="inline-onebox">The title - News</a>.</p>`, "See The title - News.\nhttps://news.example.org/a"},
	{"spoilers", `<p>It was <span class="spoiler">SECRET</span>.</p><div class="spoiler"><p>SECRET</p><p><b>SECRET</b></p></div><p>so</p>`, "It was [Spoiler].\n\n[Spoiler]\n\nso"},
	{"details", `<details><summary>The <em>log</em></summary><p>FOLDED</p><pre><code>FOLDED</code></pre></details><p>so</p>`, "[Spoiler: The log]\n\nso"},
	{"a secret in a title", `<details><summary>It was <span class="spoiler">SECRET</span>x</summary><p>FOLDED</p></details>`, "[Spoiler: It was x]"},
	{"a mail's trimmed part", `<p>Hello</p><details class="elided"><summary title="Show trimmed content">&#183;&#183;&#183;</summary><p>FOLDED</p></details>`, "Hello"},
	{"a poll", `<div class="poll" data-poll-status="open" data-poll-name="poll"><div class="poll-container"><div class="poll-title">Tea or coffee?</div><ul><li data-poll-option-id="1">Tea</li></ul></div><div class="poll-info"><span class="info-number">VOTES</span></div></div><p>Vote!</p>`,
		"📊 Tea or coffee?\n\nVote!"},
	{"mentions", `<p><a class="mention" href="/u/ray">@Ray</a>, <a class="mention-group notify" href="/groups/staff">@staff</a>, <span class="mention">@nobody</span></p>`, "@Ray, @staff, @nobody"},
	{"emoji", `<p>Yes <img src="https://emoji.example/smile.png?v=12" title=":smile:" class="emoji" alt=":smile:" loading="lazy" width="20" height="20"> <img class="emoji only-emoji" alt=":own_one:" src="/uploads/own.png"></p>`, "Yes 😄 :own_one:"},
	{"an image", `<p>Look:</p><div class="lightbox-wrapper"><a class="lightbox" href="https://cdn.example/original/1X/f.jpeg" title="harbour at night"><img src="https://cdn.example/optimized/1X/f_2_690x388.jpeg" alt="harbour at night" width="690"><div class="meta"><svg><use href="#far-image"></use></svg><span class="filename">harbour at night</span><span class="informations">1920×1080 200 KB</span></div></a></div><p>Nice.</p>`,
		"Look:\n\n[Image: harbour at night]\nhttps://cdn.example/original/1X/f.jpeg\n\nNice."},
	{"code", "<pre><code class=\"lang-ruby\">if a &lt; b\n\tputs 1\nend\n</code></pre>\n<p>and <code>x  y</code></p>", "    if a < b\n        puts 1\n    end\n\nand `x y`"},
	{"lists", "<ul>\n<li>one\n<ol>\n<li>first</li>\n<li>second</li>\n</ol>\n</li>\n<li>\n<p>two</p>\n</li>\n</ul>", "* one\n  1. first\n  2. second\n* two"},
	{"a table", `<div class="md-table"><table><thead><tr><th>a</th><th style="text-align:right">b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table></div>`, "a | b\n1 | 2"},
	{"a heading", `<h2><a name="p-1-x" class="anchor" href="#p-1-x"></a>Title</h2><p>Words</p>`, "Title\n\nWords"},
	{"hashtags", `<p><a class="hashtag" href="/c/staff">#<span>staff</span></a></p><p><a class="hashtag-cooked" href="/c/staff/7" data-type="category"><span class="hashtag-icon-placeholder"><svg></svg></span><span>Staff</span></a></p>`,
		"#staff\nhttps://forum.example.org/c/staff\n\n#Staff\nhttps://forum.example.org/c/staff/7"},
	{"a file", `<p><a class="attachment" href="/uploads/short-url/x.pdf">plan.pdf</a> (12.3 KB)</p>`, "plan.pdf (12.3 KB)\nhttps://forum.example.org/uploads/short-url/x.pdf"},
	{"videos", `<div class="youtube-onebox lazy-video-container" data-video-id="abc" data-video-title="T" data-provider-name="youtube"><a href="https://www.youtube.com/watch?v=abc"><img class="youtube-thumbnail" src="x.jpg"></a></div><p><video controls><source src="/uploads/v.mp4"><a href="/uploads/v.mp4">v.mp4</a></video></p>`,
		"[Video: youtube]\nhttps://www.youtube.com/watch?v=abc\n\nv.mp4\nhttps://forum.example.org/uploads/v.mp4"},
	{"what the page does not show", `<p>a</p><p hidden>SECRET</p><div style="color: red; DISPLAY : none">SECRET</div><span style="visibility:hidden">SECRET</span><iframe>SECRET</iframe><img hidden src="/SECRET.png"><p>b</p>`,
		"a\n\nb"},
	{"classes that gate", `<p>a</p><div class="d-none">SECRET</div><div class="members-only">SECRET</div><div class="paywall">SECRET</div><div class="d-wrap" data-wrap="trust_level_2">SECRET</div><p>b</p>`,
		"a\n\n[hidden on the forum]\n\nb"},
	{"what is not known", `<p>a</p><gated-text>SECRET</gated-text><div class="d-wrap" data-wrap="staff">SECRET</div><p class="hidden-until-reply">SECRET</p><script>SECRET</script><p>b</p>`, "a\n\n[hidden on the forum]\n\nb"},
	{"crossed tags", "<aside class=\"quote\" data-username=\"a\">\n<blockquote>\n<p>inner<br>\n</blockquote><br>\n</aside></p>\n<p><br>\nouter</p>", "> a wrote:\n> inner\n\nouter"},
	{"cut off", `<p>One <b>two thr`, "One *two thr*"},
}

func TestDiscourse_ReadsCookedPosts(t *testing.T) {
	for _, tt := range cooked {
		d := Dialect{}.Discourse(tt.src, sampleLinks())
		checkDoc(t, d)
		got := d.Text(Labels{}, 72)
		if got != tt.text {
			t.Errorf("%s: text is\n%q, want\n%q", tt.name, got, tt.text)
		}
		for _, secret := range []string{"SECRET", "VOTES", "FOLDED", "INNER"} {
			if strings.Contains(d.HTML(Labels{})+got, secret) {
				t.Errorf("%s: %s is shown", tt.name, secret)
			}
		}
	}
}

func TestDiscourse_QuotesAndMentionsByName(t *testing.T) {
	d := Dialect{NoMentions: true}.Discourse(`<aside class="quote" data-username="sam" data-post="3" data-topic="12"><blockquote><p><a class="mention" href="/u/ann">@ann</a></p></blockquote></aside>
<p><a class="mention" href="/u/ray">@Ray</a> @typed @"A typed one" <a href="/u/x">@linked</a></p>`, sampleLinks())
	if q := d.Quotes(); len(q) != 1 || q[0].Author != "sam" || q[0].Post != 0 {
		t.Errorf("quotes are %+v", q)
	}
	if n := d.Names(); len(n) != 1 || n[0] != "Ray" {
		t.Errorf("names are %q, want Ray alone", n)
	}
}

// htmlFloods are cooked posts that grow without end.
var htmlFloods = map[string]func(n int) string{
	"boxes":                  func(n int) string { return strings.Repeat("<div>", n) + "x" },
	"paragraphs":             func(n int) string { return strings.Repeat("<p>", n) + strings.Repeat("</p>", n) },
	"quotes":                 func(n int) string { return strings.Repeat(`<aside class="quote" data-username="a"><blockquote>`, n) },
	"items":                  func(n int) string { return "<ul>" + strings.Repeat("<li>x", n) },
	"lists":                  func(n int) string { return strings.Repeat("<ul><li>", n) },
	"cells":                  func(n int) string { return "<table>" + strings.Repeat("<tr><td>x<th>", n) },
	"ends":                   func(n int) string { return "<div>" + strings.Repeat("</p></b></x>", n) },
	"spoilers":               func(n int) string { return strings.Repeat(`<span class="spoiler">x`, n) },
	"titles":                 func(n int) string { return strings.Repeat("<details><summary>x", n) },
	"cards":                  func(n int) string { return strings.Repeat(`<aside class="onebox"><h3>x</h3></aside>`, n) },
	"attributes":             func(n int) string { return "<p " + strings.Repeat("a=b ", n) + ">x</p>" },
	"elements without names": func(n int) string { return strings.Repeat("<x-y>", n) + strings.Repeat("</x-y>", n) },
	"comments":               func(n int) string { return strings.Repeat("<!-- x -->", n) + strings.Repeat("<!--", n) },
	"entities":               func(n int) string { return strings.Repeat("&amp;&#", n) },
	"links":                  func(n int) string { return strings.Repeat(`<a href="http://x.example/">http://x.example/</a> `, n) },
	"code":                   func(n int) string { return strings.Repeat("<pre><code>x", n) },
}

func TestDiscourse_LinearTime(t *testing.T) {
	for name, flood := range htmlFloods {
		t.Run(name, func(t *testing.T) {
			checkDoc(t, Dialect{}.Discourse(flood(1000), sampleLinks()))
			d := Dialect{}.Discourse(flood(100_000), sampleLinks())
			if depth := depthOf(d); depth > 2*maxDepth {
				t.Errorf("nodes are nested %d deep, want at most %d", depth, 2*maxDepth)
			}
			checkDoc(t, d.Excerpt(300))
		})
	}
}

func FuzzDiscourse(f *testing.F) {
	for _, c := range cooked {
		f.Add(c.src)
	}
	for _, flood := range htmlFloods {
		f.Add(flood(3))
	}
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > maxFuzzed {
			return
		}
		d := Dialect{}.Discourse(src, sampleLinks())
		checkOneOf(t, len(src), d, d.Excerpt(75))
	})
}

// A secret in a spoiler is never shown, whatever comes before, after and around it.
func FuzzDiscourseSpoiler(f *testing.F) {
	f.Add("<p>a", "<b>x</b>", "</div></p>")
	f.Add("<details><summary>", "<p>x</p>", "</summary></details>")
	f.Add(`<aside class="onebox"><h3>`, "<i>", "</h3></aside>")
	f.Fuzz(func(t *testing.T, before, within, behind string) {
		if len(before)+len(within)+len(behind) > maxFuzzed || strings.Contains(before+within+behind, "SECRET") || strings.Contains(within, "</") || strings.Contains(within, "<!") || strings.Contains(within, "<?") {
			return
		}
		for _, raw := range []string{"<script", "<style", "<textarea", "<title", "<iframe", "<no", "<xmp", "<plaintext", "<!", "<?", "</"} { // the tags behind these are text or no tags
			if strings.Contains(strings.ToLower(before+within), raw) {
				return
			}
		}
		if i := strings.LastIndexByte(before, '<'); i >= 0 && !strings.Contains(before[i:], ">") {
			return
		}
		d := Dialect{}.Discourse(before+`<div class="spoiler">SECRET `+within+`</div>`+behind, sampleLinks())
		if strings.Contains(d.HTML(Labels{})+d.Text(Labels{}, 72), "SECRET") {
			t.Fatalf("the secret is shown: %s", d.HTML(Labels{}))
		}
	})
}

// The posts are those of the dump, some of which a simple tool cooked: their tags cross.
func TestDiscourse_Golden(t *testing.T) {
	files, err := filepath.Glob("testdata/discourse/*.in")
	if err != nil || len(files) == 0 {
		t.Fatalf("no posts in testdata/discourse: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".in")
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			d := Dialect{}.Discourse(string(src), sampleLinks())
			checkDoc(t, d)
			golden.Files(t, "../discourse/"+name, map[string]string{"html": page(d.HTML(Labels{})), "txt": d.Text(Labels{}, 72) + "\n"})
		})
	}
}
