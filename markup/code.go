package markup

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Code is what becomes of a tag that a forum registers and that this package does not know.
type Code struct {
	hide          bool
	email         bool // the forum says what its own emails show
	void          bool // has no content and no closing tag; its option is in place of the content
	lines         bool // on its own lines
	style         style
	href          string  // of a link around the content; may contain {option}
	before, after []piece // words around the content
}

// piece is words of a replacement, or the option of the tag.
type piece struct {
	text   string
	option bool
	style  style
}

var (
	// HiddenCode hides the content.
	HiddenCode = Code{hide: true}
	// ShownCode shows the content without the tags.
	ShownCode = Code{}
)

// Fate is what becomes of the content of a code.
type Fate string

// The fates of a code's content.
const (
	FateHidden  Fate = "hidden"
	FateShown   Fate = "shown"
	FateEmail   Fate = "email replacement"
	FateBuiltIn Fate = "built-in" // the name is one of this package's own tags
)

// Fate returns what becomes of the content of one of the forum's own codes.
func (d Dialect) Fate(name string) Fate {
	c := d.Codes[name]
	if c.isBuiltIn(lookupTag(name), name) {
		return FateBuiltIn
	}
	return c.Fate()
}

// isBuiltIn reports whether a name keeps the meaning that it has in this package, although the forum registers it. The
// forum knows better how a code for colors and the like looks.
func (c *Code) isBuiltIn(t tag, name string) bool {
	return t != unknown && !ambiguous(name) && (t != tagLayout || c.hide)
}

// Fate returns what becomes of the content.
func (c Code) Fate() Fate {
	switch {
	case c.email:
		return FateEmail
	case c.hide:
		return FateHidden
	}
	return FateShown
}

// Void returns the code as one without a closing tag: {text} is then its option.
func (c Code) Void() Code {
	c.void = true
	return c
}

func (c Code) clone() *Code { return &c }

// target returns the URL of a link around the content.
func (c *Code) target(option string) string {
	return strings.ReplaceAll(c.href, optionMark, strings.Trim(option, ` "'`))
}

// The marks for content and option in a replacement, as XenForo writes them.
const (
	textMark   = "{text}"
	optionMark = "{option}"
)

// NewCode returns what becomes of a code by its name and the HTML that the forum shows in its place: on its
// pages, and in its own emails ("" if it does not say). The content is where {text} is. What the forum emails
// may be emailed. What its pages show may be emailed only if nothing but the look of the content changes: style
// sheets, scripts and PHP can decide who sees it, and when.
func NewCode(name, page, email string) Code {
	if strings.TrimSpace(email) != "" {
		r := readReplacement(email)
		c := r.code()
		c.email = true
		c.hide = r.texts == 0 || r.hidden
		if c.hide {
			c.before, c.after = append(c.before, c.after...), nil
		}
		return c
	}
	r := readReplacement(page)
	if r.texts != 1 || r.hidden || !r.plain || alwaysHides(strings.ToLower(name)) {
		return HiddenCode
	}
	return r.code()
}

// replacement is the HTML of a replacement as it is read.
type replacement struct {
	plain  bool // changes nothing but the look
	hidden bool // the content cannot be seen
	texts  int  // how often the content is in it
	lines  bool
	style  style
	href   string
	words  [2][]piece // before and after the content
	open   []element
}

type element struct {
	name   string
	style  style
	hidden bool
	href   string
}

func readReplacement(s string) *replacement {
	r := &replacement{plain: true}
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return r
		case html.TextToken:
			r.text(string(z.Text()))
		case html.StartTagToken:
			r.start(z.Token(), false)
		case html.SelfClosingTagToken:
			r.start(z.Token(), true)
		case html.EndTagToken:
			r.end(z.Token().Data)
		default: // a comment may hide the content, or be for one browser only
			r.plain = false
		}
	}
}

func (r *replacement) code() Code {
	return Code{lines: r.lines, style: r.style, href: r.href, before: trimPieces(r.words[0]), after: trimPieces(r.words[1])}
}

