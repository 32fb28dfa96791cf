package markup

import (
	"fmt"
	"strings"
	"testing"
)

// long is an article that is longer than every excerpt.
var long = strings.Repeat("This is a sentence of an article. ", 20)

func TestOmittedLinks_ListedBelowExcerpt(t *testing.T) {
	const source = "[url=https://news.example/1]The News: Ships[/url]"
	const line = "→ The News: Ships\n  https://news.example/1"
	tests := []struct {
		name string
		src  string
		want string // below the "…"
	}{
		{"the source of an article", long + source, line},
		{"nothing is cut off", source, ""},
		{"an article without a link", long, ""},
		{"the last link, then the first of the others", long + "[url=https://a.example]A[/url] [url=https://b.example]B[/url] " + source,
			line + "\n→ A\n  https://a.example"},
		{"each URL once, with its last text", long + "[url=https://news.example/1]here[/url] https://b.example/ [url=https://news.example/1]here[/url] " + source,
			line + "\n→ https://b.example/"},
		{"a URL that is already shown", source + long + source, ""},
		{"a URL that is already shown in a quote", "[quote]" + source + "[/quote]" + long + source, ""},
		{"a link whose text is cut", "[url=https://a.example]" + long + "[/url]", ""},
		{"a typed URL", long + "https://a.example/b", "→ https://a.example/b"},
		{"a typed URL without a scheme", long + "www.a.example/b", "→ http://www.a.example/b"},
		{"a post of the forum", long + "[post=7]an older post[/post]", "→ an older post\n  https://forum.example.org/community/posts/7/"},
		{"text in several styles and lines", long + "[url=https://a.example]One [b]two[/b]\n[i]three[/i][/url]", "→ One two three\n  https://a.example"},
		{"long text is shortened after a word", long + "[url=https://a.example]" + strings.Repeat("twelve chars ", 10) + "[/url]",
			"→ twelve chars twelve chars twelve chars twelve chars twelve chars\n  twelve chars…\n  https://a.example"},
		{"a heading, a list and a table", long + "[h1][url=https://a.example]A[/url][/h1][list][*]" + source + "[/list]", line + "\n→ A\n  https://a.example"},
		{"a table", long + "[table][tr][td]" + source + "[/td][td]x[/td][/tr][/table]", line},
		{"a quote", long + "[quote=Ray]" + source + "[/quote]x", ""},
		{"the head of a quote", long + `[quote="Ray, post: 3"]x[/quote]x`, ""},
		{"a quote in a link", long + "[url=https://a.example]A [quote]x[/quote] B[/url]", "→ A\n  https://a.example"},
		{"a spoiler", long + "[spoiler]" + source + "[/spoiler] [ispoiler]" + source + "[/ispoiler]", ""},
		{"a link around a spoiler", long + "[url=https://a.example]A [ispoiler]SECRET[/ispoiler][/url]", "→ A\n  https://a.example"},
		{"code", long + "[code]" + source + " https://a.example/[/code] [icode]https://a.example/[/icode]", ""},
		{"a mention", long + "[user=7]@Ray[/user]", ""},
		{"an image, an attachment, a video", long + "[img]https://a.example/a.png[/img] [attach]7[/attach] [media=youtube]x[/media]", ""},
		{"a link around an image", long + "[url=https://a.example][img]https://b.example/a.png[/img][/url]", ""},
		{"a link without text", long + "[url=https://a.example] \u200b[/url]", ""},
		{"an email address", long + "[email]ray@a.example[/email] [url=mailto:ray@a.example]Ray[/url]", ""},
		{"a URL that is too long", long + "[url=https://a.example/" + strings.Repeat("a", 1600) + "]A[/url] ", ""},
		{"two URLs that are too long together", long + "[url=https://a.example/" + strings.Repeat("a", 1450) + "]A[/url] " + source, line},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := BBCode(tt.src, sampleLinks()).Excerpt(300)
			checkDoc(t, d)
			_, got, _ := strings.Cut(d.Text(Labels{}, 72), "…\n\n")
			if got != tt.want {
				t.Errorf("the excerpt of %q is followed by %q, want %q", tt.src, got, tt.want)
			}
		})
	}
}

