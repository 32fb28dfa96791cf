package markup

import (
	"strings"
	"testing"
)

// registered are codes as XenForo's add-ons register them.
func registered() Dialect {
	code := func(name, page, email string) Code { return NewCode(name, page, email) }
	return Dialect{Codes: map[string]Code{
		"days": HiddenCode, "likes": HiddenCode, "posts": HiddenCode, "staff": HiddenCode, "users": HiddenCode, "usersexc": HiddenCode,
		"member":        HiddenCode,
		"gadget":        HiddenCode,
		"comment":       code("comment", "<!-- {text} -->", ""),
		"inlinespoiler": code("inlinespoiler", `<span class="ispoiler">{text}</span>`, ""),
		"boxed":         code("boxed", `<div class="box"><b>{option}</b>{text}</div>`, ""),
		"marker":        code("marker", `<span style="background:yellow">{text}</span>`, `<u>{text}</u>`),
		"highlight":     code("highlight", `<span style="background:yellow">{text}</span>`, `<u><b>{text}</b></u>`),
		"gone":          code("gone", `{text}`, `<i>(see the forum)</i>`),
		"listed":        ShownCode,
	}}
}

func TestGatedTags_H01(t *testing.T) {
	const src = "For all of you. [DAYS=30]ALPHA1[/DAYS] [LIKES=5]ALPHA2[/LIKES] [POSTS=50]ALPHA3[/POSTS]\n" +
		`[STAFF]ALPHA4[/STAFF] [USERS="Ray, Staff Sue"]ALPHA5[/USERS] [USERSEXC="troll king"]ALPHA6[/USERSEXC]`
	for _, d := range []Dialect{{}, registered()} {
		wantText(t, d, src, "For all of you. [hidden on the forum]")
	}
}

func TestGatedTags_H02LongNames(t *testing.T) {
	wantText(t, Dialect{}, "a [hide-reply-thanks]SECRET[/hide-reply-thanks] b [HIDE_REPLY_OR_LIKE]SECRET[/HIDE_REPLY_OR_LIKE] c [hidereplythanks]SECRET[/hidereplythanks]",
		"a [hidden on the forum] b [hidden on the forum] c [hidden on the forum]")
}

func TestGatedTags_H03CommentAndInlineSpoiler(t *testing.T) {
	const src = "Chapter two is up. [COMMENT]NOTE to self: fix the date[/COMMENT] It was the [INLINESPOILER]BUTLER[/INLINESPOILER]."
	for _, d := range []Dialect{{}, registered()} {
		wantText(t, d, src, "Chapter two is up. [hidden on the forum] It was the [hidden on the forum].")
	}
}

