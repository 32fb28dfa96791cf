package markup

import (
	"strings"
	"testing"

	"postrider/internal/racetest"
)

// floods are posts that grow without end.
var floods = map[string]func(n int) string{
	"quotes in quotes":      func(n int) string { return strings.Repeat("[quote]", n) + "x" + strings.Repeat("[/quote]", n) },
	"quotes that stay open": func(n int) string { return strings.Repeat(`[quote="Ray, post: 1"]`, n) },
	"lists in lists":        func(n int) string { return strings.Repeat("[list][*]", n) + "x" + strings.Repeat("[/list]", n) },
	"tables in tables": func(n int) string {
		return strings.Repeat("[table][tr][td]", n) + strings.Repeat("[/td][/tr][/table]", n)
	},
	"empty cells":              func(n int) string { return "[table]" + strings.Repeat("[tr][td][/td][/tr]", n) + "[/table]" },
	"cells of one row":         func(n int) string { return "[table][tr]" + strings.Repeat("[td]x[/td]", n) + "[/table]" },
	"empty cells behind words": func(n int) string { return "[table][tr][td]x" + strings.Repeat("[td]", n) + "[/table]" },
	"styles in styles":         func(n int) string { return strings.Repeat("[b][i]", n) + "x" + strings.Repeat("[/b][/i]", n) },
	"links in links": func(n int) string {
		return strings.Repeat("[url=http://x.example/]", n) + "x" + strings.Repeat("[/url]", n)
	},
	"links in one paragraph":    func(n int) string { return strings.Repeat("http://x.example/ www.y.example ", n) },
	"different links":           func(n int) string { return numbered("http://x.example/", n) },
	"mentions":                  func(n int) string { return strings.Repeat(`[user=7]@x[/user] @"y" `, n) },
	"spoilers in spoilers":      func(n int) string { return strings.Repeat("[spoiler]", n) + strings.Repeat("[/spoiler]", n) },
	"spoilers that stay open":   func(n int) string { return strings.Repeat("[spoiler][hide]", n) },
	"spoilers that cross":       func(n int) string { return strings.Repeat("[spoiler][hide][/spoiler][/hide]", n) },
	"code that stays open":      func(n int) string { return strings.Repeat("[code][php][url][img]", n) },
	"code blocks":               func(n int) string { return strings.Repeat("[code]x[/code]", n) },
	"values that stay open":     func(n int) string { return strings.Repeat(`[b="`, n) },
	"attributes that stay open": func(n int) string { return strings.Repeat(`[code a="b' c='`, n) },
	"brackets":                  func(n int) string { return strings.Repeat("[", n*4) },
	"schemes":                   func(n int) string { return strings.Repeat("http://", n) },
	"one word":                  func(n int) string { return strings.Repeat("a", n*8) },
	"one word with hyphens":     func(n int) string { return strings.Repeat("a-", n*4) + "é" },
	"Han without a stop":        func(n int) string { return strings.Repeat("漢", n*3) },
	"one Hangul syllable":       func(n int) string { return strings.Repeat("ᄀ", n*3) },
	"one emoji":                 func(n int) string { return strings.Repeat("👩\u200d", n) },
	"marks":                     func(n int) string { return "e" + strings.Repeat("\u0301", n*4) },
	"spaces without width":      func(n int) string { return strings.Repeat("\u200b", n*2) + strings.Repeat("a\u200b", n) },
	"spaces":                    func(n int) string { return strings.Repeat(" ", n*4) + strings.Repeat("\u00a0 ", n) + "x" },
	"line ends": func(n int) string {
		return strings.Repeat("x\n", n) + strings.Repeat("\n", n) + strings.Repeat("[b]x[/b]\n", n)
	},
	"full stops":               func(n int) string { return strings.Repeat(".", n*8) },
	"broken bytes":             func(n int) string { return strings.Repeat("\xff\x00a", n*2) },
	"gates that stay open":     func(n int) string { return strings.Repeat("[staff][hidex]", n) },
	"gates in gates":           func(n int) string { return strings.Repeat("[staff]", n) + "x" + strings.Repeat("[/staff]", n) },
	"gates in addresses":       func(n int) string { return strings.Repeat("[url]http://x.example/[staff][/url]", n) },
	"gates without a bracket":  func(n int) string { return strings.Repeat("[hide|", n) },
	"brackets in addresses":    func(n int) string { return strings.Repeat("[url]http://x.example/?a[b]=1[/url]", n) },
	"addresses without an end": func(n int) string { return strings.Repeat("[url]http://x.example/?a[b]=1", n) },
	"brackets behind a scheme": func(n int) string { return "http://x.example/?" + strings.Repeat("x[b]=", n) },
	"brackets in a value":      func(n int) string { return strings.Repeat("[url=[]", n) },
	"gates closed once":        func(n int) string { return strings.Repeat("[staff]", n) + "[/staff]" },
	"gates closed later":       func(n int) string { return strings.Repeat("[staff]x[staff]y[/staff]", n) },
	"inline code":              func(n int) string { return strings.Repeat("[icode]aaaaaaaaaaaaaaaaaaaa[/icode]", n) },
	"brackets in a name":       func(n int) string { return strings.Repeat("[user=2]@x [1] [b]", n) },
	"typed names":              func(n int) string { return strings.Repeat(`@"x [b] `, n) },
	"typed names in quotes":    func(n int) string { return strings.Repeat(`@"x [mod] y" `, n) },
	"more parameters":          func(n int) string { return strings.Repeat("https://a.example/?f[price][]=1&", n) },
	"names of parameters": func(n int) string {
		return "https://a.example/?" + strings.ReplaceAll(numbered("[price", n), " ", "][]=")
	},
	"entities":          func(n int) string { return strings.Repeat("&#91;b&#93;&#9829;&#", n) },
	"short names":       func(n int) string { return strings.Repeat(":smile:smile", n) },
	"pasted files":      func(n int) string { return strings.Repeat("data:a/b,", n) + strings.Repeat(" data:", n) },
	"blanks in a quote": func(n int) string { return strings.Repeat("[quote='x'   pid=", n) },
	"filtered words":    func(n int) string { return strings.Repeat("darn ", n) },
	"rules":             func(n int) string { return strings.Repeat("[hr]", n) },
	"headings":          func(n int) string { return strings.Repeat("[h1]x", n) + strings.Repeat("[/h1]", n) },
}

