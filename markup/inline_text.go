package markup

import (
	"bytes"
	"net/url"
	"strconv"
	"strings"
)

// noWrapPrefix starts a line that is a URL and must not be wrapped. No text contains a NUL.
const noWrapPrefix = "\x00"

// flattener writes the inline nodes of a paragraph, or of a whole table, as one string. It adds plain-text
// markers for styles, and numbers for the URLs that are printed below.
type flattener struct {
	*textWriter
	buf     []byte
	links   []string // the URLs to print below, in the order of their numbers
	numbers map[string]int
	style   style
	ref     int32
	inTable bool
}

// count collects the URLs in the nodes from i to end.
func (f *flattener) count(i, end int) {
	for from := i; i < end; i++ {
		to := f.address(&f.tree.nodes[i])
		if to == "" || f.numbers[to] > 0 || f.isLinkParagraph(from, i, end) {
			continue
		}
		if f.numbers == nil {
			f.numbers = make(map[string]int)
		}
		f.links = append(f.links, to)
		f.numbers[to] = len(f.links)
	}
}

// address returns the URL to print for a node, or "" for a member's page or a URL that the text already
// shows.
func (f *flattener) address(n *node) string {
	if n.ref == 0 || n.kind == mention || n.kind == quote {
		return ""
	}
	to := f.tree.ref(n).url
	if n.flag&bareURL != 0 && strings.HasPrefix(to, "mailto:") {
		return ""
	}
	return strings.TrimPrefix(to, "mailto:")
}

// isLinkParagraph reports whether the node at i, in the range from to end, is a URL on its own line.
func (f *flattener) isLinkParagraph(from, i, end int) bool {
	nodes := f.tree.nodes
	return !f.inTable && nodes[i].flag&bareURL != 0 && f.address(&nodes[i]) != "" &&
		(i == from || nodes[i-1].kind == lineBreak) && (i+1 == end || nodes[i+1].kind == lineBreak)
}

func (f *flattener) inlines(from, end int) {
	for i := from; i < end; i++ {
		n := &f.tree.nodes[i]
		if n.kind == lineBreak {
			if i+1 < end { // a style that ends here ends before the line does
				next := &f.tree.nodes[i+1]
				if next.ref != f.ref {
					f.applyStyle(0, 0)
				}
				f.applyStyle(f.style&next.style, f.ref)
			}
			f.buf = append(bytes.TrimRight(f.buf, " "), '\n')
			continue
		}
		if f.isLinkParagraph(from, i, end) {
			f.applyStyle(0, 0)
			f.write(noWrapPrefix + f.tree.ref(n).url)
			continue
		}
		f.applyStyle(n.style, n.ref)
		switch {
		case n.kind == text && n.flag&bareURL != 0 && f.address(n) != "":
			if i+1 < end || len(f.links) > 1 || f.inTable {
				f.write(host(f.address(n)))
			}
		case n.kind == text && n.style&mono != 0 && !f.inTable:
			f.write(unbroken(n.text))
		case n.kind == text, n.kind == mention:
			f.write(n.text)
		case n.kind == mergeField:
			f.write(f.labels.Field(fieldOf(n)))
		default:
			f.write("[" + withLabel(f.word(n.kind), n.text) + "]")
		}
	}
	f.applyStyle(0, 0)
	f.buf = bytes.TrimRight(f.buf, " ")
}

// wholeWord precedes a word that must not be broken. No text contains a NUL.
const wholeWord = "\x00"

// unbroken marks the words of code that are longer than any line.
func unbroken(s string) string {
	if len(s) < minColumns {
		return s
	}
	words := strings.Split(s, " ")
	for i, word := range words {
		if len(word) >= minColumns {
			words[i] = wholeWord + word
		}
	}
	return strings.Join(words, " ")
}

func (f *flattener) write(s string) { f.buf = append(f.buf, s...) }

// word returns the label for content that cannot be shown.
func (t *textWriter) word(k kind) string {
	switch k {
	case image:
		return t.labels.Image
	case attachment:
		return t.labels.Attachment
	case video:
		return t.labels.Video
	case hiddenText:
		return t.labels.Hidden
	}
	return t.labels.Spoiler
}

// host returns the short form of a typed URL for use within the text; the whole URL is printed below.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	return strings.TrimPrefix(u.Host, "www.")
}

// applyStyle writes the markers that end and start styles, and the number of a link that ends.
func (f *flattener) applyStyle(s style, to int32) {
	changed := to != f.ref
	for one := mono; one > 0; one >>= 1 {
		if f.style&one != 0 && (changed || s&one == 0) {
			f.marker(one, false)
		}
	}
	if changed {
		if f.ref != 0 && len(f.links) > 1 {
			if k := f.numbers[f.address(&node{kind: text, ref: f.ref})]; k > 0 {
				f.write(noBreak + "[" + strconv.Itoa(k) + "]")
			}
		}
		f.ref = to
	}
	for one := bold; one <= mono; one <<= 1 {
		if s&one != 0 && f.style&one == 0 {
			f.marker(one, true)
		}
	}
}

// marker writes the marker that starts or ends a style. A space before an end marker moves behind it.
func (f *flattener) marker(s style, starts bool) {
	f.style ^= s
	var c byte
	switch s {
	case bold:
		c = '*'
	case italic:
		c = '_'
	case strike:
		c = '~'
	case mono:
		c = '`'
	case sup:
		if starts {
			f.write("^")
		}
		return
	default:
		return
	}
	if n := len(f.buf); !starts && n > 0 && f.buf[n-1] == ' ' {
		f.buf = append(f.buf[:n-1], c, ' ')
		return
	}
	f.buf = append(f.buf, c)
}

// cell returns the content of a table cell as one line.
func (f *flattener) cell(c int) string {
	f.buf = f.buf[:0]
	nodes := f.tree.nodes
	for i := c + 1; i < int(nodes[c].end); i = int(nodes[i].end) {
		if len(f.buf) > 0 {
			f.write(" ")
		}
		switch n := &nodes[i]; n.kind {
		case para, heading:
			f.inlines(i+1, int(n.end))
		case quote:
			f.write(f.labels.head(n.text) + " […]")
		case spoiler:
			f.write("[" + withLabel(f.labels.Spoiler, n.text) + "]")
		case code:
			f.write(n.text)
		}
	}
	return strings.TrimSpace(collapseSpace(string(f.buf)))
}
