package markup

// tag is what a name in brackets means, whatever the dialect calls it.
type tag uint8

const (
	unknown tag = iota
	tagBold
	tagItalic
	tagUnderline
	tagStrike
	tagSub
	tagSup
	tagLayout // color, size, font: dropped, the content stays
	tagAlign  // the same, but it stands on lines of its own
	tagHeading
	tagQuote
	tagList
	tagItem
	tagTable
	tagRow
	tagCell
	tagHeader
	tagSpoiler
	tagSecret
	tagHidden // hidden from those who have not answered, liked or paid
	tagURL
	tagPost
	tagRule
	tagBreak

	// From here on the content is no markup.
	tagCode
	tagMono
	tagPlain
	tagEmail
	tagImage
	tagUser
	tagAttachment
	tagVideo

	tags = int(tagVideo) + 1
)

// raw tells that its content is no markup.
func (t tag) raw() bool { return t >= tagCode }

// isHidden tells that what it holds must not be shown.
func (t tag) isHidden() bool { return t == tagSpoiler || t == tagSecret || t == tagHidden }

// verbatim tells that what looks like tags in it is shown as it was typed.
func (t tag) verbatim() bool { return t == tagCode || t == tagMono || t == tagPlain }

// void tells that it has no content and no closing tag.
func (t tag) void() bool { return t == tagRule || t == tagBreak || t == tagItem }

// maxName is the length of the longest name that is looked up.
const maxName = 16

// lookupTag looks a name up. The names are those of XenForo 1.5 and 2.3 and MyBB 1.8, and those that
// popular add-ons brought with them.
func lookupTag(name string) tag {
	var buf [maxName]byte
	if len(name) > maxName {
		return unknown
	}
	for i := range len(name) {
		c := name[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf[i] = c
	}
	switch string(buf[:len(name)]) {
	case "b", "strong":
		return tagBold
	case "i", "em":
		return tagItalic
	case "u":
		return tagUnderline
	case "s", "strike", "del":
		return tagStrike
	case "sub":
		return tagSub
	case "sup":
		return tagSup
	case "color", "colour", "size", "font", "face", "highlight", "bgcolor", "background", "anchor", "mark", "shadow", "glow":
		return tagLayout
	case "center", "left", "right", "justify", "align", "indent", "float", "ltr", "rtl":
		return tagAlign
	case "heading", "h1", "h2", "h3", "h4", "h5", "h6":
		return tagHeading
	case "quote":
		return tagQuote
	case "list", "ul", "ol":
		return tagList
	case "*", "li":
		return tagItem
	case "table":
		return tagTable
	case "tr":
		return tagRow
	case "td":
		return tagCell
	case "th":
		return tagHeader
	case "spoiler", "nsfw":
		return tagSpoiler
	case "ispoiler":
		return tagSecret
	case "url", "link":
		return tagURL
	case "post":
		return tagPost
	case "hr":
		return tagRule
	case "br":
		return tagBreak
	case "code", "php", "html", "sql", "xml", "css":
		return tagCode
	case "icode", "tt":
		return tagMono
	case "plain", "noparse", "nobbc":
		return tagPlain
	case "email":
		return tagEmail
	case "img", "bimg":
		return tagImage
	case "user", "member":
		return tagUser
	case "attach", "attachment":
		return tagAttachment
	case "media", "video", "youtube", "vimeo":
		return tagVideo
	}
	// The add-ons that hide text have many names for it: hide, hidereply, hide-thanks.
	if len(name) >= 4 && (string(buf[:4]) == "hide" || len(name) == 6 && string(buf[:6]) == "hidden") {
		return tagHidden
	}
	return unknown
}
