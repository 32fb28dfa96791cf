package markup

import (
	"slices"
	"strings"
)

// maxTag is the longest tag in bytes, from "[" to "]"; a long URL fits. It keeps parsing linear.
const maxTag = 2100

// maxUserName is the longest name of a member in bytes, with its "@": 50 characters in XenForo.
const maxUserName = 1 + 4*50

// token is a tag in the source. There are no tags in the text between two tokens.
type token struct {
	start, end    int    // of the tag; a raw tag includes its content and its closing tag
	value         string // [NAME=value]
	attrs         string // [NAME key="..." key='...'], as written
	content       string // of a raw tag
	name          string // of a tagHidden or tagCustom, in lower case
	code          *Code  // of a tagCustom; of a tagHidden, if the forum says what replaces it
	source        *Quote // of a tagQuote or tagUser, if the forum stores it apart from the text; value is then its address
	match         int32  // the token that closes or opens it; -1: none
	state         int32  // the builder's state when the tag was opened
	tag           tag
	closing       bool
	selfContained bool // content and closing tag are part of it
	// laterEnd is the next closing tag of the same name, for a tagHidden without a match; 0: none. MyBB pairs a closing tag
	// with the first opening tag before it, other forums with the last one.
	laterEnd int32
}

// lexer splits a text into tags.
type lexer struct {
	src      string
	codes    map[string]Code
	cut      bool // src ends too early
	tokens   []token
	open     [tags]int32      // the last open tag of each kind, from 1; linked through token.match
	named    map[string]int32 // the same for tagHidden and tagCustom, by name
	unclosed []string         // names without another closing tag; not searched for again
	bracket  int              // position of a "]"; no other is between it and the place where it was searched for
	slash    int              // the same for "[/"
	closings map[string]int   // the same for closing tags, by name
}

// tokenize finds the tags of src and pairs opening with closing tags. codes are the forum's own. cut says that
// src ends too early, so a tag may lack its closing tag.
func tokenize(src string, codes map[string]Code, cut bool) []token {
	l := lexer{src: src, codes: codes, cut: cut, tokens: make([]token, 0, min(strings.Count(src, "["), 100))}
	for at := 0; at < len(src); {
		i := strings.IndexByte(src[at:], '[')
		if i < 0 {
			break
		}
		at += i
		if t, ok := l.tagAt(at); ok {
			l.add(t)
			at = t.end
			continue
		}
		at++
	}
	for _, i := range l.open {
		l.unpair(i)
	}
	for _, i := range l.named {
		l.unpair(i)
	}
	l.findLaterEnds()
	return l.tokens
}

// findLaterEnds sets where tags that hide their content end if they have no match.
func (l *lexer) findLaterEnds() {
	var next map[string]int32 // closing tags, by name
	for i, t := range slices.Backward(l.tokens) {
		switch {
		case t.tag != tagHidden:
		case !t.closing && t.match < 0:
			l.tokens[i].laterEnd = next[t.name]
		case t.closing:
			if next == nil {
				next = make(map[string]int32)
			}
			next[t.name] = int32(i)
		}
	}
}

// unpair leaves tags that are still open without a match.
func (l *lexer) unpair(i int32) {
	for i != 0 {
		t := &l.tokens[i-1]
		i, t.match = t.match+1, -1
	}
}

// lastOpen returns the last open tag that t can close, from 1; 0: none.
func (l *lexer) lastOpen(t *token) int32 {
	if t.name != "" {
		return l.named[t.name]
	}
	return l.open[t.tag]
}

func (l *lexer) setLastOpen(t *token, i int32) {
	if t.name == "" {
		l.open[t.tag] = i
		return
	}
	if l.named == nil {
		l.named = make(map[string]int32)
	}
	l.named[t.name] = i
}

// add appends a token and pairs it with the tag that it closes.
func (l *lexer) add(t token) {
	t.match = -1
	switch {
	case t.selfContained || t.tag.void() && !t.closing, t.code != nil && t.code.void:
	case !t.closing:
		t.match = l.lastOpen(&t) - 1 // the previous open tag, until this one is closed
		l.setLastOpen(&t, int32(len(l.tokens)+1))
	case l.lastOpen(&t) != 0:
		t.match = l.lastOpen(&t) - 1
		opener := &l.tokens[t.match]
		l.setLastOpen(&t, opener.match+1)
		opener.match = int32(len(l.tokens))
	}
	l.tokens = append(l.tokens, t)
}

