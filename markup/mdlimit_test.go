package markup

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"postrider/internal/racetest"
)

// markdownFloods are texts of administrators that take long to parse, of about n bytes.
var markdownFloods = map[string]func(n int) string{
	"quotes in quotes":          func(n int) string { return strings.Repeat(">", n) + "x" },
	"lists in lists":            func(n int) string { return strings.Repeat("- ", n/2-1) + "x" },
	"lists in quotes":           func(n int) string { return strings.Repeat("> - ", n/4) + "x" },
	"deep lines":                func(n int) string { return strings.Repeat(strings.Repeat(">", 200)+"x\n", n/202) },
	"emphasis":                  func(n int) string { return strings.Repeat("*a_ ", n/4) },
	"emphasis that stays open":  func(n int) string { return strings.Repeat("*a **b _c __d ", n/14) },
	"emphasis that closes":      func(n int) string { return strings.Repeat("a*", n/4) + strings.Repeat("b_", n/4) },
	"three kinds of emphasis":   func(n int) string { return strings.Repeat("a***b__c~~d*e_ ", n/15) },
	"brackets":                  func(n int) string { return strings.Repeat("[", n) },
	"closing brackets":          func(n int) string { return strings.Repeat("]", n) },
	"brackets that close":       func(n int) string { return strings.Repeat("[", n/2) + strings.Repeat("]", n/2) },
	"brackets with parentheses": func(n int) string { return strings.Repeat("[a](", n/4) },
	"images":                    func(n int) string { return strings.Repeat("![[]()", n/6) },
	"images that stay open":     func(n int) string { return strings.Repeat("![", n/2) },
	"link titles":               func(n int) string { return strings.Repeat(`[a](b "`, n/7) },
	"link references":           func(n int) string { return strings.Repeat("[a]: b\n", n/14) + strings.Repeat("[a]", n/6) },
	"different references":      func(n int) string { return strings.ReplaceAll(numbered("[x", n/14), " ", "]: b\n") },
	"references that stay open": func(n int) string { return strings.Repeat("[a]: <", n/6) },
	"references with titles":    func(n int) string { return strings.Repeat("[a]: b 'c\n", n/10) },
	"braces":                    func(n int) string { return strings.Repeat("{", n) },
	"pairs of braces":           func(n int) string { return strings.Repeat("{{ ", n/3) },
	"pairs of braces on lines":  func(n int) string { return strings.Repeat("{{\n", n/3) },
	"fields":                    func(n int) string { return strings.Repeat("{{a", n/4) + "}}" },
	"fields side by side":       func(n int) string { return strings.Repeat("{{}}", n/4) },
	"names":                     func(n int) string { return strings.Repeat("{{name}} ", n/9) },
	"different fields":          func(n int) string { return strings.ReplaceAll(numbered("{{name|", n/11), " ", "}} ") },
	"backticks":                 func(n int) string { return strings.Repeat("`a", n/2) },
	"different backticks": func(n int) string {
		var b strings.Builder
		for i := 1; b.Len() < n; i++ {
			b.WriteString(strings.Repeat("`", i) + "a")
		}
		return b.String()
	},
	"cells":       func(n int) string { return "a|b\n-|-\n" + strings.Repeat("|", n) },
	"wide tables": func(n int) string { return strings.Repeat("a|", n/4) + "\n" + strings.Repeat("-|", n/4) },
	"wide and long": func(n int) string {
		return strings.Repeat("a|", 1000) + "\n" + strings.Repeat("-|", 1000) + strings.Repeat("\na", n/2)
	},
	"pipes in code": func(n int) string { return "a|b\n-|-\n" + strings.Repeat("`\\|`", n/4) },
	"rows":          func(n int) string { return "a|b\n-|-\n" + strings.Repeat("c|d\n", n/4) },
	"links":         func(n int) string { return strings.Repeat("[a](javascript:b)\n", n/18) },
	"angles":        func(n int) string { return strings.Repeat("<", n) },
	"auto links":    func(n int) string { return strings.Repeat("<a:", n/3) },
	"addresses":     func(n int) string { return strings.Repeat("a@b.c", n/5) },
	"dots":          func(n int) string { return strings.Repeat("www.", n/4) },
	"schemes":       func(n int) string { return strings.Repeat("http://", n/7) },
	"one word":      func(n int) string { return strings.Repeat("a", n) },
	"words":         func(n int) string { return strings.Repeat("a ", n/2) },
	"one address":   func(n int) string { return "http://x.example/" + strings.Repeat("(", n) },
	"at signs":      func(n int) string { return strings.Repeat("a.", n/2) + "@" },
	"entities":      func(n int) string { return strings.Repeat("&#91;", n/5) },
	"ampersands":    func(n int) string { return strings.Repeat("&", n) },
	"backslashes":   func(n int) string { return strings.Repeat("\\", n) },
	"tildes":        func(n int) string { return strings.Repeat("~~a~b", n/5) },
	"line ends":     func(n int) string { return strings.Repeat("\n", n) },
	"paragraphs":    func(n int) string { return strings.Repeat("a\n\n", n/3) },
	"lines":         func(n int) string { return strings.Repeat("a\n", n/2) },
	"fences":        func(n int) string { return strings.Repeat("```\n", n/4) },
	"underlines":    func(n int) string { return strings.Repeat("a\n-\n", n/4) },
	"tabs":          func(n int) string { return strings.Repeat("\t", n) + "a" },
	"items":         func(n int) string { return strings.Repeat("- a\n", n/4) },
	"items in steps": func(n int) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			b.WriteString(strings.Repeat(" ", 2*i) + "- a\n")
		}
		return b.String()
	},
	"marks":        func(n int) string { return "e" + strings.Repeat("\u0301", n/2) },
	"broken bytes": func(n int) string { return strings.Repeat("\xff\x00a", n/3) },
}