func TestGatedTags_Kinds(t *testing.T) {
	secrets := []string{
		"[HIDE.x]SECRET[/HIDE.x]", "[xhide]SECRET[/xhide]", "[blur]SECRET[/blur]", "[likeToView]SECRET[/likeToView]", "[CHARGE=5]SECRET[/CHARGE]",
		"[groups=3,4]SECRET[/groups]", "[GROUPSEXC=\"3\"]SECRET[/GROUPSEXC]", "[hide=reply;10]SECRET[/hide]", "[hide:5]SECRET[/hide]", "[hide|x]SECRET[/hide]",
		"[users=\"a,\nb\"]SECRET[/users]", "[users=\"" + strings.Repeat("somebody, ", 500) + "\"]SECRET[/users]", "[hide]SECRET", "[gadget]SECRET[/gadget]",
		"[GADGET=1]SECRET[b]SECRET[/b][/GADGET]", "[member]SECRET[/member]", "[SHOWTOGROUPS=4]SECRET[/SHOWTOGROUPS]", "[only_registered_users]SECRET[/only_registered_users]",
		"[url]http://a.example/[gadget]SECRET[/gadget][/url]", "[img]x[hide]SECRET[/hide][/img]", "[quote=A][gadget]SECRET[/gadget][/quote]",
		"[list][*][staff]SECRET[/staff][*]b[/list]", "[staff][quote]SECRET[/staff]x[/quote]", "[gone]SECRET[/gone]", "https://a.example/?f[staff]=SECRET[/staff]", "https://a.example/[hide]=SECRET[/hide]", "https://a.example/[hide][b]SECRET[/b][/hide]", "https://a.example/[gadget]=SECRET[/gadget]", "[staff]SECRET[staff]SECRET[/staff]", "[b][staff]SECRET[/b][staff]x[/staff]", "[REPLYTHANKS]SECRET[/REPLYTHANKS]",
		"[staff][posts]SECRET[/staff]SECRET[/posts]",
		"[url=http://a.example][staff]SECRET[/staff][/url]", "[скрыть]SECRET[/скрыть]",
		"[member=x]SECRET[/member]", "[user=1]\n[gadget=1]SECRET[/user]SECRET[/gadget]", "[user=1]@x [mod]SECRET[/user]SECRET[/mod]", "[user=1]@x [gadget]SECRET[/user]SECRET[/gadget]",
	}
	d := registered()
	d.Codes["скрыть"] = HiddenCode
	for _, src := range secrets {
		for _, d := range []Doc{d.BBCode("a "+src, sampleLinks()), d.BBCode("[quote=B]"+src+"[/quote]", sampleLinks())} {
			checkDoc(t, d)
			got := d.HTML(Labels{}) + d.Text(Labels{}, 72) + d.Summary(Labels{}, 1000) + d.Excerpt(100).HTML(Labels{}) + d.Excerpt(100).Text(Labels{}, 72)
			if strings.Contains(got, "SECRET") {
				t.Errorf("%.100s shows the secret: %s", src, got)
			}
		}
	}
	for src, want := range map[string]string{
		"[Meeting] at noon [/Meeting]":               "[Meeting] at noon [/Meeting]",
		"[STAFF] meeting, see [Posts]":               "[STAFF] meeting, see [Posts]",
		"[boxed=Rules]Be kind.[/boxed]":              "*Rules* Be kind.",
		"[marker]yes[/marker] [listed=x]no[/listed]": "yes no",
		"a [gone]SECRET[/gone]":                      "a _(see the forum)_",
		"[highlight]x[/highlight]":                   "*x*",
		"[oldtag]x[/oldtag]":                         "[oldtag]x[/oldtag]",
	} {
		wantText(t, registered(), src, want)
	}
}

func TestCode_OnlyPlainReplacementsShow(t *testing.T) {
	for page, want := range map[string]Fate{
		`<b>{text}</b>`: FateShown,
		`<div style="border: 1px solid #ccc; padding: 4px">{text}</div>`: FateShown,
		`<span style="color:{option}">{text}</span>`:                     FateShown,
		`<div class="bbcode-box">{text}</div>`:                           FateShown,
		`<a href="https://wiki.example/{option}">{text}</a>`:             FateShown,
		`<div class="xhide">{text}</div>`:                                FateHidden,
		`<span style="display:none">{text}</span>`:                       FateHidden,
		`<span style="color:#fff">{text}</span>`:                         FateHidden,
		`<span style="color:#000; background:#000">{text}</span>`:        FateHidden,
		`<span style="filter: blur(4px)">{text}</span>`:                  FateHidden,
		`<span style="opacity:0.1">{text}</span>`:                        FateHidden,
		`<div style="height:0;overflow:hidden">{text}</div>`:             FateHidden,
		`<span onclick="show(this)">{text}</span>`:                       FateHidden,
		`<span id="x">{text}</span>`:                                     FateHidden,
		`<details><summary>{option}</summary>{text}</details>`:           FateHidden,
		`<iframe src="https://video.example/{text}"></iframe>`:           FateHidden,
		`<xf:if is="$visitor.user_id">{text}</xf:if>`:                    FateHidden,
		`{if visitor}{text}{/if}`:                                        FateHidden,
		`<script>document.write("{text}")</script>`:                      FateHidden,
		`<!-- {text} -->`: FateHidden,
		``:                FateHidden,
		`nothing`:         FateHidden,
	} {
		if got := NewCode("x", page, "").Fate(); got != want {
			t.Errorf("fate of %s is %q, want %q", page, got, want)
		}
	}
	if got := NewCode("hide-it", "<b>{text}</b>", "").Fate(); got != FateHidden {
		t.Errorf("fate of a name that hides is %q", got)
	}
	if got := NewCode("hide-it", "", "<b>{text}</b>"); got.Fate() != FateEmail || got.hide {
		t.Errorf("with an email replacement it is %+v", got)
	}
	if got := NewCode("x", "<b>{text}</b>", `<span style="display:none">{text}</span>`); !got.hide {
		t.Errorf("an email replacement that hides is %+v", got)
	}
}

