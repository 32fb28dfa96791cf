package markup

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	reader "github.com/yuin/goldmark/text"
)

const (
	// maxMarkdown is the largest text in bytes. Mailboxes clip messages of about 100 KB of HTML.
	maxMarkdown = 64 << 10
	// maxMarkdownTime is how long a text may take. Text that people write takes a few milliseconds, but some constructs, for
	// example brackets in brackets, take time with the square of their number.
	maxMarkdownTime = time.Second
	// maxMarkdownCells is the largest number of cells in a table. Each row gets as many as the first.
	maxMarkdownCells = 10_000
	// maxMarkdownDelimiters is the largest number of runs of asterisks, underscores and tildes in one paragraph. goldmark
	// compares each with all before it, without calling a parser.
	maxMarkdownDelimiters = 4000
	// maxMarkdownErrors is how many errors are listed.
	maxMarkdownErrors = 50
)

var (
	errMarkdownTime       = fmt.Errorf("the text takes more than %v to read: remove parts with many brackets, asterisks or levels of lists and quotes", maxMarkdownTime)
	errMarkdownDelimiters = fmt.Errorf("a paragraph has more than %d asterisks, underscores and tildes: remove some, or add empty lines", maxMarkdownDelimiters)
	errMarkdownCells      = fmt.Errorf("a table has more than %d cells: make it smaller", maxMarkdownCells)
)

// checkMarkdownSize returns an error for a text that is too long.
func checkMarkdownSize(src string) error {
	if len(src) > maxMarkdown {
		return fmt.Errorf("the message would have %d bytes of Markdown, more than %d (%d KB): shorten the text", len(src), maxMarkdown, maxMarkdown>>10)
	}
	return nil
}

// markdownWatch stops a parser that takes too long. goldmark cannot be interrupted, so the parts that it calls check the
// time, and panic.
type markdownWatch struct {
	started time.Time
	limit   time.Duration
}

// markdownStop is the value of that panic.
type markdownStop struct{ err error }

func (w *markdownWatch) check() {
	if time.Since(w.started) > w.limit {
		panic(markdownStop{errMarkdownTime})
	}
}

// recoverMarkdown returns the error of a parser that was stopped.
func recoverMarkdown(cause any) error {
	stop, ok := cause.(markdownStop)
	if !ok {
		panic(cause)
	}
	return stop.err
}

// watchedBlock is a block parser that checks the time.
type watchedBlock struct {
	parser.BlockParser
	watch *markdownWatch
}

// Open implements parser.BlockParser.
func (b watchedBlock) Open(parent ast.Node, r reader.Reader, pc parser.Context) (ast.Node, parser.State) {
	b.watch.check()
	return b.BlockParser.Open(parent, r, pc)
}

// Continue implements parser.BlockParser.
func (b watchedBlock) Continue(n ast.Node, r reader.Reader, pc parser.Context) parser.State {
	b.watch.check()
	return b.BlockParser.Continue(n, r, pc)
}

// watchedInline is an inline parser that checks the time.
type watchedInline struct {
	parser.InlineParser
	watch *markdownWatch
}

// Parse implements parser.InlineParser.
func (i watchedInline) Parse(parent ast.Node, block reader.Reader, pc parser.Context) ast.Node {
	i.watch.check()
	return i.InlineParser.Parse(parent, block, pc)
}

// CloseBlock implements parser.CloseBlocker.
func (i watchedInline) CloseBlock(parent ast.Node, block reader.Reader, pc parser.Context) {
	if c, ok := i.InlineParser.(parser.CloseBlocker); ok {
		i.watch.check()
		c.CloseBlock(parent, block, pc)
	}
}

// watchedDelimiter is a parser of emphasis that stops at a paragraph with too many delimiters. The parsers of one text share
// the count.
type watchedDelimiter struct {
	parser.InlineParser
	count *delimiterCount
}

type delimiterCount struct {
	paragraph ast.Node
	n         int
}

// Parse implements parser.InlineParser.
func (d watchedDelimiter) Parse(parent ast.Node, block reader.Reader, pc parser.Context) ast.Node {
	if d.count.paragraph != parent {
		*d.count = delimiterCount{paragraph: parent}
	}
	if d.count.n++; d.count.n > maxMarkdownDelimiters {
		panic(markdownStop{errMarkdownDelimiters})
	}
	return d.InlineParser.Parse(parent, block, pc)
}

// smallTables finds tables, and stops at one with too many cells.
type smallTables struct{ parser.ParagraphTransformer }

func newSmallTables() smallTables { return smallTables{extension.NewTableParagraphTransformer()} }

// Transform implements parser.ParagraphTransformer.
func (t smallTables) Transform(p *ast.Paragraph, r reader.Reader, pc parser.Context) {
	lines := p.Lines()
	for i := 1; i < lines.Len(); i++ {
		line := lines.At(i)
		text := bytes.TrimSpace(line.Value(r.Source()))
		isDelimiter := len(bytes.Trim(text, "|:- \t")) == 0 && bytes.IndexByte(text, '-') >= 0
		if columns := 1 + bytes.Count(text, []byte("|")); isDelimiter && columns*(lines.Len()-i) > maxMarkdownCells {
			panic(markdownStop{errMarkdownCells})
		}
	}
	t.ParagraphTransformer.Transform(p, r, pc)
}

// FirstErrors joins the first errors of a list and says how many there are more.
func FirstErrors(errs []error) error {
	if more := len(errs) - maxMarkdownErrors; more > 0 {
		errs = append(errs[:maxMarkdownErrors:maxMarkdownErrors], fmt.Errorf("and %d more", more))
	}
	return errors.Join(errs...)
}
