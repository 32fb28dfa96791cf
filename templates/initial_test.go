package templates

import (
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/language"

	"postrider/forum"
)

func TestInitial_IsTheFirstLetterOfTheName(t *testing.T) {
	for _, tt := range []struct{ locale, name, want string }{
		{"en", "marshal panda", "M"},
		{"en", "\u2068דנה\u2069", "ד"},
		{"ar", "سارة", "س"},
		{"ja", "船好き", "船"},
		{"en", "«7of9»", "7"},
		{"de", "ßeta", "SS"},
		{"tr", "irem", "İ"},
		{"en", "irem", "I"},
		{"en", "e\u0301mile", "E\u0301"},
		{"en", "z" + strings.Repeat("\u0335", 90) + "algo", "Z\u0335\u0335"},
		{"en", "🚂 !", ""},
		{"en", "", ""},
	} {
		if got := initial(language.Make(tt.locale), tt.name); got != tt.want {
			t.Errorf("%s: the initial of %q is %q, want %q", tt.locale, tt.name, got, tt.want)
		}
	}
}

func TestInitial_ColorsAreReadableAndStayWithTheMember(t *testing.T) {
	card := rgb{0xfd, 0xfd, 0xfe}
	for _, c := range initialColors {
		if letter, light, dark := contrast(c, card), contrast(c, card), contrast(c, darkCard); letter < textLimit || light < 3 || dark < 3 {
			t.Errorf("%s has a contrast of %.2f:1 to its letter and %.2f:1 to a dark card, want 4.5 and 3", c, letter, dark)
		}
	}
	if initialColor(7, "Anna") != initialColor(7, "Anna Maria") {
		t.Error("a member who changes their name changes their color")
	}
	used := map[string]bool{}
	for id := range 100 {
		used[string(initialColor(forum.MemberID(id+1), "Anna"))] = true
	}
	if len(used) != len(initialColors) {
		t.Errorf("%d of %d colors are used", len(used), len(initialColors))
	}
}

// An initial is decoration: nothing reads it out, and it is no part of the name where styles are dropped.
func TestAlert_InitialIsSeparateFromTheName(t *testing.T) {
	site, a := load(t).SampleAlert()
	c, err := load(t).NewRenderer(site, 16).Alert(a, testFooter, 80<<10)
	if err != nil {
		t.Fatal(err)
	}
	html := c.HTML.Plain()
	cell := regexp.MustCompile(`<td aria-hidden="true"[^>]*>.*?</td>`).FindString(html)
	if words := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(cell, ""); words != "M" {
		t.Errorf("the cell that screen readers skip contains %q, want M", words)
	}
	if words := strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(html, "")), " "); !strings.Contains(words, " M marshal panda · Post #5") {
		t.Errorf("without tags, the initial and the name run together:\n%s", words)
	}
	if strings.Contains(c.Text.Plain(), "\nM ") {
		t.Error("the text has the initial, too")
	}

	setName := &a.Groups[0].Threads[0].Posts[0].AuthorName
	*setName = "🚂"
	if c, err = load(t).NewRenderer(site, 16).Alert(a, testFooter, 80<<10); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(c.HTML.Plain(), `aria-hidden="true"`) {
		t.Error("a name without letters has an empty circle")
	}
}
