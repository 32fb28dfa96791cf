package markup

import (
	"html"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

func (r *markdownReader) inlineNode(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		r.words(n)
	case *ast.CodeSpan:
		r.styled(mono, r.plainText(n))
	case *ast.Emphasis:
		r.styledChildren(n, n.Level%2) // level 2 is bold, the first of the styles
	case *extast.Strikethrough:
		r.styledChildren(n, 3)
	case *ast.Link:
		r.linked(n)
	case *ast.AutoLink:
		r.autoLink(n)
	case *ast.Image:
		r.file(image, unescaped(r.plainText(n)), r.address(n, n.Destination))
	case *gapNode:
		r.gap(n)
	default:
		r.children(n)
	}
}

// words adds text as goldmark leaves it: with its backslashes and entities.
func (r *markdownReader) words(n *ast.Text) {
	words := unescaped(string(n.Segment.Value(r.source)))
	if n.SoftLineBreak() {
		words += " "
	}
	r.add(words, node{kind: text, style: r.style, ref: r.link})
	if n.HardLineBreak() {
		r.breaks = 1
	}
}

// styledChildren reads what has a style: the first of them is 0.
func (r *markdownReader) styledChildren(n ast.Node, s int) {
	r.counts[s]++
	r.updateStyle()
	r.children(n)
	r.counts[s]--
	r.updateStyle()
}

func (r *markdownReader) linked(n *ast.Link) {
	outer := r.link
	if to := r.address(n, n.Destination); to != "" {
		r.link = r.ref(ref{url: to})
	}
	r.children(n)
	r.closeLink(outer)
}

func (r *markdownReader) autoLink(n *ast.AutoLink) {
	to := string(n.URL(r.source))
	if n.AutoLinkType == ast.AutoLinkEmail {
		to = "mailto:" + to
	}
	r.addTypedLink(string(n.Label(r.source)), r.links.absolute(to), true)
}

// address is where a link leads, or "" if that is nowhere that a mail may lead to.
func (r *markdownReader) address(n ast.Node, destination []byte) string {
	written := unescaped(string(destination))
	to := r.links.absolute(written)
	switch {
	case strings.Contains(written, "{{"):
		r.fault(place(n), "a gap in the address of a link (%s): gaps are for words only", oneLine(written, maxLabel))
	case to == "" && written != "":
		r.fault(place(n), "a link that leads nowhere (%s): give an address that begins with https://, http:// or mailto:", oneLine(written, maxLabel))
	}
	return to
}

func (r *markdownReader) gap(n *gapNode) {
	g := n.gap
	g.Line = r.lineOf(n.start)
	r.tree.gaps = append(r.tree.gaps, g)
	r.inline(node{kind: gap, text: g.Name + "|" + g.Fallback, style: r.style, ref: r.link})
}

// plainText is the text below a node without any styles.
func (r *markdownReader) plainText(n ast.Node) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Segment.Value(r.source))
		}
		b.WriteString(r.plainText(c))
	}
	return strings.ReplaceAll(b.String(), "\n", " ")
}

// place is where a node stands in the source, as far as goldmark knows.
func place(n ast.Node) int {
	for ; n != nil; n = n.Parent() {
		if at := n.Pos(); at >= 0 {
			return at
		}
	}
	return 0
}

// unescaped resolves backslashes and entities in one pass, so that neither makes the other anew. Entities may stand
// for what a mail must not hold.
func unescaped(s string) string {
	if !strings.ContainsAny(s, `\&`) {
		return s
	}
	var b strings.Builder
	for s != "" {
		at := strings.IndexAny(s, `\&`)
		if at < 0 {
			break
		}
		b.WriteString(s[:at])
		s = s[at:]
		if end := strings.IndexByte(s[:min(len(s), longestEntity)], ';'); s[0] == '&' && end > 0 {
			b.WriteString(html.UnescapeString(s[:end+1]))
			s = s[end+1:]
			continue
		}
		if s[0] == '\\' && len(s) > 1 && util.IsPunct(s[1]) {
			s = s[1:]
		}
		b.WriteByte(s[0])
		s = s[1:]
	}
	b.WriteString(s)
	return sanitize(b.String())
}

// longestEntity is more than any name of HTML has: "&CounterClockwiseContourIntegral;".
const longestEntity = 40
