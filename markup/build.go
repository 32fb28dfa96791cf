package markup

import "strings"

// builder grows a tree from the tags and the words between them.
//
// Blocks are in frames (quote, list, table and their parts). Words open a paragraph; a blank line or a
// block ends it. Styles and links are not nodes but properties of each piece of text, so tags that cross
// each other need no special handling.
type builder struct {
	src     string
	links   Links
	cut     bool // src ends too early
	tokens  []token
	tree    *tree
	frames  []frame
	quotes  int // frames that are quotes
	para    int // the open paragraph, or -1
	breaks  int // line ends since the last word
	heading bool
	counts  [6]int32 // how often each style is open
	style   style
	link    int32 // tree.refs index of the open link, from 1
	end     int   // where in src the last node ends, if it is a text copied unchanged from there; else 0
}

type frame struct {
	kind    kind
	index   int   // of its node
	opener  int32 // index of its token
	counts  [6]int32
	link    int32
	heading bool
}

// words adds the text between two tags: lines, URLs, mentions.
func (b *builder) words(from, to int) {
	for from < to {
		s := b.src[from:to]
		nl := strings.IndexByte(s, '\n')
		if nl < 0 {
			b.line(from, to)
			return
		}
		b.line(from, from+nl)
		b.breaks++
		from += nl + 1
	}
}

// line adds a piece of one line and links the URLs in it.
func (b *builder) line(from, to int) {
	for from < to {
		start, end, ok := b.nextAutolink(from, to)
		if !ok {
			break
		}
		b.span(from, start)
		b.addAutolink(start, end)
		from = end
	}
	b.span(from, to)
}

// span adds words that are shown exactly as in the source.
func (b *builder) span(from, to int) {
	if from == to {
		return
	}
	words := b.src[from:to]
	if b.end > 0 && b.end == from && b.breaks == 0 && isCollapsed(words) && !(words[0] == ' ' && b.afterSpace()) {
		if last := b.last(); last.style == b.style && last.ref == b.link {
			last.text, b.end = b.src[from-len(last.text):to], to
			return
		}
	}
	if b.add(words, node{kind: text, style: b.style, ref: b.link}) && strings.HasSuffix(words, b.last().text) {
		b.end = to
	}
}

// styled adds words with an additional style.
func (b *builder) styled(s style, words string) {
	b.add(collapseSpace(words), node{kind: text, style: b.style | s, ref: b.link})
}

// addRawTag shows a tag as it was written.
func (b *builder) addRawTag(t *token) { b.span(t.start, t.end) }

// plain adds text in which only line ends have a meaning.
func (b *builder) plain(s string) {
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			b.breaks++
		}
		b.add(line, node{kind: text, style: b.style, ref: b.link})
	}
}

// add adds words. It drops spaces at the start of a line and collapses them elsewhere.
func (b *builder) add(words string, n node) bool {
	if words = collapseSpace(words); words == "" {
		return false
	}
	if words[0] == ' ' && b.afterSpace() {
		if words = words[1:]; words == "" {
			return false
		}
	}
	n.text = words
	b.inline(n)
	return true
}

// afterSpace reports whether a space here would not be visible: at the start of a line or after a space.
func (b *builder) afterSpace() bool {
	if b.para < 0 || b.breaks > 0 || len(b.tree.nodes) == b.para+1 {
		return true
	}
	last := b.last()
	return last.kind == lineBreak || last.kind == text && strings.HasSuffix(last.text, " ")
}

// inline adds an inline node to the open paragraph, or to a new one.
func (b *builder) inline(n node) {
	if b.para >= 0 && b.breaks > 1 {
		b.endPara()
	}
	if b.para < 0 {
		b.ensureParagraphAllowed()
		k := para
		if b.heading {
			k = heading
		}
		b.para = b.push(node{kind: k})
	} else if b.breaks == 1 {
		b.trimEnd()
		b.push(node{kind: lineBreak})
	}
	b.breaks, b.end = 0, 0
	b.push(n)
}

// addBlock adds a block without children.
func (b *builder) addBlock(n node) {
	b.endPara()
	b.ensureParagraphAllowed()
	b.push(n)
}

// push appends a node without children.
func (b *builder) push(n node) int {
	i := len(b.tree.nodes)
	n.end = int32(i + 1)
	b.tree.nodes = append(b.tree.nodes, n)
	return i
}

func (b *builder) last() *node { return &b.tree.nodes[len(b.tree.nodes)-1] }

// endPara ends the open paragraph and removes it if it is empty.
func (b *builder) endPara() {
	b.breaks, b.end = 0, 0
	if b.para < 0 {
		return
	}
	b.trimEnd()
	if len(b.tree.nodes) == b.para+1 {
		b.tree.nodes = b.tree.nodes[:b.para]
	} else {
		b.tree.nodes[b.para].end = int32(len(b.tree.nodes))
	}
	b.para = -1
}

// trimEnd removes the spaces at the end of a line.
func (b *builder) trimEnd() {
	for len(b.tree.nodes) > b.para+1 {
		last := b.last()
		if last.kind == text {
			last.text = strings.TrimRight(last.text, " ")
		}
		if last.kind != lineBreak && (last.kind != text || last.text != "") {
			return
		}
		b.tree.nodes = b.tree.nodes[:len(b.tree.nodes)-1]
	}
}

// updateStyle sets the style of the next words from the tags that are open.
func (b *builder) updateStyle() {
	b.style = 0
	for i, n := range b.counts {
		if n > 0 {
			b.style |= 1 << i
		}
	}
}

// isCollapsed reports whether collapseSpace would leave s unchanged.
func isCollapsed(s string) bool { return !strings.Contains(s, "  ") && !strings.ContainsAny(s, "\t\n") }

// code adds a code block, without the blank lines around it.
func (b *builder) code(s string) {
	s = strings.TrimRight(s, " \t\n")
	for {
		line, rest, more := strings.Cut(s, "\n")
		if !more || strings.TrimSpace(line) != "" {
			break
		}
		s = rest
	}
	if s == "" {
		return
	}
	b.addBlock(node{kind: code, text: s})
}
