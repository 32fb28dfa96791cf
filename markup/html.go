package markup

import (
	"strings"
	"unicode/utf8"
)

// The styles of the email HTML. Sizes, fonts and where words may break are inherited, except for code and the links below an
// excerpt. A template's dark mode can change the colors through the classes. All text has a contrast of at
// least 4.5:1 to its background.
const (
	styleSpace = "margin:0 0 12px"
	styleLast  = "margin:0" // the frame around it, or the template, adds the space below the last block
	quoteLine  = "#9fb0c0"
	styleQuote = ";padding:8px 12px;border-left:3px solid " + quoteLine + ";background:#f3f6f9;color:#3d4852"
	// In a language that is written from right to left, the line of a quote is where its words start.
	styleQuoteRTL = ";padding:8px 12px;border-right:3px solid " + quoteLine + ";background:#f3f6f9;color:#3d4852"
	styleAuthor   = ";color:#566"
	styleCode     = ";padding:8px 12px;background:#f3f4f6;color:#24292f;font-family:Consolas,Menlo,monospace;white-space:pre-wrap"
	styleMono     = "background:#f3f4f6;color:#24292f"
	styleSpoiler  = ";padding:4px 8px;border:1px dashed #8795a1;color:#566"
	styleList     = ";padding:0 0 0 24px"
	styleListRTL  = ";padding:0 24px 0 0"                                              // item markers are on the right
	styleTable    = ";border-collapse:collapse;overflow-wrap:normal;word-break:normal" // words stay whole: see words
	styleBroken   = "overflow-wrap:anywhere;word-break:break-word"
	// A table that is wider than the message scrolls within it.
	styleScroll      = ";display:table;table-layout:fixed;width:100%"
	styleCell        = "padding:4px 8px;border:1px solid #c3ccd5;vertical-align:top;text-align:"
	styleRule        = ";border:0;border-top:1px solid #c3ccd5"
	linkColor        = "#05a"
	styleLink        = "color:" + linkColor
	styleMuted       = "color:#566"
	stylePicture     = "border:0;max-width:100%;height:auto"
	styleButton      = "display:block;font-weight:bold;font-size:16px;line-height:24px;color:#fdfdfe;text-decoration:none"
	styleOmittedLink = ";color:#566;font-size:14px;line-height:22px"
)

// longWord is how many letters fit side by side into a cell on a phone.
const longWord = 24

// maxShown is how many characters of a typed URL are shown; the link has the whole URL.
const maxShown = 60

// HTML writes the document for an email. It uses inline styles, and only the tags and attributes in this
// file. It returns "" for an empty document.
func (d Doc) HTML(w Labels) string {
	if d.Empty() {
		return ""
	}
	h := htmlWriter{tree: d.t, labels: w.withDefaults(), dir: "ltr"}
	if rightToLeft(h.labels.QuotedPost) {
		h.dir = "rtl"
	}
	size := 256
	for i := range d.t.nodes {
		size += len(d.t.nodes[i].text) + 48
	}
	h.b.Grow(size)
	if first := &d.t.nodes[0]; first.kind == para && int(first.end) == len(d.t.nodes) { // the only one
		h.raw(`<div dir="auto">`)
		h.inlines(1, len(d.t.nodes))
	} else {
		h.raw(`<div>`)
		h.blocks(0, len(d.t.nodes))
	}
	h.raw(`</div>`)
	return h.b.String()
}

type htmlWriter struct {
	b      strings.Builder
	tree   *tree
	labels Labels
	dir    string            // of the locale's words; members' text has its own direction
	open   [styleCount]style // the style tags that are open, outermost first
	depth  int               // number of open style tags
	link   string            // the URL of the open link
	inCell bool              // within a table
}

func (h *htmlWriter) raw(s string) { h.b.WriteString(s) }

// text writes words or an attribute value, escaped.
func (h *htmlWriter) text(s string) {
	from := 0
	for i := range len(s) {
		var with string
		switch s[i] {
		case '&':
			with = "&amp;"
		case '<':
			with = "&lt;"
		case '>':
			with = "&gt;"
		case '"':
			with = "&#34;"
		default:
			continue
		}
		h.raw(s[from:i])
		h.raw(with)
		from = i + 1
	}
	h.raw(s[from:])
}

func (h *htmlWriter) blocks(i, end int) {
	for i < end {
		n := &h.tree.nodes[i]
		h.block(n, i, int(n.end) == end)
		i = int(n.end)
	}
}

