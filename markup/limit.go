package markup

import "strings"

const (
	blockChars = 10 // cost of a block without words
	cellChars  = 3  // cost of a cell, in addition to its words
	linkBytes  = 60 // bytes of a link in a message, in addition to its URL
)

// linkBudget returns how many bytes the links among n characters may take. The links listed below them may
// take as many again.
func linkBudget(n int) int { return 400 + 4*n }

// cutPoint is where to cut: within the text of a node, or after a node that cannot be cut.
type cutPoint struct {
	node     int // -1: before everything
	off      int
	sentence bool
	whole    bool // the node is not cut, and "…" belongs below the block that contains it
}

// cutAfter returns the cut point after the last node.
func cutAfter(end int) cutPoint { return cutPoint{node: end} }

// limit finds where to cut the nodes from i to end so that n characters and the given number of lines
// remain.
func (e *excerpter) limit(i, end, n, lines int) cutPoint {
	e.buf, e.segs, e.lineStart = e.buf[:0], e.segs[:0], 0
	quotes := 0
	budget, link := linkBudget(n), int32(0) // bytes left for links; the last link
	for i < end {
		nd := &e.src.nodes[i]
		next := i + 1
		e.at = i
		if nd.ref != 0 && nd.ref != link && nd.kind != quote {
			if budget -= len(e.src.ref(nd).url) + linkBytes; budget < 0 && link != 0 {
				return e.cut("")
			}
			link = nd.ref
		}
		switch nd.kind {
		case quote:
			if next = int(nd.end); quotes < maxFullQuotes {
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
			e.startSegment(i)
			e.buf = append(e.buf, ' ')
			e.lineStart = len(e.buf)
			if n -= cellChars; n < 0 {
				return e.cut("")
			}
		case text, mention:
			used, count := e.fitText(nd, n)
			e.startSegment(i)
			e.buf = append(e.buf, nd.text[:used]...)
			if n -= count; used == 0 && nd.flag&bareURL != 0 {
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
			e.startSegment(i)
			e.buf = append(e.buf, "\ufffc"...)
		}
		i = next
	}
	return cutAfter(end)
}

// newLine starts a line, unless one has just started, and returns how many characters and lines remain.
func (e *excerpter) newLine(i, n, lines int) (int, int) {
	if len(e.buf) == e.lineStart {
		return n, lines
	}
	e.startSegment(i)
	e.buf = append(e.buf, '\n')
	e.lineStart = len(e.buf)
	return n - 1, lines - 1
}

func (e *excerpter) startSegment(node int) { e.segs = append(e.segs, segment{len(e.buf), node}) }

// fitText returns how much of a text fits into n characters. A URL is shown whole or not at all.
func (e *excerpter) fitText(nd *node, n int) (used, count int) {
	if nd.flag&bareURL != 0 {
		if count = min(len(nd.text), maxShown); count > n && count < e.n {
			return 0, 0
		}
		return len(nd.text), count
	}
	for used < len(nd.text) {
		size, c := grapheme(nd.text[used:])
		if count+c > n {
			break
		}
		used, count = used+size, count+c
	}
	return used, count
}

// cost returns how many characters a node that cannot be cut counts for.
func (e *excerpter) cost(nd *node) int {
	if nd.kind == code {
		return len(e.code(nd.text))
	}
	return min(blockChars+len(nd.text), e.n)
}

// code returns the part of a code block to show: at most half of the excerpt, in whole lines if possible.
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

// cut finds the best place to cut before the end of buf; next is the text that would follow.
func (e *excerpter) cut(next string) cutPoint {
	all := string(append(e.buf, next...))
	at, sentence := len(e.buf), false
	if next == "" {
		sentence = true
	} else {
		at, sentence = boundary(all, at)
	}
	at = len(strings.TrimRight(all[:at], " \n"))
	for i := len(e.segs) - 1; i >= 0; i-- {
		if s := e.segs[i]; s.off < at {
			return e.wholeRows(cutPoint{node: s.node, off: at - s.off, sentence: sentence})
		}
	}
	return cutPoint{node: -1}
}

// wholeRows moves a cut within a table to the end of a row, because a partial row would put values into the
// wrong columns. A row that is too long and has no words before it is still cut.
func (e *excerpter) wholeRows(to cutPoint) cutPoint {
	nodes := e.src.nodes
	at := e.enclosing(to.node, row)
	if at < 0 {
		return to
	}
	end := int(nodes[at].end)
	if e.fitsWhole(to, end) {
		return cutPoint{node: end - 1, whole: true}
	}
	if nodes[at-1].kind != table {
		return cutPoint{node: at - 1, whole: true}
	}
	before := at - 2
	for before >= 0 && (nodes[before].kind == list || nodes[before].kind == item) {
		before-- // starts with the table
	}
	if before < e.segs[0].node {
		return to
	}
	return cutPoint{node: before, whole: true}
}

// enclosing returns the node of kind k that contains the node at i, or -1.
func (e *excerpter) enclosing(i int, k kind) int {
	for at := i; at >= 0; at-- {
		if n := &e.src.nodes[at]; n.kind == k && int(n.end) > i {
			return at
		}
	}
	return -1
}

// fitsWhole reports whether everything before the node at end fits, with nothing lost between the cut and
// that node.
func (e *excerpter) fitsWhole(to cutPoint, end int) bool {
	if e.at < end {
		return false
	}
	n := &e.src.nodes[to.node]
	if n.kind == text && n.flag&bareURL == 0 && to.off < len(strings.TrimRight(n.text, " ")) || n.kind == mention && to.off < len(n.text) {
		return false
	}
	for i := to.node + 1; i < end; i++ {
		if k := e.src.nodes[i].kind; k != cell && k != para && k != heading {
			return false
		}
	}
	return true
}
