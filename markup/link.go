package markup

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

const (
	maxURL   = 2000 // bytes; longer URLs are not linked
	maxLabel = 80   // characters of a file name or title
)

// absolute turns what an author wrote as a link into an absolute http, https or mailto URL, or returns ""
// if that is not possible. The result contains no character that could end an attribute or a line.
func (l Links) absolute(s string) string {
	if l.shielded {
		s = unshield(s)
	}
	s = strings.Trim(s, " \t\n\"'")
	switch scheme := schemeOf(s); {
	case s == "" || len(s) > maxURL:
		return ""
	case scheme == "mailto":
		return mailto(s[len("mailto:"):])
	case scheme == "http" || scheme == "https":
		return sanitizeURL(s)
	case strings.HasPrefix(s, "//"):
		return sanitizeURL("https:" + s)
	case looksLikeHost(s):
		return sanitizeURL("http://" + s)
	case scheme != "":
		return ""
	}
	return l.relative(s)
}

// relative resolves a URL without a host against the forum's base URL. A single word is not a URL.
func (l Links) relative(s string) string {
	if l.Base == "" || !strings.ContainsAny(s, "/?#.") || strings.Contains(s, " ") {
		return ""
	}
	base, err := url.Parse(strings.TrimRight(l.Base, "/") + "/")
	if err != nil {
		return ""
	}
	to, err := base.Parse(s)
	if err != nil {
		return ""
	}
	return sanitizeURL(to.String())
}