func TestMarkdown_BoundsTimeAndMemory(t *testing.T) {
	racetest.SkipIfRace(t)
	for name, flood := range markdownFloods {
		t.Run(name, func(t *testing.T) {
			src := flood(maxMarkdown)
			src = src[:min(len(src), maxMarkdown)]
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			d, err := Markdown(src, sampleLinks())
			d.HTML(Labels{})
			d.Text(Labels{}, 72)
			d.Summary(Labels{}, 300)
			if took := time.Since(start); took > 10*maxMarkdownTime { // about 1.5 on an idle machine
				t.Errorf("took %v, want about %v at most", took, maxMarkdownTime)
			}
			runtime.ReadMemStats(&after)
			if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 100 {
				t.Errorf("allocated %d MB, want at most 100", used)
			}
			if err != nil && len(err.Error()) > 100*maxMarkdownErrors {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestMarkdown_RefusesWhatIsTooLargeOrSlow(t *testing.T) {
	for name, tt := range map[string]struct{ src, want string }{
		"at the limit":                     {strings.Repeat("words ", maxMarkdown/6), ""},
		"too long":                         {strings.Repeat("a", maxMarkdown+1), "the message would have 65537 bytes of Markdown, more than 65536 (64 KB): shorten the text"},
		"a table":                          {markdownFloods["wide and long"](maxMarkdown - 5000), errMarkdownCells.Error()},
		"emphasis":                         {strings.Repeat("*a_ ", maxMarkdown/4), errMarkdownDelimiters.Error()},
		"much emphasis in many paragraphs": {strings.Repeat("*a* _b_ ~~c~~\n\n", maxMarkdown/16), ""},
		"many errors":                      {strings.Repeat("{{\n", 1000), "\nand 950 more"},
	} {
		d, err := Markdown(tt.src, sampleLinks())
		switch {
		case tt.want == "" && (err != nil || d.Empty()):
			t.Errorf("%s: error %v", name, err)
		case tt.want != "" && (err == nil || !strings.HasSuffix(err.Error(), tt.want)):
			t.Errorf("%s: error %.200v, want %s", name, err, tt.want)
		}
	}
	for name, flood := range markdownFloods {
		if d, err := markdownWithin(flood(1000), sampleLinks(), -1); err != errMarkdownTime || !d.Empty() {
			t.Errorf("%s: error %v without time, want %v", name, err, errMarkdownTime)
		}
	}
}

// Each field once held the rest of its line.
func TestMarkdown_FieldsDoNotKeepTheirLine(t *testing.T) {
	var src strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&src, "{{name|a%d}} ", i)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	d, err := Markdown(src.String(), sampleLinks())
	runtime.GC()
	runtime.ReadMemStats(&after)
	if err != nil || len(d.Fields()) != 4000 || d.Fields()[3999] != (Field{"name", "a3999", 1}) {
		t.Fatalf("%d fields, error %v", len(d.Fields()), err)
	}
	if kept := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) >> 20; kept > 10 {
		t.Errorf("the document keeps %d MB, want a few at most", kept)
	}
	if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 40 {
		t.Errorf("allocated %d MB, want at most 40", used)
	}
	runtime.KeepAlive(d)
}
