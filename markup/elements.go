package markup

import (
	"net/url"
	"strings"
)

// elements collects the text and the tags of a post that the forum stores as a tree (XML or HTML), so that the builder treats
// them like BBCode: the tags take no room in the text.
type elements struct {
	src    []byte
	tokens []token
	open   []int32 // tokens that are open

	skipped int // open elements whose content is left out
	inCode  int // open elements whose content is not markup
}

// maxElements is how many tags of one post are read; the rest is text. Real posts have a few hundred.
const maxElements = 20000

// text adds words as the forum shows them.
func (e *elements) text(s string) { e.src = append(e.src, sanitize(s)...) }

// newline ends a line, unless the text already does.
func (e *elements) newline() { e.src = append(e.src, '\n') }

// start opens a tag. Its end closes it.
func (e *elements) start(t token) {
	t.start, t.end, t.match = len(e.src), len(e.src), -1
	e.open = append(e.open, int32(len(e.tokens)))
	e.tokens = append(e.tokens, t)
}

// close closes the tag that was opened last.
func (e *elements) close() {
	i := e.open[len(e.open)-1]
	e.open = e.open[:len(e.open)-1]
	opener := &e.tokens[i]
	opener.match = int32(len(e.tokens))
	e.tokens = append(e.tokens, token{
		start: len(e.src), end: len(e.src), match: i, closing: true, tag: opener.tag, name: opener.name, code: opener.code,
	})
}

// single adds a tag without content, or with content that is not markup.
func (e *elements) single(t token) {
	t.start, t.end, t.match, t.selfContained = len(e.src), len(e.src), -1, t.tag.raw() || t.tag == tagURL
	e.tokens = append(e.tokens, t)
}

// top returns the tag that was opened last, or nil.
func (e *elements) top() *token {
	if len(e.open) == 0 {
		return nil
	}
	return &e.tokens[e.open[len(e.open)-1]]
}

// foldAddress turns the link that was opened last into a bare URL, if its text is the URL itself.
func (e *elements) foldAddress() bool {
	i := int(e.open[len(e.open)-1])
	t := &e.tokens[i]
	shown := strings.TrimSpace(string(e.src[t.start:]))
	if i != len(e.tokens)-1 || shown == "" || !sameDecoded(shown, t.value) {
		return false
	}
	single := token{tag: tagURL, content: t.value}
	if address, isMail := strings.CutPrefix(t.value, "mailto:"); isMail {
		single = token{tag: tagEmail, content: address}
	}
	e.src, e.open, e.tokens = e.src[:t.start], e.open[:len(e.open)-1], e.tokens[:i]
	e.single(single)
	return true
}

// sameDecoded is like sameAddress, but does not mind which characters are percent-encoded.
func sameDecoded(shown, to string) bool {
	if sameAddress(shown, to) {
		return true
	}
	a, err := url.PathUnescape(shown)
	b, err2 := url.PathUnescape(to)
	return err == nil && err2 == nil && sameAddress(a, b)
}

// doc builds the document. cut says that the post ends too early.
func (e *elements) doc(d Dialect, l Links, cut bool) Doc {
	for len(e.open) > 0 {
		e.close()
	}
	b := builder{src: string(e.src), links: l, tree: &tree{}, para: -1, tokens: e.tokens, cut: cut}
	b.parse()
	d.finish(b.tree)
	return Doc{t: b.tree}
}

// closeRole closes an element. verbatim is its token and from where its content starts, if that is not markup.
func (e *elements) closeRole(what role, verbatim token, from int) {
	switch what {
	case roleSkip:
		e.skipped--
	case roleToken:
		e.close()
	case roleLink:
		if !e.foldAddress() {
			e.close()
		}
	case roleVerbatim:
		e.inCode--
		verbatim.content = string(e.src[from:])
		e.src = e.src[:from]
		e.single(verbatim)
	case roleParagraph:
		e.text("\n\n")
	}
}
