package markup

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// interpret decides what an element does. Its role is roleSkip if nothing else is set.
func (r *htmlReader) interpret(e *htmlElement, t html.Token) {
	classes := strings.Fields(attribute(t, "class"))
	switch hidden := gated(classes) || isGate(strings.ToLower(attribute(t, "data-wrap"))); {
	case hasAttribute(t, "hidden"), isInvisible(attribute(t, "style")): // the page shows nothing there
		return
	case hidden && r.inCode+r.inTitle > 0: // left out without a word
		return
	case hidden:
		r.hide(e, t)
		return
	case r.inCode > 0:
		if e.role = rolePlain; t.DataAtom == atom.Br {
			r.newline()
		}
		return
	}
	has := func(class string) bool {
		for _, c := range classes {
			if c == class {
				return true
			}
		}
		return false
	}
	switch t.DataAtom {
	case atom.Aside:
		r.aside(e, t, has)
	case atom.Div, atom.Span:
		r.box(e, t, has)
	case atom.A:
		r.anchor(e, t, has)
	case atom.Img:
		r.picture(t, has)
	case atom.Details:
		if !has("elided") && r.inTitle == 0 { // what the sender of an email quoted
			r.tag(e, token{tag: tagSpoiler})
		}
	case atom.Summary:
		e.role = roleTitle
	default:
		r.interpretText(e, t)
	}
}

// interpretText handles the elements whose class does not matter.
func (r *htmlReader) interpretText(e *htmlElement, t html.Token) {
	switch a := t.DataAtom; a {
	case atom.P:
		e.role = roleParagraph
		r.text("\n\n")
	case atom.Br:
		r.newline()
	case atom.Hr:
		r.single(token{tag: tagRule})
	case atom.B, atom.Strong, atom.I, atom.Em, atom.U, atom.S, atom.Del, atom.Strike, atom.Sub, atom.Sup:
		r.tag(e, token{tag: lookupTag(t.Data)})
	case atom.Ins:
		r.tag(e, token{tag: tagUnderline})
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		if e.role = roleTitle; !r.inCard() {
			r.tag(e, token{tag: tagHeading})
		}
	case atom.Pre:
		e.role, e.token = roleVerbatim, token{tag: tagCode}
		r.text("\n\n")
	case atom.Code, atom.Kbd, atom.Samp, atom.Tt:
		e.role, e.token = roleVerbatim, token{tag: tagMono}
	case atom.Blockquote:
		if e.role = roleBlock; !r.inQuote() {
			r.tag(e, token{tag: tagQuote, source: &Quote{Author: oneLine(attribute(t, "rel"), maxAuthor)}}) // Vanilla names the author there
		}
	case atom.Ul:
		r.tag(e, token{tag: tagList})
	case atom.Ol:
		r.tag(e, token{tag: tagList, value: "1"})
	case atom.Li:
		r.tag(e, token{tag: tagItem})
	case atom.Table:
		r.tag(e, token{tag: tagTable})
	case atom.Tr:
		r.tag(e, token{tag: tagRow})
	case atom.Td:
		r.tag(e, token{tag: tagCell})
	case atom.Th:
		r.tag(e, token{tag: tagHeader})
	case atom.Iframe:
		r.media(e, attribute(t, "src"), "")
		e.role = roleSkip // its content is shown by browsers that know no iframe
	case atom.Video, atom.Audio:
		r.media(e, attribute(t, "src"), t.Data)
	case atom.Dl, atom.Dt, atom.Dd, atom.Header, atom.Article, atom.Section, atom.Figure, atom.Figcaption, atom.Center:
		e.role = roleBlock
		r.newline()
	case atom.Small, atom.Big, atom.Mark, atom.Abbr, atom.Cite, atom.Q, atom.Dfn, atom.Var, atom.Font, atom.Ruby, atom.Rb, atom.Rt, atom.Rp,
		atom.Thead, atom.Tbody, atom.Tfoot, atom.Time, atom.Bdo, atom.Bdi, atom.Acronym, atom.Wbr, atom.Picture:
		e.role = rolePlain
	case atom.Script, atom.Style, atom.Svg, atom.Button, atom.Form, atom.Select, atom.Textarea, atom.Noscript, atom.Template, atom.Object, atom.Canvas,
		atom.Math, atom.Title, atom.Head, atom.Map:
	default:
		r.hide(e, t)
	}
}

// hide leaves out what the reader of the page must click for, or may not see at all.
func (r *htmlReader) hide(e *htmlElement, t html.Token) {
	spoils := strings.Contains(strings.ToLower(attribute(t, "class")), "spoil")
	switch {
	case isVoid(t.DataAtom):
	case spoils && t.DataAtom == atom.Span:
		r.tag(e, token{tag: tagInlineSpoiler})
	case spoils:
		r.tag(e, token{tag: tagSpoiler})
	default:
		r.tag(e, token{tag: tagHidden, name: "hidden"})
	}
}

// gated reports whether a class says that the content is not for everybody, or not at once.
func gated(classes []string) bool {
	for _, c := range classes {
		low := strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(c))
		if strings.HasPrefix(low, "spoil") || alwaysHides(low) || gatedClasses[low] {
			return true
		}
	}
	return false
}

// gatedClasses are names of classes, without hyphens, of what is folded up, not displayed, or for some readers only.
var gatedClasses = set("dnone displaynone collapse collapsed paywall paywalled subscribersonly")

