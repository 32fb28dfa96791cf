package markup

import "strings"

// maxTag is the longest tag in bytes, from "[" to "]"; a long URL fits. It keeps parsing linear.
const maxTag = 2100

// token is a tag in the source. There are no tags in the text between two tokens.
type token struct {
	start, end    int    // of the tag; a raw tag includes its content and its closing tag
	value         string // [NAME=value]
	attrs         string // [NAME key="..." key='...'], as written
	content       string // of a raw tag
	match         int32  // the token that closes or opens it; -1: none
	state         int32  // the builder's state when the tag was opened
	tag           tag
	closing       bool
	selfContained bool // content and closing tag are part of it
}

// lexer splits a text into tags.
type lexer struct {
	src      string
	tokens   []token
	open     [tags]int32 // the last open tag of each kind, from 1; linked through token.match
	unclosed []string    // names without another closing tag; not searched for again
}

// tokenize finds the tags of src and pairs opening with closing tags.
func tokenize(src string) []token {
	l := lexer{src: src, tokens: make([]token, 0, min(strings.Count(src, "["), 100))}
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
	for _, i := range l.open { // tags that are still open stay unpaired
		for i != 0 {
			t := &l.tokens[i-1]
			i, t.match = t.match+1, -1
		}
	}
	return l.tokens
}

// add appends a token and pairs it with the tag that it closes.
func (l *lexer) add(t token) {
	t.match = -1
	switch {
	case t.selfContained || t.tag.void() && !t.closing:
	case !t.closing:
		t.match = l.open[t.tag] - 1 // the previous open tag, until this one is closed
		l.open[t.tag] = int32(len(l.tokens) + 1)
	case l.open[t.tag] != 0:
		t.match = l.open[t.tag] - 1
		opener := &l.tokens[t.match]
		l.open[t.tag], opener.match = opener.match+1, int32(len(l.tokens))
	}
	l.tokens = append(l.tokens, t)
}

// tagAt reads the tag that starts with the "[" at i.
func (l *lexer) tagAt(i int) (token, bool) {
	t := token{start: i}
	p := i + 1
	if p < len(l.src) && l.src[p] == '/' {
		t.closing = true
		p++
	}
	name := p
	for p < len(l.src) && p-name <= maxName && isNameByte(l.src[p]) {
		p++
	}
	if t.tag = lookupTag(l.src[name:p]); t.tag == unknown || p == len(l.src) {
		return t, false
	}
	rest := l.src[p:min(len(l.src), i+maxTag)]
	if t.closing {
		t.end = p + 1
		return t, rest[0] == ']' && !(t.tag.raw() && t.tag != tagURL)
	}
	n, ok := t.readOptions(rest)
	if !ok {
		return t, false
	}
	t.end = p + n
	if t.tag == tagAttachment && number(t.value) != 0 { // MyBB's [attachment=12] has no closing tag
		t.selfContained = true
		return t, true
	}
	t.valueOf(l.src[name:p])
	switch {
	case t.tag.verbatim():
		return l.readVerbatim(t, l.src[name:p])
	case t.tag.raw(), t.tag == tagURL && t.value == "":
		return l.readContent(t, l.src[name:p])
	}
	return t, true
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

// readContent reads the text up to the closing tag if no other tag may be between them. If there is one,
// [URL] is treated like other tags. The rest are shown as written, and their content is parsed as usual.
func (l *lexer) readContent(t token, name string) (token, bool) {
	rest := l.src[t.end:]
	if i := strings.IndexByte(rest, '['); i >= 0 {
		if n := len("[/]") + len(name); len(rest) >= i+n && rest[i+n-1] == ']' && rest[i+1] == '/' && strings.EqualFold(rest[i+2:i+n-1], name) {
			t.content, t.selfContained = rest[:i], true
			t.end += i + n
			return t, true
		}
	}
	return t, t.tag == tagURL
}

// readVerbatim reads the text up to the closing tag unchanged. Without a closing tag it is not a tag.
func (l *lexer) readVerbatim(t token, name string) (token, bool) {
	for _, other := range l.unclosed {
		if strings.EqualFold(other, name) {
			return t, false
		}
	}
	start, end := closingTag(l.src[t.end:], name)
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

// readOptions reads the text between a tag's name and its "]", and returns the length including the "]".
func (t *token) readOptions(s string) (int, bool) {
	switch s[0] {
	case ']':
		return 1, true
	case '=':
		return t.readValue(s)
	case ' ':
		if end := attrsEnd(s); end > 0 {
			t.attrs = s[:end]
			return end + 1, true
		}
	}
	return 0, false
}

// readValue reads [NAME=value], [NAME="value"] and MyBB's [NAME="value" pid='1' dateline='2'].
func (t *token) readValue(s string) (int, bool) {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		s = s[:i]
	}
	if len(s) > 2 && (s[1] == '"' || s[1] == '\'') {
		in := s[2:]
		end := strings.Index(in, s[1:2]+"]")
		if i := t.mybbAttrs(in, s[1:2]); i >= 0 && (end < 0 || i < end) {
			if n := attrsEnd(in[i+1:]); n > 0 {
				t.value, t.attrs = in[:i], in[i+1:i+1+n]
				return 2 + i + 1 + n + 1, true
			}
		}
		if end >= 0 {
			t.value = in[:end]
			return 2 + end + 2, true
		}
	}
	end := strings.IndexByte(s, ']')
	if end < 0 {
		return 0, false
	}
	t.value = s[1:end]
	if i := t.mybbAttrs(t.value, ""); i >= 0 {
		t.value, t.attrs = t.value[:i], t.value[i:]
	}
	t.value = strings.Trim(t.value, ` "'`)
	return end + 1, true
}

// mybbAttrs finds where the attributes of a MyBB quote start, after the closing quotation mark of the name.
func (t *token) mybbAttrs(s, closed string) int {
	if t.tag != tagQuote {
		return -1
	}
	for _, key := range [...]string{" pid=", " dateline="} {
		if i := strings.Index(s, closed+key); i >= 0 {
			return i
		}
	}
	return -1
}

// attrsEnd finds the "]" that ends a list of attributes and is not inside quotation marks.
func attrsEnd(s string) int {
	var in byte
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\n' || c == '[' && in == 0:
			return -1
		case in != 0:
			if c == in {
				in = 0
			}
		case c == ']':
			return i
		case (c == '"' || c == '\'') && i > 0 && s[i-1] == '=':
			in = c
		}
	}
	return -1
}

// attr returns the value of one attribute, or "".
func (t *token) attr(key string) string {
	for s := t.attrs; ; {
		i := strings.Index(s, key+"=")
		if i < 0 || i+len(key)+2 > len(s) {
			return ""
		}
		before := byte(' ')
		if i > 0 {
			before = s[i-1]
		}
		s = s[i+len(key)+1:]
		if before != ' ' {
			continue
		}
		if q := s[0]; q == '"' || q == '\'' {
			value, _, _ := strings.Cut(s[1:], s[:1])
			return value
		}
		value, _, _ := strings.Cut(s, " ")
		return value
	}
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '*' || c == '_' || c == '-'
}
