package markup

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Discourse parses the HTML into which Discourse cooks a post. What an element and its class mean is in discourse_elements.go. The
// content of an element that this package does not know is hidden, and so is what a class gates.
func (d Dialect) Discourse(src string, l Links) Doc {
	r := htmlReader{links: l}
	r.read(src)
	doc := r.doc(d, l, d.Cut)
	doc.t.noNames, doc.t.linkNames = false, true
	return doc
}

// maxHTMLDepth is how deep elements may be nested; a post that is deeper ends there. Real posts have at most 30.
const maxHTMLDepth = 200

// htmlReader reads the elements of a post. It pairs tags as a browser does, as far as cooked posts need it.
type htmlReader struct {
	elements
	links   Links
	stack   []htmlElement
	inTitle int  // open elements whose words become a title
	lines   bool // a line end in the text breaks the line
}

// htmlElement is an open element.
type htmlElement struct {
	name   atom.Atom
	role   role
	token  token // of roleVerbatim
	from   int   // where its content starts in the text
	tokens int   // and in the tokens
	card   *card // of roleCard
}

// card is an element that is shown as one line: a preview of a page, a poll.
type card struct {
	before string // shown before its title
	title  string
	to     string
}

// read reads all elements. A post that was cut off ends where it breaks.
func (r *htmlReader) read(src string) {
	in := html.NewTokenizer(strings.NewReader(src))
	for range 2 * maxElements {
		switch in.Next() {
		case html.ErrorToken:
			r.closeAll()
			return
		case html.TextToken:
			r.words(in.Token().Data)
		case html.StartTagToken, html.SelfClosingTagToken:
			if t := in.Token(); !r.startElement(t) {
				r.closeAll()
				return
			}
		case html.EndTagToken:
			r.endElement(in.Token().DataAtom)
		}
	}
	r.closeAll()
}

func (r *htmlReader) closeAll() {
	for len(r.stack) > 0 {
		r.pop()
	}
}

// words adds text. Line ends are only spaces, except in code.
func (r *htmlReader) words(s string) {
	if r.skipped > 0 {
		return
	}
	if r.inCode == 0 && !r.lines {
		s = collapseSpace(strings.ReplaceAll(s, "\r", " "))
	}
	r.text(s)
}

// startElement opens an element. It returns false if the post is nested too deep.
func (r *htmlReader) startElement(t html.Token) bool {
	r.closeImplied(t.DataAtom)
	if len(r.stack) >= maxHTMLDepth {
		return false
	}
	e := htmlElement{name: t.DataAtom, role: roleSkip, from: len(r.src), tokens: len(r.tokens)}
	if r.skipped == 0 {
		r.interpret(&e, t)
	}
	if isVoid(t.DataAtom) {
		return true
	}
	switch e.role {
	case roleSkip:
		r.skipped++
	case roleVerbatim:
		r.inCode++
	case roleTitle:
		r.inTitle++
	}
	e.from, e.tokens = len(r.src), len(r.tokens)
	r.stack = append(r.stack, e)
	return true
}

// closeImplied closes what a new element ends without a tag: a paragraph before a block, an item before the next one.
func (r *htmlReader) closeImplied(next atom.Atom) {
	if isBlock(next) {
		r.closeUpTo(atom.P)
	}
	switch next {
	case atom.Li:
		r.closeUpTo(atom.Li)
	case atom.Td, atom.Th:
		r.closeUpTo(atom.Td, atom.Th)
	case atom.Tr:
		r.closeUpTo(atom.Tr)
	case atom.Dt, atom.Dd:
		r.closeUpTo(atom.Dt, atom.Dd)
	}
}

// endElement closes an element, and everything in it. Without such an element, the tag has no meaning.
func (r *htmlReader) endElement(name atom.Atom) {
	if name != 0 {
		r.closeUpTo(name)
		return
	}
	if len(r.stack) > 0 && r.last().name == 0 { // elements without a known name: they are paired in order
		r.pop()
	}
}

