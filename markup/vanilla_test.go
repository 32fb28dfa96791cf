package markup

import (
	"encoding/json"
	"strings"
	"testing"
)

// vanillaPosts are posts as Vanilla stores them, with the text that an email shows.
var vanillaPosts = []struct{ name, format, src, text string }{
	{"BBCode", "BBCode", `[quote="Ray;c-34"]Words.[/quote]` + "\nMine, [b]bold[/b].", "> Ray wrote:\n> Words.\n\nMine, *bold*."},
	{"a quote of an older version", "bbcode", `[quote="Old Hand;34"]Words.[/quote] Mine.`, "> Old Hand wrote:\n> Words.\n\nMine."},
	{"HTML", "Html", "<blockquote class=\"Quote\" rel=\"Ray &amp; Co\">Words.</blockquote>\nOne <b>two</b>\nthree <script>SECRET</script><div class=\"Spoiler\">SECRET</div>",
		"> Ray & Co wrote:\n> Words.\n\nOne *two*\nthree\n\n[Spoiler]"},
	{"HTML of an editor", "Wysiwyg", "<blockquote class=\"Quote\">\n  <div class=\"QuoteAuthor\"><a href=\"/profile/ray\">Ray</a> said:</div>\n  <div class=\"QuoteText\"><p>Words.</p></div>\n</blockquote>\n<p>One\ntwo</p><p>three</p>",
		"> Ray wrote:\n> Words.\n\nOne two\n\nthree"},
	{"Markdown", "Markdown", "> @\"Old Hand\" said:\n> Words,\n> more\n\nMine, *so*.", "> Old Hand wrote:\n> Words,\n> more\n\nMine, _so_."},
	{"a text", "Text", "<b>One</b> [i]two[/i]\nhttps://x.example/a", "<b>One</b> [i]two[/i]\nhttps://x.example/a"},
	{"a text with links", "TextEx", "One & <two>", "One & <two>"},
	{"a format that is not known", "Own", "<b>[b]x[/b]", "<b>[b]x[/b]"},
	{"paragraphs", "Rich", `[{"insert":"One "},{"attributes":{"bold":true,"italic":true},"insert":"two"},{"insert":" three\nfour\n"}]`, "One *_two_* three\n\nfour"},
	{"lists", "Rich", `[{"insert":"a"},{"attributes":{"list":"bullet"},"insert":"\n"},{"insert":"b"},{"attributes":{"list":{"type":"ordered","depth":1}},"insert":"\n"},{"insert":"c"},{"attributes":{"list":{"type":"bullet","depth":0}},"insert":"\n"},{"insert":"end\n"}]`,
		"* a\n  1. b\n* c\n\nend"},
	{"blocks", "Rich", `[{"insert":"Title"},{"attributes":{"header":{"level":2,"ref":"t"}},"insert":"\n"},{"insert":"said"},{"attributes":{"blockquote-line":true},"insert":"\n"},{"insert":"SECRET"},{"attributes":{"spoiler-line":true},"insert":"\n"},{"insert":"if a {"},{"attributes":{"codeBlock":true},"insert":"\n"},{"insert":"}"},{"attributes":{"code-block":true},"insert":"\n"},{"insert":"end\n"}]`,
		"Title\n\n> Quote:\n> said\n\n[Spoiler]\n\n    if a {\n    }\n\nend"},
	{"a quote", "Rich", `[{"insert":{"embed-external":{"data":{"embedType":"quote","body":"<p>Words.<\/p>","insertUser":{"userID":4,"name":"Ray"},"url":"https:\/\/forum.example.org\/discussion\/comment\/34#Comment_34"}}}},{"insert":"Mine\n"}]`,
		"> Ray wrote:\n> https://forum.example.org/discussion/comment/34#Comment_34\n> Words.\n\nMine"},
	{"things", "Rich", `[{"insert":{"mention":{"name":"Ray","userID":4}}},{"insert":" "},{"insert":{"emoji":{"emojiChar":"😀"}}},{"insert":"\n"},{"insert":{"embed-external":{"data":{"embedType":"file","name":"a.pdf","url":"https://x.example/a.pdf"}}}},{"insert":{"embed-external":{"data":{"embedType":"youtube","url":"https://www.youtube.com/watch?v=1"}}}},{"attributes":{"link":"https://x.example/"},"insert":"x"},{"insert":"\n"}]`,
		"@Ray 😀\n\n[Attachment: a.pdf]\n\n[Video: youtube]\nhttps://www.youtube.com/watch?v=1\n\nx\nhttps://x.example/"},
	{"cut off", "Rich", `[{"insert":"One\n"},{"insert":"SEC`, "One\n\n[hidden on the forum]"},
	{"no JSON", "Rich", `SECRET`, "[hidden on the forum]"},
	{"nodes", "rich2", `[{"type":"p","children":[{"text":"One "},{"text":"two","bold":true},{"text":" "},{"type":"a","url":"https://x.example/","children":[{"text":"x"}]},{"type":"@","userID":"4","name":"Old Hand","children":[{"text":""}]}]},{"type":"h2","children":[{"text":"Title"}]},{"type":"ul","children":[{"type":"li","children":[{"type":"lic","children":[{"text":"a"}]},{"type":"ol","children":[{"type":"li","children":[{"type":"lic","children":[{"text":"b"}]}]}]}]}]}]`,
		"One *two* x@Old Hand\nhttps://x.example/\n\nTitle\n\n* a\n  1. b"},
	{"nodes that hide", "rich2", `[{"type":"spoiler","children":[{"type":"spoiler-content","children":[{"type":"spoiler-line","children":[{"text":"SECRET"}]}]}]},{"type":"vault","children":[{"text":"SECRET"}]},{"type":"p","children":[{"text":"so"}]}]`,
		"[Spoiler]\n\n[hidden on the forum]\n\nso"},
	{"blocks of nodes", "rich2", `[{"type":"blockquote","children":[{"type":"blockquote-line","children":[{"text":"said"}]}]},{"type":"code_block","children":[{"type":"code_line","children":[{"text":"if a {"}]},{"type":"code_line","children":[{"text":"}"}]}]},{"type":"table","children":[{"type":"tbody","children":[{"type":"tr","children":[{"type":"th","children":[{"type":"p","children":[{"text":"a"}]}]},{"type":"td","children":[{"type":"p","children":[{"text":"b"}]}]}]}]}]}]`,
		"> Quote:\n> said\n\n    if a {\n    }\n\na | b"},
	{"a quote as a node", "Rich2", `[{"type":"rich_embed_card","url":"https://forum.example.org/discussion/12","embedData":{"embedType":"quote","body":"<p>Words <b>so</b>.</p>","insertUser":{"userID":4,"name":"Ray"},"url":"https://forum.example.org/discussion/12"},"children":[{"text":""}]},{"type":"rich_embed_card","url":"https://x.example/p","embedData":[],"children":[]},{"type":"p","children":[{"text":"Mine"}]}]`,
		"> Ray wrote:\n> https://forum.example.org/discussion/12\n> Words *so*.\n\nhttps://x.example/p\n\nMine"},
	{"nodes cut off", "rich2", `[{"type":"p","children":[{"text":"One"}]},{"type":"p","children":[{"text":"SECRET`, "One\n\n[hidden on the forum]"},
}

