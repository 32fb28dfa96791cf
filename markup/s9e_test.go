package markup

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestS9e_ReadsPostsOfPhpBBAndFlarum(t *testing.T) {
	for _, tt := range []struct{ name, src, text string }{
		{"plain", "<t>One &amp; two<br/>\nthree</t>", "One & two\nthree"},
		{"paragraphs", "<t><p>One<br/>\nline</p>\n\n<p>two</p></t>", "One\nline\n\ntwo"},
		{"quote", `<r><QUOTE author="Chatham Islander" post_id="14" time="1" user_id="77"><s>[quote="Chatham Islander" post_id=14]</s>Words.<e>[/quote]</e></QUOTE> Mine.</r>`, "> Chatham Islander wrote:\n> https://forum.example.org/community/posts/14/\n> Words.\n\nMine."},
		{"quote by a mention", `<r><QUOTE><i>&gt; </i><p><POSTMENTION discussionid="3" displayname="Chatham Islander" id="13" number="2">@"Chatham Islander"#p13</POSTMENTION> Words.</p></QUOTE><p>Mine.</p></r>`, "> Chatham Islander wrote:\n> https://forum.example.org/community/posts/13/\n> Words.\n\nMine."},
		{"nested quote", `<r><QUOTE author="A"><QUOTE author="B">inner SECRET</QUOTE>outer</QUOTE>mine</r>`, "> A wrote:\n> > B wrote: […]\n>\n> outer\n\nmine"},
		{"spoilers", `<r><SPOILER><i>&gt;! </i><p>SECRET</p></SPOILER><p>and <ISPOILER><s>||</s>SECRET<e>||</e></ISPOILER></p></r>`, "[Spoiler]\n\nand [Spoiler]"},
		{"code", "<r>See <CODE><s>[code]</s>&lt;?php\n\tx();<e>[/code]</e></CODE> and <C><s>`</s>y<e>`</e></C></r>", "See\n\n    <?php\n        x();\n\nand `y`"},
		{"list", "<r><LIST type=\"decimal\"><s>[list=1]</s>\n<LI><s>[*]</s>one</LI>\n<LI><s>[*]</s>two</LI>\n<e>[/list]</e></LIST></r>", "1. one\n2. two"},
		{"bare link", `<r>at <URL url="http://x.example/p_%28a%29?q=1&amp;b=c"><LINK_TEXT text="http://x">http://x.example/p_(a)?q=1&amp;b=c</LINK_TEXT></URL>.</r>`, "at x.example.\nhttp://x.example/p_%28a%29?q=1&b=c"},
		{"unknown code", `<r>a <STAFF><s>[staff]</s>SECRET<e>[/staff]</e></STAFF> b</r>`, "a [hidden on the forum] b"},
		{"HTML that hides", `<r>a <html:div hidden="">SECRET</html:div><html:p style="Display: None">SECRET</html:p> b <html:b>c</html:b> <html:span class="spoiler">SECRET</html:span>
<html:details><html:summary>x</html:summary>SECRET</html:details></r>`, "a b *c* [hidden on the forum]\n\n[Spoiler]"},
		{"another namespace", `<r>a <x:STAFF>SECRET</x:STAFF> b</r>`, "a [hidden on the forum] b"},
		{"mentions", `<r><p><USERMENTION displayname="marshal panda" id="3">@marshal_panda</USERMENTION>, see<TAGMENTION id="7" slug="x"> #off-topic</TAGMENTION></p></r>`, "@marshal panda, see #off-topic"},
		{"emoji", `<r><EMOJI seq="1f600" tseq="1f600">😀</EMOJI> <E>:)</E></r>`, "😀 :)"},
		{"cut", `<r>One <B><s>[b]</s>two thr`, "One *two thr*"},
		{"image", `<r><IMG src="http://img.example/36.png"><s>[img]</s><URL url="http://img.example/36.png">http://img.example/36.png</URL><e>[/img]</e></IMG><br/>
after</r>`, "[Image: 36.png]\nafter\nhttp://img.example/36.png"},
	} {
		d := Dialect{}.S9e(tt.src, sampleLinks())
		checkDoc(t, d)
		got := d.Text(Labels{}, 72)
		if got != tt.text {
			t.Errorf("%s: text is\n%q, want\n%q", tt.name, got, tt.text)
		}
	}
}