func TestLinks_H04BracketsInAddress(t *testing.T) {
	const news = "https://cms.example.org/?tx_news_pi1[news]=123&tx_news_pi1[action]=detail&cHash=ab"
	for src, want := range map[string][]string{
		`[URL unfurl="true"]` + news + "[/URL]\nhttps://shop.example.org/list.php?cat[]=1&cat[]=2 is cheaper": {news, "https://shop.example.org/list.php?cat[]=1&cat[]=2"},
		"see " + news: {news},
		"https://a.example/?f[staff]=1&f[quote]=2 and":                      {"https://a.example/?f[staff]=1&f[quote]=2"},
		"[img]https://a.example/photo[1].jpg[/img]":                         {"https://a.example/photo[1].jpg"},
		"[url]https://a.example/?f[b]=1&f[i][u]=2[/url]":                    {"https://a.example/?f[b]=1&f[i][u]=2"},
		"https://a.example/?f[b]=1 [b]x[/b]":                                {"https://a.example/?f[b]=1"},
		"[url=https://a.example/?a[1]=2]words[/url]":                        {"https://a.example/?a[1]=2"},
		"[url=https://a.example/[x]words[/url] y]":                          {"https://a.example/[x"},
		"[media]https://v.example/?id[x]=1[/media]":                         {"https://v.example/?id[x]=1"},
		"[url]https://a.example/?filter[price][]=1&filter[color][]=2[/url]": {"https://a.example/?filter[price][]=1&filter[color][]=2"},
		"[url='https://a.example/?filter[price][]=1']words[/url]":           {"https://a.example/?filter[price][]=1"},
		"https://a.example/?filter[price][]=1&f[users][0][]=2 and":          {"https://a.example/?filter[price][]=1&f[users][0][]=2"},
		"https://a.example/?f[hide][]=1":                                    {"https://a.example/?f"},
		"https://a.example/?f[price][]=SECRET[/price]":                      {"https://a.example/?f"},
		"[url]https://a.example/[b]x[/b][/url]":                             {"https://a.example/"},
		"[https://a.example/x]":                                             {"https://a.example/x"},
		"[url='https://a.example/?a[1]=2']words[/url] [i]x[/i]":             {"https://a.example/?a[1]=2"},
	} {
		if got := urlsOf(BBCode(src, Links{})); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("URLs of %s are %q, want %q", src, got, want)
		}
	}
	wantText(t, Dialect{}, "[URL]"+news+"[/URL]", news)
}

func urlsOf(d Doc) []string {
	var urls []string
	for _, r := range d.t.refs {
		urls = append(urls, r.url)
	}
	return urls
}

func TestMention_H05BracketsInName(t *testing.T) {
	for _, name := range []string{"wolf [ABC] two", "wolf [b] two", "[MOD] Ray", "x[1]", "wolf [i]", "wolf [staff]"} {
		d := BBCode("[USER=2]@"+name+"[/USER] look here", Links{})
		if got := d.Mentions(); len(got) != 1 || got[0] != 2 {
			t.Errorf("mentions of %q are %v", name, got)
		}
		wantText(t, Dialect{}, "[USER=2]@"+name+"[/USER] look here", "@"+name+" look here")
	}
}

