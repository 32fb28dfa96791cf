package markup

import "strings"

// SMF parses a post of SMF 2: BBCode that is stored as HTML. Line ends are <br>, two spaces &nbsp; and a space, and brackets that are
// no tags are character references.
func (d Dialect) SMF(src string, l Links) Doc {
	d.Entities = true
	return d.BBCode(smfEntities.Replace(src), l)
}

var smfEntities = strings.NewReplacer("<br>", "\n", "<br />", "\n", "<br/>", "\n", "&nbsp;", " ",
	"&lt;", "<", "&gt;", ">", "&quot;", `"`, "&amp;", "&")

// smfQuote reads [quote author=Chatham Islander link=msg=14 date=1795185078], and [... link=topic=3.msg14#msg14 ...] of SMF 2.0.
func smfQuote(attrs string) (q Quote, found bool) {
	_, author, found := strings.Cut(attrs, "author=")
	if !found {
		return q, false
	}
	if i := strings.LastIndex(author, " link="); i >= 0 {
		link, _, _ := strings.Cut(author[i+len(" link="):], " ")
		if m := strings.Index(link, "msg"); m >= 0 {
			digits := strings.TrimPrefix(link[m+len("msg"):], "=")
			end := 0
			for end < len(digits) && digits[end] >= '0' && digits[end] <= '9' {
				end++
			}
			q.Post = number(digits[:end])
		}
		author = author[:i]
	} else if i := strings.LastIndex(author, " date="); i >= 0 {
		author = author[:i]
	}
	q.Author = oneLine(strings.Trim(author, ` "`), maxAuthor)
	return q, true
}
