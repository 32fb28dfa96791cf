package markup

import (
	"strings"
	"testing"
)

func TestPhpBB_ReadsPostsFromBefore32(t *testing.T) {
	const uid = "3o8q2kzs"
	for src, want := range map[string]string{
		"[b:UID]bold[/b:UID] &amp; [i]typed[/i]":                                                                               "*bold* & [i]typed[/i]",
		"[quote=&quot;Ray&quot;:UID]Words[/quote:UID]Mine":                                                                     "> Ray wrote:\n> Words\n\nMine",
		"[list=1:UID][*:UID]one[/*:m:UID][*:UID]two[/*:m:UID][/list:o:UID]":                                                    "1. one\n2. two",
		"[code:UID]if &#40;a &lt; b&#41; x&#91;1&#93;;[/code:UID]":                                                             "    if (a < b) x[1];",
		`Hi <!-- s:) --><img src="{SMILIES_PATH}/a.gif" alt=":)" title="Smile" /><!-- s:) -->!`:                                "Hi :)!",
		`See <!-- m --><a class="postlink" href="http://x.example/a?b=1&amp;c=2">http://x.example/a ... c=2</a><!-- m --> now`: "See x.example now\nhttp://x.example/a?b=1&c=2",
		"[url=http&#58;//x&#46;example/p:UID]there[/url:UID]":                                                                  "there\nhttp://x.example/p",
		"[b:other123]x[/b:other123]":                                                                                           "[b:other123]x[/b:other123]",
	} {
		d := Dialect{}.PhpBB(strings.ReplaceAll(src, "UID", uid), uid, Links{})
		checkDoc(t, d)
		if got := d.Text(Labels{}, 72); got != want {
			t.Errorf("%s is shown as\n%q, want\n%q", src, got, want)
		}
	}
	d := Dialect{}.PhpBB("[spoiler:"+uid+"]SECRET[/spoiler:"+uid+"]", uid, Links{})
	if got := d.Text(Labels{}, 72); strings.Contains(got, "SECRET") {
		t.Errorf("a spoiler is shown: %q", got)
	}
}

// A colon alone was left as the private-use character that takes its place while a post is parsed.
func TestBBCode_DecodesColonAlone(t *testing.T) {
	if got := (Dialect{Entities: true}).BBCode("at 10&#58;30", Links{}).Text(Labels{}, 72); got != "at 10:30" {
		t.Errorf("text is %q", got)
	}
}

func FuzzPhpBB(f *testing.F) {
	f.Add("[b:3o8q2kzs]x[/b:3o8q2kzs] <!-- s:) --><img alt=\":)\" /><!-- s:) -->", "3o8q2kzs")
	f.Add("[quote=&quot;A&quot;:abcde]x[/quote:abcde]&#91;b&#93;", "abcde")
	f.Fuzz(func(t *testing.T, src, uid string) { checkDoc(t, Dialect{}.PhpBB(src, uid, sampleLinks())) })
}
