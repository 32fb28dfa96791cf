package markup

import "strings"

const (
	quoteChars  = 140 // of a quote in an excerpt, at most: two lines
	wholeQuotes = 2   // in an excerpt; of further ones only the author is told
	blockChars  = 10  // what a block without words counts
	cellChars   = 3   // what a cell counts, beside its words
	linkBytes   = 60  // what a link takes in a mail, beside its address
)

// Excerpt shortens the document to n characters of the author's own words. It is cut behind a
// sentence or a word, never inside markup, and "…" stands where it was cut. Quotes do not count as
// his words and are shortened apart. What has no words (an image, a spoiler) counts by its name.
func (d Doc) Excerpt(n int) Doc {
	if d.Empty() || n <= 0 {
		return Doc{}
	}
	e := excerpter{src: d.t, dst: &tree{refs: d.t.refs, mentions: d.t.mentions}, n: n}
	to := e.limit(0, len(d.t.nodes), n, n/20+4)
	e.dst.nodes = make([]node, 0, min(len(d.t.nodes), max(to.node, 0)+4))
	if !e.copy(0, len(d.t.nodes), to) {
		e.mark(0)
	}
	return Doc{t: e.dst}
}

type excerpter struct {
	src, dst *tree
	n        int
	quotes   int  // copied so far
	marked   bool // "…" is written
	buf      []byte
	segs     []segment
}

// segment tells which node the bytes of excerpter.buf from off on come from.
type segment struct {
	off  int
	node int
}

// point is where to cut: within the text of a node, or behind a node that cannot be cut.
type point struct {
	node     int // -1: before everything
	off      int
	sentence bool
}

// uncut is behind the last node.
func uncut(end int) point { return point{node: end} }

// limit finds where to cut the nodes from i to end, so that n characters and a number of lines stay.
func (e *excerpter) limit(i, end, n, lines int) point {
	e.buf, e.segs = e.buf[:0], e.segs[:0]
	quotes := 0
	room, link := 400+4*n, int32(0) // bytes for links, the last link
	for i < end {
		nd := &e.src.nodes[i]
		next := i + 1
		if nd.ref != 0 && nd.ref != link && nd.kind != quote {
			if room -= len(e.src.ref(nd).url) + linkBytes; room < 0 && link != 0 {
				return e.cut("")
			}
			link = nd.ref
		}
		switch nd.kind {
		case quote:
			if next = int(nd.end); quotes < wholeQuotes {
				quotes++
			} else if n -= blockChars; n < 0 {
				return e.cut("")
			}
		case para, heading, item, row, lineBreak:
			if n, lines = e.newLine(i, n, lines); lines == 0 {
				return e.cut("")
			}
		case list, table:
		case cell:
			e.seg(i)
			e.buf = append(e.buf, ' ')
			n -= cellChars
		case text, mention:
			used, count := e.take(nd, n)
			e.seg(i)
			e.buf = append(e.buf, nd.text[:used]...)
			if n -= count; used == 0 && nd.flag&bare != 0 {
				return e.cut("")
			} else if used < len(nd.text) {
				return e.cut(nd.text[used:min(len(nd.text), used+64)])
			}
		default:
			if nd.kind == code || nd.kind == spoiler || nd.kind == rule {
				n, lines = e.newLine(i, n, lines)
			}
			if n -= e.cost(nd); n < 0 || lines == 0 {
				return e.cut("")
			}
			e.seg(i)
			e.buf = append(e.buf, "\ufffc"...)
		}
		i = next
	}
	return uncut(end)
}

// newLine starts a line, unless one has just started, and returns how many characters and lines are
// left then.
func (e *excerpter) newLine(i, n, lines int) (int, int) {
	if len(e.buf) == 0 || e.buf[len(e.buf)-1] == '\n' {
		return n, lines
	}
	e.seg(i)
	e.buf = append(e.buf, '\n')
	return n - 1, lines - 1
}

func (e *excerpter) seg(node int) { e.segs = append(e.segs, segment{len(e.buf), node}) }

// take tells how much of a text fits into n characters. An address is shown whole or not at all.
func (e *excerpter) take(nd *node, n int) (used, count int) {
	if nd.flag&bare != 0 {
		if count = min(len(nd.text), maxShown); count > n && count < e.n {
			return 0, 0
		}
		return len(nd.text), count
	}
	for used < len(nd.text) {
		size, c := cluster(nd.text[used:])
		if count+c > n {
			break
		}
		used, count = used+size, count+c
	}
	return used, count
}

// cost is what a node that cannot be cut counts.
func (e *excerpter) cost(nd *node) int {
	if nd.kind == code {
		return len(e.code(nd.text))
	}
	return min(blockChars+len(nd.text), e.n)
}

