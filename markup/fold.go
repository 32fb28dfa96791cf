package markup

// FoldQuotes returns the document with every quote that fold accepts reduced to one line without its author, for a
// reader who ignores its author.
func (d Doc) FoldQuotes(fold func(Quote) bool) Doc {
	if d.Empty() {
		return d
	}
	t := *d.t
	t.nodes, t.quotes = nil, nil
	var open []int // the nodes of t that contain the next one
	changed := false
	for i := 0; i < len(d.t.nodes); i++ {
		n := d.t.nodes[i]
		for len(open) > 0 && int(t.nodes[open[len(open)-1]].end) <= i {
			t.nodes[open[len(open)-1]].end = int32(len(t.nodes))
			open = open[:len(open)-1]
		}
		r := d.t.ref(&n)
		if n.kind == quote && fold(Quote{Author: n.text, Post: r.post, Member: r.member}) {
			t.nodes = append(t.nodes, node{kind: quote, flag: ignoredAuthor, end: int32(len(t.nodes) + 1)})
			i = int(n.end) - 1
			changed = true
			continue
		}
		if int(n.end) == i+1 {
			n.end = int32(len(t.nodes) + 1)
		} else {
			open = append(open, len(t.nodes)) // its end is that of d.t until it is reached
		}
		t.nodes = append(t.nodes, n)
	}
	if !changed {
		return d
	}
	for _, i := range open {
		t.nodes[i].end = int32(len(t.nodes))
	}
	for _, q := range d.Quotes() {
		if !fold(q) {
			t.quotes = append(t.quotes, q)
		}
	}
	t.excerpt = true // quotes and names are those listed
	t.names = d.Names()
	return Doc{t: &t}
}
