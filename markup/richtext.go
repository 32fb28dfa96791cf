package markup

import (
	"encoding/json"
	"strconv"
	"strings"
)

// What Vanilla's two editors store has the same embedded things: quotes, files, images, pages.

// richEmbed is an embedded thing. Older posts name its type "type".
type richEmbed struct {
	EmbedType string `json:"embedType"`
	Type      string `json:"type"`
	URL       string `json:"url"`
	Name      string `json:"name"`
	Body      string `json:"body"` // of a quote: HTML
	User      struct {
		ID   richNumber `json:"userID"`
		Name string     `json:"name"`
	} `json:"insertUser"`
}

// richNumber is a number in JSON that may be written as a text.
type richNumber int64

// UnmarshalJSON implements json.Unmarshaler. What is no number is 0.
func (n *richNumber) UnmarshalJSON(text []byte) error {
	*n = richNumber(number(strings.Trim(string(text), `"`)))
	return nil
}

// eachIn calls each with the values of a list in JSON. It returns false if the list breaks off, or each returns false.
func eachIn[T any](src string, each func(T) bool) bool {
	in := json.NewDecoder(strings.NewReader(src))
	if start, err := in.Token(); err != nil || start != json.Delim('[') {
		return false
	}
	for in.More() {
		var one T
		if in.Decode(&one) != nil || !each(one) {
			return false
		}
	}
	_, err := in.Token()
	return err == nil
}

// richDoc builds the document of a post in JSON. One that breaks off ends there, and what it hides is unknown from then on.
func (e *elements) richDoc(d Dialect, l Links, whole bool) Doc {
	if !whole {
		e.start(token{tag: tagHidden, name: "hidden"})
	}
	return e.doc(d, l, d.Cut || !whole)
}

// embed adds an embedded thing as a block.
func (e *elements) embed(x richEmbed, l Links) {
	kind := x.EmbedType
	if kind == "" {
		kind = x.Type
	}
	e.text("\n\n")
	switch kind {
	case "quote":
		e.start(token{tag: tagQuote, value: l.absolute(x.URL), source: &Quote{Author: oneLine(x.User.Name, maxAuthor), Member: int64(x.User.ID)}})
		r := htmlReader{elements: *e, links: l}
		r.read(x.Body)
		*e = r.elements
		e.close()
	case "image", "giphy":
		e.single(token{tag: tagImage, content: x.URL, attrs: altAttr(x.Name)})
	case "file":
		e.single(token{tag: tagAttachment, attrs: altAttr(x.Name)})
	case "link", "":
		e.linkTo(x.URL, x.Name)
	default: // a video, a post on another site
		e.single(token{tag: tagVideo, value: kind, content: l.absolute(x.URL)})
	}
	e.text("\n\n")
}

// linkTo adds a link with a text, or else its address.
func (e *elements) linkTo(to, shown string) {
	if shown == "" {
		shown = to
	}
	e.start(token{tag: tagURL, value: to})
	e.text(shown)
	if !e.foldAddress() {
		e.close()
	}
}

// mentioned adds the mention of a member.
func (e *elements) mentioned(name string, id richNumber) {
	if name == "" {
		return
	}
	e.single(token{tag: tagUser, value: strconv.FormatInt(int64(id), 10), content: "@" + oneLine(name, maxAuthor)})
}

// richStyle is how a piece of text looks.
type richStyle struct{ bold, italic, strike, mono bool }

// styledText adds a piece of text.
func (e *elements) styledText(s string, style richStyle) {
	if s == "" {
		return
	}
	if style.mono {
		e.single(token{tag: tagMono, content: s})
		return
	}
	opened := 0
	for _, one := range []struct {
		set bool
		tag tag
	}{{style.bold, tagBold}, {style.italic, tagItalic}, {style.strike, tagStrike}} {
		if one.set {
			e.start(token{tag: one.tag})
			opened++
		}
	}
	e.text(s)
	for range opened {
		e.close()
	}
}
