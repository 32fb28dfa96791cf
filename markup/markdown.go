package markup

import (
	"errors"
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	reader "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Markdown parses CommonMark with GitHub's tables, strikethrough and bare URLs, and merge fields: {{name}}
// and {{name|fallback}}, which have no meaning in code. HTML is not supported: tags are shown as written.
// Images become links.
//
// The error lists everything that would look broken to readers, with its line. The document is usable even
// if there is an error.
func Markdown(src string, l Links) (Doc, error) {
	r := markdownReader{builder: builder{src: sanitize(src), links: l, tree: &tree{}, para: -1}}
	r.source = []byte(r.src)
	var open []int
	r.children(markdownParser(&open).Parse(reader.NewReader(r.source)))
	for _, at := range open {
		r.errorf(at, `unclosed braces: write {{name}}, or \{{ for literal braces`)
	}
	for len(r.frames) > 0 {
		r.pop()
	}
	r.endPara()
	r.tree.trim()
	return Doc{t: r.tree}, errors.Join(r.errs...)
}

// markdownParser returns goldmark's own parser without HTML and with merge fields. It is created for each
// text, because announcements are rare. The positions of unclosed braces go into open.
func markdownParser(open *[]int) parser.Parser {
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
			util.Prioritized(fieldParser{open}, 50),
			util.Prioritized(parser.NewCodeSpanParser(), 100),
			util.Prioritized(parser.NewLinkParser(), 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(extension.NewStrikethroughParser(), 450),
			util.Prioritized(parser.NewEmphasisParser(), 500),
			util.Prioritized(extension.NewLinkifyParser(), 999),
		),
		parser.WithParagraphTransformers(
			util.Prioritized(parser.LinkReferenceParagraphTransformer, 100),
			util.Prioritized(extension.NewTableParagraphTransformer(), 200),
		),
		parser.WithASTTransformers(util.Prioritized(extension.NewTableASTTransformer(), 0)),
	)
}

// markdownReader builds our tree from goldmark's.
type markdownReader struct {
	builder
	source []byte
	errs   []error
}

// lineOf returns the line of a position in the source, counted from 1.
func (r *markdownReader) lineOf(at int) int { return 1 + strings.Count(r.src[:at], "\n") }

func (r *markdownReader) errorf(at int, format string, a ...any) {
	r.errs = append(r.errs, fmt.Errorf("line %d: "+format, append([]any{r.lineOf(at)}, a...)...))
}

func (r *markdownReader) children(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if n.Type() == ast.TypeInline || c.Type() == ast.TypeInline {
			r.inlineNode(c)
		} else {
			r.blockNode(c)
		}
	}
}

func (r *markdownReader) blockNode(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		r.endPara()
		r.heading = true
		r.children(n)
		r.endPara()
		r.heading = false
	case *ast.ThematicBreak:
		r.addBlock(node{kind: rule})
	case *ast.CodeBlock:
		r.code(string(n.Lines().Value(r.source)))
	case *ast.FencedCodeBlock:
		r.code(string(n.Lines().Value(r.source)))
	case *ast.Blockquote:
		r.framed(n, node{kind: quote, flag: noHeader})
	case *ast.List:
		frame := node{kind: list}
		if n.IsOrdered() {
			frame.flag = ordered
		}
		r.framed(n, frame)
	case *extast.Table:
		r.framed(n, node{kind: table})
	default:
		r.endPara()
		r.children(n)
		r.endPara()
	}
}

// framed reads a block that contains blocks. If it is nested too deeply, its content is shown without a frame.
func (r *markdownReader) framed(n ast.Node, frame node) {
	r.endPara()
	if len(r.frames) >= maxDepth {
		r.children(n)
		r.endPara()
		return
	}
	r.ensureParagraphAllowed()
	depth := len(r.frames)
	r.enter(frame, -1)
	if frame.kind == quote {
		r.quotes++
	}
	for part := n.FirstChild(); part != nil; part = part.NextSibling() {
		switch frame.kind {
		case list:
			r.enter(node{kind: item}, -1)
			r.children(part)
			r.pop()
		case table:
			r.cells(part)
		default:
			r.blockNode(part)
		}
	}
	for len(r.frames) > depth {
		r.pop()
	}
}

// cells reads a table row.
func (r *markdownReader) cells(n ast.Node) {
	r.enter(node{kind: row}, -1)
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		in := node{kind: cell}
		if n.Kind() == extast.KindTableHeader {
			in.flag = header
		}
		if c, ok := c.(*extast.TableCell); ok {
			in.flag |= alignOf(c.Alignment)
		}
		r.enter(in, -1)
		r.children(c)
		r.pop()
	}
	r.pop()
}

func alignOf(a extast.Alignment) flag {
	switch a {
	case extast.AlignCenter:
		return alignCenter
	case extast.AlignRight:
		return alignRight
	}
	return 0
}
