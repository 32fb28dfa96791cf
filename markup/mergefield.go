package markup

import (
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
func readField(s string) (f Field, size int) {
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
	name = strings.TrimSuffix(name, `\`) // in a table, "|" must be written as "\|"
	return Field{Name: strings.ToLower(strings.TrimSpace(name)), Fallback: oneLine(fallback, maxLabel)}, end + 4
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
	open *[]int // positions of unclosed braces
}

// Trigger implements parser.InlineParser.
func (fieldParser) Trigger() []byte { return []byte{'{'} }

// Parse implements parser.InlineParser.
func (p fieldParser) Parse(_ ast.Node, block reader.Reader, _ parser.Context) ast.Node {
	line, segment := block.PeekLine()
	f, size := readField(string(line))
	if size == 0 {
		if strings.HasPrefix(string(line), "{{") {
			*p.open = append(*p.open, segment.Start)
		}
		return nil
	}
	block.Advance(size)
	return &fieldNode{field: f, start: segment.Start}
}