// tagAt reads the tag that starts with the "[" at i.
func (l *lexer) tagAt(i int) (token, bool) {
	t := token{start: i}
	p := l.readName(&t, i+1)
	if t.tag == unknown || p == len(l.src) {
		return t, false
	}
	rest := l.src[p:min(len(l.src), i+maxTag)]
	if t.closing {
		t.end = p + 1
		return t, rest[0] == ']' && !(t.tag.raw() && t.tag != tagURL)
	}
	if l.inAddress(&t, i, p) || l.inTypedName(&t, i, p) {
		return t, false
	}
	n, ok := t.readOptions(rest)
	if !ok && t.tag == tagHidden {
		n, ok = l.toBracket(p)
	}
	if !ok {
		return t, false
	}
	t.end = p + n
	name := l.src[i+1 : p]
	if ambiguous(t.name) && t.code == nil && number(t.value) != 0 {
		t.tag, t.name = tagUser, ""
	}
	if t.tag == tagAttachment && number(t.value) != 0 { // MyBB's [attachment=12] has no closing tag
		t.selfContained = true
		return t, true
	}
	t.valueOf(name)
	switch {
	case t.tag.verbatim():
		return l.readVerbatim(t, name)
	case t.tag.raw(), t.tag == tagURL && t.value == "":
		return l.readContent(t, name)
	}
	return t, true
}

// readName reads the name of a tag, behind its "[", and returns where it ends.
func (l *lexer) readName(t *token, at int) int {
	p := at
	if p < len(l.src) && l.src[p] == '/' {
		t.closing = true
		p++
	}
	name := p
	for p < len(l.src) && p-name < maxName && isTagByte(l.src[p]) {
		p++
	}
	if p > name && p < len(l.src) && !isTagByte(l.src[p]) {
		l.lookup(t, l.src[name:p])
	}
	return p
}

// lookup finds the meaning of a tag by its name. A code that the forum registers and that is not one of ours
// hides its content, unless we know what replaces it.
func (l *lexer) lookup(t *token, name string) {
	t.tag = lookupTag(name)
	if t.tag != unknown && t.tag != tagLayout && !ambiguous(name) {
		return
	}
	low := strings.ToLower(name)
	code, registered := l.codes[low]
	switch {
	case ambiguous(name):
		t.tag = unknown
	case t.tag != unknown && (!registered || code.isBuiltIn(t.tag, name)):
		return
	}
	switch {
	case registered && !code.hide:
		t.tag, t.name, t.code = tagCustom, low, code.clone()
	case registered:
		t.tag, t.name, t.code = tagHidden, low, code.clone()
	case t.tag == unknown && isGate(low):
		t.tag, t.name = tagHidden, low
	}
}

// ambiguous reports whether a name is one of ours, but another code on some forums: [member=7] is a mention, but
// [member] is for members only.
func ambiguous(name string) bool { return strings.EqualFold(name, "member") }

// toBracket returns the length up to the next "]". The options of a tag that hides its content do not matter.
func (l *lexer) toBracket(p int) (int, bool) {
	if l.bracket < p {
		l.bracket = len(l.src)
		if i := strings.IndexByte(l.src[p:], ']'); i >= 0 {
			l.bracket = p + i
		}
	}
	return l.bracket - p + 1, l.bracket < len(l.src)
}

// toSlash returns the position of the next "[/".
func (l *lexer) toSlash(p int) int {
	if l.slash < p {
		l.slash = len(l.src)
		if i := strings.Index(l.src[p:], "[/"); i >= 0 {
			l.slash = p + i
		}
	}
	return l.slash
}

// inAddress reports whether the brackets around a name, at i and p, belong to a typed URL: PHP's
// "?order[b]=1". The "=" tells them from a tag. A tag that hides its content must not be closed later.
func (l *lexer) inAddress(t *token, i, p int) bool {
	if i == 0 || p+1 >= len(l.src) || l.src[p] != ']' || l.src[p+1] != '=' && !(l.src[p+1] == '[' && (t.tag.style() || moreParameters(l.src[p+1:]))) {
		return false
	}
	if t.tag.isHidden() && (!isParameter(t.name) || l.closesAfter(t.name, p)) {
		return false
	}
	word := l.src[max(0, i-maxURL):i]
	word = word[strings.LastIndexAny(word, " \n\t")+1:]
	scheme := strings.LastIndex(word, "://")
	return scheme >= 0 && !strings.Contains(word[scheme:], "[/")
}

// moreParameters reports whether a name in brackets and "=" follow: the "[]=" of "?filter[price][]=1".
func moreParameters(s string) bool {
	n := parameterEnd(s)
	return n > 0 && n < len(s) && (s[n] == '=' || s[n] == '[')
}

// inTypedName reports whether the brackets around a name, at i and p, belong to a name that the author typed in MyBB's way:
// @"wolf [b] two". A tag in a name has no closing tag.
func (l *lexer) inTypedName(t *token, i, p int) bool {
	if l.src[p] != ']' || t.tag.isHidden() && !(isRank(t.name) && !l.closesAfter(t.name, p)) {
		return false
	}
	before := l.src[max(0, i-4*maxAuthor):i]
	quote := strings.LastIndexByte(before, '"')
	if quote < 1 || before[quote-1] != '@' || !atWordStart(before, 0, quote-1) {
		return false
	}
	after := l.src[p:min(len(l.src), p+4*maxAuthor)]
	end := strings.IndexByte(after, '"')
	return end > 0 && end+len(before)-quote < 4*maxAuthor && !strings.Contains(after[:end], "[/") && !strings.Contains(before[quote:], "\n") && !strings.Contains(after[:end], "\n")
}

