package markup

import "testing"

func TestGatedTags_OtherNames(t *testing.T) {
	for _, name := range []string{
		"CLUB", "TRUSTED", "VERIFIED", "LIKED", "DONATION", "COINS", "KARMA", "LEVEL", "RANK", "LOCKEDCONTENT", "SHOWIF", "FORGROUP", "IFPOSTS", "MINPOST", "THANKYOU",
		"LIKETHIS", "INVIS", "REDACTED", "TIMED", "UNTIL", "PATRON", "ROLE", "ACCESS", "VISITOR", "JOINED", "MONTHS", "YEARS", "WEEKS", "HOURS", "HIDE-POSTS",
	} {
		wantText(t, Dialect{}, "a ["+name+"=5]SECRET[/"+name+"] b", "a [hidden on the forum] b")
	}
}

func TestMention_TagsInName(t *testing.T) {
	for _, name := range []string{"a[url]b", "x [quote]", "x [code] z", "[img]", "a]b[", "tag[url=x]q"} {
		src := "[USER=2]@" + name + "[/USER] look [B]here[/B]"
		if got := BBCode(src, Links{}).Mentions(); len(got) != 1 || got[0] != 2 {
			t.Errorf("mentions of %q are %v", name, got)
		}
		wantText(t, Dialect{}, src, "@"+name+" look *here*")
	}
}

func TestCoreTags_OtherLeftovers(t *testing.T) {
	for src, want := range map[string]string{
		`[ame="https://v.example/1"]A film[/ame] here`:                                    "A film here\nhttps://v.example/1",
		"[nomedia]https://v.example/1[/nomedia] here":                                     "v.example here\nhttps://v.example/1",
		"[node=3]The news[/node], [article=4]a story[/article] and [blog=5]a blog[/blog]": "The news, a story and a blog",
		"[sigpic]x[/sigpic] [title]A title[/title] [aname=top]top[/aname]":                "x A title top",
		"[h=2]Part one[/h]Text": "Part one\n\nText",
	} {
		wantText(t, Dialect{}, src, want)
	}
}
