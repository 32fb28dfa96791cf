package markup

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	reader "github.com/yuin/goldmark/text"
)

// Field is a merge field: {{name}}, or {{name|friend}} with the text for readers whose value is not known.
type Field struct {
	Name     string // in lower case
	Fallback string
	Line     int // of the source, from 1; 0: unknown
}

// NextField splits a line of text at its first merge field. A backslash before the braces escapes them;
// unclosed braces have no meaning.
func NextField(s string) (before string, f Field, after string, found bool) {
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
		f, size := readField(s[at:])
		if size > 0 {
			return b.String(), f, s[at+size:], true
		}
		b.WriteString("{{")
		s = s[at+2:]
	}
}

// readField reads the merge field at the start of s and returns its length in bytes, or 0 if there is none.
// The field is a copy, so it does not keep s.
func readField(s string) (f Field, size int) {
	size = fieldSize(s)
	if size == 0 {
		return Field{}, 0
	}
	name, fallback, _ := strings.Cut(s[2:size-2], "|")
	name = strings.TrimSuffix(name, `\`) // in a table, "|" must be written as "\|"
	return Field{Name: strings.Clone(strings.ToLower(strings.TrimSpace(name))), Fallback: strings.Clone(oneLine(fallback, maxLabel))}, size
}

// fieldSize returns the length of the merge field at the start of s in bytes, or 0 if there is none.
func fieldSize[T string | []byte](s T) int {
	if len(s) < 4 || s[0] != '{' || s[1] != '{' {
		return 0
	}
	for i := 2; i+1 < len(s) && s[i] != '\n'; i++ {
		if s[i] == '}' && s[i+1] == '}' {
			return i + 2
		}
	}
	return 0
}

// Fields returns the merge fields of a document in order.
func (d Doc) Fields() []Field {
	if d.t == nil {
		return nil
	}
	return append([]Field(nil), d.t.fields...)
}

func fieldOf(n *node) Field {
	name, fallback, _ := strings.Cut(n.text, "|")
	return Field{Name: name, Fallback: fallback}
}

// fieldNode is a merge field in goldmark's tree.
type fieldNode struct {
	ast.BaseInline
	field Field
	start int // position in the source
}

var fieldKind = ast.NewNodeKind("MergeField")

// Kind implements ast.Node.
func (n *fieldNode) Kind() ast.NodeKind { return fieldKind }

// Dump implements ast.Node.
func (n *fieldNode) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// fieldParser finds merge fields in inline text.
type fieldParser struct {
	open []int // positions of unclosed braces

	// No field ends between these positions: a line full of braces is searched only once.
	unclosedFrom, unclosedTo int
}

// Trigger implements parser.InlineParser.
func (*fieldParser) Trigger() []byte { return []byte{'{'} }

// Parse implements parser.InlineParser.
func (p *fieldParser) Parse(_ ast.Node, block reader.Reader, _ parser.Context) ast.Node {
	line, segment := block.PeekLine()
	if !bytes.HasPrefix(line, []byte("{{")) {
		return nil
	}
	if p.unclosedFrom <= segment.Start && segment.Stop == p.unclosedTo {
		p.open = append(p.open, segment.Start)
		return nil
	}
	size := fieldSize(line)
	if size == 0 {
		p.unclosedFrom, p.unclosedTo = segment.Start, segment.Stop
		p.open = append(p.open, segment.Start)
		return nil
	}
	f, _ := readField(string(line[:size]))
	block.Advance(size)
	return &fieldNode{field: f, start: segment.Start}
}

// lineCounter counts lines up to positions. It continues from the last position if the next is behind it.
type lineCounter struct{ pos, lines int }

// at returns the line of a position, counted from 1.
func (c *lineCounter) at(src string, pos int) int {
	if pos < c.pos {
		*c = lineCounter{}
	}
	c.lines += strings.Count(src[c.pos:pos], "\n")
	c.pos = pos
	return 1 + c.lines
}
