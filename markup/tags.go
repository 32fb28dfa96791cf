package markup

// tag is the meaning of a name in brackets, independent of the dialect.
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
	tagAlign  // the same, but on its own lines
	tagHeading
	tagQuote
	tagList
	tagItem
	tagTable
	tagRow
	tagCell
	tagHeader
	tagSpoiler
	tagInlineSpoiler
	tagHidden // hidden until the reader has replied, liked or paid; a code of the forum that may do so
	tagCustom // a code of the forum whose content may be shown
	tagURL
	tagPost
	tagGallery // of XenForo Media Gallery
	tagRule
	tagBreak

	// The content of the following tags is not markup.
	tagCode
	tagMono
	tagPlain
	tagEmail
	tagImage
	tagUser
	tagGroup // the mention of a group, which has no code
	tagAttachment
	tagVideo

	tags = int(tagVideo) + 1
)

// raw reports whether the content is not markup.
func (t tag) raw() bool { return t >= tagCode }

// isHidden reports whether the content must not be shown.
func (t tag) isHidden() bool { return t == tagSpoiler || t == tagInlineSpoiler || t == tagHidden }

// style reports whether the tag only changes how its content looks.
func (t tag) style() bool { return t >= tagBold && t <= tagAlign }

// verbatim reports whether tags in the content are shown as typed.
func (t tag) verbatim() bool { return t == tagCode || t == tagMono || t == tagPlain }

// void reports whether the tag has no content and no closing tag.
func (t tag) void() bool { return t == tagRule || t == tagBreak || t == tagItem }

const (
	maxKnownName = 16 // bytes of the longest name that lookupTag knows
	maxName      = 64 // bytes of the longest name of a tag; XenForo allows 25
)

// lookupTag returns the tag of a name. It knows the names of XenForo 1.5 and 2.3, of MyBB 1.8, those of
// SMF 2 that are no usual words, and those of popular add-ons.
func lookupTag(name string) tag {
	var buf [maxKnownName]byte
	if len(name) > maxKnownName {
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
	case "color", "colour", "size", "font", "face", "highlight", "bgcolor", "background", "anchor", "mark", "shadow", "glow", "abbr", "acronym",
		"mention", "thread", "node", "article", "blog", "page", "aname", "goto", "title", "sigpic", "dohtml", "audio": // of vBulletin: after an import their IDs name somebody or something else
		return tagLayout
	case "center", "left", "right", "justify", "align", "indent", "float", "ltr", "rtl":
		return tagAlign
	case "heading", "h", "h1", "h2", "h3", "h4", "h5", "h6":
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
		return tagInlineSpoiler
	case "url", "link", "embed", "ame", "nomedia", "iurl", "ftp": // two of vBulletin, and two of SMF
		return tagURL
	case "gallery":
		return tagGallery
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
	return unknown
}