func TestMention_BracketsInTypedName(t *testing.T) {
	for _, name := range []string{"wolf [ABC] two", "wolf [b] two", "wolf [color]", "[i] Ray", "wolf [MOD]"} {
		wantText(t, Dialect{}, `hi @"`+name+`", look [b]here[/b]`, "hi @"+name+", look *here*")
	}
	for src, want := range map[string]string{
		`@"[b]x[/b]" y`:                             `@"*x*" y`,
		`a@"[hide]SECRET[/hide]" y`:                 `a@"[hidden on the forum]" y`,
		`@"wolf [hide] two" [hide]SECRET[/hide]`:    `@"wolf [hidden on the forum]`,
		`@"wolf [staff] two" [staff]SECRET[/staff]`: `@"wolf [hidden on the forum]`,
		"@\"wolf [b]\ntwo\" x[/b]":                  "@\"wolf\n*two\" x*",
	} {
		wantText(t, Dialect{}, src, want)
	}
}

func TestLinks_H06AddressEndsInSign(t *testing.T) {
	for _, want := range []string{
		"https://play.example.org/p/vhIPYQjX8_", "https://social.example.org/@asyoucansee_", "https://video.example.org/playlist?list=PLq1_x_",
		"https://a.example/~", "https://a.example/x*", "https://a.example/x|", "https://a.example/위키/대한민국", "https://a.example/wiki/東京", "https://a.example/Käse_",
	} {
		got := ""
		for _, n := range BBCode("Try "+want+" and", Links{}).t.nodes {
			if n.flag&bareURL != 0 {
				got = n.text
			}
		}
		if got != want {
			t.Errorf("the URL is %q, want %q", got, want)
		}
	}
}

func TestEntities_H07Decimal(t *testing.T) {
	d := Dialect{Entities: true}
	wantText(t, d, "I paid 20 &#8364; &#9829; &#128514; and 5 &#60; 6 &amp; &hellip; [code]a &#60; b &#8364;[/code]",
		"I paid 20 € ♥ 😂 and 5 < 6 &amp; &hellip;\n\n    a < b €")
	wantText(t, d, "&#91;b]x&#91;/b] &#8364 &#x41; &#0; &#1; &#99999999999; &#150; @&#64;a", "[b]x[/b] &#8364 &#x41; &#99999999999; – @@a")
	wantText(t, d, "&#91;hide]x &#8238;y", "[hide]x y")
	if got, want := d.Line("Caf&#233; prices &#128514; &amp; &#91;x&#93;"), "Café prices 😂 &amp; [x]"; got != want {
		t.Errorf("Line = %q, want %q", got, want)
	}
	for _, n := range []string{"&#60;b&#62;", "&#38;lt;"} {
		checkDoc(t, d.BBCode(n, Links{}))
	}
}

func TestFilter_H10Words(t *testing.T) {
	f, errs := NewWordFilter([]FilteredWord{
		{Word: "darn", Replacement: "****"}, {Word: "heck*", Replacement: "goodness"}, {Word: `f[o0]+bar`, Regex: true, Replacement: "x"}, {Word: `(?<=a)b`, Regex: true},
		{Word: "$$$", Replacement: "money"}, {Word: "größe", Replacement: "-"}, {Word: "b+d", Replacement: "!"},
	})
	if len(errs) != 1 {
		t.Errorf("errors are %v, want one", errs)
	}
	d := Dialect{Filter: f}
	for src, want := range map[string]string{
		"This is darn awful":             "This is **** awful",
		"DARN darn, darned, [b]Darn[/b]": "**** ****, darned, *****",
		"heckler what the heck":          "goodness what the goodness",
		"f00bar $$$ GRÖSSE Größe bad bd": "x money GRÖSSE - ! bd",
		"[code]darn[/code]":              "    ****",
		"[quote=darn]darn[/quote]x":      "> darn wrote:\n> ****\n\nx",
		"https://a.example/darn":         "https://a.example/darn",
		"[spoiler=darn]x[/spoiler]":      "[Spoiler: ****]",
	} {
		want = strings.ReplaceAll(want, "*****,", "*****,")
		if src == "DARN darn, darned, [b]Darn[/b]" {
			want = "**** ****, darned, ******"
		}
		wantText(t, d, src, want)
	}
	if got := d.Line("darn prices"); got != "**** prices" {
		t.Errorf("Line = %q", got)
	}
}