func TestOmittedLinks_ExcerptOfExcerptKeepsLinks(t *testing.T) {
	link := func(s string) string { return "[url=https://" + s + ".example]" + s + "[/url] " }
	src := "A few words of mine. " + strings.Repeat("And more. ", 6) + link("second") + strings.Repeat("And more. ", 15) + link("third") + long + link("source")
	d := BBCode(src, Links{})
	short := d
	for _, n := range []int{300, 300, 150, 75, 10, 1} {
		short = short.Excerpt(n)
		checkDoc(t, short)
		got, want := cutLinksOf(short), cutLinksOf(d.Excerpt(n))
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("Excerpt(%d) of a longer excerpt lists %q, of the whole post %q", n, got, want)
		}
		if len(got) == 0 || got[0] != "source https://source.example" {
			t.Errorf("Excerpt(%d) lists %q, want the source first", n, got)
		}
	}
	if got := cutLinksOf(short); len(got) != 2 || got[1] != "second https://second.example" {
		t.Errorf("the shortest excerpt lists %q, want also the link that was cut off last", got)
	}
}

func cutLinksOf(d Doc) (links []string) {
	if d.Empty() {
		return nil
	}
	for i := d.t.body(); i < len(d.t.nodes); i++ {
		n := &d.t.nodes[i]
		links = append(links, n.text+" "+d.t.ref(n).url)
	}
	return links
}

func TestOmittedLinks_PlainStyle(t *testing.T) {
	const start = `<p class="pr-muted" dir="ltr" style="margin:0;color:#566;font-size:14px;line-height:22px"><span aria-hidden="true">→ </span><a href="`
	tests := []struct{ name, link, want string }{
		{"words", `[url="https://a.example/?a&b"]A & B[/url]`, start + `https://a.example/?a&amp;b" style="color:#05a">A &amp; B</a></p></div>`},
		{"a typed URL", "https://www.a.example/b/c/?d=e#f", start + `https://www.a.example/b/c/?d=e#f" style="color:#05a">a.example/b/c?…</a></p></div>`},
		{"a long typed address", "https://a.example/" + strings.Repeat("b", 100), `">a.example/` + strings.Repeat("b", 50) + `…</a></p></div>`},
		{"a typed URL in another script", "https://a.example/%ED%95%9C", `">a.example/한</a></p></div>`},
		{"a typed URL in a legacy encoding", "https://a.example/%C7%D1", `">a.example/%C7%D1</a></p></div>`},
		{"a typed URL with control characters", "https://a.example/x%E2%80%AEfdp.exe%0A%00", `">a.example/xfdp.exe</a></p></div>`},
		{"right-to-left text", "[url=https://a.example]עיתון[/url]", "\">\u2068עיתון\u2069</a></p></div>"},
	}
	for _, tt := range tests {
		if got := BBCode(long+tt.link, Links{}).Excerpt(75).HTML(Labels{}); !strings.HasSuffix(got, tt.want) {
			t.Errorf("%s: HTML is %q, want it to end with %q", tt.name, got, tt.want)
		}
	}
}

func TestOmittedLinks_ArrowFollowsDirection(t *testing.T) {
	w := Labels{QuotedPost: "ציטוט:"}
	d := BBCode(long+"[url=https://a.example]A[/url]", Links{}).Excerpt(75)
	if got, want := d.Text(w, 72), "← A\n  https://a.example"; !strings.HasSuffix(got, want) {
		t.Errorf("text is %q, want it to end with %q", got, want)
	}
	if got, want := d.HTML(w), `dir="rtl"`; !strings.Contains(got, want) || !strings.Contains(got, "← <") {
		t.Errorf("HTML is %q, want %q and an arrow to the left in it", got, want)
	}
}

func TestOmittedLinks_LimitsLongURLs(t *testing.T) {
	var src strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&src, "x [url=https://a.example/%d/%s]y[/url]\n", i, strings.Repeat("a", 900))
	}
	for _, n := range []int{1, 75, 300, 1000} {
		// Twice the budget for links, above and below the cut, plus a first link of any length above it.
		got, want := len(BBCode(src.String(), Links{}).Excerpt(n).Text(Labels{}, 72)), 2*linkBudget(n)+maxURL+4*n+100
		if got > want {
			t.Errorf("the text of Excerpt(%d) has %d bytes, want at most %d", n, got, want)
		}
	}
}
