package markup

// addHidden adds the words for hidden text, or what the forum's own email shows in its place. Several in a
// row are one.
func (b *builder) addHidden(t *token) {
	if t.code != nil && len(t.code.before) > 0 {
		b.addPieces(t.code.before, t)
		return
	}
	if b.para >= 0 && b.breaks < 2 {
		for i := len(b.tree.nodes) - 1; i > b.para; i-- {
			switch n := &b.tree.nodes[i]; {
			case n.kind == hiddenText:
				return
			case n.kind == lineBreak, n.kind == text && n.text == " ":
				continue
			}
			break
		}
	}
	b.inline(node{kind: hiddenText})
}

// addVoid adds a code that has no closing tag.
func (b *builder) addVoid(t *token) {
	c := t.code
	if c.hide {
		b.addHidden(t)
		return
	}
	b.addPieces(c.before, t)
	b.add(oneLine(t.value, maxLabel), node{kind: text, style: b.style | c.style, ref: b.link})
	b.addPieces(c.after, t)
}

// openCustom opens a code of the forum whose content may be shown.
func (b *builder) openCustom(t *token) {
	c := t.code
	if c.lines {
		b.endPara()
	}
	b.addPieces(c.before, t)
	b.addStyles(c.style, 1)
	t.state = b.link
	if c.href != "" {
		if to := b.links.absolute(c.target(t.value)); to != "" {
			b.link = b.ref(ref{url: to})
		}
	}
}

func (b *builder) closeCustom(opener *token) {
	c := opener.code
	b.addStyles(c.style, -1)
	if c.href != "" {
		b.closeLink(opener.state)
	}
	b.addPieces(c.after, opener)
	if c.lines {
		b.endPara()
	}
}

// addPieces adds the words of a replacement.
func (b *builder) addPieces(pieces []piece, t *token) {
	for i, p := range pieces {
		words := p.text
		if p.option {
			words = oneLine(t.value, maxLabel)
			if words != "" && i == len(pieces)-1 {
				words += " " // the page has a border between them
			}
		}
		b.add(words, node{kind: text, style: b.style | p.style, ref: b.link})
	}
}

// addStyles opens or closes styles.
func (b *builder) addStyles(s style, by int32) {
	for i := range b.counts {
		if s&(1<<i) != 0 {
			b.counts[i] = max(0, b.counts[i]+by)
		}
	}
	b.updateStyle()
}
