package markup

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"postrider/internal/line"
)

// maxAuthor is how many characters of a quoted name are kept; forums allow 50 or fewer.
const maxAuthor = 80

// quoted returns the author and post that a quote tag names.
//
//	XenForo  [QUOTE="Ray, post: 123, member: 45"]
//	MyBB     [quote="Ray" pid='13' dateline='1795185078']
//	both     [quote=Ray]
//	SMF      [quote author=Ray link=msg=123 date=1795185078]
//
// XenForo puts the IDs after the name, and a name may contain commas, so it is parsed from the end.
func (t *token) quoted() Quote {
	if t.source != nil {
		return *t.source
	}
	if q, isSMF := smfQuote(t.attrs); isSMF && t.value == "" {
		return q
	}
	q := Quote{Author: t.value, Post: number(t.attr("pid"))}
	for {
		i := strings.LastIndex(q.Author, ", ")
		if i < 0 {
			break
		}
		key, value, ok := strings.Cut(q.Author[i+2:], ":")
		id := number(strings.TrimSpace(value))
		if !ok || id == 0 || !isWord(key) {
			break
		}
		switch strings.ToLower(key) {
		case "post":
			q.Post = id
		case "member":
			q.Member = id
		}
		q.Author = q.Author[:i]
	}
	q.Author = oneLine(q.Author, maxAuthor)
	return q
}

// isWord reports whether s could be the name of a content type: "post", "convMessage", "profile-post".
func isWord(s string) bool {
	for i := range len(s) {
		if !isNameByte(s[i]) {
			return false
		}
	}
	return s != ""
}

// number parses a positive decimal number, or returns 0.
func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// oneLine returns s as a label of one line, with at most n characters and an ellipsis.
func oneLine(s string, n int) string {
	s = line.Clean(s)
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	return s[:cutAt(s, n)] + "…"
}

// collapseSpace replaces every run of spaces, tabs and line ends with one space.
func collapseSpace(s string) string {
	if !strings.Contains(s, "  ") && !strings.ContainsAny(s, "\t\n") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		c := s[i]
		if c == '\t' || c == '\n' {
			c = ' '
		}
		if c != ' ' || len(b) == 0 || b[len(b)-1] != ' ' {
			b = append(b, c)
		}
	}
	return string(b)
}
