package markup

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postrider/internal/golden"
)

// shownFields shows merge fields between guillemets.
func shownFields() Labels {
	return Labels{Field: func(g Field) string { return "«" + g.Name + "/" + g.Fallback + "»" }}
}

func markdownFiles(t testing.TB) map[string]string {
	files, err := filepath.Glob("testdata/markdown/*.in")
	if err != nil || len(files) == 0 {
		t.Fatalf("no texts in testdata/markdown: %v", err)
	}
	texts := make(map[string]string)
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[strings.TrimSuffix(filepath.Base(file), ".in")] = string(src)
	}
	return texts
}

func TestMarkdown_Golden(t *testing.T) {
	for name, src := range markdownFiles(t) {
		t.Run(name, func(t *testing.T) {
			d, _ := Markdown(src, sampleLinks())
			checkDoc(t, d)
			golden.Files(t, "../markdown/"+name, map[string]string{
				"html": page(d.HTML(shownFields())),
				"txt":  d.Text(shownFields(), 72) + "\n",
			})
		})
	}
}

func TestMarkdown_Renders(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"a line end is a space", "one\ntwo", `one two`},
		{"a backslash at the end of a line breaks it", "one\\\ntwo", `one<br>two`},
		{"nested styles", "**a *b* ~~c~~**", `<b>a <i>b</i> <s>c</s></b>`},
		{"a tag is shown literally", "<b>x</b> <!-- y -->", `&lt;b&gt;x&lt;/b&gt; &lt;!-- y --&gt;`},
		{"an entity is decoded", "&lt;b&gt; &amp;amp; &#169;", `&lt;b&gt; &amp;amp; ©`},
		{"a backslash escapes an entity", `\&lt; \\&lt;`, `&amp;lt; \&lt;`},
		{"an entity is not a backslash for the next character", `&#92;*x*`, `\<i>x</i>`},
		{"an entity cannot add a direction override", "a&#x202e;b", `ab`},
		{"a script URL is not a link", "[x](javascript:alert(1))", `x`},
		{"a URL with a user name is not a link", "[x](https://bank.example@evil.example/)", `x`},
		{"a link within the forum gets its host", "[x](/rules)", `<a href="https://forum.example.org/rules">x</a>`},
		{"an image becomes a link", "![the ship](https://x.example/a.png)", `<a href="https://x.example/a.png">[Image: the ship]</a>`},
		{"an image in a link keeps the URL of the link", "[![a](https://x.example/a.png)](https://y.example/)", `<a href="https://y.example/">[Image: a]</a>`},
		{"code is shown as it is", "`a <b> &amp; {{name}}`", `<code>a &lt;b&gt; &amp;amp; {{name}}</code>`},
		{"a merge field stays in place", "Dear *{{name|friend}}*!", `Dear <i>«name/friend»</i>!`},
		{"a merge field may have spaces, capitals and no fallback", "{{ Name }}", `«name/»`},
		{"a merge field may be part of a link text", "[{{name}}](https://x.example/)", `<a href="https://x.example/">«name/»</a>`},
		{"a backslash escapes braces", `\{{name}}`, `{{name}}`},
		{"a quote has no heading", "> a", `<blockquote><p>a</p></blockquote>`},
		{"a nested quote keeps its level", "> a\n>\n> > b", `<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>`},
		{"a list in an item", "- a\n  1. b", `<ul><li>a<ol><li>b</li></ol></li></ul>`},
		{"an item may contain paragraphs", "- a\n\n  b", `<ul><li>a<br>b</li></ul>`},
		{"empty", " \n\n", ``},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, _ := Markdown(tt.src, sampleLinks())
			checkDoc(t, d)
			if got := bones(d.HTML(shownFields())); got != tt.want {
				t.Errorf("Markdown(%q) = %s, want %s", tt.src, got, tt.want)
			}
		})
	}
}

// bones returns the HTML without its wrapper and without attributes except href.
func bones(s string) string {
	var b strings.Builder
	for s = strings.TrimSuffix(s, "</div>"); s != ""; {
		before, tag, found := strings.Cut(s, "<")
		b.WriteString(before)
		if !found {
			break
		}
		tag, s, _ = strings.Cut(tag, ">")
		name, attrs, _ := strings.Cut(tag, " ")
		if name == "div" {
			continue
		}
		b.WriteString("<" + name)
		if _, href, ok := strings.Cut(attrs, `href="`); ok {
			href, _, _ = strings.Cut(href, `"`)
			b.WriteString(` href="` + href + `"`)
		}
		b.WriteString(">")
	}
	return b.String()
}

