package markup

import "strings"

// tree is a document in preorder: a node is followed by its children, and end is the index after the last
// of them. It is one slice instead of a pointer per node, because posts are cached by the thousand. Texts
// are slices of the sanitized source wherever possible.
type tree struct {
	nodes    []node
	refs     []ref
	mentions []int64
	groups   []int64 // that are mentioned by ID
	fields   []Field
	pictures []Picture

	sections  bool // headings are headings of the message, not only bold lines in a post
	noNames   bool // typed names are no mentions
	linkNames bool // only names that link to a member's page are mentions

	// For an excerpt: quotes and names of the whole post, see mentions.go.
	excerpt bool
	quotes  []Quote
	names   []string
}

type node struct {
	text  string // words, code, the title of a spoiler, the author of a quote, the name of an image
	end   int32
	ref   int32 // index into tree.refs, from 1; 0: none
	kind  kind
	style style
	flag  flag
}

// ref is the target of a node. Its url is an absolute http, https or mailto URL, or empty.
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
	spoiler                 // text is the title; the hidden content is not in the tree
	rule
	button      // a link that looks like one, in Markdown only; text is its label
	omittedLink // a link that an excerpt cut off; text is its label; these are the last nodes of a tree

	// Inline nodes, in paragraphs and headings only.
	text
	mention       // text with its "@"
	lineBreak     // a line break within the paragraph
	image         // text is its name; flag is the index into tree.pictures, from 1; 0: the message does not bring it
	attachment    // text is its name, if known
	video         // text is the site
	inlineSpoiler // an inline spoiler
	hiddenText    // text that not everybody on the forum may read; it is not in the tree
	mergeField    // a Field, in Markdown only; text is its name, "|" and its fallback
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

// styleCount is the number of styles, bold to mono. Styles are opened in this order.
const styleCount = 7

type flag uint8

const (
	ordered       flag = 1 << iota // of a list: numbered
	header                         // of a cell
	bareURL                        // of a text: the URL itself
	collapsed                      // of a quote: its content is left out
	noHeader                       // of a quote: no author is shown, as in Markdown
	ignoredAuthor                  // of a quote: by somebody the reader ignores; neither author nor content are kept
	alignCenter                    // of a cell
	alignRight                     // of a cell
)

func (t *tree) ref(n *node) ref {
	if n.ref == 0 {
		return ref{}
	}
	return t.refs[n.ref-1]
}

// body returns how many nodes the author's words have, without the links that were cut off.
func (t *tree) body() int {
	n := len(t.nodes)
	for n > 0 && t.nodes[n-1].kind == omittedLink {
		n--
	}
	return n
}

// detach copies the texts and URLs that the nodes use, so that the source can be freed. An excerpt stays in
// memory for a long time, and must not keep a post of a megabyte alive.
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

// trim releases unused capacity of the nodes.
func (t *tree) trim() {
	if cap(t.nodes) > len(t.nodes)+len(t.nodes)/4+4 {
		t.nodes = append(make([]node, 0, len(t.nodes)), t.nodes...)
	}
}
