package markup

import "strings"

// maxDepth limits the nesting of quotes, lists and tables. Deeper content is shown without its frame.
const maxDepth = 6

// BBCode parses a post without a forum's own codes. See [Dialect.BBCode].
func BBCode(src string, l Links) Doc { return Dialect{}.BBCode(src, l) }

// parse builds the tree from the tokens.
func (b *builder) parse() {
	b.tree.nodes = make([]node, 0, 4+2*len(b.tokens)+strings.Count(b.src, "\n"))
	at := 0
	for i := 0; i < len(b.tokens); i++ {
		t := &b.tokens[i]
		if t.start < at {
			continue
		}
		b.words(at, t.start)
		at = t.end
		switch {
		case t.closing:
			b.close(i)
		case b.isHidden(t):
			i, at = b.skipHidden(i)
		default:
			b.open(i)
		}
	}
	b.words(at, len(b.src))
	for len(b.frames) > 0 {
		b.pop()
	}
	b.endPara()
}

// open handles an opening tag, or one that needs no closing tag.
func (b *builder) open(i int) {
	t := &b.tokens[i]
	if t.selfContained {
		b.addSelfContained(t)
		return
	}
	if t.code != nil && t.code.void {
		b.addVoid(t)
		return
	}
	if t.match < 0 && !t.tag.void() && t.tag != tagRow && t.tag != tagCell && t.tag != tagHeader && !b.closedByCut(t) {
		if t.value == "" && t.attrs == "" || t.tag != tagLayout && t.tag != tagAlign {
			b.addRawTag(t)
		}
		return
	}
	switch t.tag {
	case tagBold, tagItalic, tagUnderline, tagStrike, tagSub, tagSup:
		b.counts[t.tag-tagBold]++
		b.updateStyle()
	case tagAlign:
		b.endPara()
	case tagHeading:
		b.endPara()
		b.heading = true
	case tagURL, tagPost, tagGallery:
		t.state = b.link
		b.link = b.target(t)
	case tagCustom:
		b.openCustom(t)
	case tagRule:
		b.addBlock(node{kind: rule})
	case tagBreak:
		b.breaks++
	case tagQuote:
		b.openQuote(i)
	case tagList, tagItem, tagTable, tagRow, tagCell, tagHeader:
		b.openFrame(i)
	}
}

// close handles a closing tag.
func (b *builder) close(i int) {
	t := &b.tokens[i]
	if t.match < 0 {
		switch t.tag {
		case tagLayout, tagAlign, tagItem, tagRule, tagBreak, tagRow, tagCell, tagHeader:
		default:
			b.addRawTag(t)
		}
		return
	}
	opener := &b.tokens[t.match]
	switch t.tag {
	case tagBold, tagItalic, tagUnderline, tagStrike, tagSub, tagSup:
		if n := &b.counts[t.tag-tagBold]; *n > 0 {
			*n--
		}
		b.updateStyle()
	case tagAlign:
		b.endPara()
	case tagHeading:
		b.endPara()
		b.heading = false
	case tagURL, tagPost, tagGallery:
		b.closeLink(opener.state)
	case tagCustom:
		b.closeCustom(opener)
	default:
		b.closeFrame(t.match)
	}
}

// closedByCut reports whether the closing tag may be in the part of the post that was cut off.
func (b *builder) closedByCut(t *token) bool {
	switch t.tag {
	case tagQuote, tagList, tagTable, tagURL, tagCustom, tagSub, tagSup, tagBold, tagItalic, tagUnderline, tagStrike, tagLayout, tagAlign, tagHeading:
		return b.cut
	}
	return false
}

// isHidden reports whether the content of a tag is left out of the message: a spoiler, or a quote within a
// quote. An unclosed spoiler hides everything after it. A forum may show it, but showing too little is
// better than leaking a secret by email. Other unclosed tags are only words: forums show them as written.
func (b *builder) isHidden(t *token) bool {
	switch {
	case t.closing, t.code != nil && t.code.void:
		return false
	case t.tag == tagQuote:
		return (t.match >= 0 || b.cut) && (b.quotes > 0 || b.inCell() || len(b.frames) >= maxDepth)
	case t.tag == tagHidden:
		return t.match >= 0 || t.laterEnd > 0 || b.cut || hidesUnclosed(t.name)
	}
	return t.tag.isHidden()
}

// skipHidden skips the content of the tag at i up to its closing tag, and returns where to continue. Tags
// that close something opened before the hidden part still do so.
func (b *builder) skipHidden(i int) (next, at int) {
	t := &b.tokens[i]
	end := b.hiddenEnd(t)
	switch t.tag {
	case tagSpoiler:
		b.addBlock(node{kind: spoiler, text: oneLine(t.value, maxLabel)})
	case tagHidden:
		b.addHidden(t)
	case tagInlineSpoiler:
		b.inline(node{kind: inlineSpoiler, text: oneLine(t.value, maxLabel)})
	case tagQuote:
		q := t.quoted()
		b.addBlock(node{kind: quote, text: q.Author, ref: b.quoteRef(t, q), flag: collapsed})
	}
	for j := i + 1; j < end; j++ {
		switch in := &b.tokens[j]; {
		case in.tag.isHidden() && b.isHidden(in): // reaches further than this one
			end = max(end, b.hiddenEnd(in))
		case in.closing && in.match >= 0 && int(in.match) < i:
			b.close(j)
		case t.tag != tagQuote:
			b.mentioned(in)
		}
	}
	if end == len(b.tokens) {
		return end, len(b.src)
	}
	if int(b.tokens[end].match) < i { // the end of the enclosing frame: parse it as usual
		return end - 1, b.tokens[end].start
	}
	return end, b.tokens[end].end
}

// hiddenEnd returns the token where a hidden part ends.
func (b *builder) hiddenEnd(t *token) int {
	if t.match >= 0 {
		return int(t.match)
	}
	if t.laterEnd > 0 && !hidesUnclosed(t.name) {
		return int(t.laterEnd)
	}
	return b.frameEnd()
}

// addSelfContained handles a tag that includes its content.
func (b *builder) addSelfContained(t *token) {
	switch t.tag {
	case tagCode:
		b.code(t.content)
	case tagMono:
		b.styled(mono, t.content)
	case tagPlain:
		b.plain(t.content)
	case tagURL, tagEmail:
		b.address(t)
	case tagImage:
		b.image(t)
	case tagUser:
		b.mentioned(t)
		to := ""
		if t.source != nil {
			to = t.value
		}
		b.mention(t.content, number(t.value), to)
	case tagGroup:
		b.mentioned(t)
		b.groupMention(t.content)
	case tagAttachment:
		b.attachment(t)
	case tagVideo:
		b.video(t)
	}
}
