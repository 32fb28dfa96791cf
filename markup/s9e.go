package markup

import (
	"encoding/xml"
	"strings"
)

// S9e parses the XML in which s9e/text-formatter stores a post: phpBB since 3.2, Flarum. Elements are named after BBCodes and
// Markdown: <QUOTE author="Ray" post_id="14"><s>[quote=Ray post_id=14]</s>...<e>[/quote]</e></QUOTE>. What the author typed as
// markup is in <s>, <e> and <i>, which are left out. An element exists only for a code that the forum registers, so the content
// of an unknown one is hidden. A text that is not XML is read as BBCode.
func (d Dialect) S9e(src string, l Links) Doc {
	if !strings.HasPrefix(src, "<r>") && !strings.HasPrefix(src, "<t>") {
		return d.BBCode(src, l)
	}
	r := s9eReader{dialect: d, links: l}
	r.read(src)
	return r.doc(d, l, d.Cut)
}

// s9eReader reads the elements of a post.
type s9eReader struct {
	elements
	dialect Dialect
	links   Links
	stack   []s9eElement
	broken  bool // right after <br/>: the line end that follows in the source is the same one
}

// s9eElement is an open element.
type s9eElement struct {
	role  role
	token token // of roleVerbatim, whose content is not markup
	from  int   // where its content starts
}

// role is what the end of an element does.
type role uint8

const (
	rolePlain     role = iota // nothing: its content is shown
	roleSkip                  // its content is left out
	roleToken                 // closes a tag
	roleLink                  // closes a link
	roleVerbatim              // its content is not markup
	roleParagraph             // ends a paragraph
	roleBlock                 // ends a line
	roleTitle                 // its words are the title of what it is in
	roleCard                  // shown as one line
)

// read reads all elements. A post that was cut off, or is damaged, ends where it breaks.
func (r *s9eReader) read(src string) {
	in := xml.NewDecoder(strings.NewReader(sanitize(src)))
	in.Strict = false
	for range maxElements {
		t, err := in.RawToken()
		if err != nil {
			return
		}
		switch t := t.(type) {
		case xml.StartElement:
			r.startElement(t)
		case xml.EndElement:
			r.endElement()
		case xml.CharData:
			r.words(string(t))
		}
	}
}

func (r *s9eReader) words(s string) {
	if r.skipped > 0 {
		return
	}
	if r.broken {
		s = strings.TrimPrefix(s, "\n")
	}
	r.broken = r.broken && s == ""
	r.text(s)
}

func (r *s9eReader) startElement(x xml.StartElement) {
	e := s9eElement{role: roleSkip, from: len(r.src)}
	if r.skipped == 0 {
		r.broken = false
		r.interpret(&e, x)
	}
	switch e.role {
	case roleSkip:
		r.skipped++
	case roleVerbatim:
		r.inCode++
	}
	r.stack = append(r.stack, e)
}

func (r *s9eReader) endElement() {
	if len(r.stack) == 0 {
		return
	}
	e := r.stack[len(r.stack)-1]
	r.stack = r.stack[:len(r.stack)-1]
	r.closeRole(e.role, e.token, e.from)
}

// interpret decides what an element does. Its role is roleSkip if nothing else is set.
func (r *s9eReader) interpret(e *s9eElement, x xml.StartElement) {
	name := x.Name.Local
	switch {
	case x.Name.Space == "" && r.interpretSmall(e, name):
		return
	case r.inCode > 0:
		e.role = rolePlain
		return
	case x.Name.Space != "":
		r.interpretHTML(e, x)
		return
	}
	low := strings.ToLower(name)
	switch name {
	case "E", "EMOJI", "ESC", "LINK_TEXT", "TAGMENTION", "THEAD", "TBODY", "TASK", "HE", "AC":
		e.role = rolePlain
	case "FP": // a typographic character
		r.text(attrOf(x, "char"))
	case "CENSOR":
		if with := attrOf(x, "with"); with != "" {
			r.text(with)
		} else {
			r.text("****")
		}
	case "C":
		e.role, e.token = roleVerbatim, token{tag: tagMono}
	case "CODE":
		e.role, e.token = roleVerbatim, token{tag: tagCode}
	case "IMG":
		r.single(token{tag: tagImage, content: attrOf(x, "src"), attrs: altAttr(attrOf(x, "alt"))})
	case "ATTACHMENT":
		r.single(token{tag: tagAttachment, attrs: altAttr(attrOf(x, "filename"))})
	case "HR":
		r.single(token{tag: tagRule})
	case "URL":
		r.link(e, attrOf(x, "url"))
	case "EMAIL":
		r.link(e, "mailto:"+attrOf(x, "email"))
	case "QUOTE":
		r.tag(e, token{tag: tagQuote, source: &Quote{
			Author: oneLine(attrOf(x, "author"), maxAuthor), Post: number(attrOf(x, "post_id")), Member: number(attrOf(x, "user_id")),
		}})
	case "USERMENTION":
		r.single(token{tag: tagUser, value: attrOf(x, "id"), content: "@" + mentionName(x)})
	case "GROUPMENTION": // of flarum/mentions 1.2
		r.single(token{tag: tagGroup, value: attrOf(x, "id"), content: "@" + attrOf(x, "groupname")})
	case "POSTMENTION":
		r.postMention(x)
	case "LIST":
		r.tag(e, token{tag: tagList, value: attrOf(x, "type")})
	default:
		r.interpretCode(e, x, low)
	}
}

