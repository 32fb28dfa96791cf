package markup

import (
	"strconv"
	"strings"
)

// Text writes the document as plain text of at most width columns (12 or more). Only addresses may be longer: they
// stand on lines of their own, below the paragraph that they belong to. It ends without a line end.
func (d Doc) Text(w Labels, width int) string {
	if d.Empty() {
		return ""
	}
	t := textWriter{tree: d.t, words: w.orEnglish(), width: max(width, minColumns)}
	t.blocks(0, len(d.t.nodes))
	return string(t.out)
}

type textWriter struct {
	out   []byte
	tree  *tree
	words Labels
	width int
	first string // stands before the next line
	rest  string // stands before the lines after it
	blank bool   // a blank line belongs before the next block
	tight bool   // blocks follow each other without a blank line
	due   bool   // a blank line comes before the next line: it waits, for a block may print nothing
	empty string // stands in that line
}

func (t *textWriter) blocks(i, end int) {
	for ; i < end; i = int(t.tree.nodes[i].end) {
		n := &t.tree.nodes[i]
		if t.blank && !t.tight && !t.due && !(n.kind == omittedLink && t.tree.nodes[i-1].kind == omittedLink) {
			t.due, t.empty = true, strings.TrimRight(t.rest, " ")
		}
		t.block(n, i)
		t.blank = true
	}
}

func (t *textWriter) block(n *node, i int) {
	end := int(n.end)
	switch n.kind {
	case para, heading:
		t.para(i+1, end)
	case quote:
		t.quote(n, i)
	case code:
		t.code(n.text)
	case spoiler:
		t.wrapped("[" + withLabel(t.words.Spoiler, n.text) + "]")
	case rule:
		t.line("* * *")
	case omittedLink:
		t.cutLink(n)
	case list:
		t.list(n, i)
	case table:
		t.table(i)
	}
}

// quote writes "> Ray wrote:", the address of the quoted post, and what is quoted.
func (t *textWriter) quote(n *node, i int) {
	defer t.indent("> ", "> ")()
	if n.flag&headless == 0 {
		head := t.words.head(n.text)
		if n.flag&folded != 0 {
			head += " […]"
		}
		t.wrapped(head)
		if to := t.tree.ref(n).url; to != "" {
			t.line(to)
		}
	}
	t.blank = false
	t.blocks(i+1, int(n.end))
}

// omittedLink writes what a link says and, in a line of its own, where it leads.
func (t *textWriter) cutLink(n *node) {
	defer t.indent(t.words.arrow()+" ", "  ")()
	if n.flag&bare == 0 {
		t.wrapped(bidiIsolate(n.text))
	}
	t.line(t.tree.ref(n).url)
}

func (t *textWriter) list(n *node, i int) {
	number := 0
	for i++; i < int(n.end); i = int(t.tree.nodes[i].end) {
		sign := "* "
		if n.flag&ordered != 0 {
			number++
			sign = strconv.Itoa(number) + ". "
		}
		t.item(sign, i)
	}
}

func (t *textWriter) item(sign string, i int) {
	defer t.indent(sign, strings.Repeat(" ", len(sign)))()
	tight := t.tight
	t.tight, t.blank = true, false
	t.blocks(i+1, int(t.tree.nodes[i].end))
	t.tight = tight
}

// indent puts something before the lines to come, and returns what takes it away again. It leaves
// the width alone when too little of it would stay.
func (t *textWriter) indent(first, rest string) func() {
	if t.room()-columns(rest) < minColumns {
		return func() {}
	}
	outer := t.rest
	t.first, t.rest = t.first+first, t.rest+rest
	return func() { t.first, t.rest = outer, outer }
}

// room is how many columns are left for words.
func (t *textWriter) room() int { return max(t.width-columns(t.rest), minColumns) }