// trimPieces drops pieces that are only spaces.
func trimPieces(list []piece) []piece {
	return slices.DeleteFunc(list, func(p piece) bool { return !p.option && strings.TrimSpace(p.text) == "" })
}

func (r *replacement) start(t html.Token, closed bool) {
	e := element{name: t.Data, style: styleOf(t.Data), hidden: concealing[t.Data]}
	known := presentational[t.Data]
	if !known || e.hidden {
		r.plain = false
	}
	for _, a := range t.Attr {
		switch a.Key {
		case "style":
			conceals, plain := readStyle(a.Val)
			e.hidden = e.hidden || conceals
			r.plain = r.plain && plain
		case "class":
			r.plain = r.plain && plainClass(a.Val)
		case "href":
			e.href = a.Val
			r.plain = r.plain && t.Data == "a"
		case "hidden":
			e.hidden = true
		case "align", "valign", "color", "bgcolor", "size", "face", "dir", "lang", "width", "border", "cellpadding", "cellspacing", "target", "rel", "src", "alt":
		default:
			r.plain = false
		}
	}
	if blockTags[t.Data] && r.texts == 0 {
		r.lines = true
	}
	if !closed && !voidTags[t.Data] {
		r.open = append(r.open, e)
	}
}

func (r *replacement) end(name string) {
	for i := len(r.open) - 1; i >= 0; i-- {
		if r.open[i].name == name {
			r.open = r.open[:i]
			return
		}
	}
}

// text reads words and the marks in them. Other braces are a template's conditions.
func (r *replacement) text(s string) {
	s = html.UnescapeString(s)
	var style style
	hidden := false
	for _, e := range r.open {
		style |= e.style
		hidden = hidden || e.hidden
	}
	for s != "" {
		at, mark := len(s), ""
		for _, m := range [...]string{textMark, optionMark} {
			if i := strings.Index(s, m); i >= 0 && i < at {
				at, mark = i, m
			}
		}
		if words := s[:at]; words != "" && !hidden {
			if strings.ContainsAny(words, "{}") {
				r.plain = false
			} else {
				r.add(piece{text: sanitize(words), style: style})
			}
		}
		switch mark {
		case textMark:
			r.content(style, hidden)
		case optionMark:
			if !hidden {
				r.add(piece{option: true, style: style})
			}
		}
		s = s[at+len(mark):]
	}
}

func (r *replacement) content(s style, hidden bool) {
	if r.texts++; r.texts > 1 {
		return
	}
	r.style, r.hidden = s, hidden
	for _, e := range r.open {
		if e.href != "" {
			r.href = e.href
		}
	}
}

func (r *replacement) add(p piece) {
	i := min(r.texts, 1)
	r.words[i] = append(r.words[i], p)
}

func styleOf(tag string) style {
	switch tag {
	case "b", "strong", "h1", "h2", "h3", "h4", "h5", "h6", "th":
		return bold
	case "i", "em", "cite", "var", "dfn":
		return italic
	case "u", "ins":
		return underline
	case "s", "strike", "del":
		return strike
	case "sub":
		return sub
	case "sup":
		return sup
	}
	return 0
}

var (
	presentational = set(`b strong i em u s strike del ins sub sup span div p br hr center font big small tt kbd samp var cite q
		blockquote pre code mark abbr acronym dfn ul ol li dl dt dd h1 h2 h3 h4 h5 h6 table tbody thead tfoot tr td th fieldset legend
		section article aside header footer figure figcaption bdo bdi ruby rt rp marquee a img wbr`)
	blockTags = set(`div p center blockquote pre ul ol li dl dt dd h1 h2 h3 h4 h5 h6 table tr td th fieldset section article aside
		header footer figure hr`)
	voidTags = set("br hr img wbr input link meta col area base embed source track")
	// concealing elements do not show their content, or not at once.
	concealing = set("script style template noscript head title iframe object embed video audio canvas svg textarea select option details dialog noframes noembed button")
)
