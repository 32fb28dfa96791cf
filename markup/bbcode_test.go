package markup

import (
	"slices"
	"strings"
	"testing"
)

func TestBBCode_FindsAuthorsQuotesAndMentions(t *testing.T) {
	tests := []struct {
		name     string
		src      string
		quotes   []Quote
		mentions []int64
	}{
		{"XenForo with both ids", `[QUOTE="Ray, post: 123, member: 45"]x[/QUOTE]`, []Quote{{"Ray", 123, 45}}, nil},
		{"XenForo, the name has commas and brackets", `[QUOTE="a, b: [i]c[/i], post: 1, member: 2"]x[/QUOTE]`, []Quote{{"a, b: [i]c[/i]", 1, 2}}, nil},
		{"XenForo, quoted from a conversation", `[QUOTE="Ray, convMessage: 9, member: 45"]x[/QUOTE]`, []Quote{{"Ray", 0, 45}}, nil},
		{"MyBB", `[quote="Fish and Chips" pid='13' dateline='1795185078']x[/quote]`, []Quote{{"Fish and Chips", 13, 0}}, nil},
		{"MyBB, single quotes", `[quote='Ray' pid='13' dateline='1795185078']x[/quote]`, []Quote{{"Ray", 13, 0}}, nil},
		{"a name alone", `[quote=Ray]x[/quote]`, []Quote{{"Ray", 0, 0}}, nil},
		{"no author", `[quote]x[/quote]`, []Quote{{}}, nil},
		{"a name that is markup", `[QUOTE="<b>x</b>, post: 1, member: 2"]x[/QUOTE]`, []Quote{{"<b>x</b>", 1, 2}}, nil},
		{"ids too long for a number", `[QUOTE="Ray, post: 99999999999999999999, member: 2"]x[/QUOTE]`, []Quote{{"Ray, post: 99999999999999999999", 0, 2}}, nil},
		{"a nested quote is not reported", `[quote=A][quote=B]x[/quote][user=3]@c[/user][/quote]y`, []Quote{{"A", 0, 0}}, nil},
		{"a quote in a list is reported", `[list][*][quote=A]x[/quote][/list]`, []Quote{{"A", 0, 0}}, nil},
		{"a quote in a spoiler is not reported", `[spoiler][quote=A]x[/quote][/spoiler]`, nil, nil},
		{"mentions, each once", `[USER=7]@a[/USER] [user=8]@b[/user] [USER=7]@a[/USER]`, nil, []int64{7, 8}},
		{"a mention in a spoiler counts", `[spoiler]x [user=9]@c[/user][/spoiler]`, nil, []int64{9}},
		{"not a mention in code", `[code][user=9]@c[/user][/code]`, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := BBCode(tt.src, Links{})
			if got := d.Quotes(); !slices.Equal(got, tt.quotes) {
				t.Errorf("Quotes() of %s = %+v, want %+v", tt.src, got, tt.quotes)
			}
			if got := d.Mentions(); !slices.Equal(got, tt.mentions) {
				t.Errorf("Mentions() of %s = %v, want %v", tt.src, got, tt.mentions)
			}
		})
	}
}

func TestBBCode_FindsMentionsWithoutID(t *testing.T) {
	tests := []struct {
		name, src string
		want      []string
	}{
		{"typed by hand", "Look, @Ray, and @anna.", []string{"Ray", "anna"}},
		{"each once", "@Ray @Ray", []string{"Ray"}},
		{"MyBB, with spaces", `@"Fish and Chips" knows`, []string{"Fish and Chips"}},
		{"in other scripts", "hallo @Jörg, @船好き", []string{"Jörg", "船好き"}},
		{"in bold", "[b]@Ray[/b]", []string{"Ray"}},
		{"dots and dashes within", "@j.r-x_2 said", []string{"j.r-x_2"}},
		{"with a number it is a mention, not a name", "[USER=7]@Ray[/USER]", nil},
		{"not an email address", "write to ray@example.org", nil},
		{"not a URL", "see https://example.org/@ray", nil},
		{"not in a quote", "[quote=A]@Ray[/quote]x", nil},
		{"not in code", "[code]@Ray[/code] [icode]@Ray[/icode]", nil},
		{"an @ alone", "meet @ noon @, @", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := BBCode(tt.src, Links{}).Names(); !slices.Equal(got, tt.want) {
				t.Errorf("Names() of %s = %q, want %q", tt.src, got, tt.want)
			}
		})
	}
}