func TestMarkdown_ReportsBrokenSyntax(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		want      []string
	}{
		{"no errors", "# a\n\nb {{name}} [c](https://x.example/)", nil},
		{"unclosed braces", "a\n\nDear {{name,\n", []string{"line 3: unclosed braces"}},
		{"a merge field in a URL", "a\n[b](https://x.example/?to={{name}})", []string{"line 2: merge field in the URL of a link (https://x.example/?to={{name}})"}},
		{"all invalid links", "[b](javascript:x)\n\n[c](ftp://x.example/)",
			[]string{"line 1: invalid link URL (javascript:x)", "line 3: invalid link URL (ftp://x.example/)"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Markdown(tt.src, sampleLinks())
			var got []string
			if err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
				t.Errorf("Markdown: %q, want %q", got, tt.want)
			}
		})
	}
}

func TestMarkdown_IndentsRightToLeftList(t *testing.T) {
	for src, want := range map[string]string{"- one\n- שתיים": styleList, "- אחת\n- two": styleListRTL, "1. **אחת**": styleListRTL, "- ": ""} {
		d, _ := Markdown(src, Links{})
		if got := d.HTML(Labels{}); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%q is written as %s, want %q", src, got, want)
		}
	}
}

func TestMergeField_ReportsItsLine(t *testing.T) {
	d, err := Markdown("# {{Forum}}\n\na\nb {{ name | my friend }}\n\n- c\n- {{posts|0}}\n", Links{})
	want := []Field{{"forum", "", 1}, {"name", "my friend", 4}, {"posts", "0", 7}}
	if got := d.Fields(); err != nil || !slices.Equal(got, want) {
		t.Errorf("Gaps() = %v, %v, want %v", got, err, want)
	}
}

func TestMergeField_NextCutsALine(t *testing.T) {
	for _, tt := range []struct {
		in, before string
		field      Field
		after      string
		found      bool
	}{
		{"no field", "no field", Field{}, "", false},
		{"a {{name|x}} b {{posts}}", "a ", Field{Name: "name", Fallback: "x"}, " b {{posts}}", true},
		{`\{{a}} {{name}}`, "{{a}} ", Field{Name: "name"}, "", true},
		{"{{a", "{{a", Field{}, "", false},
		{"{{{name}}", "", Field{Name: "{name"}, "", true},
	} {
		before, g, after, found := NextField(tt.in)
		if before != tt.before || g != tt.field || after != tt.after || found != tt.found {
			t.Errorf("NextField(%q) = %q, %v, %q, %v, want %q, %v, %q, %v", tt.in, before, g, after, found, tt.before, tt.field, tt.after, tt.found)
		}
	}
}

func TestMarkdown_LimitsNesting(t *testing.T) {
	for name, flood := range map[string]func(n int) string{
		"quotes in quotes": func(n int) string { return strings.Repeat(">", n) + "x" },
		"lists in lists":   func(n int) string { return strings.Repeat("- ", n/2) + "x" },
		"emphasis":         func(n int) string { return strings.Repeat("*a_ ", n/4) },
		"brackets":         func(n int) string { return strings.Repeat("[", n) },
		"braces":           func(n int) string { return strings.Repeat("{", n) },
		"backticks":        func(n int) string { return strings.Repeat("`a", n/2) },
		"cells":            func(n int) string { return "a|b\n-|-\n" + strings.Repeat("|", n) },
		"links":            func(n int) string { return strings.Repeat("[a](javascript:b)\n", n/18) },
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := Markdown(flood(2000), sampleLinks())
			checkDoc(t, d)
			if depth := depthOf(d); depth > 2*maxDepth {
				t.Errorf("nodes are nested %d deep, want at most %d", depth, 2*maxDepth)
			}
		})
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, src := range []string{"![a](cid:b.png)", "[a](/b){button}", "> [!NOTE]\n> a\n\n> [!tip]"} {
		f.Add(src)
	}
	for _, src := range markdownFiles(f) {
		for part := range strings.SplitSeq(src, "\n\n") { // short inputs are fast, and fast to minimize
			f.Add(part)
		}
	}
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > maxFuzzed {
			return
		}
		d, _ := Markdown(src, linksWithPicture())
		checkOneOf(t, len(src), d, d.Excerpt(100))
		if got := strings.Count(d.HTML(Labels{Field: func(Field) string { return "\x01" }}), "\x01"); got > len(d.Fields()) {
			t.Fatalf("%d of %d merge fields are printed", got, len(d.Fields()))
		}
	})
}

func TestMarkdown_WritesHeadingsAndTaskLists(t *testing.T) {
	d, err := Markdown("## What to *do*\n\n- [ ] log in\n- [x] read this\n- [x](https://a.example) a link", Links{})
	if err != nil {
		t.Fatal(err)
	}
	html, text := d.HTML(Labels{}), d.Text(Labels{}, 72)
	for _, want := range []string{`<h3 dir="auto" style="margin:0 0 12px">What to <i>do</i></h3>`, `<li dir="auto">☐ log in</li>`, `<li dir="auto">☑ read this</li>`, `">x</a> a link</li>`} {
		if !strings.Contains(html, want) {
			t.Errorf("the HTML has no %s:\n%s", want, html)
		}
	}
	for _, want := range []string{"☐ log in", "☑ read this"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text has no %s:\n%s", want, text)
		}
	}
}