// line writes one line as it is.
func (t *textWriter) line(s string) {
	if len(t.out) > 0 {
		t.out = append(t.out, '\n')
		if t.due {
			t.out = append(append(t.out, t.empty...), '\n')
		}
	}
	t.due = false
	t.out = append(t.out, t.first...)
	t.out = append(t.out, s...)
	for len(t.out) > 0 && t.out[len(t.out)-1] == ' ' {
		t.out = t.out[:len(t.out)-1]
	}
	t.first = t.rest
}

// wrapped writes words in as many lines as they need.
func (t *textWriter) wrapped(s string) {
	// One column is kept for the space that stuffs a line.
	wrap(s, t.room()-1, func(line string) { t.line(escapeLeading(strings.ReplaceAll(line, noBreak, " "))) })
}

// escapeLeading keeps a line of the author's from being read as a quote or as the start of a signature:
// those signs mean something at the start of a line only, so a space goes before them (the idea of
// RFC 3676, 4.4).
func escapeLeading(line string) string {
	if strings.HasPrefix(line, ">") || strings.TrimRight(line, " ") == "--" {
		return " " + line
	}
	return line
}

// code writes lines of code, four columns in.
func (t *textWriter) code(s string) {
	defer t.indent("    ", "    ")()
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimRight(expandTabs(line), " ")
		for {
			n, _ := fitColumns(line, t.room())
			t.line(line[:n])
			if line = line[n:]; line == "" {
				break
			}
		}
	}
}

// expandTabs makes spaces of tabs, up to the next multiple of four.
func expandTabs(s string) string {
	if !strings.Contains(s, "\t") {
		return s
	}
	var b strings.Builder
	column := 0
	for i, part := range strings.Split(s, "\t") {
		if i > 0 {
			n := 4 - column%4
			b.WriteString("    "[:n])
			column += n
		}
		b.WriteString(part)
		column += columns(part)
	}
	return b.String()
}

// withLabel is "Image: name", or the word alone.
func withLabel(word, name string) string {
	if name == "" {
		return word
	}
	return word + ": " + name
}

// para writes the words of a paragraph, and below them the addresses that they point to.
func (t *textWriter) para(i, end int) {
	f := flattener{textWriter: t}
	f.count(i, end)
	f.inlines(i, end)
	for line := range strings.SplitSeq(string(f.buf), "\n") {
		if address, ok := strings.CutPrefix(line, noWrapPrefix); ok {
			t.line(address)
		} else {
			t.wrapped(line)
		}
	}
	t.addresses(f.links)
}

// addresses writes addresses on lines of their own, with numbers if there are several.
func (t *textWriter) addresses(links []string) {
	for i, to := range links {
		if len(links) > 1 {
			to = "[" + strconv.Itoa(i+1) + "] " + to
		}
		t.line(to)
	}
}

// table writes "a | b" rows, in columns if they fit.
func (t *textWriter) table(i int) {
	f := flattener{textWriter: t, inTable: true}
	end := int(t.tree.nodes[i].end)
	f.count(i+1, end)
	var rows [][]string
	var widths []int
	for i++; i < end; i = int(t.tree.nodes[i].end) {
		var cells []string
		for c := i + 1; c < int(t.tree.nodes[i].end); c = int(t.tree.nodes[c].end) {
			s := f.cell(c)
			if len(cells) == len(widths) {
				widths = append(widths, 0)
			}
			widths[len(cells)] = max(widths[len(cells)], columns(s))
			cells = append(cells, s)
		}
		rows = append(rows, cells)
	}
	total := 3 * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	if total < t.room() {
		for _, cells := range rows {
			pad(cells, widths)
		}
	}
	for _, cells := range rows {
		if line := strings.Join(cells, " | "); total < t.room() {
			if line = strings.TrimRight(line, " "); strings.Trim(line, " |") != "" {
				t.line(escapeLeading(line))
			}
		} else {
			t.wrapped(line)
		}
	}
	t.addresses(f.links)
}

func pad(cells []string, widths []int) {
	for i, s := range cells {
		cells[i] = s + strings.Repeat(" ", widths[i]-columns(s))
	}
}
