package markup

import (
	"encoding/json"
	"strings"
)

// quill parses a post of Vanilla's first editor of rich text: a list of operations that insert text, as Quill writes them. The
// attributes of a line are those of its line end.
//
//	[{"insert":"One "},{"attributes":{"bold":true},"insert":"word"},{"attributes":{"list":"bullet"},"insert":"\n"}]
func (d Dialect) quill(src string, l Links) Doc {
	r := quillReader{links: l}
	whole := eachIn(src, func(op quillOp) bool {
		r.insert(op)
		return len(r.tokens) < maxElements
	})
	r.endLine(nil)
	r.shut()
	return r.richDoc(d, l, whole)
}

type quillOp struct {
	Insert     json.RawMessage            `json:"insert"`
	Attributes map[string]json.RawMessage `json:"attributes"`
}

// quillThing is what an operation inserts that is no text.
type quillThing struct {
	Mention *struct {
		Name string     `json:"name"`
		ID   richNumber `json:"userID"`
	} `json:"mention"`
	Emoji *struct {
		Char string `json:"emojiChar"`
	} `json:"emoji"`
	External *struct {
		Data richEmbed `json:"data"`
	} `json:"embed-external"`
}

// quillReader keeps the pieces of a line until its end says what it is.
type quillReader struct {
	elements
	links Links
	line  []func()
	plain strings.Builder // the line's words alone, for code
	group string          // the kind of the lines before: quote, spoiler, code, bullet, ordered; empty: none
	code  []string        // lines of code
	items []string        // lists that are open, outermost first
}

func (r *quillReader) insert(op quillOp) {
	var text string
	if json.Unmarshal(op.Insert, &text) == nil {
		r.words(text, op.Attributes)
		return
	}
	var x quillThing
	if json.Unmarshal(op.Insert, &x) != nil {
		return
	}
	switch {
	case x.Mention != nil:
		r.line = append(r.line, func() { r.mentioned(x.Mention.Name, x.Mention.ID) })
	case x.Emoji != nil:
		r.line = append(r.line, func() { r.text(x.Emoji.Char) })
	case x.External != nil:
		r.endLine(nil)
		r.shut()
		r.embed(x.External.Data, r.links)
	}
}

// words adds text, whose line ends have the attributes of the operation.
func (r *quillReader) words(s string, attributes map[string]json.RawMessage) {
	for {
		piece, rest, ends := strings.Cut(s, "\n")
		if piece != "" {
			r.plain.WriteString(piece)
			style := richStyle{bold: has(attributes, "bold"), italic: has(attributes, "italic"), strike: has(attributes, "strike"), mono: has(attributes, "code")}
			var to string
			_ = json.Unmarshal(attributes["link"], &to)
			r.line = append(r.line, func() {
				if to != "" {
					r.linkTo(to, piece)
					return
				}
				r.styledText(piece, style)
			})
		}
		if !ends {
			return
		}
		r.endLine(attributes)
		s = rest
	}
}

func has(attributes map[string]json.RawMessage, names ...string) bool {
	for _, name := range names {
		if value, set := attributes[name]; set && string(value) != "false" && string(value) != "null" {
			return true
		}
	}
	return false
}

// endLine writes a line. A line without attributes is a paragraph.
func (r *quillReader) endLine(attributes map[string]json.RawMessage) {
	kind, depth := lineKind(attributes)
	if attributes == nil && len(r.line) == 0 {
		r.shut() // an empty line ends a list
		return
	}
	if group := kind; group != r.group && !(isListKind(group) && isListKind(r.group)) {
		r.shut()
		r.open(group)
	}
	switch kind {
	case "code":
		r.code = append(r.code, r.plain.String())
	case "bullet", "ordered":
		r.item(kind, depth)
		r.pieces()
	case "heading":
		r.start(token{tag: tagHeading})
		r.pieces()
		r.close()
	case "quote", "spoiler":
		r.pieces()
		r.newline()
	default:
		r.text("\n\n")
		r.pieces()
		r.text("\n\n")
	}
	r.line = r.line[:0]
	r.plain.Reset()
}

func (r *quillReader) pieces() {
	for _, add := range r.line {
		add()
	}
}

func isListKind(kind string) bool { return kind == "bullet" || kind == "ordered" }

// lineKind returns what the attributes of a line end say. Newer posts say how deep an item of a list is.
func lineKind(attributes map[string]json.RawMessage) (kind string, depth int) {
	var list struct {
		Type  string
		Depth int
	}
	switch {
	case has(attributes, "codeBlock", "code-block"):
		return "code", 0
	case has(attributes, "spoiler-line"):
		return "spoiler", 0
	case has(attributes, "blockquote-line"):
		return "quote", 0
	case has(attributes, "header"):
		return "heading", 0
	case has(attributes, "list"):
		if json.Unmarshal(attributes["list"], &list.Type) != nil {
			_ = json.Unmarshal(attributes["list"], &list)
		}
		if list.Type != "ordered" {
			list.Type = "bullet"
		}
		return list.Type, min(max(list.Depth, 0), 8)
	}
	return "", 0
}

// open begins what lines of a kind are in.
func (r *quillReader) open(kind string) {
	switch r.group = kind; kind {
	case "quote":
		r.start(token{tag: tagQuote, source: &Quote{}})
	case "spoiler":
		r.start(token{tag: tagSpoiler})
	}
}

// shut ends what the lines before are in.
func (r *quillReader) shut() {
	switch r.group {
	case "quote", "spoiler":
		r.close()
	case "code":
		r.single(token{tag: tagCode, content: strings.Join(r.code, "\n")})
		r.code = nil
	}
	for len(r.items) > 0 {
		r.endItems()
	}
	r.group = ""
}

// item begins an item of a list, in as many lists as it is deep.
func (r *quillReader) item(kind string, depth int) {
	for len(r.items) > depth+1 || len(r.items) == depth+1 && r.items[depth] != kind {
		r.endItems()
	}
	if len(r.items) == depth+1 {
		r.close() // the item before
		r.start(token{tag: tagItem})
		return
	}
	for len(r.items) <= depth {
		t := token{tag: tagList}
		if kind == "ordered" {
			t.value = "1"
		}
		r.start(t)
		r.start(token{tag: tagItem})
		r.items = append(r.items, kind)
	}
}

// endItems ends the innermost list.
func (r *quillReader) endItems() {
	r.close()
	r.close()
	r.items = r.items[:len(r.items)-1]
}
