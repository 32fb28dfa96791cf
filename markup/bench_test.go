package markup

import (
	"os"
	"strings"
	"testing"
)

// ordinary is a post of 1 KB as members write them.
func ordinary(tb testing.TB) string {
	src, err := os.ReadFile("testdata/bbcode/seed.in")
	if err != nil {
		tb.Fatal(err)
	}
	return `[QUOTE="Ray, post: 123, member: 45"]China will not do anything to make N Korea unhappy.[/QUOTE]` +
		"\n\nSee [URL='https://example.org/a']this[/URL] and [b]that[/b].\n\n" + string(src[:880])
}

func BenchmarkExcerptHTML(b *testing.B) {
	src := ordinary(b)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		BBCode(src, sampleLinks()).Excerpt(300).HTML(Labels{})
	}
}

func BenchmarkExcerptText(b *testing.B) {
	d := BBCode(ordinary(b), sampleLinks()).Excerpt(300)
	b.ReportAllocs()
	for b.Loop() {
		d.Text(Labels{}, 72)
	}
}

func BenchmarkBBCode(b *testing.B) {
	src := ordinary(b)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		BBCode(src, sampleLinks())
	}
}

func BenchmarkExcerptHTMLOfScripts(b *testing.B) {
	raw, err := os.ReadFile("testdata/bbcode/scripts.in")
	if err != nil {
		b.Fatal(err)
	}
	for name, src := range map[string]string{
		"Japanese": strings.Split(string(raw), "\n")[3], "Korean": strings.Repeat(strings.Split(string(raw), "\n")[5], 5),
		"Thai": strings.Split(string(raw), "\n")[7] + strings.Split(string(raw), "\n")[7],
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				BBCode(src, sampleLinks()).Excerpt(100).HTML(Labels{})
			}
		})
	}
}
