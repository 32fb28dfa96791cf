package markup

import (
	"regexp"
	"strings"
)

// PhpBB parses a post of phpBB 3: the XML of 3.2 and later ([Dialect.S9e]), or the BBCode of earlier versions, which a forum keeps
// until somebody edits the post. uid is the post's bbcode_uid, with which the earlier versions mark what they have parsed:
// [b:uid]bold[/b:uid]. Brackets without it are text.
func (d Dialect) PhpBB(src, uid string, l Links) Doc {
	if strings.HasPrefix(src, "<r>") || strings.HasPrefix(src, "<t>") {
		return d.S9e(src, l)
	}
	d.Entities = true
	return d.BBCode(readOldPhpBB(src, uid), l)
}

var (
	// A smiley, a typed address and an attachment's name: <!-- s:) --><img ... alt=":)" ... /><!-- s:) -->.
	phpbbSmiley  = regexp.MustCompile(`<!-- s[^>]{1,60}? --><img [^>]*?alt="([^"]*)"[^>]*><!-- s[^>]{1,60}? -->`)
	phpbbAddress = regexp.MustCompile(`<!-- [mwle] --><a [^>]*?href="([^"]*)"[^>]*>[^<]*</a><!-- [mwle] -->`)
	phpbbFile    = regexp.MustCompile(`<!-- ia[0-9]+ -->`)
)

var phpbbEntities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&amp;", "&")

// maxPhpBBTag is the longest tag with its address, in bytes.
const maxPhpBBTag = 2100

// readOldPhpBB returns the text of a post as its author typed it. Brackets that are not tags become character references.
func readOldPhpBB(src, uid string) string {
	if strings.Contains(src, "<!-- ") {
		src = phpbbSmiley.ReplaceAllString(src, "$1")
		src = phpbbAddress.ReplaceAllString(src, "$1")
		src = phpbbFile.ReplaceAllString(src, "")
	}
	var b strings.Builder
	for mark := ":" + uid + "]"; uid != ""; {
		end := strings.Index(src, mark)
		if end < 0 {
			break
		}
		start := strings.LastIndexByte(src[max(0, end-maxPhpBBTag):end], '[') + max(0, end-maxPhpBBTag)
		if start < 0 || src[start] != '[' {
			start = end
		}
		b.WriteString(literalBrackets(src[:start]))
		b.WriteString(phpbbTag(src[start:end]))
		src = src[end+len(mark):]
	}
	b.WriteString(literalBrackets(src))
	return phpbbEntities.Replace(b.String())
}

// phpbbTag returns a tag without what phpBB adds to it: [*:m] and [/list:o] say which list they belong to.
func phpbbTag(tag string) string {
	if n := len(tag) - 2; n > 0 && tag[n] == ':' && strings.IndexByte("mou", tag[n+1]) >= 0 {
		tag = tag[:n]
	}
	if tag == "" || tag == "[/*" {
		return ""
	}
	return tag + "]"
}

func literalBrackets(s string) string { return strings.ReplaceAll(s, "[", "&#91;") }
