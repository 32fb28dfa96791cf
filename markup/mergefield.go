package markup

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	reader "github.com/yuin/goldmark/text"
)

// Field is a place in a text that is another for each reader: {{name}}, or {{name|friend}} with what stands there
// for a reader of whom it is not known.
type Field struct {
	Name     string // in lower case
	Fallback string
	Line     int // of the source, from 1; 0: not known
}

// NextField cuts a text of one line at its first gap. A backslash before the braces makes them mean nothing; so do
// braces that nothing closes.
func NextField(s string) (before string, g Field, after string, found bool) {
	var b strings.Builder
	for {
		at := strings.Index(s, "{{")
		if at < 0 {
			return b.String() + s, Field{}, "", false
		}
		if at > 0 && s[at-1] == '\\' {
			b.WriteString(s[:at-1] + "{{")
			s = s[at+2:]
			continue
		}
		b.WriteString(s[:at])
		g, size := readGap(s[at:])
		if size > 0 {
			return b.String(), g, s[at+size:], true
		}
		b.WriteString("{{")
		s = s[at+2:]
	}
}

// readGap reads the gap that s begins with, and says how many bytes it takes; 0: it is none.
func readGap(s string) (g Field, size int) {
	inside, ok := strings.CutPrefix(s, "{{")
	if !ok {
		return Field{}, 0
	}
	inside, _, _ = strings.Cut(inside, "\n")
	end := strings.Index(inside, "}}")
	if end < 0 {
		return Field{}, 0
	}
	name, fallback, _ := strings.Cut(inside[:end], "|")
	name = strings.TrimSuffix(name, `\`) // in a table a "|" must be written "\|"
	return Field{Name: strings.ToLower(strings.TrimSpace(name)), Fallback: oneLine(fallback, maxLabel)}, end + 4
}

// Gaps are the gaps of a document, in their order.
func (d Doc) Gaps() []Field {
	if d.t == nil {
		return nil
	}
	return append([]Field(nil), d.t.gaps...)
}

func gapOf(n *node) Field {
	name, fallback, _ := strings.Cut(n.text, "|")
	return Field{Name: name, Fallback: fallback}
}

// gapNode is a gap in goldmark's tree.
type gapNode struct {
	ast.BaseInline
	gap   Field
	start int // where it stands in the source
}

var gapKind = ast.NewNodeKind("Gap")

// Kind implements ast.Node.
func (n *gapNode) Kind() ast.NodeKind { return gapKind }

// Dump implements ast.Node.
func (n *gapNode) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// gapParser finds gaps among the inline text.
type gapParser struct {
	open *[]int // where braces stand that nothing closes
}

// Trigger implements parser.InlineParser.
func (gapParser) Trigger() []byte { return []byte{'{'} }

// Parse implements parser.InlineParser.
func (p gapParser) Parse(_ ast.Node, block reader.Reader, _ parser.Context) ast.Node {
	line, segment := block.PeekLine()
	g, size := readGap(string(line))
	if size == 0 {
		if strings.HasPrefix(string(line), "{{") {
			*p.open = append(*p.open, segment.Start)
		}
		return nil
	}
	block.Advance(size)
	return &gapNode{gap: g, start: segment.Start}
}
