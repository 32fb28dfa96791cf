package markup

import "slices"

// openQuote opens a top-level quote. The author's styles end where another author's words start.
func (b *builder) openQuote(i int) {
	t := &b.tokens[i]
	q := t.quoted()
	b.endPara()
	b.ensureParagraphAllowed()
	b.enter(node{kind: quote, text: q.Author, ref: b.quoteRef(t, q)}, int32(i))
	b.quotes++
	b.counts, b.link, b.heading = [6]int32{}, 0, false
	b.updateStyle()
}

// openFrame opens a list or table, or a part of one.
func (b *builder) openFrame(i int) {
	t := &b.tokens[i]
	switch t.tag {
	case tagList, tagTable:
		b.endPara()
		if len(b.frames) >= maxDepth || b.inCell() {
			return
		}
		b.ensureParagraphAllowed()
		n := node{kind: list}
		if t.tag == tagTable {
			n.kind = table
		} else if t.value != "" && t.value != "disc" && t.value != "circle" && t.value != "square" {
			n.flag = ordered
		}
		b.enter(n, int32(i))
	case tagItem:
		b.openPart(i, list, node{kind: item})
	case tagRow:
		b.openPart(i, table, node{kind: row})
	case tagCell, tagHeader:
		if b.hasOpenFrame(table) && b.top().kind == table {
			b.enter(node{kind: row}, int32(i))
		}
		n := node{kind: cell}
		if t.tag == tagHeader {
			n.flag = header
		}
		b.openPart(i, row, n)
	}
}

// openPart opens a part of the innermost frame of kind in, and closes the part before it. In a frame of
// another kind, or in none, the tag has no meaning: an item is shown as written, a cell is dropped.
func (b *builder) openPart(i int, in kind, n node) {
	if !b.hasOpenFrame(in) {
		if n.kind != item {
			b.endPara()
		} else if b.inCell() {
			b.breaks++
			b.add("• ", node{kind: text, style: b.style})
		} else {
			b.addRawTag(&b.tokens[i])
		}
		return
	}
	b.endPara()
	for b.top().kind != in {
		b.pop()
	}
	b.enter(n, int32(i))
}

// hasOpenFrame reports whether a part can reach an open frame of kind k without leaving a quote or another
// list or table.
func (b *builder) hasOpenFrame(k kind) bool {
	for _, f := range slices.Backward(b.frames) {
		switch {
		case f.kind == k:
			return true
		case f.kind == quote, f.kind == list, f.kind == table:
			return false
		}
	}
	return false
}

// ensureParagraphAllowed opens the parts that a paragraph or block needs here. For example, words directly
// in a list open an item.
func (b *builder) ensureParagraphAllowed() {
	if len(b.frames) == 0 {
		return
	}
	switch b.top().kind {
	case list:
		b.enter(node{kind: item}, -1)
	case table:
		b.enter(node{kind: row}, -1)
		b.enter(node{kind: cell}, -1)
	case row:
		b.enter(node{kind: cell}, -1)
	}
}

func (b *builder) enter(n node, opener int32) {
	b.frames = append(b.frames, frame{
		kind: n.kind, index: b.push(n), opener: opener, counts: b.counts, link: b.link, heading: b.heading,
	})
}

func (b *builder) top() *frame { return &b.frames[len(b.frames)-1] }

func (b *builder) inCell() bool {
	for i := range b.frames {
		if b.frames[i].kind == cell {
			return true
		}
	}
	return false
}

// closeFrame closes the frame that the token opened, and everything in it. It does nothing if an enclosing
// frame has closed it already.
func (b *builder) closeFrame(opener int32) {
	for i := range b.frames {
		if b.frames[i].opener != opener {
			continue
		}
		for len(b.frames) > i {
			b.pop()
		}
		return
	}
	if b.inCell() {
		b.endPara()
	}
}

// pop closes the innermost frame. It removes an empty one, except for a quote or a cell, which mean
// something even when empty. A row whose cells are all empty counts as empty.
func (b *builder) pop() {
	b.endPara()
	f := b.top()
	b.frames = b.frames[:len(b.frames)-1]
	n := &b.tree.nodes[f.index]
	n.end = int32(len(b.tree.nodes))
	switch n.kind {
	case quote:
		b.quotes--
	case cell:
	default:
		if !slices.ContainsFunc(b.tree.nodes[f.index+1:], func(in node) bool { return in.kind != cell }) {
			b.tree.nodes = b.tree.nodes[:f.index]
		}
	}
	b.counts, b.link, b.heading = f.counts, f.link, f.heading
	b.updateStyle()
}

// frameEnd returns the token that ends the innermost frame, or the number of tokens.
func (b *builder) frameEnd() int {
	for _, f := range slices.Backward(b.frames) {
		if f.opener >= 0 && b.tokens[f.opener].match >= 0 {
			return int(b.tokens[f.opener].match)
		}
	}
	return len(b.tokens)
}

// quoteRef returns the reference to what the quote tag t quotes.
func (b *builder) quoteRef(t *token, q Quote) int32 {
	r := ref{post: q.Post, member: q.Member}
	if t.source != nil && t.value != "" {
		r.url = b.links.absolute(t.value)
	} else if q.Post != 0 && b.links.Post != nil {
		r.url = b.links.absolute(b.links.Post(q.Post))
	}
	if r == (ref{}) {
		return 0
	}
	return b.ref(r)
}

func (b *builder) ref(r ref) int32 {
	b.tree.refs = append(b.tree.refs, r)
	return int32(len(b.tree.refs))
}
