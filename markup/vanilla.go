package markup

import (
	"regexp"
	"strings"
)

// Vanilla parses a post of Vanilla Forums, which stores a format with each: Rich and rich2 are JSON of its editors, the others are
// texts. A text in a format that is not known is shown as it is, without a meaning for any of its characters.
func (d Dialect) Vanilla(format, src string, l Links) Doc {
	switch strings.ToLower(format) {
	case "rich":
		return d.quill(src, l)
	case "rich2":
		return d.richTree(src, l)
	case "html", "raw":
		return d.memberHTML(src, l, true)
	case "wysiwyg":
		return d.memberHTML(src, l, false)
	case "markdown":
		return d.Markdown(namedQuotes(src), l)
	case "bbcode", "ipb":
		return d.BBCode(quoteTarget.ReplaceAllString(src, `$1"]`), l)
	}
	return d.typed(src, l)
}

// quoteTarget is what Vanilla adds to the name in a quote: [quote="Ray;c-34"], where older versions write the number alone.
var quoteTarget = regexp.MustCompile(`(?i)(\[quote="[^"\]\n]{1,100});(?:[cd]-)?\d{1,15}"\]`)

// typed parses a text in which only line ends, addresses and @names have a meaning.
func (d Dialect) typed(src string, l Links) Doc {
	var e elements
	e.text(src)
	return e.doc(d, l, d.Cut)
}

// quoteAuthor is the head of a quote as Vanilla's editor for HTML writes it.
var quoteAuthor = regexp.MustCompile(`(?i)<blockquote class="[^"<>]*Quote[^"<>]*">\s*<div class="QuoteAuthor">\s*<a [^<>]*>([^<>"]*)</a>[^<>]*</div>`)

// memberHTML parses HTML that a member wrote. With lines, a line end breaks the line (Garden.Format.ReplaceNewlines), unless the text has
// paragraphs.
func (d Dialect) memberHTML(src string, l Links, lines bool) Doc {
	r := htmlReader{links: l, lines: lines && !strings.Contains(strings.ToLower(src), "<p")}
	r.read(quoteAuthor.ReplaceAllString(src, `<blockquote class="Quote" rel="$1">`))
	return r.doc(d, l, d.Cut)
}

var quoteHead = regexp.MustCompile(`^> @(?:"([^"\[\]]{1,80})"|([\p{L}\p{M}\p{N}_-]{1,80})) said:\s*$`)

// namedQuotes turns quotes as Vanilla writes them in Markdown into those that Markdown posts of other forums have:
//
//	> @Ray said:
//	> The words.
func namedQuotes(src string) string {
	if !strings.Contains(src, " said:") {
		return src
	}
	var out []string
	lines := strings.Split(src, "\n")
	for i := 0; i < len(lines); i++ {
		m := quoteHead.FindStringSubmatch(lines[i])
		if m == nil {
			out = append(out, lines[i])
			continue
		}
		out = append(out, `[quote="`+m[1]+m[2]+`"]`)
		for i+1 < len(lines) && strings.HasPrefix(lines[i+1], ">") {
			i++
			out = append(out, strings.TrimPrefix(lines[i][1:], " "))
		}
		out = append(out, "[/quote]", "")
	}
	return strings.Join(out, "\n")
}