func TestS9e_MentionsAndQuotesByID(t *testing.T) {
	d := Dialect{}.S9e(`<r><QUOTE author="A, B" post_id="14" user_id="77">x <USERMENTION id="9" displayname="Z">@z</USERMENTION></QUOTE><p><USERMENTION displayname="M" id="3">@m</USERMENTION></p></r>`, Links{})
	if q := d.Quotes(); len(q) != 1 || q[0] != (Quote{Author: "A, B", Post: 14, Member: 77}) {
		t.Errorf("quotes are %+v", q)
	}
	if m := d.Mentions(); len(m) != 1 || m[0] != 3 {
		t.Errorf("mentions are %v, want 3 alone", m)
	}
}

func TestS9e_GroupMentionsByID(t *testing.T) {
	const src = `<r><QUOTE><p><GROUPMENTION groupname="Admins" id="1">@"Admins"#g1</GROUPMENTION></p></QUOTE>` +
		`<p><GROUPMENTION groupname="Mods" id="4">@"Mods"#g4</GROUPMENTION> <GROUPMENTION groupname="Mods" id="4">@"Mods"#g4</GROUPMENTION></p>` +
		`<SPOILER><GROUPMENTION groupname="Staff" id="5">@"Staff"#g5</GROUPMENTION></SPOILER></r>`
	d := Dialect{}.S9e(src, sampleLinks())
	checkDoc(t, d)
	if got, want := d.Text(Labels{}, 72), "> Quote:\n> @Admins\n\n@Mods @Mods\n\n[Spoiler]"; got != want {
		t.Errorf("text is %q, want %q", got, want)
	}
	for _, d := range []Doc{d, d.Excerpt(3), d.FoldQuotes(func(Quote) bool { return true })} {
		if got := d.Groups(); !slices.Equal(got, []int64{4, 5}) {
			t.Errorf("groups are %v, want those outside of quotes", got)
		}
		if len(d.Names())+len(d.Mentions()) > 0 {
			t.Errorf("names are %v and members %v, want none: a group is no member of its name", d.Names(), d.Mentions())
		}
	}
}

func TestS9e_CodesOfTheForum(t *testing.T) {
	d := Dialect{Codes: map[string]Code{"big": NewCode("big", `<span style="font-size:2em">{text}</span>`, ""), "staff": HiddenCode}}
	got := d.S9e(`<r><BIG><s>[big]</s>large<e>[/big]</e></BIG> <STAFF>SECRET</STAFF> <HTML:B>x</HTML:B></r>`, Links{}).Text(Labels{}, 72)
	if want := "large [hidden on the forum] *x*"; got != want {
		t.Errorf("text is %q, want %q", got, want)
	}
}

func FuzzS9e(f *testing.F) {
	for _, seed := range []string{
		`<r><p><GROUPMENTION groupname="Mods" id="4">@"Mods"#g4</GROUPMENTION></p></r>`,
		"<t>One &amp; two<br/>\nthree</t>", `<r><QUOTE author="A" post_id="1"><s>[quote]</s>x<QUOTE>y</QUOTE><e>[/quote]</e></QUOTE></r>`,
		`<r><LIST type="decimal"><LI><s>- </s>a <B>b</LI></LIST></r>`, `<r><URL url="http://x.example/"><s>[url]</s>x</URL><TABLE><TR><TD>a</TD></TR></TABLE></r>`,
		`<r><SPOILER title="t"><p>x</p></SPOILER><CODE>a<br/>b</CODE><IMG src="http://x.example/a.png" alt="&quot;"/></r>`, "<r>]]>&bad;<![CDATA[x]]><!-- c --><?pi?></X></r>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		checkDoc(t, Dialect{}.S9e("<r>"+src, sampleLinks()))
	})
}

func TestS9e_FindsPostsByNumber(t *testing.T) {
	const src = `<r><QUOTE><i>&gt; </i><p><POSTMENTION discussionid="3" displayname="Ray" id="13" number="2">@"Ray"#p13</POSTMENTION> words</p></QUOTE><p>See <POSTMENTION discussionid="4" displayname="Bo" id="14" number="7">@"Bo"#p14</POSTMENTION></p></r>`
	links := Links{
		Post: func(id int64) string {
			if id == 13 { // it was read, and is elsewhere since the mention was written
				return "https://forum.example/d/9/1"
			}
			return ""
		},
		Numbered: func(thread, number int64) string { return fmt.Sprintf("https://forum.example/d/%d/%d", thread, number) },
	}
	got := Dialect{}.S9e(src, links).HTML(Labels{})
	for _, want := range []string{`href="https://forum.example/d/9/1"`, `href="https://forum.example/d/4/7"`} {
		if !strings.Contains(got, want) {
			t.Errorf("the HTML lacks %s:\n%s", want, got)
		}
	}
}
