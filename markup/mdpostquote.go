package markup

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// maxHeader is the longest head of a quote, in bytes: a name and the title of a topic.
const maxHeader = 1000

// quote adds a block quote, or a spoiler if its first line starts with ">!".
func (r *postReader) quote(n *ast.Blockquote) {
	first, isParagraph := n.FirstChild().(*ast.Paragraph)
	if !isParagraph {
		r.within(token{tag: tagQuote, source: &Quote{}}, func() { r.blocks(n) })
		return
	}
	if at := first.Lines().At(0).Start; at > 0 && r.source[at] == '!' && r.source[at-1] == '>' {
		r.within(token{tag: tagSpoiler}, func() { r.blocks(n) })
		return
	}
	q, rest := r.quoteHead(first)
	r.within(token{tag: tagQuote, source: &q}, func() {
		if rest != nil {
			r.paragraph(rest)
		}
		for c := first.NextSibling(); c != nil; c = c.NextSibling() {
			r.block(c)
		}
	})
}

// quotedPost is the address of a post in NodeBB.
var quotedPost = regexp.MustCompile(`^(?:/[^/?#]+)*/post/([0-9]{1,15})$`)

// quoteHead returns the source that the first line of a quote names, and the first node of the words behind it. The line is in the
// forum's language: "@ray said in [Title](/post/14):", "@ray [said](/post/14):". It has a name, a link to a post, a colon at the end, and
// no tag, because it is left out.
func (r *postReader) quoteHead(p *ast.Paragraph) (Quote, ast.Node) {
	var q Quote
	var line strings.Builder
	links := 0
	for c := p.FirstChild(); c != nil && line.Len() < maxHeader; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Link:
			links++
			q.Post = r.postID(c)
		case *ast.Text:
			line.Write(c.Segment.Value(r.source))
			if !c.SoftLineBreak() && c.NextSibling() != nil {
				continue
			}
			text := strings.TrimSpace(line.String())
			q.Author = quotedName(text)
			if links != 1 || q.Post == 0 || q.Author == "" || !strings.HasSuffix(text, ":") || strings.ContainsAny(text, "[]<>|") {
				return Quote{}, p.FirstChild()
			}
			return q, c.NextSibling()
		default:
			line.WriteString(r.plain(c))
		}
	}
	return Quote{}, p.FirstChild()
}

// postID returns the ID of the post that a link leads to; 0: none of this forum.
func (r *postReader) postID(n *ast.Link) int64 {
	to := unescaped(string(n.Destination))
	if base := strings.TrimRight(r.links.Base, "/"); base != "" {
		to = strings.TrimPrefix(to, base)
	}
	if m := quotedPost.FindStringSubmatch(to); m != nil {
		return number(m[1])
	}
	return 0
}

// quotedName returns the name behind the "@" of the head of a quote.
func quotedName(line string) string {
	at := strings.IndexByte(line, '@')
	if at < 0 || !atWordStart(line, 0, at) {
		return ""
	}
	return oneLine(strings.TrimRight(unescaped(line[at+1:nameEnd(line, at+1)]), ".-:"), maxAuthor)
}
