package markup

import (
	"strconv"
	"strings"
	"unicode"
)

// inlines writes the words of a paragraph, with the tags for their styles and links.
func (h *htmlWriter) inlines(i, end int) {
	for ; i < end; i++ {
		n := &h.tree.nodes[i]
		switch n.kind {
		case lineBreak:
			if i+1 < end && h.tree.ref(&h.tree.nodes[i+1]).url != h.link {
				h.applyStyle(&node{})
			}
			h.raw(`<br>`)
		case text:
			h.applyStyle(n)
			words := n.text
			if n.flag&bareURL != 0 {
				words = oneLine(words, maxShown)
			}
			h.words(words)
		case mention:
			h.applyStyle(n)
			h.words(bidiIsolate(n.text))
		case mergeField:
			h.applyStyle(n)
			h.words(h.labels.Field(fieldOf(n)))
		case image:
			if p, own := h.tree.picture(n); own {
				h.picture(n, p)
				continue
			}
			h.file(n, h.labels.Image)
		case attachment:
			h.file(n, h.labels.Attachment)
		case video:
			h.file(n, h.labels.Video)
		case inlineSpoiler:
			h.applyStyle(&node{})
			h.raw(`<span class="pr-spoiler" style="` + styleMuted + `">[`)
			h.label(h.labels.Spoiler, n.text)
			h.raw(`]</span>`)
		case hiddenText:
			h.applyStyle(&node{})
			h.raw(`<span class="pr-spoiler" style="` + styleMuted + `">[`)
			h.text(h.labels.Hidden)
			h.raw(`]</span>`)
		}
	}
	h.applyStyle(&node{})
}

// picture writes an image that the message brings. Outlook needs its size, and phones may shrink it.
func (h *htmlWriter) picture(n *node, p Picture) {
	h.applyStyle(n)
	h.raw(`<img src="`)
	h.text(p.URL)
	h.raw(`" alt="`)
	h.text(n.text)
	h.raw(`" width="` + strconv.Itoa(p.Width) + `" height="` + strconv.Itoa(p.Height) + `" style="` + stylePicture + `">`)
}

func (h *htmlWriter) file(n *node, word string) {
	h.applyStyle(n)
	h.raw(`[`)
	h.label(word, n.text)
	h.raw(`]`)
}

// applyStyle closes and opens tags until the open ones match n. The link is outermost.
func (h *htmlWriter) applyStyle(n *node) {
	to := h.tree.ref(n).url
	keep := 0
	if to == h.link {
		for keep < h.depth && n.style&h.open[keep] != 0 {
			keep++
		}
	}
	for h.depth > keep {
		h.depth--
		h.raw(h.open[h.depth].closing())
	}
	if to != h.link {
		if h.link != "" {
			h.raw(`</a>`)
		}
		if h.link = to; to != "" {
			h.raw(`<a href="`)
			h.text(to)
			h.raw(`" style="color:` + h.labels.LinkColor + `">`)
		}
	}
	for s := bold; s <= mono; s <<= 1 {
		if n.style&s != 0 && !h.isOpen(s) {
			h.raw(s.opening())
			h.open[h.depth] = s
			h.depth++
		}
	}
}

func (h *htmlWriter) isOpen(s style) bool {
	for _, open := range h.open[:h.depth] {
		if open == s {
			return true
		}
	}
	return false
}

func (s style) opening() string {
	switch s {
	case bold:
		return `<b>`
	case italic:
		return `<i>`
	case underline:
		return `<u>`
	case strike:
		return `<s>`
	case sub:
		return `<sub>`
	case sup:
		return `<sup>`
	}
	return `<code class="pr-code" style="` + styleMono + `">`
}

func (s style) closing() string {
	switch s {
	case bold:
		return `</b>`
	case italic:
		return `</i>`
	case underline:
		return `</u>`
	case strike:
		return `</s>`
	case sub:
		return `</sub>`
	case sup:
		return `</sup>`
	}
	return `</code>`
}

// rightToLeft reports whether s contains a letter of a right-to-left script.
func rightToLeft(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool {
		return c >= 0x590 && unicode.In(c, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam)
	})
}
