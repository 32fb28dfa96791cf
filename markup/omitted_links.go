package markup

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxOmittedLinks is how many links are listed below an excerpt.
const maxOmittedLinks = 2

// addOmittedLinks lists links that the excerpt cut off: the author's own, in the nodes from from to body,
// and those that an earlier excerpt listed. The last link comes first, because articles end with a link to
// their source. The first of the other links follows.
func (e *excerpter) addOmittedLinks(from, body int) {
	nodes := e.src.nodes
	c := linkPicker{tree: e.src, budget: linkBudget(e.n)}
	for i := range e.dst.nodes {
		if n := &e.dst.nodes[i]; n.ref != 0 {
			c.kept = append(c.kept, e.dst.ref(n).url)
		}
	}
	for i := from; i < body; i++ {
		if n := &nodes[i]; n.kind == quote {
			i = int(n.end) - 1
		} else if n.kind == text && n.ref != 0 && (n.flag&bareURL != 0 || hasVisibleText(n.text)) {
			c.offerLink(i)
		}
	}
	for i := len(nodes) - 1; i >= body; i-- { // the first of them was the last link overall
		c.offerLink(i)
	}
	for _, l := range c.picked() {
		e.push(e.omittedLink(l.node, body))
	}
}

// linkPicker chooses the links to list from those it is offered in order.
type linkPicker struct {
	tree               *tree
	kept               []string      // URLs that the excerpt shows
	budget             int           // bytes
	ref                int32         // the link that was offered last
	first, other, last candidateLink // other: the first one with another URL than first
}

// candidateLink is a link, identified by the first node that has its words.
type candidateLink struct {
	node int
	to   string
}

func (c *linkPicker) offerLink(i int) {
	n := &c.tree.nodes[i]
	if n.ref == c.ref {
		return
	}
	c.ref = n.ref
	to := c.tree.ref(n).url
	if to == "" || strings.HasPrefix(to, "mailto:") || linkBytes+len(to) > c.budget || slices.Contains(c.kept, to) {
		return
	}
	c.last = candidateLink{i, to}
	switch {
	case c.first.to == "":
		c.first = c.last
	case c.other.to == "" && c.first.to != to:
		c.other = c.last
	}
}

// picked returns the last link, and another one if there is space for both.
func (c *linkPicker) picked() []candidateLink {
	second := c.first
	if second.to == c.last.to {
		second = c.other
	}
	switch {
	case c.last.to == "":
		return nil
	case second.to == "" || 2*linkBytes+len(c.last.to)+len(second.to) > c.budget:
		return []candidateLink{c.last}
	}
	return []candidateLink{c.last, second}
}

// omittedLink returns one line for the link whose words start at i.
func (e *excerpter) omittedLink(i, body int) node {
	n := e.src.nodes[i]
	switch {
	case n.kind == omittedLink:
		return n
	case n.flag&bareURL != 0:
		return node{kind: omittedLink, flag: bareURL, ref: n.ref, text: shortAddress(e.src.ref(&n).url)}
	}
	return node{kind: omittedLink, ref: n.ref, text: truncateLabel(e.linkWords(i, body), maxLabel)}
}

// linkWords returns the words of the link that start at i, as one line; very long ones are truncated.
func (e *excerpter) linkWords(i, body int) string {
	ref := e.src.nodes[i].ref
	var b strings.Builder
	for ; i < body && b.Len() < 64*maxLabel; i++ {
		switch n := &e.src.nodes[i]; {
		case n.kind == text && n.ref == ref:
			b.WriteString(n.text)
		case n.kind.block() && n.kind != quote || n.kind == lineBreak:
			b.WriteByte(' ')
		case n.ref != ref:
			i = body
		}
	}
	return collapseSpace(strings.TrimSpace(b.String()))
}

// truncateLabel returns a label of at most n characters, cut after a word.
func truncateLabel(s string, n int) string {
	at := cutAt(s, n)
	if at == len(s) {
		return s
	}
	return withEllipsis(s[:wordBoundary(s, at)], false)
}

// shortAddress returns the label of a URL that has no other text.
func shortAddress(to string) string {
	u, err := url.Parse(to)
	if err != nil {
		return oneLine(to, maxShown)
	}
	path := u.Path
	if !utf8.ValidString(path) { // a URL in a legacy encoding
		path = u.EscapedPath()
	}
	s := strings.TrimRight(host(to)+sanitize(path), "/")
	if u.RawQuery != "" {
		s += "?…"
	}
	return oneLine(s, maxShown)
}

// hasVisibleText reports whether there is something to click on.
func hasVisibleText(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsSpace(c) && !isZeroWidth(c) })
}