// sanitizeURL returns an http or https URL that is safe to print. It rejects a URL with a user name or
// password, because those are used only to disguise the real host.
func sanitizeURL(s string) string {
	if strings.ContainsAny(s, " \n\t") {
		s = strings.NewReplacer(" ", "%20", "\n", "", "\t", "").Replace(s)
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	if !isASCII(u.Host) {
		host, err := idna.Lookup.ToASCII(u.Hostname())
		if err != nil {
			return ""
		}
		if port := u.Port(); port != "" {
			host += ":" + port
		}
		u.Host = host
		s = u.String()
	}
	for i := range len(u.Host) {
		if c := u.Host[i]; !isNameByte(c) && strings.IndexByte(".:[]", c) < 0 || c == '*' {
			return ""
		}
	}
	return escapeURL(s)
}

// escapeURL percent-encodes the characters that a URL must not contain (RFC 3986, 2), and nothing else.
// What the author encoded stays unchanged.
func escapeURL(s string) string {
	const hex = "0123456789ABCDEF"
	i := 0
	for i < len(s) && urlByte(s[i]) {
		i++
	}
	if i == len(s) {
		return s
	}
	b := make([]byte, 0, len(s)+16)
	b = append(b, s[:i]...)
	for ; i < len(s); i++ {
		if c := s[i]; urlByte(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

func urlByte(c byte) bool {
	switch c {
	case '"', '\'', '<', '>', '\\', '^', '`', '{', '|', '}':
		return false
	}
	return c > ' ' && c < 0x7f
}

// mailto checks an email address and returns its mailto URL. It drops everything after a "?", which would
// fill in a message on the reader's behalf.
func mailto(addr string) string {
	addr, _, _ = strings.Cut(strings.TrimSpace(addr), "?")
	local, host, ok := strings.Cut(addr, "@")
	if !ok || local == "" || host == "" || len(addr) > 254 {
		return ""
	}
	for i := range len(addr) {
		c := addr[i]
		if !isNameByte(c) && strings.IndexByte("@.+!#$=/", c) < 0 || c == '@' && i != len(local) || c == '*' {
			return ""
		}
	}
	return "mailto:" + addr
}

// schemeOf returns the text before the first ":", in lower case, if it can be a scheme (RFC 3986, 3.1).
// Control characters and spaces, which browsers skip, are not valid in one.
func schemeOf(s string) string {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ':':
			return strings.ToLower(s[:i])
		case c == '/' || c == '?' || c == '#':
			return ""
		}
	}
	return ""
}

// looksLikeHost distinguishes "example.org/path" from "showthread.php?tid=1": authors often omit the
// scheme.
func looksLikeHost(s string) bool {
	host := s
	if i := strings.IndexAny(s, "/?#:"); i >= 0 {
		host = s[:i]
	}
	dot := strings.LastIndexByte(host, '.')
	if dot <= 0 || len(host)-dot < 3 {
		return false
	}
	for _, c := range host[dot+1:] {
		if c < utf8.RuneSelf && !(c|0x20 >= 'a' && c|0x20 <= 'z') {
			return false
		}
	}
	switch strings.ToLower(host[dot+1:]) {
	case "php", "html", "htm", "asp", "aspx", "jsp", "cgi", "jpg", "jpeg", "png", "gif", "webp", "pdf":
		return false
	}
	return true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// target returns the ref of the URL in a link tag with a value.
func (b *builder) target(t *token) int32 {
	to := t.value
	if t.tag == tagPost {
		id := number(t.value)
		if id == 0 || b.links.Post == nil {
			return 0
		}
		to = b.links.Post(id)
	}
	if t.tag == tagGallery {
		to = galleryPath(t.value)
	}
	if to = b.links.absolute(to); to == "" {
		return 0
	}
	return b.ref(ref{url: to})
}

// galleryPath returns the path of [GALLERY=media, 22] and [GALLERY=album, 3].
func galleryPath(value string) string {
	kind, id, _ := strings.Cut(value, ",")
	n := number(strings.TrimSpace(id))
	switch {
	case n == 0:
		return ""
	case strings.EqualFold(strings.TrimSpace(kind), "album"):
		return "index.php?media/albums/" + strconv.FormatInt(n, 10) + "/"
	}
	return "index.php?media/" + strconv.FormatInt(n, 10) + "/"
}

// address adds [URL]address[/URL] and [EMAIL]address[/EMAIL], or the source text if the address is invalid.
func (b *builder) address(t *token) {
	shown := strings.TrimSpace(t.content)
	if strings.HasPrefix(strings.ToLower(shown[:min(len(shown), 5)]), "data:") {
		return
	}
	to := shown
	if t.tag == tagEmail {
		to = "mailto:" + shown
		if t.value != "" {
			to = "mailto:" + strings.TrimPrefix(t.value, "mailto:")
		}
	}
	to = b.links.absolute(to)
	b.addTypedLink(shown, to, t.tag == tagURL || sameAddress(shown, to))
}

// addTypedLink adds a typed URL, or text for one. It is not linked if to is "".
func (b *builder) addTypedLink(shown, to string, isAddress bool) {
	n := node{kind: text, style: b.style}
	if to != "" {
		n.ref = b.ref(ref{url: to})
	}
	if to != "" && isAddress {
		n.flag = bareURL
	}
	b.add(oneLine(shown, maxURL), n)
}

// closeLink ends a link. If its text is the URL itself, it becomes the same as a typed URL.
func (b *builder) closeLink(outer int32) {
	if n := len(b.tree.nodes); b.link != 0 && b.link != outer && b.para >= 0 && n > b.para+1 {
		last, before := &b.tree.nodes[n-1], &b.tree.nodes[n-2]
		if last.kind == text && last.ref == b.link && before.ref != b.link && sameAddress(last.text, b.tree.refs[b.link-1].url) {
			last.flag |= bareURL
			b.end = 0
		}
	}
	b.link = outer
}

// sameAddress reports whether the shown text is the URL itself, in full or without its scheme.
func sameAddress(shown, to string) bool {
	if shown == to {
		return true
	}
	shown, to = strings.TrimSuffix(shown, "/"), strings.TrimSuffix(to, "/")
	if strings.HasSuffix(to, shown) {
		switch to[:len(to)-len(shown)] {
		case "", "http://", "https://", "mailto:":
			return true
		}
	}
	return false
}