// block writes a block. The last one in its frame has no space below it.
func (h *htmlWriter) block(n *node, i int, last bool) {
	end := int(n.end)
	margin := styleSpace
	if last {
		margin = styleLast
	}
	switch n.kind {
	case para:
		h.start(`<p dir="auto"`, margin, "")
		h.inlines(i+1, end)
		h.raw(`</p>`)
	case heading:
		if h.tree.sections {
			h.start(`<h3 dir="auto"`, margin, "")
			h.inlines(i+1, end)
			h.raw(`</h3>`)
			return
		}
		h.start(`<p dir="auto"`, margin, "")
		h.raw(`<b>`)
		h.inlines(i+1, end)
		h.raw(`</b></p>`)
	case quote:
		style := styleQuote
		if h.dir == "rtl" {
			style = styleQuoteRTL
		}
		h.start(`<blockquote class="pr-quote"`, margin, n.lineColor(style))
		h.quote(n, i)
		h.raw(`</blockquote>`)
	case code:
		h.start(`<pre class="pr-code" dir="ltr"`, margin, styleCode)
		if strings.HasPrefix(n.text, "\n") { // browsers ignore the first line end in a pre
			h.raw("\n")
		}
		h.text(n.text)
		h.raw(`</pre>`)
	case spoiler:
		h.start(`<p class="pr-spoiler" dir="`+h.dir+`"`, margin, styleSpoiler)
		h.label(h.labels.Spoiler, n.text)
		h.raw(`</p>`)
	case rule:
		h.start(`<hr class="pr-rule"`, margin, styleRule)
	case button:
		h.button(n, last)
	case omittedLink:
		h.omittedLink(n, margin)
	case list:
		tag := "ul"
		if n.flag&ordered != 0 {
			tag = "ol"
		}
		h.start(`<`+tag+` dir="auto"`, margin, h.listStyle(i+1, end))
		h.items(i+1, end)
		h.raw(`</` + tag + `>`)
	case table:
		h.start(`<div`, margin, styleScroll)
		h.raw(`<div style="overflow-x:auto">`)
		h.start(`<table border="0" cellpadding="0" cellspacing="0"`, styleLast, styleTable)
		h.inCell = true
		h.rows(i+1, end)
		h.inCell = false
		h.raw(`</table></div></div>`)
	}
}

// lineColor gives the line beside a callout the color of its kind.
func (n *node) lineColor(style string) string {
	if box, is := callouts[n.text]; is && n.flag&noHeader != 0 {
		return strings.Replace(style, quoteLine, box.color, 1)
	}
	return style
}

// button writes a link as a button. Outlook knows no margins of tables and no padding of links, so cells have both.
func (h *htmlWriter) button(n *node, last bool) {
	space := "4px 0 16px"
	if last {
		space = "4px 0 0"
	}
	const table = `<table role="presentation" border="0" cellpadding="0" cellspacing="0"><tr><td`
	color := h.labels.LinkColor
	h.raw(table + ` style="padding:` + space + `">` + table + ` class="pr-button" bgcolor="` + color + `" style="background-color:` + color + `;padding:10px 22px"><a class="pr-button" dir="auto" href="`)
	h.text(h.tree.ref(n).url)
	h.raw(`" style="` + styleButton + `">`)
	h.text(n.text)
	h.raw(`</a></td></tr></table></td></tr></table>`)
}

// start writes an opening tag with its style.
func (h *htmlWriter) start(tag, margin, rest string) {
	h.raw(tag)
	h.raw(` style="`)
	h.raw(margin)
	h.raw(rest)
	h.raw(`">`)
}

func (h *htmlWriter) quote(n *node, i int) {
	if n.flag&ignoredAuthor != 0 {
		h.start(`<div class="pr-muted" dir="`+h.dir+`"`, styleLast, styleAuthor)
		h.text(h.labels.Ignored)
		h.raw(`</div>`)
		return
	}
	if n.flag&noHeader == 0 {
		h.quoteHead(n, i)
	}
	h.blocks(i+1, int(n.end))
}

// quoteHead writes the line that says who wrote the quote.
func (h *htmlWriter) quoteHead(n *node, i int) {
	margin := "margin:0 0 4px"
	if int(n.end) == i+1 {
		margin = styleLast
	}
	h.start(`<div class="pr-muted" dir="`+h.dir+`"`, margin, styleAuthor)
	to := h.tree.ref(n).url
	if to != "" {
		h.raw(`<a href="`)
		h.text(to)
		h.raw(`" style="color:` + h.labels.LinkColor + `">`)
	}
	h.text(h.labels.head(n.text))
	if to != "" {
		h.raw(`</a>`)
	}
	if n.flag&collapsed != 0 {
		h.raw(` […]`)
	}
	h.raw(`</div>`)
}