func TestCut_H11PastedImage(t *testing.T) {
	for src, want := range map[string]string{
		"Look at this picture\n[img]data:image/png;base64," + strings.Repeat("rrgS6tikDU51ujfx6sji8OVr", 1700): "Look at this picture\n[Image]",
		"a [img]data:image/png;base64,AAAA[/img] b":                                                            "a [Image] b",
		"a data:image/png;base64,AAAA+/= b":                                                                    "a b",
		"a [url]data:text/html,AAAA[/url] b":                                                                   "a b",
		"a [url=data:text/html,AAAA]words[/url] b":                                                             "a words b",
		"the data: none, data:/ and metadata:a/b,c":                                                            "the data: none, data:/ and metadata:a/b,c",
		"mine\n[quote=A]" + strings.Repeat("words ", 200):                                                      "mine\n\n> A wrote:\n> words",
		"mine\n[code]if a[1] {" + strings.Repeat("words ", 200):                                                "mine\n\n    if a[1] {words",
		"mine [staff]" + strings.Repeat("SECRET ", 200):                                                        "mine [hidden on the forum]",
		"mine [url=https://a.example]" + strings.Repeat("words ", 200):                                         "mine words",
		"mine [b]" + strings.Repeat("words ", 200):                                                             "mine *words",
	} {
		all := []rune(src)
		doc := Dialect{Cut: len(all) >= 1000}.BBCode(string(all[:min(len(all), 1000)]), Links{})
		checkDoc(t, doc)
		if got := doc.Text(Labels{}, 72); !strings.HasPrefix(got, want) || strings.ContainsAny(got, "[") && strings.Contains(got, "[img") || strings.Contains(got, "SECRET") {
			t.Errorf("text of %.60q is %.200q, want it to start with %q", src, got, want)
		}
	}
	whole := BBCode("a [code]b", Links{})
	if got := whole.Text(Labels{}, 72); got != "a [code]b" {
		t.Errorf("a post that was not cut is %q", got)
	}
}

func TestCoreTags_H12(t *testing.T) {
	l := Links{Base: "https://forum.example.org"}
	d := BBCode(`[EMBED content="xfmg-media-22"]https://forum.example.org/media/22/[/EMBED] and [GALLERY=media, 22]Sunset by Ray[/GALLERY]`+"\n"+
		"Thanks [MENTION=6132]nan one[/MENTION], see [thread=2222]the old thread[/thread]", l)
	checkDoc(t, d)
	want := "forum.example.org [1] and Sunset by Ray [2]\nThanks nan one, see the old thread\n[1] https://forum.example.org/media/22/\n[2] https://forum.example.org/index.php?media/22/"
	if got := d.Text(Labels{}, 72); got != want {
		t.Errorf("text is %q, want %q", got, want)
	}
	if len(d.Mentions()) > 0 {
		t.Errorf("an ID of another forum is a mention: %v", d.Mentions())
	}
	for src, want := range map[string]string{
		"[media=unheard]abc123[/media]":                                  "[Video: unheard: abc123]",
		"[video]abc123[/video]":                                          "[Video: abc123]",
		"[media=unheard][hide]SECRET[/hide][/media]":                     "[media=unheard][hidden on the forum][/media]",
		"[media=reddit]r/go/comments/abc[/media]":                        "[Video: reddit]\nhttps://www.reddit.com/r/go/comments/abc",
		"[media=unheard]https://v.example/1[/media]":                     "[Video: unheard]\nhttps://v.example/1",
		"[media=unheard]https%3A%2F%2Fv.example%2F1[/media]":             "[Video: unheard]\nhttps://v.example/1",
		"[media=unheard]www.v.example/1[/media]":                         "[Video: unheard]\nhttp://www.v.example/1",
		"[video=youtube;abc]https://www.youtube.com/watch?v=abc[/video]": "[Video: youtube]\nhttps://www.youtube.com/watch?v=abc",
	} {
		wantText(t, Dialect{}, src, want)
	}
}

