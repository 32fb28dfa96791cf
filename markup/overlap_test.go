package markup

import (
	"strings"
	"testing"
)

func TestOverlap_FindsWhatAQuoteShows(t *testing.T) {
	long := strings.Repeat("Many words. ", 30)
	tests := []struct {
		name, src string
		want      string
	}{
		{"the whole post", `[QUOTE="Ray, post: 7, member: 2"]It is [b]late[/b].[/QUOTE]Yes.`, "It is late."},
		{"cut to an excerpt", `[QUOTE="Ray, post: 7, member: 2"]` + long + `[/QUOTE]Yes.`, strings.TrimSpace(long[:12*11]) + "\u00a0…"},
		{"of MyBB", `[quote="Ray" pid='7' dateline='1']It is late.[/quote]Yes.`, "It is late."},
		{"of another post", `[QUOTE="Ray, post: 8, member: 2"]It is late.[/QUOTE]Yes.`, ""},
		{"the third quote is hidden", `[quote=A]a[/quote][quote=B]b[/quote][QUOTE="Ray, post: 7, member: 2"]It is late.[/QUOTE]Yes.`, ""},
		{"an empty quote", `[QUOTE="Ray, post: 7, member: 2"][/QUOTE]Yes.`, ""},
		{"none", `Yes.`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := BBCode(tt.src, Links{}).Excerpt(300).QuotedText(7); got != tt.want {
				t.Errorf("QuotedText(7) = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestOverlap_RestIsWhatAQuoteOmits(t *testing.T) {
	tests := []struct {
		name, src, shown string
		want             string // as text
	}{
		{"nothing if the quote has everything", "It is [b]late[/b].", "It is late.", ""},
		{"nothing if only spaces differ", "It is\n\nlate.", "It is late.", ""},
		{"nothing if a full stop was cut", "It is late!", "It is late…", ""},
		{"nothing if a quote in the post itself was omitted", "[quote=A]x[/quote]It is late.", "It is late.", ""},
		{"the next sentence", "It is late. We go.", "It is late.\u00a0…", "… We go."},
		{"the next paragraph", "It is late.\n\nWe go.", "It is late.", "We go."},
		{"the next line", "It is late.\nWe go.", "It is late.", "… We go."},
		{"the rest of a sentence", "It is late, as [i]ever[/i]. We go.", "It is late…", "… as _ever_. We go."},
		{"the rest after bold words", "[b]It is[/b] late. We go.", "It is", "… late. We go."},
		{"a picture after the words", "It is late. [img]http://a.example/b.png[/img]", "It is late.", "… [Image: b.png]\nhttp://a.example/b.png"},
		{"a whole list", "[list][*]It is late.[*]We go.[/list]", "It is late.", "* It is late.\n* We go."},
		{"the text after a list", "[list][*]It is late.[/list]We go.", "It is late.", "We go."},
		{"everything if the quote starts elsewhere", "It is late. We go.", "We go.", "It is late. We go."},
		{"everything if the post was edited since", "It is early. We go.", "It is late.", "It is early. We go."},
		{"everything if the quote is empty", "It is late.", "", "It is late."},
		{"everything if the quote has only an ellipsis", "It is late.", "…", "It is late."},
		{"nothing if the post is no longer than the quote", "It is", "It is late.", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rest := BBCode(tt.src, Links{}).WithoutPrefix(tt.shown)
			if got := rest.Text(Labels{}, 72); got != tt.want {
				t.Errorf("the rest of %q after %q is %q, want %q", tt.src, tt.shown, got, tt.want)
			}
			checkDoc(t, rest)
		})
	}
}

func TestOverlap_NoRestWhenExcerptEndsInQuote(t *testing.T) {
	const src = "It is late, and the last train has left the station without us. We walk."
	if rest := BBCode(src, Links{}).Excerpt(30).WithoutPrefix("It is late, and the last train has left the station without us."); !rest.Empty() {
		t.Errorf("the rest is %q", rest.Text(Labels{}, 72))
	}
}