// last returns the element that was opened last.
func (r *htmlReader) last() *htmlElement { return &r.stack[len(r.stack)-1] }

// closeUpTo closes the last open element with one of the names, unless it cannot be reached.
func (r *htmlReader) closeUpTo(names ...atom.Atom) {
	for i, e := range slices.Backward(r.stack) {
		if slices.Contains(names, e.name) {
			for len(r.stack) > i {
				r.pop()
			}
			return
		}
		if stops(e.name, names[0]) {
			return
		}
	}
}

// stops reports whether a tag for an element called name reaches no further than this open one.
func stops(open, name atom.Atom) bool {
	switch name {
	case atom.Table:
		return false
	case atom.Td, atom.Th, atom.Tr, atom.Tbody, atom.Thead:
		return open == atom.Table
	case atom.Li:
		return open == atom.Ul || open == atom.Ol || open == atom.Table
	case atom.Dt, atom.Dd:
		return open == atom.Dl
	}
	if isContainer(name) {
		return open == atom.Td || open == atom.Th || open == atom.Table
	}
	return isContainer(open)
}

// isContainer reports whether an element holds blocks.
func isContainer(a atom.Atom) bool {
	switch a {
	case atom.Blockquote, atom.Aside, atom.Div, atom.Details, atom.Ul, atom.Ol, atom.Table, atom.Td, atom.Th, atom.Li, atom.Section, atom.Article:
		return true
	}
	return false
}

func isBlock(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Pre, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Hr, atom.Dl, atom.Header, atom.Figure:
		return true
	}
	return isContainer(a) && a != atom.Td && a != atom.Th && a != atom.Li
}

func isVoid(a atom.Atom) bool {
	switch a {
	case atom.Br, atom.Hr, atom.Img, atom.Input, atom.Source, atom.Wbr, atom.Meta, atom.Link, atom.Col, atom.Embed, atom.Track, atom.Area, atom.Base, atom.Param:
		return true
	}
	return false
}

// pop closes the element that was opened last.
func (r *htmlReader) pop() {
	e := r.stack[len(r.stack)-1]
	r.stack = r.stack[:len(r.stack)-1]
	switch e.role {
	case roleBlock:
		r.newline()
	case roleTitle:
		r.inTitle--
		r.closeTitle(e)
	case roleCard:
		r.closeCard(e)
	default:
		r.closeRole(e.role, e.token, e.from)
	}
}

// cut takes back what an element added, and returns its words.
func (r *htmlReader) cut(e htmlElement) string {
	words := oneLine(string(r.src[e.from:]), maxLabel)
	r.src, r.tokens = r.src[:e.from], r.tokens[:e.tokens]
	return words
}

// closeTitle makes the words of the element the title of what it is in: of a card, or of text that is folded up.
func (r *htmlReader) closeTitle(e htmlElement) {
	title := r.cut(e)
	for _, in := range slices.Backward(r.stack) {
		switch {
		case in.card != nil:
			if in.card.title == "" {
				in.card.title = title
			}
			return
		case in.name == atom.Details:
			if t := r.elements.top(); t != nil && t.tag == tagSpoiler {
				t.value = title
			}
			return
		}
	}
}

// closeCard shows a card as one line.
func (r *htmlReader) closeCard(e htmlElement) {
	r.cut(e)
	title := e.card.title
	if title == "" {
		title = e.card.to
	}
	if title == "" {
		return
	}
	r.text("\n\n" + e.card.before)
	if e.card.to == "" {
		r.text(title + "\n\n")
		return
	}
	r.start(token{tag: tagURL, value: e.card.to})
	r.text(title)
	if !r.foldAddress() {
		r.close()
		if h := host(e.card.to); h != e.card.to {
			r.text(" (" + h + ")")
		}
	}
	r.text("\n\n")
}
