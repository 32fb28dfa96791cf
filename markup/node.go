package markup

import "strings"

// tree is a document in preorder: a node is followed by its children, and end is the index behind
// the last of them. One slice instead of a pointer a node: posts are cached by the thousand. The
// texts are pieces of the cleaned source wherever that is possible.
type tree struct {
	nodes    []node
	refs     []ref
	mentions []int64
	gaps     []Field

	// Of an excerpt, what its whole post says: see calls.go.
	excerpt bool
	quotes  []Quote
	names   []string
}

type node struct {
	text  string // words, code, the title of a spoiler, the author of a quote, the name of an image
	end   int32
	ref   int32 // index into tree.refs, from 1; 0: points nowhere
	kind  kind
	style style
	flag  flag
}

// ref is what a node points to. Its url is absolute, and http, https or mailto, or empty.
type ref struct {
	url          string
	post, member int64
}

type kind uint8

const (
	para    kind = iota + 1 // inline nodes
	heading                 // inline nodes
	quote                   // blocks; text is the author
	list                    // items
	item                    // blocks
	table                   // rows
	row                     // cells
	cell                    // blocks
	code                    // text, lines kept
	spoiler                 // text is the title: what is hidden is not in the tree
	rule
	omittedLink // what an excerpt has cut off: text is what the link says; the last nodes of a tree

	// Inline nodes, in paragraphs and headings only.
	text
	mention       // text with its "@"
	lineBreak     // a new line within the paragraph
	image         // text is its name
	attachment    // text is its name, if known
	video         // text is the site
	inlineSpoiler // an inline spoiler
	gap           // a Gap, of Markdown only; text is its name, "|" and its fallback
)

func (k kind) block() bool { return k < text }

type style uint8

const (
	bold style = 1 << iota
	italic
	underline
	strike
	sub
	sup
	mono
)

// styleCount is how many styles there are, bold to mono; styles are opened in this order.
const styleCount = 7

type flag uint8

const (
	ordered  flag = 1 << iota // of a list: numbered
	header                    // of a cell
	bare                      // of a text: it is the address that it points to
	folded                    // of a quote: its content is left out
	headless                  // of a quote: nobody is said to have written it, as in Markdown
)

func (t *tree) ref(n *node) ref {
	if n.ref == 0 {
		return ref{}
	}
	return t.refs[n.ref-1]
}

// body is how many nodes the author's words have, without the links that were cut off.
func (t *tree) body() int {
	n := len(t.nodes)
	for n > 0 && t.nodes[n-1].kind == omittedLink {
		n--
	}
	return n
}

// detach copies the texts and the addresses that the nodes use, so that the source they were cut from can be
// let go: an excerpt stays in memory long, and must not keep a post of a megabyte with it.
func (t *tree) detach() {
	refs := t.refs
	t.refs = nil
	for i := range t.nodes {
		n := &t.nodes[i]
		n.text = strings.Clone(n.text)
		if r := n.ref; r != 0 {
			used := refs[r-1]
			used.url = strings.Clone(used.url)
			t.refs = append(t.refs, used)
			n.ref = int32(len(t.refs))
		}
	}
	for i := range t.quotes {
		t.quotes[i].Author = strings.Clone(t.quotes[i].Author)
	}
	for i := range t.names {
		t.names[i] = strings.Clone(t.names[i])
	}
}

// trim gives back the room that the nodes did not need.
func (t *tree) trim() {
	if cap(t.nodes) > len(t.nodes)+len(t.nodes)/4+4 {
		t.nodes = append(make([]node, 0, len(t.nodes)), t.nodes...)
	}
}
