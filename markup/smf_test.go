package markup

import "testing"

func TestSMF_ReadsStoredPosts(t *testing.T) {
	for src, want := range map[string]string{
		"One<br>two &amp; &lt;three&gt; &#128512;<br><br>&nbsp; four":                              "One\ntwo & <three> 😀\n\nfour",
		"[quote author=Chatham Islander link=msg=14 date=1795185078]<br>Words<br>[/quote]<br>Mine": "> Chatham Islander wrote:\n> https://forum.example.org/community/posts/14/\n> Words\n\nMine",
		"[quote author=A B link=topic=3.msg14#msg14 date=1]x[/quote]y":                             "> A B wrote:\n> https://forum.example.org/community/posts/14/\n> x\n\ny",
		"[quote author=A B date=1]x[/quote]y":                                                      "> A B wrote:\n> x\n\ny",
		"[member=5]Ray[/member] &#91;b&#93;x&#91;/b&#93;":                                          "Ray [b]x[/b]",
		"[code]if (a &lt; b)&nbsp; x&#91;1&#93;;<br>y[/code]":                                      "    if (a < b)  x[1];\n    y",
	} {
		d := Dialect{}.SMF(src, sampleLinks())
		checkDoc(t, d)
		if got := d.Text(Labels{}, 72); got != want {
			t.Errorf("%s is shown as\n%q, want\n%q", src, got, want)
		}
	}
}

func FuzzSMF(f *testing.F) {
	f.Add("[quote author=A link=msg=1 date=2]x<br>[/quote]&#91;b&#93;&nbsp;")
	f.Fuzz(func(t *testing.T, src string) { checkDoc(t, Dialect{}.SMF(src, sampleLinks())) })
}
