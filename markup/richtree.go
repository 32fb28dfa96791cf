package markup

import (
	"encoding/json"
	"strings"
)

// maxRichDepth is how deep the nodes of a post may be nested; what is deeper is hidden. Real posts have at most 10.
const maxRichDepth = 100

// richTree parses a post of Vanilla's second editor of rich text: a list of nodes with children, as Slate keeps them. The content of a
// node that this package does not know is hidden.
//
//	[{"type":"p","children":[{"text":"One "},{"text":"word","bold":true}]}]
func (d Dialect) richTree(src string, l Links) Doc {
	r := richReader{links: l}
	whole := eachIn(src, func(n richNode) bool {
		r.node(&n, 0)
		return len(r.tokens) < maxElements
	})
	return r.richDoc(d, l, whole)
}

type richNode struct {
	Type   string     `json:"type"`
	Text   *string    `json:"text"`
	Bold   richFlag   `json:"bold"`
	Italic richFlag   `json:"italic"`
	Strike richFlag   `json:"strikethrough"`
	Code   richFlag   `json:"code"`
	URL    string     `json:"url"`
	Name   string     `json:"name"`
	UserID richNumber `json:"userID"`

	Attributes json.RawMessage `json:"attributes"` // of a legacy_emoji_image
	Embed      json.RawMessage `json:"embedData"`
	Children   []richNode      `json:"children"`
}

// richFlag is a truth, which some posts have as a text or a number.
type richFlag bool

// UnmarshalJSON implements json.Unmarshaler.
func (f *richFlag) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "false", "null", "0", `""`, `"0"`:
	default:
		*f = true
	}
	return nil
}

type richReader struct {
	elements
	links Links
}

// richTags are the nodes that are tags with their children in them.
var richTags = map[string]token{
	"h1": {tag: tagHeading}, "h2": {tag: tagHeading}, "h3": {tag: tagHeading}, "h4": {tag: tagHeading}, "h5": {tag: tagHeading}, "h6": {tag: tagHeading},
	"ul": {tag: tagList}, "ol": {tag: tagList, value: "1"}, "li": {tag: tagItem}, "spoiler": {tag: tagSpoiler},
	"table": {tag: tagTable}, "tr": {tag: tagRow}, "td": {tag: tagCell}, "th": {tag: tagHeader},
}

// richBlocks are the nodes whose children are shown, on lines of their own or not.
var richBlocks = map[string]string{
	"p": "\n\n", "blockquote-line": "\n\n", "lic": "", "tbody": "", "thead": "", "tfoot": "", "caption": "\n\n", "spoiler-content": "", "spoiler-line": "\n\n",
}

func (r *richReader) node(n *richNode, depth int) {
	if depth > maxRichDepth {
		r.hidden(func() {})
		return
	}
	children := func() {
		for i := range n.Children {
			r.node(&n.Children[i], depth+1)
		}
	}
	t, isTag := richTags[n.Type]
	space, isBlock := richBlocks[n.Type]
	switch {
	case n.Text != nil:
		r.styledText(*n.Text, richStyle{bool(n.Bold), bool(n.Italic), bool(n.Strike), bool(n.Code)})
	case isTag:
		r.start(t)
		children()
		r.close()
	case isBlock:
		r.text(space)
		children()
		r.text(space)
	case n.Type == "blockquote":
		r.start(token{tag: tagQuote, source: &Quote{}})
		children()
		r.close()
	case n.Type == "code_block":
		r.single(token{tag: tagCode, content: n.code()})
	case n.Type == "a":
		r.start(token{tag: tagURL, value: n.URL})
		children()
		if !r.foldAddress() {
			r.close()
		}
	case n.Type == "@":
		r.mentioned(n.Name, n.UserID)
	case n.Type == "rich_embed_card":
		r.embed(n.embedded(), r.links)
	case n.Type == "rich_embed_inline":
		x := n.embedded()
		r.linkTo(x.URL, x.Name)
	case n.Type == "legacy_emoji_image":
		var emoji struct{ Alt string }
		_ = json.Unmarshal(n.Attributes, &emoji)
		r.text(emoji.Alt)
	default:
		r.hidden(children)
	}
}

// hidden adds content that is not shown.
func (r *richReader) hidden(content func()) {
	r.start(token{tag: tagHidden, name: "hidden"})
	content()
	r.close()
}

// embedded returns what a node embeds. Without data, it is a page.
func (n *richNode) embedded() richEmbed {
	var x richEmbed
	_ = json.Unmarshal(n.Embed, &x)
	if x.URL == "" {
		x.URL = n.URL
	}
	return x
}

// code returns the lines of a block of code.
func (n *richNode) code() string {
	var lines []string
	for i := range n.Children {
		var line strings.Builder
		n.Children[i].words(&line, 0)
		lines = append(lines, line.String())
	}
	return strings.Join(lines, "\n")
}

func (n *richNode) words(b *strings.Builder, depth int) {
	if n.Text != nil {
		b.WriteString(*n.Text)
	}
	for i := range n.Children {
		if depth < maxRichDepth {
			n.Children[i].words(b, depth+1)
		}
	}
}