// omittedLink writes the line of a link that was cut off.
func (h *htmlWriter) omittedLink(n *node, margin string) {
	h.start(`<p class="pr-muted" dir="`+h.dir+`"`, margin, styleOmittedLink)
	h.raw(`<span aria-hidden="true">` + h.labels.arrow() + ` </span><a href="`)
	h.text(h.tree.ref(n).url)
	h.raw(`" style="color:` + h.labels.LinkColor + `">`)
	h.text(bidiIsolate(n.text))
	h.raw(`</a></p>`)
}

// listStyle puts the space for item markers on the side where a browser draws them, which depends on the
// first words.
func (h *htmlWriter) listStyle(i, end int) string {
	for ; i < end; i++ {
		if n := &h.tree.nodes[i]; n.kind == text {
			if rightToLeft(n.text) {
				return styleListRTL
			}
			return styleList
		}
	}
	return styleList
}

func (h *htmlWriter) items(i, end int) {
	for ; i < end; i = int(h.tree.nodes[i].end) {
		h.raw(`<li dir="auto">`)
		h.flow(i)
		h.raw(`</li>`)
	}
}

func (h *htmlWriter) rows(i, end int) {
	for ; i < end; i = int(h.tree.nodes[i].end) {
		h.raw(`<tr>`)
		rowEnd := int(h.tree.nodes[i].end)
		for c := i + 1; c < rowEnd; c = int(h.tree.nodes[c].end) {
			tag := "td"
			if h.tree.nodes[c].flag&header != 0 {
				tag = "th"
			}
			h.raw(`<` + tag + ` class="pr-rule" dir="auto" style="` + styleCell + h.cellStyle(c) + `">`)
			h.flow(c)
			h.raw(`</` + tag + `>`)
		}
		h.raw(`</tr>`)
	}
}

// cellStyle returns the alignment of a cell.
func (h *htmlWriter) cellStyle(c int) string {
	switch f := h.tree.nodes[c].flag; {
	case f&alignCenter != 0:
		return "center"
	case f&alignRight != 0 || h.startsRightToLeft(c):
		return "right"
	}
	return "left"
}

// startsRightToLeft reports whether the first words of a frame are in a right-to-left script.
func (h *htmlWriter) startsRightToLeft(i int) bool {
	end := int(h.tree.nodes[i].end)
	for i++; i < end; i++ {
		if n := &h.tree.nodes[i]; n.kind == text {
			return rightToLeft(n.text)
		}
	}
	return false
}

// words writes words. In a cell only a very long one may break: what lets the rest of the message break anywhere also
// lets a browser shrink a column below the width of its words.
func (h *htmlWriter) words(s string) {
	if !h.inCell {
		h.text(s)
		return
	}
	for s != "" {
		end := strings.IndexByte(s, ' ') + 1
		if end == 0 {
			end = len(s)
		}
		if word := s[:end]; utf8.RuneCountInString(word) > longWord {
			h.raw(`<span style="` + styleBroken + `">`)
			h.text(word)
			h.raw(`</span>`)
		} else {
			h.text(word)
		}
		s = s[end:]
	}
}

// flow writes the content of an item or a cell: paragraphs without their own frame, with line breaks
// between them.
func (h *htmlWriter) flow(i int) {
	end := int(h.tree.nodes[i].end)
	for j := i + 1; j < end; j = int(h.tree.nodes[j].end) {
		n := &h.tree.nodes[j]
		if n.kind != para {
			h.block(n, j, int(n.end) == end)
			continue
		}
		h.inlines(j+1, int(n.end))
		if next := int(n.end); next < end && h.tree.nodes[next].kind == para {
			h.raw(`<br>`)
		}
	}
}

// label writes "Spoiler: title", or the word alone.
func (h *htmlWriter) label(word, name string) {
	h.text(word)
	if name != "" {
		h.raw(`: `)
		h.words(name)
	}
}

// head returns the line above a quote.
func (w Labels) head(author string) string {
	if author == "" {
		return w.QuotedPost
	}
	return w.QuoteHead(bidiIsolate(author))
}

// arrow returns an arrow that points to a link, away from the start of the line in the locale.
func (w Labels) arrow() string {
	if rightToLeft(w.QuotedPost) {
		return "←"
	}
	return "→"
}

// bidiIsolate isolates a name with another writing direction than the text around it, so that it does not
// reorder that text (UAX #9, 2.2).
func bidiIsolate(name string) string {
	if isASCII(name) || !rightToLeft(name) {
		return name
	}
	return "\u2068" + name + "\u2069"
}
