package markup

import "strings"

// The styles of the e-mail HTML. Sizes and fonts are inherited; the classes let a template's dark
// mode change the colors. All texts have a contrast of at least 4.5:1 to their ground.
const (
	// An address or a word longer than the screen of a phone is broken instead of widening the mail.
	styleDoc     = "overflow-wrap:anywhere;word-break:break-word"
	stylePara    = "margin:0 0 12px"
	styleQuote   = "margin:0 0 12px;padding:8px 12px;border-left:3px solid #9fb0c0;background:#f3f6f9;color:#3d4852"
	styleAuthor  = "margin:0 0 4px;color:#55606b"
	styleCode    = "margin:0 0 12px;padding:8px 12px;background:#f3f4f6;color:#24292f;font-family:Consolas,Menlo,monospace;white-space:pre-wrap;overflow-wrap:anywhere;word-break:break-word"
	styleMono    = "background:#f3f4f6;color:#24292f;font-family:Consolas,Menlo,monospace"
	styleSpoiler = "padding:4px 8px;border:1px dashed #8795a1;color:#55606b"
	styleList    = "margin:0 0 12px;padding:0 0 0 24px"
	styleTable   = "margin:0 0 12px;border-collapse:collapse"
	styleCell    = "padding:4px 8px;border:1px solid #c3ccd5;text-align:start;vertical-align:top"
	styleRule    = "margin:0 0 12px;border:0;border-top:1px solid #c3ccd5"
	styleLink    = "color:#0b5cad"
	styleMuted   = "color:#55606b"
)

// maxShown is how many characters of a typed address are shown; the link has them all.
const maxShown = 60

// HTML writes the document for an e-mail: inline styles, and no tags and attributes but those named
// in this file. It is "" for an empty document.
func (d Doc) HTML(w Words) string {
	if d.Empty() {
		return ""
	}
	h := htmlWriter{tree: d.t, words: w.orEnglish()}
	size := 256
	for i := range d.t.nodes {
		size += len(d.t.nodes[i].text) + 48
	}
	h.b.Grow(size)
	h.raw(`<div style="` + styleDoc + `">`)
	h.blocks(0, len(d.t.nodes))
	h.raw(`</div>`)
	return h.b.String()
}

type htmlWriter struct {
	b     strings.Builder
	tree  *tree
	words Words
	open  [len(styles)]style // the style tags that are open, outermost first
	depth int                // how many they are
	link  string             // the address of the open link
}

func (h *htmlWriter) raw(s string) { h.b.WriteString(s) }

// text writes words, or the value of an attribute.
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
		h.block(n, i)
		i = int(n.end)
	}
}

func (h *htmlWriter) block(n *node, i int) {
	end := int(n.end)
	switch n.kind {
	case para:
		h.raw(`<p dir="auto" style="` + stylePara + `">`)
		h.inlines(i+1, end)
		h.raw(`</p>`)
	case heading:
		h.raw(`<p dir="auto" style="` + stylePara + `"><b>`)
		h.inlines(i+1, end)
		h.raw(`</b></p>`)
	case quote:
		h.quote(n, i)
	case code:
		h.raw(`<pre class="pr-code" dir="ltr" style="` + styleCode + `">`)
		if strings.HasPrefix(n.text, "\n") { // the first line end in a pre is not shown
			h.raw("\n")
		}
		h.text(n.text)
		h.raw(`</pre>`)
	case spoiler:
		h.raw(`<p class="pr-spoiler" dir="auto" style="` + stylePara + `;` + styleSpoiler + `">`)
		h.label(h.words.Spoiler, n.text)
		h.raw(`</p>`)
	case rule:
		h.raw(`<hr style="` + styleRule + `">`)
	case list:
		h.list(n, i)
	case table:
		h.table(i)
	}
}

func (h *htmlWriter) quote(n *node, i int) {
	h.raw(`<blockquote class="pr-quote" dir="auto" style="` + styleQuote + `">`)
	h.raw(`<div class="pr-muted" dir="auto" style="` + styleAuthor + `">`)
	to := h.tree.ref(n).url
	if to != "" {
		h.raw(`<a class="pr-link" href="`)
		h.text(to)
		h.raw(`" style="` + styleLink + `">`)
	}
	h.text(h.words.head(n.text))
	if to != "" {
		h.raw(`</a>`)
	}
	if n.flag&folded != 0 {
		h.raw(` […]`)
	}
	h.raw(`</div>`)
	h.blocks(i+1, int(n.end))
	h.raw(`</blockquote>`)
}

func (h *htmlWriter) list(n *node, i int) {
	tag := "ul"
	if n.flag&ordered != 0 {
		tag = "ol"
	}
	h.raw(`<` + tag + ` dir="auto" style="` + styleList + `">`)
	for i++; i < int(n.end); i = int(h.tree.nodes[i].end) {
		h.raw(`<li dir="auto">`)
		h.flow(i)
		h.raw(`</li>`)
	}
	h.raw(`</` + tag + `>`)
}

func (h *htmlWriter) table(i int) {
	h.raw(`<table border="0" cellpadding="0" cellspacing="0" style="` + styleTable + `">`)
	end := int(h.tree.nodes[i].end)
	for i++; i < end; i = int(h.tree.nodes[i].end) {
		h.raw(`<tr>`)
		rowEnd := int(h.tree.nodes[i].end)
		for c := i + 1; c < rowEnd; c = int(h.tree.nodes[c].end) {
			tag := "td"
			if h.tree.nodes[c].flag&header != 0 {
				tag = "th"
			}
			h.raw(`<` + tag + ` dir="auto" style="` + styleCell + `">`)
			h.flow(c)
			h.raw(`</` + tag + `>`)
		}
		h.raw(`</tr>`)
	}
	h.raw(`</table>`)
}

// flow writes what stands in an item or a cell: paragraphs without a frame of their own, with line
// ends between them.
func (h *htmlWriter) flow(i int) {
	end := int(h.tree.nodes[i].end)
	for j := i + 1; j < end; j = int(h.tree.nodes[j].end) {
		n := &h.tree.nodes[j]
		if n.kind != para {
			h.block(n, j)
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
		h.text(name)
	}
}

// head is the line above a quote.
func (w Words) head(author string) string {
	if author == "" {
		return w.QuotedPost
	}
	return w.Said(isolated(author))
}

// isolated wraps a name in marks that keep its writing direction from turning the words around it
// (UAX #9, 2.2), if it has another direction than theirs.
func isolated(name string) string {
	if isASCII(name) || !rightToLeft(name) {
		return name
	}
	return "\u2068" + name + "\u2069"
}
