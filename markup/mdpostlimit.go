package markup

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	reader "github.com/yuin/goldmark/text"
)

const (
	// maxMarkers is how many quotes and lists one line may open. goldmark compares each line with all that are open.
	maxMarkers = 12
	// maxInlineMarks is how many marks of emphasis and links one paragraph may have. goldmark compares each with all before it.
	maxInlineMarks = 600
	// maxCellsPerMark is how many cells a table may have for each "|" in it, because each row gets as many as the first.
	maxCellsPerMark = 8
)

// limitMarkers removes the markers of quotes and lists that nest too deeply in one line. Their content stays.
func limitMarkers(src string) string {
	if strings.Count(src, ">")+strings.Count(src, "- ")+strings.Count(src, "* ")+strings.Count(src, "+ ")+strings.Count(src, ". ")+strings.Count(src, ") ") <= maxMarkers {
		return src
	}
	var b strings.Builder
	for line := range strings.Lines(src) {
		n, at := 0, 0
		for at < len(line) && n < maxMarkers {
			size := marker(line[at:])
			if size == 0 {
				break
			}
			if line[at] != ' ' && line[at] != '\t' {
				n++
			}
			at += size
		}
		b.WriteString(line[:at])
		for rest := n == maxMarkers; rest; { // the markers that are too many
			size := marker(line[at:])
			at += size
			rest = size > 0
		}
		b.WriteString(line[at:])
	}
	return b.String()
}

// marker returns the length of the marker of a quote or a list item at the start of s, or of a blank before one; 0: none.
func marker(s string) int {
	if s == "" {
		return 0
	}
	digits := 0
	for digits < len(s) && digits < 9 && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	blank := func(i int) bool { return i == len(s) || s[i] == ' ' || s[i] == '\t' || s[i] == '\n' }
	switch c := s[0]; {
	case c == ' ', c == '\t', c == '>':
		return 1
	case (c == '-' || c == '*' || c == '+') && blank(1):
		return 1
	case digits > 0 && digits < len(s) && (s[digits] == '.' || s[digits] == ')') && blank(digits+1):
		return digits + 1
	}
	return 0
}

// inlineMarks counts the marks of a paragraph.
type inlineMarks struct {
	paragraph ast.Node
	n         int
}

var inlineMarksKey = parser.NewContextKey()

func newPostContext() parser.Context {
	pc := parser.NewContext()
	pc.Set(inlineMarksKey, new(inlineMarks))
	return pc
}

// limitedInline is an inline parser that ignores the marks of a paragraph that has too many.
type limitedInline struct{ parser.InlineParser }

// Parse implements parser.InlineParser.
func (l limitedInline) Parse(parent ast.Node, block reader.Reader, pc parser.Context) ast.Node {
	marks := pc.Get(inlineMarksKey).(*inlineMarks)
	if marks.paragraph != parent {
		*marks = inlineMarks{paragraph: parent}
	}
	if marks.n++; marks.n > maxInlineMarks {
		return nil
	}
	return l.InlineParser.Parse(parent, block, pc)
}

// CloseBlock implements parser.CloseBlocker.
func (l limitedInline) CloseBlock(parent ast.Node, block reader.Reader, pc parser.Context) {
	if c, ok := l.InlineParser.(parser.CloseBlocker); ok {
		c.CloseBlock(parent, block, pc)
	}
}

// limitedTables finds tables, but none with many more cells than it has marks.
type limitedTables struct{ parser.ParagraphTransformer }

// Transform implements parser.ParagraphTransformer.
func (t limitedTables) Transform(p *ast.Paragraph, r reader.Reader, pc parser.Context) {
	lines := p.Lines()
	marks, columns := 0, 0
	for i := range lines.Len() {
		at := lines.At(i)
		n := bytes.Count(at.Value(r.Source()), []byte("|"))
		marks += n
		columns = max(columns, n+1)
	}
	if marks > 0 && columns*lines.Len() <= maxCellsPerMark*marks+100 {
		t.ParagraphTransformer.Transform(p, r, pc)
	}
}
