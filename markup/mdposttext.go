package markup

import (
	"slices"
	"strings"
)

// openTag is a tag in the text that is open.
type openTag struct {
	name  string
	token int32
}

// comment is the name of an open HTML comment.
const comment = "!--"

// flush adds the text that was collected, with the tags in it that hide something or quote somebody.
func (r *postReader) flush() {
	words := r.words.String()
	r.words.Reset()
	for words != "" {
		marks := "[<|"
		if r.isOpen(comment) {
			marks = "-"
		}
		i := strings.IndexAny(words, marks)
		if i < 0 {
			break
		}
		r.text(words[:i])
		words = words[i:]
		n := r.tagIn(words)
		if n == 0 { // only words
			n = 1
			r.text(words[:1])
		}
		words = words[n:]
	}
	r.text(words)
}

// tagIn reads the tag at the start of the text and returns its length. It is 0 if there is none.
func (r *postReader) tagIn(words string) int {
	switch {
	case strings.HasPrefix(words, "||"):
		return r.bar(words[len("||"):])
	case words[0] == '[':
		return r.bbCode(words)
	case strings.HasPrefix(words, "<!--") && r.hasLater("-->"):
		return r.open(token{tag: tagHidden, name: comment}, len("<!--"))
	case strings.HasPrefix(words, "-->") && r.shut(comment):
		return len("-->")
	case words[0] == '<':
		return r.details(words)
	}
	return 0
}

// bar reads "||", which starts and ends a spoiler within a paragraph. Before a blank it is an operator.
func (r *postReader) bar(rest string) int {
	const n = len("||")
	r.bars--
	switch {
	case r.isOpen("||"):
		r.shut("||")
		return n
	case rest == "" || strings.ContainsRune(" \n|", rune(rest[0])) || r.bars <= 0:
		return 0
	}
	return r.open(token{tag: tagInlineSpoiler, name: "||"}, n)
}

// details reads <details> and </details>.
func (r *postReader) details(words string) int {
	end := strings.IndexByte(words[:min(len(words), maxTag)], '>')
	if end < 0 {
		return 0
	}
	low := strings.ToLower(words[:end])
	switch {
	case strings.HasPrefix(low, "<details") && r.hasLater("</details"):
		return r.open(token{tag: tagSpoiler, name: "details"}, end+1)
	case strings.HasPrefix(low, "</details") && r.shut("details"):
		return end + 1
	}
	return 0
}

// bbCode reads a BB code that hides its content, or quotes.
func (r *postReader) bbCode(words string) int {
	p := 1
	closing := strings.HasPrefix(words, "[/")
	if closing {
		p++
	}
	from := p
	for p < len(words) && p-from < maxName && isTagByte(words[p]) {
		p++
	}
	end := strings.IndexByte(words[p:min(len(words), p+maxTag)], ']')
	name := strings.ToLower(words[from:p])
	if end < 0 || name == "" {
		return 0
	}
	if n := p + end + 1; closing {
		if end == 0 && r.shut(name) {
			return n
		}
		return 0
	}
	t, ok := r.hiding(name, words[p:p+end])
	if !ok || !r.hasLater("[/"+name+"]") {
		return 0
	}
	return r.open(t, p+end+1)
}

// hiding returns the tag of a BB code, which has options, if it hides its content or quotes. Discourse writes where the quoted post is
// as its number in a topic, which is no ID.
func (r *postReader) hiding(name, options string) (token, bool) {
	value, hasValue := strings.CutPrefix(options, "=")
	if !hasValue && options != "" && options[0] != ' ' {
		return token{}, false
	}
	value = strings.Trim(value, `"' `)
	code, registered := r.dialect.Codes[name]
	switch t := lookupTag(name); {
	case t == tagQuote:
		author, _, _ := strings.Cut(value, ",")
		return token{tag: t, name: name, source: &Quote{Author: oneLine(author, maxAuthor)}}, true
	case t.isHidden(), name == "details":
		return token{tag: max(t, tagSpoiler), name: name, value: value}, true
	case registered && code.hide, t == unknown && isGate(name) && !(registered && !code.hide):
		return token{tag: tagHidden, name: name}, true
	}
	return token{}, false
}

// hasLater reports whether a closing tag is anywhere in the post, or may be in what was cut off.
func (r *postReader) hasLater(closing string) bool {
	if r.cut {
		return true
	}
	found, known := r.closings[closing]
	if !known {
		if r.closings == nil {
			r.closings = make(map[string]bool)
		}
		found = strings.Contains(r.lower, closing)
		r.closings[closing] = found
	}
	return found
}

// open adds an opening tag of length n. Spoilers in spoilers are one.
func (r *postReader) open(t token, n int) int {
	r.opened = append(r.opened, openTag{t.name, int32(len(r.tokens))})
	t.start, t.end, t.match = len(r.src), len(r.src), -1
	r.tokens = append(r.tokens, t)
	return n
}

func (r *postReader) isOpen(name string) bool {
	return slices.ContainsFunc(r.opened, func(o openTag) bool { return o.name == name })
}

// shut closes the last open tag of a name, and reports whether there is one. The tags that were opened later stay open: what they hide
// stays hidden.
func (r *postReader) shut(name string) bool {
	for i, o := range slices.Backward(r.opened) {
		if o.name != name {
			continue
		}
		opener := &r.tokens[o.token]
		opener.match = int32(len(r.tokens))
		r.tokens = append(r.tokens, token{start: len(r.src), end: len(r.src), match: o.token, closing: true, tag: opener.tag, name: opener.name})
		r.opened = slices.Delete(r.opened, i, i+1)
		return true
	}
	return false
}

// shutAll closes what is still open at the end of the post, and hides what is behind it. An open quote is none.
func (r *postReader) shutAll() {
	for len(r.opened) > 0 {
		last := r.opened[len(r.opened)-1]
		if r.tokens[last.token].tag == tagQuote {
			r.opened = r.opened[:len(r.opened)-1]
			continue
		}
		r.shut(last.name)
	}
}
