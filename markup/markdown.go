package markup

import (
	"fmt"
	"time"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	reader "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Markdown parses CommonMark with GitHub's tables, strikethrough, task lists and bare URLs, and merge fields: {{name}}
// and {{name|fallback}}, which have no meaning in code. HTML is not supported: tags are shown as written.
// Images become links, unless the message brings them ("cid:bridge.png"). A link that is followed by {button} is a button, and a quote
// that begins with [!NOTE] a callout, as on GitHub.
//
// The error lists everything that would look broken to readers, with its line. The document is usable even
// if there is an error, but empty if the text is too long or takes too long.
func Markdown(src string, l Links) (Doc, error) {
	return markdownWithin(src, l, maxMarkdownTime)
}

// markdownWithin parses a text that may take until a limit.
func markdownWithin(src string, l Links, limit time.Duration) (d Doc, err error) {
	if err := checkMarkdownSize(src); err != nil {
		return Doc{}, err
	}
	watch := &markdownWatch{started: time.Now(), limit: limit}
	defer func() {
		if cause := recover(); cause != nil {
			d, err = Doc{}, recoverMarkdown(cause)
		}
	}()
	r := markdownReader{builder: builder{src: sanitize(src), links: l, tree: &tree{sections: true}, para: -1}, watch: watch}
	r.source = []byte(r.src)
	fields := &fieldParser{}
	r.children(markdownParser(fields, watch).Parse(reader.NewReader(r.source)))
	for _, at := range fields.open {
		r.errorf(at, `unclosed braces: write {{name}}, or \{{ for literal braces`)
	}
	for len(r.frames) > 0 {
		r.pop()
	}
	r.endPara()
	r.tree.trim()
	watch.check()
	return Doc{t: r.tree}, FirstErrors(r.errs)
}

// markdownParser returns goldmark's own parser without HTML and with merge fields. It is created for each
// text, because announcements are rare.
func markdownParser(fields *fieldParser, watch *markdownWatch) parser.Parser {
	block := func(p parser.BlockParser, priority int) util.PrioritizedValue {
		return util.Prioritized(watchedBlock{p, watch}, priority)
	}
	inline := func(p parser.InlineParser, priority int) util.PrioritizedValue {
		return util.Prioritized(watchedInline{p, watch}, priority)
	}
	var count delimiterCount
	return parser.NewParser(
		parser.WithBlockParsers(
			block(parser.NewSetextHeadingParser(), 100),
			block(parser.NewThematicBreakParser(), 200),
			block(parser.NewListParser(), 300),
			block(parser.NewListItemParser(), 400),
			block(parser.NewCodeBlockParser(), 500),
			block(parser.NewATXHeadingParser(), 600),
			block(parser.NewFencedCodeBlockParser(), 700),
			block(parser.NewBlockquoteParser(), 800),
			block(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(
			inline(fields, 50),
			inline(taskParser{extension.NewTaskCheckBoxParser()}, 0),
			inline(parser.NewCodeSpanParser(), 100),
			inline(parser.NewLinkParser(), 200),
			inline(parser.NewAutoLinkParser(), 300),
			inline(watchedDelimiter{extension.NewStrikethroughParser(), &count}, 450),
			inline(watchedDelimiter{parser.NewEmphasisParser(), &count}, 500),
			inline(extension.NewLinkifyParser(), 999),
		),
		parser.WithParagraphTransformers(
			util.Prioritized(parser.LinkReferenceParagraphTransformer, 100),
			util.Prioritized(newSmallTables(), 200),
		),
		parser.WithASTTransformers(util.Prioritized(extension.NewTableASTTransformer(), 0)),
	)
}

// taskParser finds the boxes of a task list, as GitHub does: only before a space. In goldmark, "[x](URL)" is one, too.
type taskParser struct{ parser.InlineParser }

// Parse implements parser.InlineParser.
func (p taskParser) Parse(parent ast.Node, block reader.Reader, c parser.Context) ast.Node {
	if words, _ := block.PeekLine(); len(words) < 4 || words[3] != ' ' {
		return nil
	}
	return p.InlineParser.Parse(parent, block, c)
}

// markdownReader builds our tree from goldmark's.
type markdownReader struct {
	builder
	source []byte
	watch  *markdownWatch
	errs   []error
	lines  lineCounter
}

// lineOf returns the line of a position in the source, counted from 1.
func (r *markdownReader) lineOf(at int) int { return r.lines.at(r.src, at) }

func (r *markdownReader) errorf(at int, format string, a ...any) {
	r.errs = append(r.errs, fmt.Errorf("line %d: "+format, append([]any{r.lineOf(at)}, a...)...))
}

func (r *markdownReader) children(n ast.Node) {
	r.watch.check()
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
		r.framed(n, node{kind: quote, flag: noHeader, text: r.calloutOf(n)})
	case *ast.List:
		frame := node{kind: list}
		if n.IsOrdered() {
			frame.flag = ordered
		}
		r.framed(n, frame)
	case *extast.Table:
		r.framed(n, node{kind: table})
	case *ast.Paragraph:
		if link := r.button(n); link != nil {
			r.addButton(link)
			return
		}
		r.paragraph(n)
	default:
		r.paragraph(n)
	}
}

func (r *markdownReader) paragraph(n ast.Node) {
	r.endPara()
	r.children(n)
	r.endPara()
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
