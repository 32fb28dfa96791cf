package markup

const (
	quoteChars    = 140 // of a quote in an excerpt, at most: two lines
	maxFullQuotes = 2   // in an excerpt; of further ones only the author is told
)

// Excerpt shortens the document to n characters of the author's own words. It is cut behind a
// sentence, a word or a row of a table, never inside markup, and "…" stands where it was cut. Quotes
// do not count as his words and are shortened apart. What has no words (an image, a spoiler) counts
// by its name.
//
// Up to two of his links that are cut off are listed below the cut: the last one, for a quoted
// article ends with its source, and the first of the others. An excerpt of an excerpt lists the links
// that either of them has cut off.
func (d Doc) Excerpt(n int) Doc {
	if d.Empty() || n <= 0 {
		return Doc{}
	}
	e := excerpter{src: d.t, dst: &tree{refs: d.t.refs, mentions: d.t.mentions, excerpt: true}, n: n}
	body := d.t.body()
	to := e.limit(0, body, n, n/20+4)
	e.dst.nodes = make([]node, 0, min(len(d.t.nodes), max(to.node, 0)+4+maxCutLinks))
	from := body
	if !e.copy(0, body, to) {
		e.addEllipsis(0, to)
		from = 0
	}
	e.addOmittedLinks(from, body)
	e.dst.quotes, e.dst.names = d.Quotes(), d.Names()
	e.dst.detach()
	return Doc{t: e.dst}
}

type excerpter struct {
	src, dst *tree
	n        int
	quotes   int  // copied so far
	marked   bool // "…" is written
	buf      []byte
	segs     []segment
	at       int // the node that limit has come to
	fresh    int // how long buf was when the last line or cell started
}

// segment tells which node the bytes of excerpter.buf from off on come from.
type segment struct {
	off  int
	node int
}

// copy copies the nodes from i to end up to the cut, and tells whether it came to end.
func (e *excerpter) copy(i, end int, to cutPoint) bool {
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
func (e *excerpter) end(nd node, i int, to cutPoint) {
	if k := e.src.nodes[i].kind; i == to.node && !to.whole && (k == text && nd.flag&bare == 0 || k == mention) {
		nd.text = withEllipsis(nd.text[:to.off], to.sentence)
		e.marked = true
	}
	e.push(nd)
}

// addEllipsis adds the "…" behind the nodes from root on, if it does not stand there yet.
func (e *excerpter) addEllipsis(root int, to cutPoint) {
	end := len(e.dst.nodes)
	switch {
	case e.marked:
	case root == 0 && to.whole || end == root || e.dst.nodes[end-1].kind.block():
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
		if e.quotes > maxFullQuotes {
			e.dst.nodes[at].flag |= folded
			return
		}
		in := excerpter{src: e.src, dst: e.dst, n: min(quoteChars, max(e.n/2, 40))}
		in.summarize(i+1, int(nd.end))
	}
	e.dst.nodes[at].end = int32(len(e.dst.nodes))
}

// summarize makes one paragraph of the nodes from i to end.
func (e *excerpter) summarize(i, end int) {
	to := e.limit(i, end, e.n, e.n)
	at := e.push(node{kind: para})
	for gap := false; i < end && i <= to.node; i++ {
		nd := e.src.nodes[i]
		switch nd.kind {
		case spoiler:
			nd = node{kind: inlineSpoiler, text: nd.text}
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
		e.addEllipsis(at, to)
	case len(e.dst.nodes) == at+1:
		e.dst.nodes = e.dst.nodes[:at]
	}
}