// isInvisible reports whether the attribute style keeps an element off the page.
func isInvisible(style string) bool {
	if style == "" {
		return false
	}
	plain := strings.ToLower(strings.Join(strings.Fields(style), ""))
	return strings.Contains(plain, "display:none") || strings.Contains(plain, "visibility:hidden")
}

// aside handles quotes and previews of pages ("onebox").
func (r *htmlReader) aside(e *htmlElement, t html.Token, has func(string) bool) {
	switch {
	case has("quote"):
		q := token{tag: tagQuote, source: &Quote{Author: oneLine(attribute(t, "data-username"), maxAuthor)}}
		if topic := attribute(t, "data-topic"); r.links.Base != "" && number(topic) != 0 {
			q.value = strings.TrimRight(r.links.Base, "/") + "/t/" + topic
			if post := attribute(t, "data-post"); number(post) != 0 {
				q.value += "/" + post
			}
		}
		r.tag(e, q)
	case has("onebox"):
		e.role, e.card = roleCard, &card{to: attribute(t, "data-onebox-src")}
	}
}

// box handles the elements that mean something by their class alone.
func (r *htmlReader) box(e *htmlElement, t html.Token, has func(string) bool) {
	switch {
	case has("title") && r.inQuote(), has("meta") && r.inLink(), has("poll-info"), has("hashtag-icon-placeholder"):
	case has("poll"):
		e.role, e.card = roleCard, &card{before: "📊 "}
	case has("poll-title"):
		e.role = roleTitle
	case has("lazy-video-container"):
		r.media(e, videoAddress(t), attribute(t, "data-provider-name"))
	case has("video-placeholder-container"):
		r.media(e, attribute(t, "data-video-src"), "video")
	case has("mention"):
		e.role = rolePlain // of nobody
	case has("bbcode-b"):
		r.tag(e, token{tag: tagBold})
	case has("bbcode-i"):
		r.tag(e, token{tag: tagItalic})
	case has("bbcode-u"):
		r.tag(e, token{tag: tagUnderline})
	case has("bbcode-s"):
		r.tag(e, token{tag: tagStrike})
	case t.DataAtom == atom.Div:
		e.role = roleBlock
		r.newline()
	default:
		e.role = rolePlain
	}
}

// anchor handles links: those that Discourse makes of names, images and files, and others.
func (r *htmlReader) anchor(e *htmlElement, t html.Token, has func(string) bool) {
	to := attribute(t, "href")
	switch {
	case has("anchor"): // of a heading
	case has("lightbox"):
		r.single(token{tag: tagImage, content: to, attrs: imageName(attribute(t, "title"))})
	case has("mention"), has("mention-group") && has("notify"): // of a group whose members hear of it
		e.role, e.token = roleVerbatim, token{tag: tagUser, source: &Quote{}, value: to}
	case to == "":
		e.role = rolePlain
	default:
		if c := r.card(); c != nil && c.to == "" && c.before == "" {
			c.to = to
		}
		r.start(token{tag: tagURL, value: to})
		e.role = roleLink
		if has("hashtag-cooked") {
			r.text("#")
		}
	}
}

// picture handles images. Emoji are images with their names.
func (r *htmlReader) picture(t html.Token, has func(string) bool) {
	alt := attribute(t, "alt")
	switch {
	case has("emoji"):
		name, _, _ := strings.Cut(strings.Trim(alt, ":"), ":t")
		if emoji := emojiNamed(name); emoji != "" {
			r.text(emoji)
		} else {
			r.text(alt)
		}
	case has("avatar"), has("site-icon"), r.inCard():
	default:
		r.single(token{tag: tagImage, content: attribute(t, "src"), attrs: imageName(alt)})
	}
}

// imageName returns a token's attributes with the name of an image, unless it is the one that Discourse gives to pasted images.
func imageName(alt string) string {
	if alt == "image" {
		return ""
	}
	return altAttr(alt)
}

// media shows a video by its address, and leaves out what is in the element.
func (r *htmlReader) media(e *htmlElement, to, site string) {
	if e.role = roleSkip; to == "" {
		e.role = rolePlain // its content has the address
		return
	}
	r.single(token{tag: tagVideo, value: site, content: r.links.absolute(to)})
}

// videoAddress returns the address of a video that the page loads later.
func videoAddress(t html.Token) string {
	id, site := attribute(t, "data-video-id"), attribute(t, "data-provider-name")
	if before := embedURL(site); id != "" && before != "" {
		return before + id
	}
	return ""
}

// tag opens a tag that the end of the element closes.
func (r *htmlReader) tag(e *htmlElement, t token) {
	r.start(t)
	e.role = roleToken
}

// card returns the card that is open, or nil.
func (r *htmlReader) card() *card {
	for i := len(r.stack) - 1; i >= 0; i-- {
		if c := r.stack[i].card; c != nil {
			return c
		}
	}
	return nil
}

func (r *htmlReader) inCard() bool { return r.card() != nil }

// inQuote reports whether the element that was opened last is a quote with a source.
func (r *htmlReader) inQuote() bool {
	return len(r.stack) > 0 && r.last().name == atom.Aside && r.last().role == roleToken
}

func (r *htmlReader) inLink() bool {
	return len(r.stack) > 0 && r.last().name == atom.A
}

func hasAttribute(t html.Token, name string) bool {
	return slices.ContainsFunc(t.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
