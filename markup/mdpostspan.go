package markup

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// spans adds inline nodes, from the first one on.
func (r *postReader) spans(first ast.Node) {
	for c := first; c != nil; c = c.NextSibling() {
		r.span(c)
	}
}

func (r *postReader) span(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		r.words.WriteString(unescaped(string(n.Segment.Value(r.source))))
		if n.SoftLineBreak() || n.HardLineBreak() {
			r.words.WriteByte('\n')
		}
	case *ast.CodeSpan:
		r.flush()
		r.single(token{tag: tagMono, content: r.plain(n)})
	case *ast.Emphasis:
		t := token{tag: tagItalic}
		if n.Level == 2 {
			t.tag = tagBold
		}
		r.within(t, func() { r.spans(n.FirstChild()) })
	case *extast.Strikethrough:
		r.within(token{tag: tagStrike}, func() { r.spans(n.FirstChild()) })
	case *ast.Link:
		r.link(n)
	case *ast.AutoLink:
		r.flush()
		t := token{tag: tagURL, content: string(n.Label(r.source))}
		if n.AutoLinkType == ast.AutoLinkEmail {
			t.tag = tagEmail
		}
		r.single(t)
	case *ast.Image:
		r.image(n)
	default:
		r.spans(n.FirstChild())
	}
}

func (r *postReader) link(n *ast.Link) {
	r.flush()
	r.start(token{tag: tagURL, value: unescaped(string(n.Destination))})
	r.spans(n.FirstChild())
	r.flush()
	if !r.foldAddress() {
		r.close()
	}
}

// image adds an image by its name. A name with a tag in it is text, so that the tag has its effect.
func (r *postReader) image(n *ast.Image) {
	name := unescaped(r.plain(n))
	if strings.ContainsAny(name, "[<|") || strings.Contains(name, "-->") {
		r.spans(n.FirstChild())
		name = ""
	}
	r.flush()
	r.single(token{tag: tagImage, content: unescaped(string(n.Destination)), attrs: altAttr(name)})
}

// plain returns the text below a node without any styles.
func (r *postReader) plain(n ast.Node) string {
	m := markdownReader{source: r.source}
	return m.plainText(n)
}
