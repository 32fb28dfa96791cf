package markup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rivo/uniseg"
)

func addPosts(f *testing.F, add func(src string)) {
	files, err := filepath.Glob("testdata/bbcode/*.in")
	if err != nil || len(files) == 0 {
		f.Fatalf("no posts in testdata/bbcode: %v", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		add(string(src))
	}
}

// maxFuzzed is the longest post that is checked, in bytes. Longer ones are slow and show nothing new; see TestHostile for those.
const maxFuzzed = 2000

// checkOneOf fully checks one of the documents, because a check takes many times longer than to make them. The input decides
// which one. Of all others it checks the tree.
func checkOneOf(t *testing.T, n int, docs ...Doc) {
	t.Helper()
	chosen := int(uint(n) % uint(len(docs)))
	for i, d := range docs {
		switch {
		case i == chosen:
			checkDoc(t, d)
		case !d.Empty():
			checkTree(t, d.t, 0, len(d.t.nodes), nil)
		}
	}
}

func FuzzBBCode(f *testing.F) {
	addPosts(f, func(src string) {
		for _, n := range []int{300, 41, 82, 123} {
			f.Add(src, n)
		}
	})
	f.Fuzz(func(t *testing.T, src string, n int) {
		if len(src) > maxFuzzed {
			return
		}
		d := BBCode(src, sampleLinks())
		short := d.Excerpt(n)
		shorter := short.Excerpt(n / 2)
		docs := []Doc{d, short, shorter}
		if n > 0 && d.Empty() != short.Empty() {
			t.Fatalf("Excerpt(%d) of %q: empty %v, want %v", n, src, short.Empty(), d.Empty())
		}
		if n%5 == 0 {
			checkText(t, d, d.Text(Labels{}, 30), 30)
		}
		checkCutLinks(t, short)
		checkCutLinks(t, shorter)
		if !short.Empty() {
			docs = append(docs, d.WithoutPrefix(short.t.words(0, len(short.t.nodes))), d.WithoutPrefix(short.t.words(0, len(short.t.nodes)/2)))
		}
		checkOneOf(t, n, docs...)
	})
}

func FuzzDialect(f *testing.F) {
	addPosts(f, func(src string) { f.Add(src, 300); f.Add(src, 41) })
	f.Add("&#91;b]x [staff]y[/staff] [boxed=a]z[/boxed] :smile: darn data:a/b,c [url]http://x.example/?a[b]=1", 40)
	d := everything(f)
	f.Fuzz(func(t *testing.T, src string, n int) {
		if len(src) > maxFuzzed {
			return
		}
		doc := d.BBCode(src, sampleLinks())
		short := doc.Excerpt(n)
		folded := func(q Quote) bool { return q.Author != "Ray" }
		checkOneOf(t, n, doc, short, short.FoldQuotes(folded), doc.FoldQuotes(folded).Excerpt(n))
		if line := doc.Summary(Labels{}, n); strings.ContainsAny(line, "\n\x00") {
			t.Fatalf("the summary is %q", line)
		}
	})
}

// checkCutLinks fails if a link below an excerpt is listed twice, or also appears above.
func checkCutLinks(t *testing.T, d Doc) {
	t.Helper()
	if d.Empty() {
		return
	}
	for i := d.t.body(); i < len(d.t.nodes); i++ {
		n := &d.t.nodes[i]
		if n.text == "" || strings.Contains(n.text, "\n") || uniseg.GraphemeClusterCount(n.text) > maxLabel+1 {
			t.Fatalf("invalid link text %q", n.text)
		}
		for j := range i {
			if d.t.ref(&d.t.nodes[j]).url == d.t.ref(n).url {
				t.Fatalf("the link to %s is shown above", d.t.ref(n).url)
			}
		}
	}
}

// pieces are the parts from which FuzzSpoiler builds posts. None of them turns the tags after it into plain text.
var pieces = [...]string{
	"words ", "\n", "\n\n", "[b]", "[/b]", "[i]", "[/i]", "[quote]", `[quote="Ray, post: 1, member: 2"]`, "[/quote]",
	"[list]", "[list=1]", "[*]", "[/list]", "[table]", "[tr]", "[td]", "[/td]", "[/tr]", "[/table]", "[url=http://x.example/]", "[/url]",
	"[spoiler]", "[/spoiler]", "[ispoiler]", "[/ispoiler]", "[hide]", "[/hide]", "[heading=1]", "[/heading]", "[center]", "[/center]",
	"[code]x[/code]", "[icode]x[/icode]", "[user=7]@x[/user]", "[img]http://x.example/a.png[/img]", "[hr]", "[size=3]", "[/size]", "[", "[url]", "[email]", "[/email]", "[user=1]", "[/user]",
	"[boxed]", "[/boxed]", "[listed]", "[/listed]", "[gadget]x[/gadget]", "[1]", "?a[b]=", "[staff]x[/staff]", "[gone]",
}

// A secret between the tags of a spoiler is never shown, whatever comes before, after and around it.
func FuzzSpoiler(f *testing.F) {
	f.Add([]byte{7, 22}, []byte{9, 0}, []byte{23, 9})
	f.Add([]byte{10, 12, 14, 16}, []byte{13, 19}, []byte{13})
	f.Fuzz(func(t *testing.T, before, within, behind []byte) {
		var src strings.Builder
		put := func(indexes []byte) {
			for _, i := range indexes {
				src.WriteString(pieces[int(i)%len(pieces)])
			}
		}
		put(before)
		src.WriteString("[spoiler]SECRET")
		put(within)
		for i := range within { // a closing tag in it would also end this spoiler
			switch pieces[int(within[i])%len(pieces)] {
			case "[/spoiler]", "[spoiler]":
				t.Skip()
			}
		}
		src.WriteString("[user=9]@SECRET[/user]SECRET[/spoiler]")
		put(behind)
		if src.Len() > maxFuzzed {
			return
		}
		d := BBCode(src.String(), sampleLinks())
		if n := (len(before) + len(behind)) % 3; n > 0 { // one of three, which the fuzzer chooses: all of them take too long
			d = d.Excerpt([]int{0, 300, 75}[n])
		}
		checkDoc(t, d)
		if strings.Contains(d.HTML(Labels{})+d.Text(Labels{}, 72), "SECRET") {
			t.Fatalf("the secret of %q is shown: %s", src.String(), d.HTML(Labels{}))
		}
	})
}

// A secret between the tags of a code that hides is never shown, whatever comes before, after and around it.
func FuzzGate(f *testing.F) {
	f.Add([]byte{7, 22}, []byte{9, 0}, []byte{23, 9})
	f.Add([]byte{35, 12, 14, 16}, []byte{13, 19}, []byte{13})
	dialect := registered()
	f.Fuzz(func(t *testing.T, before, within, behind []byte) {
		var src strings.Builder
		put := func(indexes []byte) {
			for _, i := range indexes {
				src.WriteString(pieces[int(i)%len(pieces)])
			}
		}
		put(before)
		src.WriteString("\n[gadget=1]SECRET")
		put(within)
		src.WriteString("[user=9]@SECRET[/user]SECRET[/gadget]")
		put(behind)
		for _, i := range within {
			if strings.Contains(pieces[int(i)%len(pieces)], "[gadget]") {
				t.Skip() // its end would be the end of this one, too
			}
		}
		if src.Len() > maxFuzzed {
			return
		}
		d := dialect.BBCode(src.String(), sampleLinks())
		checkOneOf(t, len(before)+len(behind), d, d.Excerpt(300), d.Excerpt(75))
		for _, d := range []Doc{d, d.Excerpt(300), d.Excerpt(75)} {
			if strings.Contains(d.HTML(Labels{})+d.Text(Labels{}, 72)+d.Summary(Labels{}, 1000), "SECRET") {
				t.Fatalf("the secret of %q is shown: %s", src.String(), d.HTML(Labels{}))
			}
		}
	})
}

// An excerpt of plain text is its beginning, cut between two characters.
func FuzzExcerpt(f *testing.F) {
	addPosts(f, func(src string) { f.Add(src, 30); f.Add(src, 100) })
	f.Fuzz(func(t *testing.T, src string, n int) {
		src = strings.Join(strings.Fields(strings.NewReplacer("[", "(", "://", " ", "www.", "", "WWW.", "", `@"`, "").Replace(sanitize(src))), " ")
		if n <= 0 || n > 1000 || strings.ContainsAny(strings.ToLower(src), "\u0085") || strings.Contains(strings.ToLower(src), "www.") {
			t.Skip()
		}
		d := BBCode(src, Links{})
		var whole, got string
		if !d.Empty() {
			whole, got = d.t.nodes[1].text, d.Excerpt(n).t.nodes[1].text
		}
		if got == whole {
			return
		}
		kept, ok := strings.CutSuffix(got, "…")
		if kept = strings.TrimSuffix(kept, noBreak); !ok || !strings.HasPrefix(whole, kept) {
			t.Fatalf("Excerpt(%d) of %q = %q", n, whole, got)
		}
		if chars := uniseg.GraphemeClusterCount(kept); chars > n {
			t.Fatalf("Excerpt(%d) of %q has %d characters: %q", n, whole, chars, kept)
		}
		for rest, state := whole, -1; len(whole)-len(rest) != len(kept); {
			if len(whole)-len(rest) > len(kept) {
				t.Fatalf("Excerpt(%d) of %q is cut within a character: %q", n, whole, kept)
			}
			_, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		}
	})
}