// code is how much of a block of code is shown: half of the excerpt, in whole lines if possible.
func (e *excerpter) code(s string) string {
	full := s
	if at := cutAt(s, e.n/2); at < len(s) {
		s = s[:at]
		if nl := strings.LastIndexByte(s, '\n'); nl > len(s)/2 {
			s = s[:nl]
		}
	}
	at := 0
	for range e.n/40 + 2 {
		nl := strings.IndexByte(s[at:], '\n')
		if nl < 0 {
			at = len(s)
			break
		}
		at += nl + 1
	}
	if s = strings.TrimRight(s[:at], "\n"); len(s) < len(full) {
		return s + "\n…"
	}
	return s
}

// cut finds the border before the end of buf; next is what would follow there.
func (e *excerpter) cut(next string) point {
	all := string(append(e.buf, next...))
	at, sentence := len(e.buf), false
	if next == "" {
		sentence = true
	} else {
		at, sentence = border(all, at)
	}
	at = len(strings.TrimRight(all[:at], " \n"))
	for i := len(e.segs) - 1; i >= 0; i-- {
		if s := e.segs[i]; s.off < at {
			return point{node: s.node, off: at - s.off, sentence: sentence}
		}
	}
	return point{node: -1}
}

// copy copies the nodes from i to end up to the cut, and tells whether it came to end.
func (e *excerpter) copy(i, end int, to point) bool {
	for i < end {
		nd := e.src.nodes[i]
		if i > to.node {
			return false
		}
		switch {
		case nd.kind == quote:
			e.quote(i)
		case int(nd.end) > i+1:
			at := e.push(nd)
			done := e.copy(i+1, int(nd.end), to)
			e.dst.nodes[at].end = int32(len(e.dst.nodes))
			if !done {
				return false
			}
		case nd.kind == code:
			nd.text = e.code(nd.text)
			e.push(nd)
		default:
			e.end(nd, i, to)
		}
		i = int(nd.end)
	}
	return true
}

// end copies the node at i, as nd, and cuts it if it is the last one. An address is left whole.
func (e *excerpter) end(nd node, i int, to point) {
	if k := e.src.nodes[i].kind; i == to.node && (k == text && nd.flag&bare == 0 || k == mention) {
		nd.text = joined(nd.text[:to.off], to.sentence)
		e.marked = true
	}
	e.push(nd)
}

// mark adds the "…" behind the nodes from root on, if it does not stand there yet.
func (e *excerpter) mark(root int) {
	end := len(e.dst.nodes)
	switch {
	case e.marked:
	case end == root || e.dst.nodes[end-1].kind.block():
		e.dst.nodes = append(e.dst.nodes, node{kind: para, end: int32(end + 2)})
		e.push(node{kind: text, text: "…"})
	default:
		for i := root; i < end; i++ { // the "…" becomes part of all that the last node is part of
			if n := &e.dst.nodes[i]; int(n.end) == end && i < end-1 {
				n.end++
			}
		}
		e.push(node{kind: text, text: noBreak + "…"})
	}
}

func (e *excerpter) push(n node) int {
	i := len(e.dst.nodes)
	n.end = int32(i + 1)
	e.dst.nodes = append(e.dst.nodes, n)
	return i
}

// quote copies a quote as one short paragraph.
func (e *excerpter) quote(i int) {
	nd := e.src.nodes[i]
	e.quotes++
	at := e.push(nd)
	if int(nd.end) > i+1 {
		if e.quotes > wholeQuotes {
			e.dst.nodes[at].flag |= folded
			return
		}
		in := excerpter{src: e.src, dst: e.dst, n: min(quoteChars, max(e.n/2, 40))}
		in.gist(i+1, int(nd.end))
	}
	e.dst.nodes[at].end = int32(len(e.dst.nodes))
}

// gist makes one paragraph of the nodes from i to end.
func (e *excerpter) gist(i, end int) {
	to := e.limit(i, end, e.n, e.n)
	at := e.push(node{kind: para})
	for gap := false; i < end && i <= to.node; i++ {
		nd := e.src.nodes[i]
		switch nd.kind {
		case spoiler:
			nd = node{kind: secret, text: nd.text}
		case code:
			nd = node{kind: text, style: mono, text: oneLine(nd.text, e.n/2)}
		}
		if nd.kind.block() || nd.kind == lineBreak {
			gap = true
			continue
		}
		apart := e.src.nodes[i].kind.block()
		if (gap || apart) && len(e.dst.nodes) > at+1 {
			e.push(node{kind: text, text: " "})
		}
		gap = apart
		e.end(nd, i, to)
	}
	switch e.dst.nodes[at].end = int32(len(e.dst.nodes)); {
	case to.node < end:
		e.mark(at)
	case len(e.dst.nodes) == at+1:
		e.dst.nodes = e.dst.nodes[:at]
	}
}