func TestShortNames_H13(t *testing.T) {
	d := Dialect{ShortNames: true}
	for src, want := range map[string]string{
		"Well done :grinning: :thumbsup: :) at 10:30:00": "Well done 😀 👍 :) at 10:30:00",
		":smile::heart: :nothing: a:b:c 1:100:2 :100:":   "😄❤️ :nothing: a:b:c 1:100:2 💯",
		":thumbsup_tone3: :+1:":                          "👍🏽 👍",
		"[code]:smile:[/code]":                           "    :smile:",
		"https://a.example/:smile:/x":                    "https://a.example/:smile:/x",
	} {
		wantText(t, d, src, want)
	}
	wantText(t, Dialect{}, ":smile:", ":smile:")
}

func TestQuote_TwoBlanksInMyBBAttributes(t *testing.T) {
	for _, src := range []string{
		`[quote="Ray"  pid='13'  dateline='1795185078']x[/quote]`, `[quote='Ray'   dateline='1795185078'  pid='13']x[/quote]`, `[quote=Ray  pid='13' dateline='1']x[/quote]`,
	} {
		if got := BBCode(src, Links{}).Quotes(); len(got) != 1 || got[0] != (Quote{"Ray", 13, 0}) {
			t.Errorf("quotes of %s are %+v", src, got)
		}
	}
}

func TestText_CodeIsNeverBrokenInsideAWord(t *testing.T) {
	word := strings.Repeat("x", 60)
	wantText(t, Dialect{}, "[code]curl --header "+word+word+" https://a.example/"+word+"\n  a[/code]",
		"    curl --header\n    "+word+word+"\n    https://a.example/"+word+"\n      a")
	got := BBCode("[code]aaaa bbbb cccc dddd[/code]", Links{}).Text(Labels{}, 16)
	if want := "    aaaa bbbb\n    cccc dddd"; got != want {
		t.Errorf("code is %q, want %q", got, want)
	}
}

func TestSummary_PlainWordsOnly(t *testing.T) {
	src := "[quote=A]theirs[/quote][b]Look[/b] at [img]https://a.example/x.png[/img] https://a.example/y [spoiler]S[/spoiler] [hide]S[/hide] [code]c[/code]\n[list][*]one[*][i]two[/i][/list] [user=2]@ray[/user] [url=https://b.example]there[/url]"
	if got, want := BBCode(src, Links{}).Summary(Labels{}, 500), "Look at one two @ray there"; got != want {
		t.Errorf("Summary = %q, want %q", got, want)
	}
}