// interpretSmall handles elements in lower case, which are not codes.
func (r *s9eReader) interpretSmall(e *s9eElement, name string) bool {
	switch name {
	case "r", "t":
		e.role = rolePlain
	case "p":
		e.role = roleParagraph
		r.text("\n\n")
	case "br":
		r.newline()
		r.broken = true
	case "s", "e", "i":
	default:
		return false
	}
	return true
}

// interpretCode handles the codes that are named like BBCodes, and the forum's own.
func (r *s9eReader) interpretCode(e *s9eElement, x xml.StartElement, low string) {
	t := token{tag: lookupTag(low)}
	switch {
	case t.tag == tagVideo || embedURL(low) != "":
		r.media(x, low)
		return
	case t.tag == tagPlain:
		e.role = rolePlain
		return
	case t.tag.raw() || t.tag == tagPost || t.tag == tagGallery || ambiguous(low):
		t.tag = unknown
	}
	if code, registered := r.dialect.Codes[low]; registered && !code.isBuiltIn(t.tag, low) {
		t.name, t.code, t.value = low, code.clone(), attrOf(x, low)
		if t.tag = tagCustom; code.hide {
			t.tag = tagHidden
		}
	}
	if t.tag == unknown {
		t.tag, t.name = tagHidden, low
	}
	if t.tag == tagSpoiler {
		t.value = attrOf(x, "title")
	}
	r.tag(e, t)
}

// interpretHTML handles elements with a prefix: HTML that the administrator allows, <html:b>. What others mean is not known.
func (r *s9eReader) interpretHTML(e *s9eElement, x xml.StartElement) {
	name := strings.ToLower(x.Name.Local)
	_, hidden := findAttr(x, "hidden")
	switch t := lookupTag(name); {
	case hidden, isInvisible(attrOf(x, "style")), name == "script", name == "style", name == "template": // the page shows nothing there
	case !strings.EqualFold(x.Name.Space, "html"), gated(strings.Fields(attrOf(x, "class"))):
		r.tag(e, token{tag: tagHidden, name: "hidden"})
	case name == "details":
		r.tag(e, token{tag: tagSpoiler})
	case t.style(), t.isHidden():
		r.tag(e, token{tag: t})
	case name == "p", name == "br":
		r.interpretSmall(e, name)
	default:
		e.role = rolePlain
	}
}

// tag opens a tag that the end of the element closes.
func (r *s9eReader) tag(e *s9eElement, t token) {
	r.start(t)
	e.role = roleToken
}

func (r *s9eReader) link(e *s9eElement, to string) {
	r.start(token{tag: tagURL, value: to})
	e.role = roleLink
}

// media adds an embedded video or the like: <YOUTUBE id="...">, <MEDIA url="...">.
func (r *s9eReader) media(x xml.StartElement, site string) {
	content := attrOf(x, "url")
	if content == "" {
		content = attrOf(x, "id")
	}
	if content == "" {
		content = attrOf(x, "content")
	}
	r.single(token{tag: tagVideo, value: site, content: content})
}

// postMention adds Flarum's @"Ray"#p14. At the start of a quote, it says whose words follow.
func (r *s9eReader) postMention(x xml.StartElement) {
	name, post, to := mentionName(x), number(attrOf(x, "id")), r.postURL(x)
	if t := r.top(); t != nil && t.tag == tagQuote && *t.source == (Quote{}) && strings.TrimSpace(string(r.src[t.start:])) == "" {
		t.source.Author, t.source.Post = oneLine(name, maxAuthor), post
		if r.links.Numbered != nil {
			t.value = to
		}
		return
	}
	r.start(token{tag: tagURL, value: to})
	r.text("@" + name)
	r.close()
}

// postURL returns the address of the post that a POSTMENTION is about.
func (r *s9eReader) postURL(x xml.StartElement) string {
	thread, post := number(attrOf(x, "discussionid")), number(attrOf(x, "id"))
	to := ""
	if r.links.Post != nil && post != 0 {
		to = r.links.Post(post)
	}
	if to == "" && r.links.Numbered != nil && thread != 0 { // as when the mention was written
		to = r.links.Numbered(thread, number(attrOf(x, "number")))
	}
	return to
}

func mentionName(x xml.StartElement) string {
	if name := attrOf(x, "displayname"); name != "" {
		return name
	}
	return attrOf(x, "username")
}

func attrOf(x xml.StartElement, name string) string {
	value, _ := findAttr(x, name)
	return value
}

func findAttr(x xml.StartElement, name string) (value string, found bool) {
	for _, a := range x.Attr {
		if a.Name.Local == name {
			return a.Value, true
		}
	}
	return "", false
}

// altAttr returns a token's attributes with a name of a file.
func altAttr(name string) string {
	if name = strings.ReplaceAll(name, `"`, ""); name == "" {
		return ""
	}
	return ` alt="` + name + `"`
}
