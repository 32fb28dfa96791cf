package markup

import (
	"bytes"
	"strings"
	"sync"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	reader "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Markdown parses a post that the forum stores as Markdown: NodeBB, the raw text of Discourse. It never fails. Line ends break lines.
// HTML is shown as written, except for comments and <details>, which a forum may hide. Hidden, too, are >! and || spoilers, and BB
// codes that hide their content, if they are closed. A quote may say whose words follow:
//
//	> @ray said in [Title](/post/14):
//	>
//	> The words.
//
//	[quote="ray"]The words.[/quote]
//
// Unlike [Markdown], it has no merge fields. The text of a post of more than 64 KB ends there.
func (d Dialect) Markdown(src string, l Links) (doc Doc) {
	cut := d.Cut
	src = sanitize(src)
	if len(src) > maxMarkdown {
		cut, src = true, src[:cutBytes(src, maxMarkdown)]
	}
	r := postReader{dialect: d, links: l, cut: cut, source: []byte(limitMarkers(src))}
	defer func() {
		if recover() != nil { // a text that the parser cannot read: nobody knows what it hides
			r.elements = elements{}
			r.open(token{tag: tagHidden}, 0)
			doc = r.doc(d, l, true)
		}
	}()
	r.lower = strings.ToLower(string(r.source))
	r.blocks(postParser().Parse(reader.NewReader(r.source), parser.WithContext(newPostContext())))
	r.flush()
	r.shutAll()
	return r.doc(d, l, cut)
}

// cutBytes returns where to cut s so that at most n bytes of whole characters remain.
func cutBytes(s string, n int) int {
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return n
}

// postParser returns goldmark's own parser without HTML, with limits instead of errors. What is over a limit stays text.
var postParser = sync.OnceValue(func() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewSetextHeadingParser(), 100),
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(parser.NewListParser(), 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(parser.NewBlockquoteParser(), 800),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(parser.NewCodeSpanParser(), 100),
			util.Prioritized(limitedInline{parser.NewLinkParser()}, 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(limitedInline{extension.NewStrikethroughParser()}, 450),
			util.Prioritized(limitedInline{parser.NewEmphasisParser()}, 500),
			util.Prioritized(extension.NewLinkifyParser(), 999),
		),
		parser.WithParagraphTransformers(
			util.Prioritized(parser.LinkReferenceParagraphTransformer, 100),
			util.Prioritized(limitedTables{extension.NewTableParagraphTransformer()}, 200),
		),
		parser.WithASTTransformers(util.Prioritized(extension.NewTableASTTransformer(), 0)),
	)
})

// postReader collects what goldmark found as elements.
type postReader struct {
	elements
	dialect Dialect
	links   Links
	source  []byte
	lower   string // the source in lower case, to find closing tags
	cut     bool
	words   strings.Builder // text that is not yet searched for tags
	opened  []openTag
	bars    int // how many "||" the paragraph has from here on
	// closings are the closing tags that were searched for, and whether the post has them.
	closings map[string]bool
}

// within adds a block or a span with a tag around it.
func (r *postReader) within(t token, content func()) {
	r.flush()
	r.start(t)
	content()
	r.flush()
	r.close()
}

func (r *postReader) blocks(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		r.block(c)
	}
}

func (r *postReader) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		r.within(token{tag: tagHeading}, func() { r.paragraph(n.FirstChild()) })
	case *ast.ThematicBreak:
		r.flush()
		r.single(token{tag: tagRule})
	case *ast.CodeBlock:
		r.code(n)
	case *ast.FencedCodeBlock:
		r.code(n)
	case *ast.Blockquote:
		r.quote(n)
	case *ast.List:
		t := token{tag: tagList}
		if n.IsOrdered() {
			t.value = "1"
		}
		r.within(t, func() { r.blocks(n) })
	case *ast.ListItem:
		r.within(token{tag: tagItem}, func() { r.blocks(n) })
	case *extast.Table:
		r.within(token{tag: tagTable}, func() { r.blocks(n) })
	case *extast.TableHeader:
		r.within(token{tag: tagRow}, func() { r.cells(n, tagHeader) })
	case *extast.TableRow:
		r.within(token{tag: tagRow}, func() { r.cells(n, tagCell) })
	default:
		r.paragraph(n.FirstChild())
	}
}

func (r *postReader) cells(row ast.Node, as tag) {
	for c := row.FirstChild(); c != nil; c = c.NextSibling() {
		r.within(token{tag: as}, func() { r.paragraph(c.FirstChild()) })
	}
}

// paragraph adds a paragraph's nodes, from the first one on. A || spoiler ends with it.
func (r *postReader) paragraph(first ast.Node) {
	if first == nil {
		return
	}
	lines := first.Parent().Lines()
	r.bars = bytes.Count(lines.Value(r.source), []byte("||"))
	if n := lines.Len(); r.cut && n > 0 && len(bytes.TrimSpace(r.source[lines.At(n-1).Stop:])) == 0 {
		r.bars++ // one may be in what was cut off
	}
	r.spans(first)
	r.flush()
	r.shut("||")
	r.text("\n\n")
}

func (r *postReader) code(n ast.Node) {
	r.flush()
	r.single(token{tag: tagCode, content: string(n.Lines().Value(r.source))})
}