func TestFoldQuotes_H09IgnoredMember(t *testing.T) {
	src := "[list][*]a [QUOTE=\"troll king, post: 170, member: 16\"]INSULT[/QUOTE] b[/list][quote=Ray]kept[/quote]Please stop that."
	for _, d := range []Doc{BBCode(src, sampleLinks()), BBCode(src, sampleLinks()).Excerpt(300)} {
		folded := d.FoldQuotes(func(q Quote) bool { return q.Member == 16 })
		checkDoc(t, folded)
		checkDoc(t, folded.Excerpt(100))
		for _, got := range []string{folded.HTML(Labels{}), folded.Text(Labels{}, 72), folded.Excerpt(100).HTML(Labels{}), folded.Excerpt(100).Text(Labels{}, 72)} {
			if strings.Contains(got, "INSULT") || strings.Contains(got, "troll") || !strings.Contains(got, "Quote from a member you ignore") || !strings.Contains(got, "kept") {
				t.Errorf("folded: %s", got)
			}
		}
		if got := folded.Quotes(); len(got) != 1 || got[0].Author != "Ray" {
			t.Errorf("quotes are %+v", got)
		}
		if got := d.Text(Labels{}, 72); !strings.Contains(got, "INSULT") {
			t.Errorf("the shared document changed: %s", got)
		}
	}
	if d := BBCode("x", Links{}); d.FoldQuotes(func(Quote) bool { return true }).t != d.t {
		t.Error("a document without quotes is copied")
	}
}

func wantText(t *testing.T, d Dialect, src, want string) {
	t.Helper()
	doc := d.BBCode(src, Links{})
	checkDoc(t, doc)
	if got := strings.ReplaceAll(doc.Text(Labels{}, 100), noBreak, " "); got != want {
		t.Errorf("text of %.100q is %q, want %q", src, got, want)
	}
}

func TestText_InlineCodeIsNeverBrokenInsideAWord(t *testing.T) {
	word := strings.Repeat("x", 120)
	wantText(t, Dialect{}, "Run [icode]curl "+word+"[/icode] and "+word, "Run `curl\n"+word+"`\nand\n"+word[:99]+"\n"+word[99:])
}

// A post is cut at a fixed length, or a very long one by the parser. The end of what hides a part of it may be beyond.
func TestCut_HidesWhatMayBeClosedFurtherOn(t *testing.T) {
	whole := map[string]func(Dialect, string) Doc{
		"a [staff]Z[/staff]":                               func(d Dialect, src string) Doc { return d.BBCode(src, Links{}) },
		"a<br />b [staff]Z[/staff]":                        func(d Dialect, src string) Doc { return d.SMF(src, Links{}) },
		"&quot;a&quot; [staff:u]Z[/staff:u]":               func(d Dialect, src string) Doc { return d.PhpBB(src, "u", Links{}) },
		"a ||Z Z||":                                        func(d Dialect, src string) Doc { return d.Markdown(src, Links{}) },
		"a <details><summary>b</summary>Z</details>":       func(d Dialect, src string) Doc { return d.Markdown(src, Links{}) },
		"a <!-- Z -->":                                     func(d Dialect, src string) Doc { return d.Markdown(src, Links{}) },
		"- a [staff]Z[/staff]":                             func(d Dialect, src string) Doc { return d.Markdown(src, Links{}) },
		"<r>a <HIDE>Z</HIDE></r>":                          func(d Dialect, src string) Doc { return d.S9e(src, Links{}) },
		`a <div class="spoiler"><p>Z</p></div>`:            func(d Dialect, src string) Doc { return d.Discourse(src, Links{}) },
		"a <details><summary>b</summary>\n\nZ\n</details>": func(d Dialect, src string) Doc { return d.Markdown(src, Links{}) },
	}
	for src, parse := range whole {
		for n := range len(src) {
			if got := parse(Dialect{Cut: true}, src[:n]).Text(Labels{}, 72); strings.Contains(got, "Z") {
				t.Errorf("the beginning %q shows %q", src[:n], got)
			}
		}
	}
	long := strings.Repeat("SECRET ", maxMarkdown/7+10)
	for _, src := range []string{"<details><summary>a</summary>" + long + "</details>", "||" + long + "||", "<!-- " + long + "-->"} {
		if got := (Dialect{}.Markdown(src, Links{}).Text(Labels{}, 72)); strings.Contains(got, "SECRET") {
			t.Errorf("a long post shows %.100q", got)
		}
	}
}
