package markup

import (
	"errors"
	"strings"
	"testing"
)

// linksWithPicture finds one image, bridge.png.
func linksWithPicture() Links {
	l := sampleLinks()
	l.Picture = func(name string) (Picture, error) {
		if name != "bridge.png" {
			return Picture{}, errors.New("is missing")
		}
		return Picture{"cid:pict", 320, 200}, nil
	}
	return l
}

const pictureTag = `<img src="cid:pict" alt="The bridge" width="320" height="200" style="border:0;max-width:100%;height:auto">`

func TestMarkdown_HasButtonsCalloutsAndPictures(t *testing.T) {
	for _, tt := range []struct {
		name, src  string
		html, text string // parts of them
	}{
		{"a picture", "![The bridge](cid:bridge.png)", `<div dir="auto">` + pictureTag + `</div>`, "[Image: The bridge]"},
		{"a picture in a link", "[![The bridge](cid:bridge.png)](/b)", `<a href="https://forum.example.org/b" style="color:#05a">` + pictureTag + `</a>`, "[Image: The bridge]\nhttps://forum.example.org/b"},
		{"a picture with braces in its description", `![The \{{bridge}}](cid:bridge.png)`, `alt="The {{bridge}}"`, "[Image: The {{bridge}}]"},
		{"a picture with a hostile description", `!["><script>](cid:bridge.png)`, `alt="&#34;&gt;&lt;script&gt;"`, `[Image: "><script>]`},
		{"a button", "a\n\n[Open *it*](/b){button}\n\nc", `<td class="pr-button" bgcolor="#05a" style="background-color:#05a;padding:10px 22px"><a class="pr-button" dir="auto" href="https://forum.example.org/b" style="`, "a\n\nOpen it:\nhttps://forum.example.org/b\n\nc"},
		{"a button in a quote", "> [Open](/b){button}", `>Open</a></td>`, "> Open:\n> https://forum.example.org/b"},
		{"the mark of a button without a link", "a {button}", `a {button}`, "a {button}"},
		{"the words behind a link", `[Open](/b) \{button} [it](/b) (the mark {button})`, `Open</a> {button} <a`, "Open {button} it (the mark {button})\nhttps://forum.example.org/b"},
		{"a note", "> [!NOTE]\n> Two *words*", `border-left:3px solid #2f74b5;background:#f3f6f9;color:#3d4852"><p dir="auto" style="margin:0">ℹ️ Two <i>words</i></p></blockquote>`, "> ℹ️ Two _words_"},
		{"a warning in small letters, with paragraphs", "> [!warning]  \n> a\n>\n> b", `⚠️ a</p><p dir="auto" style="margin:0">b</p>`, "> ⚠️ a\n>\n> b"},
		{"a callout without words", "> [!TIP]\n\na", `💡</p></blockquote>`, "> 💡\n\na"},
		{"an unknown callout", "> [!WHAT]\n> a", `border-left:3px solid #9fb0c0;background:#f3f6f9;color:#3d4852"><p dir="auto" style="margin:0">[!WHAT] a</p>`, "> [!WHAT] a"},
		{"words behind the kind", "> [!NOTE] a", `[!NOTE] a`, "> [!NOTE] a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Markdown(tt.src, linksWithPicture())
			if err != nil {
				t.Fatal(err)
			}
			checkDoc(t, d)
			if html := d.HTML(Labels{}); !strings.Contains(html, tt.html) {
				t.Errorf("HTML = %s, want %s in it", html, tt.html)
			}
			if text := d.Text(Labels{}, 72); text != tt.text {
				t.Errorf("text = %q, want %q", text, tt.text)
			}
		})
	}
}

func TestMarkdown_RefusesBrokenButtonsAndPictures(t *testing.T) {
	for _, tt := range []struct{ src, want string }{
		{"a\n\nb [Open](/b){button} c", "line 3: a button within a paragraph: put it between empty lines"},
		{"[Open](/b){button} c", "line 1: a button within a paragraph"},
		{"- [Open](/b){button}", "line 1: a button within a paragraph"},
		{"[Open](javascript:alert){button}", "line 1: invalid link URL (javascript:alert)"},
		{"[](/b){button}", "line 1: button without a text"},
		{"[![The bridge](cid:bridge.png)](/b){button}", "line 1: button without a text"},
		{"[Hi {{name}}](/b){button}", "line 1: a merge field in a button"},
		{"a\n\n[Open](/b) {button}", "line 3: {button} must follow a link at once, in small letters: write [Open the forum](https://forum.example/){button}"},
		{"[Open](/b)\n{button}", "line 2: {button} must follow a link at once"},
		{"[Open](/b)  \n{button}", "line 2: {button} must follow a link at once"},
		{"[Open](/b){Button}", "line 1: {button} must follow a link at once"},
		{"**[Open](/b)**{button}", "line 1: {button} must follow a link at once"},
		{"<https://forum.example/>{button}", "line 1: {button} must follow a link at once"},
		{"https://forum.example/{button}", "line 1: {button} must follow a link at once"},
		{"https://forum.example/ {button}", "line 1: {button} must follow a link at once"},
		{"- [Open](/b) {button}", "line 1: {button} must follow a link at once"},
		{"![The bridge](cid:bridge.png){button}", "line 1: {button} must follow a link at once"},
		{"a\n\n![Hi {{name}}, look](cid:bridge.png)", "line 3: a merge field in the description of an image: it is the same for everybody"},
		{"![Hi *{{name}}*](https://forum.example/b.png)", "line 1: a merge field in the description of an image"},
		{"\n![The bridge](cid:../x.png)", "line 2: image ../x.png: is missing"},
		{"![ ](cid:bridge.png)", "line 1: image bridge.png: describe it between the brackets, for members who do not see it: ![The bridge](cid:bridge.png)"},
		{strings.Repeat("![The bridge](cid:bridge.png)\n", maxPictures+1), "is one too many: use at most 8"},
	} {
		d, err := Markdown(tt.src, linksWithPicture())
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Markdown(%q): %v, want %s", tt.src, err, tt.want)
		}
		checkDoc(t, d)
	}
	if _, err := Markdown("![a](cid:b.png)", Links{}); err == nil || !strings.Contains(err.Error(), "there are no images to show here") {
		t.Errorf("without images: %v", err)
	}
}