// valueOf derives the value from the name where other dialects use a value: [ol] is [list=1].
func (t *token) valueOf(name string) {
	switch {
	case t.value != "":
	case t.tag == tagList && strings.EqualFold(name, "ol"):
		t.value = "1"
	case t.tag == tagVideo && (strings.EqualFold(name, "youtube") || strings.EqualFold(name, "vimeo")):
		t.value = name
	}
}

// readContent reads the text up to the closing tag. Brackets in it are text, as in "photo[1].jpg" and
// "?page[id]=2", but if there are tags in it, [URL] is treated like other tags. The rest are shown as written,
// and their content is parsed as usual.
func (l *lexer) readContent(t token, name string) (token, bool) {
	end := l.toSlash(t.end)
	n := len("[/]") + len(name)
	switch {
	case end == len(l.src) && l.cut && strings.IndexByte(l.src[t.end:], '[') < 0:
		t.content, t.selfContained, t.end = l.src[t.end:], true, len(l.src)
		return t, true
	case end+n > len(l.src) || l.src[end+n-1] != ']' || !strings.EqualFold(l.src[end+2:end+n-1], name):
	case !l.hasTags(t.end, end, t.tag == tagUser):
		t.content, t.selfContained, t.end = l.src[t.end:end], true, end+n
		return t, true
	}
	return t, t.tag == tagURL
}

// hasTags reports whether what is between from and end, which has no closing tag, may contain a tag: at its
// start, on a second line, or one whose content is hidden or not markup. user is for a member's name.
func (l *lexer) hasTags(from, end int, user bool) bool {
	for i := from; ; i++ {
		next := strings.IndexByte(l.src[i:end], '[')
		if next < 0 {
			return false
		}
		i += next
		var t token
		p := l.readName(&t, i+1)
		if t.tag == unknown {
			continue
		}
		last := l.src[p]
		parameter := last == ']' && p+1 < end && strings.IndexByte("=[&", l.src[p+1]) >= 0 || last == ']' && p+1 == end
		if i > from && parameter {
			continue
		}
		if t.tag == tagHidden && user && last == ']' && isRank(t.name) && !l.closesAfter(t.name, end) {
			continue // a name with a clan or a rank: "@wolf [MOD]"
		}
		if user && !t.tag.isHidden() && i > from && end-from <= maxUserName && !strings.Contains(l.src[from:end], "\n") {
			continue // a tag in a name has no closing tag
		}
		if i == from || strings.TrimSpace(l.src[from:i]) == "" || t.tag == tagURL || t.tag.raw() || t.tag.isHidden() || strings.Contains(l.src[from:end], "\n") {
			return true
		}
	}
}

// closesAfter reports whether a tag of this name is closed somewhere after p. There are few names to ask for.
func (l *lexer) closesAfter(name string, p int) bool {
	at, known := l.closings[name]
	if !known || at < p {
		at = len(l.src)
		if start, _ := closingTag(l.src[p:], name); start >= 0 {
			at = p + start
		}
		if l.closings == nil {
			l.closings = make(map[string]int)
		}
		l.closings[name] = at
	}
	return at < len(l.src)
}

// readVerbatim reads the text up to the closing tag unchanged. Without a closing tag it is not a tag.
func (l *lexer) readVerbatim(t token, name string) (token, bool) {
	for _, other := range l.unclosed {
		if strings.EqualFold(other, name) {
			return t, false
		}
	}
	start, end := closingTag(l.src[t.end:], name)
	if start < 0 && l.cut {
		start, end = len(l.src)-t.end, len(l.src)-t.end
	}
	if start < 0 {
		l.unclosed = append(l.unclosed, name)
		return t, false
	}
	t.content, t.selfContained = l.src[t.end:t.end+start], true
	t.end += end
	return t, true
}

// closingTag finds "[/name]" in s, ignoring case.
func closingTag(s, name string) (start, end int) {
	for at := 0; ; {
		i := strings.Index(s[at:], "[/")
		if i < 0 {
			return -1, -1
		}
		at += i + 2
		if to := at + len(name); to < len(s) && s[to] == ']' && strings.EqualFold(s[at:to], name) {
			return at - 2, to + 1
		}
	}
}

// isTagByte reports whether c can be in the name of a tag. MyBB lets administrators use any.
func isTagByte(c byte) bool { return isNameByte(c) || c == '.' || c >= 0x80 }

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '*' || c == '_' || c == '-'
}
