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
		r.styledChildren(n, n.Level%2) // level 2 is bold, the first style
	case *extast.Strikethrough:
		r.styledChildren(n, 3)
	case *ast.Link:
		if r.marked(n) {
			r.errorf(place(n), "a button within a paragraph: put it between empty lines")
		}
		r.linked(n)
	case *ast.AutoLink:
		r.autoLink(n)
	case *ast.Image:
		r.image(n)
	case *extast.TaskCheckBox:
		box := "☐ "
		if n.IsChecked {
			box = "☑ "
		}
		r.add(box, node{kind: text})
	case *ast.String: // the sign of a callout
		r.add(string(n.Value), node{kind: text})
	case *fieldNode:
		r.mergeField(n)
	default:
		r.children(n)
	}
}

// words adds text as goldmark returns it: with its backslashes and entities.
func (r *markdownReader) words(n *ast.Text) {
	r.checkMark(n)
	words := unescaped(string(n.Segment.Value(r.source)))
	if n.SoftLineBreak() {
		words += " "
	}
	r.add(words, node{kind: text, style: r.style, ref: r.link})
	if n.HardLineBreak() {
		r.breaks = 1
	}
}

// styledChildren reads a node with a style; 0 is the first style.
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
	if strings.HasSuffix(strings.ToLower(to), buttonMark) {
		r.misplacedMark(place(n))
	}
	if n.AutoLinkType == ast.AutoLinkEmail {
		to = "mailto:" + to
	}
	r.addTypedLink(string(n.Label(r.source)), r.links.absolute(to), true)
}

// address returns the URL of a link, or "" if a message may not link to it.
func (r *markdownReader) address(n ast.Node, destination []byte) string {
	written := unescaped(string(destination))
	to := r.links.absolute(written)
	switch {
	case strings.Contains(written, "{{"):
		r.errorf(place(n), "merge field in the URL of a link (%s): merge fields are allowed in text only", oneLine(written, maxLabel))
	case to == "" && written != "":
		r.errorf(place(n), "invalid link URL (%s): must start with https://, http:// or mailto:", oneLine(written, maxLabel))
	}
	return to
}

func (r *markdownReader) mergeField(n *fieldNode) {
	f := n.field
	f.Line = r.lineOf(n.start)
	r.tree.fields = append(r.tree.fields, f)
	r.inline(node{kind: mergeField, text: f.Name + "|" + f.Fallback, style: r.style, ref: r.link})
}

// plainText returns the text below a node without any styles.
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

// place returns the position of a node in the source, if goldmark knows it.
func place(n ast.Node) int {
	for ; n != nil; n = n.Parent() {
		if at := n.Pos(); at >= 0 {
			return at
		}
	}
	return 0
}

// unescaped resolves backslashes and entities in one pass, so that neither can produce the other. It
// sanitizes the result, because entities may stand for characters that a message must not contain.
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

// longestEntity is longer than any entity name in HTML: "&CounterClockwiseContourIntegral;".
const longestEntity = 40