func TestExcerpt_KeepsMentionsOfTheWholePost(t *testing.T) {
	src := strings.Repeat("Words. ", 50) + `[quote="Ray, post: 1, member: 2"]x[/quote] @anna [user=7]@b[/user]`
	d := BBCode(src, Links{}).Excerpt(40).Excerpt(20)
	if got := d.Quotes(); !slices.Equal(got, []Quote{{"Ray", 1, 2}}) {
		t.Errorf("Quotes() of an excerpt = %v", got)
	}
	if got := d.Names(); !slices.Equal(got, []string{"anna"}) {
		t.Errorf("Names() of an excerpt = %v", got)
	}
	if got := d.Mentions(); !slices.Equal(got, []int64{7}) {
		t.Errorf("Mentions() of an excerpt = %v", got)
	}
}

func TestBBCode_TagsMatchTheForum(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"tags that cross", "[b]a[i]b[/b]c[/i]", "<b>a<i>b</i></b><i>c</i>"},
		{"upper and lower case", "[B]a[/b]", "<b>a</b>"},
		{"an index is no italic", "a[i] = b[i]", "a[i] = b[i]"},
		{"a closing tag alone", "a[/b]", "a[/b]"},
		{"an unknown tag", "[foo=1]a[/foo]", "[foo=1]a[/foo]"},
		{"entities stay as typed", "&amp; &lt;b&gt;", "&amp;amp; &amp;lt;b&amp;gt;"},
		{"line ends of three kinds", "a\r\nb\rc\nd", "a<br>b<br>c<br>d"},
		{"spaces are one", " a  \t b \n c", "a b<br>c"},
		{"plain text", "[plain][b]a[/b][/plain]", "[b]a[/b]"},
		{"an inline spoiler", "a [ispoiler]x[/ispoiler] b", `a <span class="pr-spoiler" style="` + styleMuted + `">[Spoiler]</span> b`},
		{"an image is not loaded", "[img]data:image/png;base64,x[/img]", "[Image]"},
		{"a tag in an address", "[url][b]http://a.example/[/b][/url]", `<a href="http://a.example/" style="` + styleLink + `"><b>http://a.example/</b></a>`},
		{"a secret in an address", "[url][ispoiler]x[/ispoiler][/url] [email][ispoiler]y[/email]", `<span class="pr-spoiler" style="` + styleMuted + `">[Spoiler]</span> [email]<span class="pr-spoiler" style="` + styleMuted + `">[Spoiler]</span>`},
		{"an empty link", "[url][/url]a", "a"},
		{"a link to nowhere", "[url=javascript:x]a[/url]", "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := BBCode(tt.src, Links{}).HTML(Labels{})
			got = strings.TrimSuffix(strings.TrimPrefix(got, `<div dir="auto">`), `</div>`)
			if got != tt.want {
				t.Errorf("%s: got\n%s\nwant\n%s", tt.src, got, tt.want)
			}
		})
	}
}

func TestBBCode_NothingIsEmpty(t *testing.T) {
	for _, src := range []string{"", " \n\t\n ", "[b][/b]", "\x00\u202e", "[list][/list]", "[table][tr][td][/td][/tr][/table]", "[code] [/code]"} {
		d := BBCode(src, Links{})
		if !d.Empty() || d.HTML(Labels{}) != "" || d.Text(Labels{}, 72) != "" || !d.Excerpt(300).Empty() {
			t.Errorf("BBCode(%q) is not empty: %s", src, d.HTML(Labels{}))
		}
	}
	if d := (Doc{}); !d.Empty() || d.Quotes() != nil || d.Mentions() != nil || d.HTML(Labels{}) != "" || d.Text(Labels{}, 72) != "" {
		t.Error("the zero Doc is not empty")
	}
}

func TestQuote_HeadHasDirectionOfLocale(t *testing.T) {
	d := BBCode("[quote=أحمد]x[/quote]", Links{})
	for word, want := range map[string]string{"Quote:": `dir="ltr"`, "اقتباس:": `dir="rtl"`} {
		if got := d.HTML(Labels{QuotedPost: word}); !strings.Contains(got, `<div class="pr-muted" `+want) {
			t.Errorf("with %q got %s, want %s", word, got, want)
		}
	}
}

func TestQuote_LocaleWordsSurroundAuthor(t *testing.T) {
	w := Labels{
		QuoteHead:  func(name string) string { return name + " schrieb:" },
		QuotedPost: "Zitat:", Spoiler: "Verdeckt", Image: "Bild", Attachment: "Anhang", Video: "Film",
	}
	src := "[quote=Ray]x[/quote][quote]y[/quote][spoiler]z[/spoiler][img]http://a.example/b.png[/img] [attach]1[/attach] [media=vimeo]1[/media]"
	for _, got := range []string{BBCode(src, Links{}).HTML(w), BBCode(src, Links{}).Text(w, 72)} {
		for _, want := range []string{"Ray schrieb:", "Zitat:", "Verdeckt", "[Bild: b.png]", "[Anhang]", "[Film: vimeo]"} {
			if !strings.Contains(got, want) {
				t.Errorf("got\n%s\nwithout %q", got, want)
			}
		}
	}
}