func TestVanilla_ReadsEachFormat(t *testing.T) {
	for _, tt := range vanillaPosts {
		d := Dialect{}.Vanilla(tt.format, tt.src, sampleLinks())
		checkDoc(t, d)
		got := d.Text(Labels{}, 72)
		if got != tt.text {
			t.Errorf("%s: text is\n%q, want\n%q", tt.name, got, tt.text)
		}
		if strings.Contains(d.HTML(Labels{})+got, "SECRET") {
			t.Errorf("%s: a secret is shown", tt.name)
		}
	}
}

func TestVanilla_NamesQuotedAndMentionedMembers(t *testing.T) {
	for format, src := range map[string]string{
		"rich":     `[{"insert":{"embed-external":{"data":{"embedType":"quote","body":"<p>@inner</p>","insertUser":{"userID":4,"name":"Ray"}}}}},{"insert":{"mention":{"name":"Ann","userID":"7"}}},{"insert":"\n"}]`,
		"rich2":    `[{"type":"rich_embed_card","embedData":{"embedType":"quote","body":"@inner","insertUser":{"userID":"4","name":"Ray"}}},{"type":"p","children":[{"type":"@","name":"Ann","userID":7}]}]`,
		"bbcode":   `[quote="Ray;d-3"]@inner[/quote] @Ann`,
		"html":     `<blockquote class="Quote" rel="Ray">@inner</blockquote> @Ann`,
		"markdown": "> @Ray said:\n> @inner\n\n@Ann",
	} {
		d := Dialect{}.Vanilla(format, src, Links{})
		quotes := d.Quotes()
		if len(quotes) != 1 || quotes[0].Author != "Ray" || strings.HasPrefix(format, "rich") && quotes[0].Member != 4 {
			t.Errorf("%s: quotes = %+v, want one of Ray", format, quotes)
		}
		named := strings.Join(d.Names(), " ")
		if byID := d.Mentions(); strings.HasPrefix(format, "rich") {
			if len(byID) != 1 || byID[0] != 7 {
				t.Errorf("%s: mentions = %v, want 7", format, byID)
			}
		} else if named != "Ann" {
			t.Errorf("%s: names = %q, want Ann", format, named)
		}
	}
}

