package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// QuotedText returns the words that the document shows from a quote of the given post. An excerpt returns
// the words left of the quote. The result is empty if no quote is shown.
func (d Doc) QuotedText(post int64) string {
	if d.t == nil || post == 0 {
		return ""
	}
	for i := 0; i < len(d.t.nodes); {
		n := &d.t.nodes[i]
		if n.kind == quote && d.t.ref(n).post == post {
			return d.t.words(i+1, int(n.end))
		}
		i++
	}
	return ""
}

// words returns the words of the nodes from i to end, without those of quotes.
func (t *tree) words(i, end int) string {
	var b strings.Builder
	for i < end {
		switch n := &t.nodes[i]; n.kind {
		case quote:
			i = int(n.end)
			continue
		case text, mention, code:
			b.WriteString(n.text)
		default:
			b.WriteByte(' ')
		}
		i++
	}
	return strings.TrimSpace(b.String())
}

// WithoutPrefix returns the part of the document after the given words, if it starts with them. The words
// come from a quote of it: its own quotes are missing there, spaces may differ, and a "…" at the end marks
// a cut. It returns an empty document if the words cover everything, and the whole document if it starts
// differently or no words are given.
func (d Doc) WithoutPrefix(words string) Doc {
	m := matcher{rest: strings.TrimSpace(strings.TrimRight(strings.TrimSpace(words), "…"))}
	if d.Empty() || m.rest == "" {
		return d
	}
	body := d.t.body()
	at, off := 0, 0
	for ; at < body && m.rest != ""; at++ {
		switch n := &d.t.nodes[at]; n.kind {
		case quote:
			at = int(n.end) - 1
		case text, mention, code:
			if off = m.take(n.text); off < 0 {
				return d
			}
			if m.rest == "" && off < len(n.text) {
				return d.from(at, off)
			}
		}
	}
	return d.from(at, 0)
}

// matcher compares words with a text, ignoring spaces in both.
type matcher struct{ rest string }

func (m *matcher) skipSpace() { m.rest = strings.TrimLeftFunc(m.rest, unicode.IsSpace) }

// take returns how many bytes of a text the next words cover, or -1 if they differ. If the text itself was
// cut, all of it counts as covered.
func (m *matcher) take(s string) int {
	for i, r := range s {
		switch {
		case m.rest == "":
			return i
		case unicode.IsSpace(r):
			continue
		}
		want, size := utf8.DecodeRuneInString(m.rest)
		if r != want {
			if r == '…' && i+len("…") == len(s) {
				m.rest = ""
				return len(s)
			}
			return -1
		}
		m.rest = m.rest[size:]
		m.skipSpace()
	}
	return len(s)
}

// from returns the document from a position in the node at on. Only a paragraph is split: a list or table
// is kept whole.
func (d Doc) from(at, off int) Doc {
	t := d.t
	first := 0 // the block that contains the position
	for first < len(t.nodes) && int(t.nodes[first].end) <= at {
		first = int(t.nodes[first].end)
	}
	rest := *t
	rest.nodes = nil
	if first < at && t.nodes[first].kind == para {
		rest.nodes = t.tailParagraph(first, at, off)
		first = int(t.nodes[first].end)
	}
	for i := first; i < len(t.nodes); i++ {
		n := t.nodes[i]
		n.end += int32(len(rest.nodes) - i)
		rest.nodes = append(rest.nodes, n)
	}
	if !rest.hasOwnText() {
		return Doc{}
	}
	return Doc{t: &rest}
}

// tailParagraph returns the paragraph at first from a position on, after a "…"; nil if nothing is left.
func (t *tree) tailParagraph(first, at, off int) []node {
	nodes := []node{{kind: para}, {kind: text, text: "…" + noBreak, end: 2}}
	for i := max(at, first+1); i < int(t.nodes[first].end); i++ {
		n := t.nodes[i]
		if i == at && n.flag&bareURL == 0 {
			n.text = strings.TrimLeft(n.text[off:], " ,;:–—-")
		}
		if len(nodes) == 2 && (n.kind == lineBreak || n.kind == text && strings.TrimSpace(n.text) == "") {
			continue
		}
		n.end = int32(len(nodes) + 1)
		nodes = append(nodes, n)
	}
	if len(nodes) == 2 {
		return nil
	}
	nodes[0].end = int32(len(nodes))
	return nodes
}

// hasOwnText reports whether the tree contains anything except quotes and the mark of a cut.
func (t *tree) hasOwnText() bool {
	for i := 0; i < len(t.nodes); i++ {
		switch n := &t.nodes[i]; {
		case n.kind == quote:
			i = int(n.end) - 1
		case n.kind == text:
			if strings.Trim(n.text, "….!? "+noBreak) != "" {
				return true
			}
		case !n.kind.block() && n.kind != lineBreak, n.kind == code, n.kind == spoiler:
			return true
		}
	}
	return false
}
