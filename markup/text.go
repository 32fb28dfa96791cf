package markup

import (
	"strconv"
	"strings"
)

// Text writes the document as plain text with at most width columns (12 or more). Only URLs may be longer:
// each has its own line, below the paragraph it belongs to. There is no line end at the end.
func (d Doc) Text(w Labels, width int) string {
	if d.Empty() {
		return ""
	}
	t := textWriter{tree: d.t, labels: w.withDefaults(), width: max(width, minColumns)}
	t.blocks(0, len(d.t.nodes))
	return string(t.out)
}

type textWriter struct {
	out       []byte
	tree      *tree
	labels    Labels
	width     int
	first     string // prefix of the next line
	rest      string // prefix of the lines after it
	blank     bool   // a blank line belongs before the next block
	tight     bool   // blocks follow each other without a blank line
	blankDue  bool   // print a blank line before the next line; delayed, because a block may print nothing
	blankLine string // content of that blank line
}

func (t *textWriter) blocks(i, end int) {
	for ; i < end; i = int(t.tree.nodes[i].end) {
		n := &t.tree.nodes[i]
		if t.blank && !t.tight && !t.blankDue && !(n.kind == omittedLink && t.tree.nodes[i-1].kind == omittedLink) {
			t.blankDue, t.blankLine = true, strings.TrimRight(t.rest, " ")
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
		t.wrapped("[" + withLabel(t.labels.Spoiler, n.text) + "]")
	case rule:
		t.line("* * *")
	case button:
		t.wrapped(n.text + ":")
		t.line(t.tree.ref(n).url)
	case omittedLink:
		t.omittedLink(n)
	case list:
		t.list(n, i)
	case table:
		t.table(i)
	}
}

// quote writes "> Ray wrote:", the URL of the quoted post, and the quoted text.
func (t *textWriter) quote(n *node, i int) {
	defer t.indent("> ", "> ")()
	if n.flag&ignoredAuthor != 0 {
		t.wrapped("[" + t.labels.Ignored + "]")
		return
	}
	if n.flag&noHeader == 0 {
		head := t.labels.head(n.text)
		if n.flag&collapsed != 0 {
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

// omittedLink writes the label of a link and, on the next line, its URL.
func (t *textWriter) omittedLink(n *node) {
	defer t.indent(t.labels.arrow()+" ", "  ")()
	if n.flag&bareURL == 0 {
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

// indent adds a prefix to the following lines and returns a function that removes it. It does nothing if
// too few columns would remain.
func (t *textWriter) indent(first, rest string) func() {
	if t.availableColumns()-columns(rest) < minColumns {
		return func() {}
	}
	outer := t.rest
	t.first, t.rest = t.first+first, t.rest+rest
	return func() { t.first, t.rest = outer, outer }
}

// availableColumns returns how many columns are left for words.
func (t *textWriter) availableColumns() int { return max(t.width-columns(t.rest), minColumns) }

// line writes one line unchanged.
func (t *textWriter) line(s string) {
	if len(t.out) > 0 {
		t.out = append(t.out, '\n')
		if t.blankDue {
			t.out = append(append(t.out, t.blankLine...), '\n')
		}
	}
	t.blankDue = false
	t.out = append(t.out, t.first...)
	t.out = append(t.out, s...)
	for len(t.out) > 0 && t.out[len(t.out)-1] == ' ' {
		t.out = t.out[:len(t.out)-1]
	}
	t.first = t.rest
}

// wrapped writes words in as many lines as they need.
func (t *textWriter) wrapped(s string) {
	// One column is reserved for the space that escapeLeading may add.
	wrap(s, t.availableColumns()-1, func(line string) {
		line = strings.ReplaceAll(strings.ReplaceAll(line, noBreak, " "), wholeWord, "")
		t.line(escapeLeading(line))
	})
}

// escapeLeading keeps an author's line from being read as a quote or a signature delimiter. Those markers
// have a meaning only at the start of a line, so it puts a space before them (after RFC 3676, 4.4).
func escapeLeading(line string) string {
	if strings.HasPrefix(line, ">") || strings.TrimRight(line, " ") == "--" {
		return " " + line
	}
	return line
}

// code writes lines of code, indented by four columns. A line that is too long is broken at spaces only, so that
// every word can be copied.
func (t *textWriter) code(s string) {
	defer t.indent("    ", "    ")()
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimRight(expandTabs(line), " ")
		for {
			n, _ := fitColumns(line, t.availableColumns())
			if n < len(line) {
				n = codeBreak(line, n)
			}
			t.line(line[:n])
			if line = strings.TrimLeft(line[n:], " "); line == "" {
				break
			}
		}
	}
}

// codeBreak returns where to break a line of code of which n bytes fit: at the last space among them, or else at
// the first one behind them. Spaces that indent the line are not a place to break.
func codeBreak(line string, n int) int {
	words := len(line) - len(strings.TrimLeft(line, " "))
	if i := strings.LastIndexByte(line[:min(n+1, len(line))], ' '); i > words {
		return i
	}
	from := max(n, words)
	if i := strings.IndexByte(line[from:], ' '); i >= 0 {
		return from + i
	}
	return len(line)
}

// expandTabs replaces tabs with spaces, up to the next multiple of four.
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

// withLabel returns "Image: name", or the word alone.
func withLabel(word, name string) string {
	if name == "" {
		return word
	}
	return word + ": " + name
}

// para writes the words of a paragraph, and below them the URLs that they link to.
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

// addresses writes URLs on their own lines, numbered if there are several.
func (t *textWriter) addresses(links []string) {
	for i, to := range links {
		if len(links) > 1 {
			to = "[" + strconv.Itoa(i+1) + "] " + to
		}
		t.line(to)
	}
}

// table writes "a | b" rows, aligned in columns if they fit.
func (t *textWriter) table(i int) {
	f := flattener{textWriter: t, inTable: true}
	end := int(t.tree.nodes[i].end)
	f.count(i+1, end)
	var rows [][]string
	var aligns [][]flag
	var widths []int
	for i++; i < end; i = int(t.tree.nodes[i].end) {
		var cells []string
		var align []flag
		for c := i + 1; c < int(t.tree.nodes[i].end); c = int(t.tree.nodes[c].end) {
			s := f.cell(c)
			if len(cells) == len(widths) {
				widths = append(widths, 0)
			}
			widths[len(cells)] = max(widths[len(cells)], columns(s))
			cells = append(cells, s)
			align = append(align, t.tree.nodes[c].flag)
		}
		rows, aligns = append(rows, cells), append(aligns, align)
	}
	total := 3 * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	if total < t.availableColumns() {
		for i, cells := range rows {
			pad(cells, widths, aligns[i])
		}
	}
	for _, cells := range rows {
		if line := strings.Join(cells, " | "); total < t.availableColumns() {
			if line = strings.TrimRight(line, " "); strings.Trim(line, " |") != "" {
				t.line(escapeLeading(line))
			}
		} else {
			t.wrapped(line)
		}
	}
	t.addresses(f.links)
}

// pad aligns cells in columns.
func pad(cells []string, widths []int, align []flag) {
	for i, s := range cells {
		space := widths[i] - columns(s)
		left := 0
		switch {
		case align[i]&alignRight != 0:
			left = space
		case align[i]&alignCenter != 0:
			left = space / 2
		}
		cells[i] = strings.Repeat(" ", left) + s + strings.Repeat(" ", space-left)
	}
}