func TestVanilla_DeepNodesEnd(t *testing.T) {
	const deep = 9000
	src := `[` + strings.Repeat(`{"type":"blockquote","children":[`, deep) + `{"text":"SECRET"}` + strings.Repeat(`]}`, deep) + `,{"type":"p","children":[{"text":"so"}]}]`
	d := Dialect{}.Vanilla("rich2", src, Links{})
	if text := d.Text(Labels{}, 72); strings.Contains(text, "SECRET") {
		t.Errorf("what is too deep is shown: %.200s", text)
	}
}

func FuzzVanilla(f *testing.F) {
	for i, tt := range vanillaPosts {
		f.Add(tt.format, tt.src, i)
	}
	f.Fuzz(func(t *testing.T, format, src string, n int) {
		if len(src) > maxFuzzed {
			return
		}
		d := Dialect{}.Vanilla(format, src, sampleLinks())
		checkOneOf(t, n, d, d.Excerpt(100))
	})
}

// FuzzVanillaSpoiler puts a spoiler between what others wrote: its text must never be shown.
func FuzzVanillaSpoiler(f *testing.F) {
	f.Add(`{"insert":"a\n"}`, `{"insert":"b\n"}`)
	f.Add(`{"insert":{"mention":{"name":"Ray"}}}`, `{"insert":"b"},{"attributes":{"list":"bullet"},"insert":"\n"}`)
	f.Fuzz(func(t *testing.T, before, behind string) {
		if len(before)+len(behind) > maxFuzzed || strings.Contains(before+behind, "SECRET") || !json.Valid([]byte("["+before+"]")) || !json.Valid([]byte("["+behind+"]")) {
			return
		}
		src := `[` + before + `,{"insert":"\nSECRET"},{"attributes":{"spoiler-line":true},"insert":"\n"},` + behind + `]`
		d := Dialect{}.Vanilla("Rich", src, sampleLinks())
		if strings.Contains(d.Text(Labels{}, 72), "SECRET") {
			t.Errorf("the spoiler of %s is shown", src)
		}
	})
}
