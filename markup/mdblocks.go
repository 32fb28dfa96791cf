package markup

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// Picture is an image that a message brings with it.
type Picture struct {
	URL           string // "cid:..." (RFC 2392)
	Width, Height int    // as shown, in pixels
}

// pictureScheme begins the address of an image that the message brings: ![The bridge](cid:bridge.png).
const pictureScheme = "cid:"

// maxPictures is how many images a text may bring.
const maxPictures = 8

// image reads an image: one that the message brings is shown, any other becomes a link, because a message loads nothing.
func (r *markdownReader) image(n *ast.Image) {
	if hasField(n) {
		r.errorf(place(n), "a merge field in the description of an image: it is the same for everybody; write the field in the text around it")
	}
	alt := unescaped(r.plainText(n))
	name, own := strings.CutPrefix(unescaped(string(n.Destination)), pictureScheme)
	if !own {
		r.file(image, alt, r.address(n, n.Destination))
		return
	}
	p, err := r.picture(name)
	switch {
	case err != nil:
		r.errorf(place(n), "image %s: %w", oneLine(name, maxLabel), err)
	case strings.TrimSpace(alt) == "":
		r.errorf(place(n), "image %s: describe it between the brackets, for members who do not see it: ![The bridge](cid:%s)", oneLine(name, maxLabel), oneLine(name, maxLabel))
	default:
		r.tree.pictures = append(r.tree.pictures, p)
		r.inline(node{kind: image, text: oneLine(alt, maxAlt), ref: r.link, flag: flag(len(r.tree.pictures))})
	}
}

// maxAlt is how long the description of an image may be, in characters.
const maxAlt = 200

func (r *markdownReader) picture(name string) (Picture, error) {
	switch {
	case r.links.Picture == nil:
		return Picture{}, fmt.Errorf("there are no images to show here")
	case len(r.tree.pictures) == maxPictures:
		return Picture{}, fmt.Errorf("is one too many: use at most %d", maxPictures)
	}
	return r.links.Picture(name)
}

// picture returns the image that a node shows, if the message brings it.
func (t *tree) picture(n *node) (Picture, bool) {
	if n.kind != image || n.flag == 0 || int(n.flag) > len(t.pictures) {
		return Picture{}, false
	}
	return t.pictures[n.flag-1], true
}

// buttonMark follows a link that is shown as a button: [Open the forum](https://forum.example/){button}.
const buttonMark = "{button}"

// button returns the link of a paragraph that is a button.
func (r *markdownReader) button(n ast.Node) *ast.Link {
	link, ok := n.FirstChild().(*ast.Link)
	if !ok || !r.marked(link) || link.NextSibling().NextSibling() != nil {
		return nil
	}
	if mark := link.NextSibling().(*ast.Text); strings.TrimRight(string(mark.Segment.Value(r.source)), " ") != buttonMark {
		return nil
	}
	return link
}

// marked reports whether the mark of a button follows a link.
func (r *markdownReader) marked(link *ast.Link) bool {
	mark, ok := link.NextSibling().(*ast.Text)
	return ok && strings.HasPrefix(string(mark.Segment.Value(r.source)), buttonMark)
}

// looseMark is what people write for the mark of a button.
var looseMark = regexp.MustCompile(`(?i)^\s*\{button\}`)

// checkMark reports the mark of a button that is none where it stands, because it would be shown as written.
func (r *markdownReader) checkMark(n *ast.Text) {
	if !looseMark.Match(n.Segment.Value(r.source)) {
		return
	}
	before := n.PreviousSibling()
	if link, ok := before.(*ast.Link); ok && r.marked(link) {
		return // reported with the link
	}
	for t, ok := before.(*ast.Text); ok && len(bytes.TrimSpace(t.Segment.Value(r.source))) == 0; t, ok = before.(*ast.Text) {
		before = t.PreviousSibling()
	}
	for ; before != nil; before = before.LastChild() { // a link may be bold
		switch before.(type) {
		case *ast.Link, *ast.AutoLink, *ast.Image:
			r.misplacedMark(n.Segment.Start)
			return
		}
	}
}

func (r *markdownReader) misplacedMark(at int) {
	r.errorf(at, `{button} must follow a link at once, in small letters: write [Open the forum](https://forum.example/){button}, or \{button} for the word in braces`)
}

func (r *markdownReader) addButton(link *ast.Link) {
	label, to := oneLine(unescaped(r.plainText(link)), maxLabel), r.address(link, link.Destination)
	switch {
	case strings.TrimSpace(label) == "" || link.FirstChild().Kind() == ast.KindImage:
		r.errorf(place(link), "button without a text: write [Open the forum](https://forum.example/){button}")
	case hasField(link):
		r.errorf(place(link), "a merge field in a button: it has the same text for everybody")
	case to != "":
		r.addBlock(node{kind: button, text: label, ref: r.ref(ref{url: to})})
	}
}

// hasField reports whether there is a merge field below a node.
func hasField(n ast.Node) bool {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if _, is := c.(*fieldNode); is || hasField(c) {
			return true
		}
	}
	return false
}

// callout is a quote whose first line is its kind: "> [!WARNING]", as on GitHub.
type callout struct{ sign, color string }

// callouts are the kinds of callouts. The signs need no translation: screen readers have a name for each.
var callouts = map[string]callout{
	"NOTE":      {"ℹ️", "#2f74b5"},
	"TIP":       {"💡", "#3c804f"},
	"IMPORTANT": {"❗", "#6d64c0"},
	"WARNING":   {"⚠️", "#b5651d"},
	"CAUTION":   {"⛔", "#b5384a"},
}

var calloutMark = regexp.MustCompile(`^\[!([A-Za-z]+)\]\s*$`)

// calloutOf returns the kind of callout that a quote is, or "". It replaces the line that says so by a sign.
func (r *markdownReader) calloutOf(n *ast.Blockquote) string {
	first, ok := n.FirstChild().(*ast.Paragraph)
	if !ok || first.Lines().Len() == 0 {
		return ""
	}
	line := first.Lines().At(0)
	mark := calloutMark.FindStringSubmatch(string(line.Value(r.source)))
	if mark == nil {
		return ""
	}
	kind := strings.ToUpper(mark[1])
	box, known := callouts[kind]
	if !known {
		return ""
	}
	for c := first.FirstChild(); c != nil; c = first.FirstChild() {
		words, ok := c.(*ast.Text)
		first.RemoveChild(first, c)
		if ok && (words.SoftLineBreak() || words.HardLineBreak()) {
			break
		}
	}
	first.InsertBefore(first, first.FirstChild(), ast.NewString([]byte(box.sign+" ")))
	return kind
}
