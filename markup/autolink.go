package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// nextAutolink finds the first URL that the author typed in src[from:to], the first MyBB mention such as
// @"name", or the first data: URL.
func (b *builder) nextAutolink(from, to int) (start, end int, ok bool) {
	s := b.src[:to]
	for i := from; i < to; i++ {
		switch s[i] {
		case ':':
			if start = i - len("data"); start >= from && atWordStart(s, from, start) {
				if end = dataEnd(s, start); end > start {
					return start, end, true
				}
			}
			if !strings.HasPrefix(s[i:], "://") || b.link != 0 {
				continue
			}
			if start, ok = schemeStart(s, from, i); ok {
				if end = addressEnd(s, i+3); end > i+3 {
					return start, end, true
				}
			}
		case 'w', 'W':
			if b.link == 0 && len(s)-i > 6 && strings.EqualFold(s[i:i+4], "www.") && atWordStart(s, from, i) {
				if end = addressEnd(s, i+4); end > i+6 {
					return i, end, true
				}
			}
		case '@':
			if strings.HasPrefix(s[i:], `@"`) && atWordStart(s, from, i) {
				if n := strings.IndexByte(s[i+2:min(to, i+2+4*maxAuthor)], '"'); n > 0 {
					return i, i + 2 + n + 1, true
				}
			}
		}
	}
	return to, to, false
}

// addAutolink adds what nextAutolink found.
func (b *builder) addAutolink(start, end int) {
	s := b.src[start:end]
	if dataEnd(s, 0) > 0 { // a pasted file: nothing to read
		return
	}
	if s[0] == '@' {
		b.mention("@"+s[2:len(s)-1], 0, "")
		return
	}
	b.addTypedLink(s, b.links.absolute(s), true)
}

// schemeStart returns where "http" or "https" starts, if either ends right before the colon at i.
func schemeStart(s string, from, i int) (int, bool) {
	for _, n := range [...]int{4, 5} {
		if start := i - n; start >= from && strings.EqualFold(s[start:i], "https"[:n]) && atWordStart(s, from, start) {
			return start, true
		}
	}
	return 0, false
}

// atWordStart reports whether no letter or digit comes right before i.
func atWordStart(s string, from, i int) bool {
	if i == from {
		return true
	}
	c, _ := utf8.DecodeLastRuneInString(s[from:i])
	return c > 0x2e80 || !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '_'
}

// addressEnd returns where a typed URL ends: before a space, before the signs of a script that is written
// without spaces, and before the punctuation of the sentence around it. "_", "~", "*" and "|" have no other
// meaning in BBCode and belong to the URL, and so do brackets around a name, as in "list.php?cat[]=1".
func addressEnd(s string, i int) int {
	start, opened, closed := i, 0, 0
scan:
	for i < len(s) {
		c := s[i]
		if c < utf8.RuneSelf {
			switch {
			case c == '[':
				n := parameterEnd(s[i:])
				if n == 0 {
					break scan
				}
				i += n - 1
			case c <= ' ' || strings.IndexByte("<>\"]`", c) >= 0:
				break scan
			case c == '(':
				opened++
			case c == ')':
				closed++
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError || !unicode.In(r, unicode.L, unicode.M, unicode.Nd) {
			break
		}
		i += size
	}
	for ; i > start; i-- {
		switch c := s[i-1]; {
		case c == ')' && closed > opened:
			closed--
		case c == ')' || strings.IndexByte(".,;:!?'}", c) < 0:
			return i
		}
	}
	return i
}

// parameterEnd returns the length of a name in brackets at the start of s, or 0: "[]", "[page_id]".
func parameterEnd(s string) int {
	for i := 1; i < min(len(s), maxName); i++ {
		switch c := s[i]; {
		case c == ']':
			return i + 1
		case !isTagByte(c):
			return 0
		}
	}
	return 0
}

// dataEnd returns where the data: URL that starts at i ends, or 0 if there is none (RFC 2397).
func dataEnd(s string, i int) int {
	if len(s)-i < len("data:a/b,") || s[i+len("data")] != ':' || !strings.EqualFold(s[i:i+len("data:")], "data:") {
		return 0
	}
	at := i + len("data:")
	comma := strings.IndexByte(s[at:min(len(s), at+100)], ',')
	if comma < 0 || strings.ContainsAny(s[at:at+comma], " \n") || !strings.Contains(s[at:at+comma], "/") {
		return 0
	}
	for at += comma + 1; at < len(s) && isDataByte(s[at]); at++ {
	}
	return at
}

func isDataByte(c byte) bool { return urlByte(c) && c != '[' && c != ']' }
