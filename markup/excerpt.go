package markup

const (
	quoteChars    = 140 // longest quote in an excerpt: two lines
	maxFullQuotes = 2   // quotes shown in an excerpt; of any further ones only the author is shown
)

// Excerpt shortens the document to n characters of the author's own words. It cuts after a sentence, a word
// or a table row, never inside markup, and marks the cut with "…". Quotes do not count as the author's
// words and are shortened separately. Content without words (an image, a spoiler) counts by its name.
//
// Up to two of the author's links that are cut off are listed below the cut: the last one, because a quoted
// article ends with its source, and the first of the others. An excerpt of an excerpt lists the links that
// either of them cut off.
func (d Doc) Excerpt(n int) Doc {
	if d.Empty() || n <= 0 {
		return Doc{}
	}
	e := excerpter{src: d.t, dst: &tree{refs: d.t.refs, mentions: d.t.mentions, groups: d.t.groups, excerpt: true}, n: n}
	body := d.t.body()
	to := e.limit(0, body, n, n/20+4)
	e.dst.nodes = make([]node, 0, min(len(d.t.nodes), max(to.node, 0)+4+maxOmittedLinks))
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
	src, dst    *tree
	n           int
	quotes      int  // copied so far
	hasEllipsis bool // "…" is written
	buf         []byte
	segs        []segment
	at          int // the node that limit has reached
	lineStart   int // length of buf when the last line or cell started
}

// segment records which node the bytes of excerpter.buf come from, starting at off.
type segment struct {
	off  int
	node int
}

// copy copies the nodes from i to end up to the cut. It reports whether it reached end.
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

// end copies the node at i, as nd, and cuts it if it is the last one. A URL is never cut.
func (e *excerpter) end(nd node, i int, to cutPoint) {
	if k := e.src.nodes[i].kind; i == to.node && !to.whole && (k == text && nd.flag&bareURL == 0 || k == mention) {
		nd.text = withEllipsis(nd.text[:to.off], to.sentence)
		e.hasEllipsis = true
	}
	e.push(nd)
}

// addEllipsis adds the "…" after the nodes from root on, if it is not there already.
func (e *excerpter) addEllipsis(root int, to cutPoint) {
	end := len(e.dst.nodes)
	switch {
	case e.hasEllipsis:
	case root == 0 && to.whole || end == root || e.dst.nodes[end-1].kind.block():
		e.dst.nodes = append(e.dst.nodes, node{kind: para, end: int32(end + 2)})
		e.push(node{kind: text, text: "…"})
	default:
		for i := root; i < end; i++ { // every node that contains the last node also contains the "…"
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
			e.dst.nodes[at].flag |= collapsed
			return
		}
		in := excerpter{src: e.src, dst: e.dst, n: min(quoteChars, max(e.n/2, 40))}
		in.summarize(i+1, int(nd.end))
	}
	e.dst.nodes[at].end = int32(len(e.dst.nodes))
}

// summarize copies the nodes from i to end into one paragraph.
func (e *excerpter) summarize(i, end int) {
	to := e.limit(i, end, e.n, e.n)
	at := e.push(node{kind: para})
	for needSpace := false; i < end && i <= to.node; i++ {
		nd := e.src.nodes[i]
		switch nd.kind {
		case spoiler:
			nd = node{kind: inlineSpoiler, text: nd.text}
		case code:
			nd = node{kind: text, style: mono, text: oneLine(nd.text, e.n/2)}
		}
		if nd.kind.block() || nd.kind == lineBreak {
			needSpace = true
			continue
		}
		isBlock := e.src.nodes[i].kind.block()
		if (needSpace || isBlock) && len(e.dst.nodes) > at+1 {
			e.push(node{kind: text, text: " "})
		}
		needSpace = isBlock
		e.end(nd, i, to)
	}
	switch e.dst.nodes[at].end = int32(len(e.dst.nodes)); {
	case to.node < end:
		e.addEllipsis(at, to)
	case len(e.dst.nodes) == at+1:
		e.dst.nodes = e.dst.nodes[:at]
	}
}