func numbered(prefix string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(prefix)
		for ; i > 0; i /= 26 {
			b.WriteByte('a' + byte(i%26))
		}
		b.WriteByte(' ')
	}
	return b.String()
}

func TestHostile_LinearTimeAndSmallExcerpts(t *testing.T) {
	racetest.SkipIfRace(t)
	for name, flood := range floods {
		t.Run(name, func(t *testing.T) {
			checkDoc(t, BBCode(flood(1000), sampleLinks()))
			checkDoc(t, everything(t).BBCode(flood(1000), sampleLinks()))
			everything(t).BBCode(flood(100_000), sampleLinks())

			// About 1 MB each. With a quadratic step the test would take minutes and time out.
			d := BBCode(flood(100_000), sampleLinks())
			d.HTML(Labels{})
			d.Text(Labels{}, 72)
			if depth := depthOf(d); depth > 2*maxDepth {
				t.Errorf("nodes are nested %d deep, want at most %d", depth, 2*maxDepth)
			}
			for _, chars := range []int{1, 75, 300} {
				short := d.Excerpt(chars)
				checkDoc(t, short)
				if got := len(short.HTML(Labels{})); got > 30_000 {
					t.Errorf("Excerpt(%d) has %d bytes of HTML, want less", chars, got)
				}
			}
		})
	}
}

// everything is a dialect with all that a forum may have, for texts that were cut.
func everything(t testing.TB) Dialect {
	t.Helper()
	d := registered()
	d.Entities, d.ShortNames, d.Cut = true, true, true
	var errs []error
	if d.Filter, errs = NewWordFilter([]FilteredWord{{Word: "darn", Replacement: "****"}, {Word: "heck*", Replacement: "goodness"}, {Word: `x+y`, Regex: true, Replacement: "-"}}); len(errs) > 0 {
		t.Fatal(errs)
	}
	return d
}

func depthOf(d Doc) int {
	if d.Empty() {
		return 0
	}
	var ends []int32
	deepest := 0
	for i, n := range d.t.nodes {
		for len(ends) > 0 && int(ends[len(ends)-1]) <= i {
			ends = ends[:len(ends)-1]
		}
		ends = append(ends, n.end)
		deepest = max(deepest, len(ends))
	}
	return deepest
}
