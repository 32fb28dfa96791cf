package markup

import "strings"

// readOptions reads the text between a tag's name and its "]", and returns the length including the "]".
func (t *token) readOptions(s string) (int, bool) {
	switch s[0] {
	case ']':
		return 1, true
	case '=':
		return t.readValue(s)
	case ' ':
		if end := attrsEnd(s); end > 0 {
			t.attrs = s[:end]
			return end + 1, true
		}
	}
	return 0, false
}

// readValue reads [NAME=value], [NAME="value"] and MyBB's [NAME="value" pid='1' dateline='2'].
func (t *token) readValue(s string) (int, bool) {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		s = s[:i]
	}
	if len(s) > 2 && (s[1] == '"' || s[1] == '\'') {
		in := s[2:]
		end := strings.Index(in, s[1:2]+"]")
		if i := t.mybbAttrs(in, s[1:2]); i >= 0 && (end < 0 || i < end) {
			if n := attrsEnd(in[i+1:]); n > 0 {
				t.value, t.attrs = in[:i], in[i+1:i+1+n]
				return 2 + i + 1 + n + 1, true
			}
		}
		if end >= 0 {
			t.value = in[:end]
			return 2 + end + 2, true
		}
	}
	end := strings.IndexByte(s, ']')
	if end < 0 {
		return 0, false
	}
	if t.tag == tagURL {
		end = addressValueEnd(s, end)
	}
	t.value = s[1:end]
	if i := t.mybbAttrs(t.value, ""); i >= 0 {
		t.value, t.attrs = t.value[:i], t.value[i:]
	}
	t.value = strings.Trim(t.value, ` "'`)
	return end + 1, true
}

// addressValueEnd returns the "]" that ends an address without quotation marks, at or after end, the first one. The
// address may contain brackets in pairs.
func addressValueEnd(s string, end int) int {
	depth := 0
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '[':
			depth++
		case ']':
			if depth == 0 {
				return i
			}
			depth--
		case ' ':
			return end
		}
	}
	return end
}

// mybbAttrs finds where the attributes of a MyBB quote start, after the closing quotation mark of the name. Like
// MyBB, it accepts several blanks before each.
func (t *token) mybbAttrs(s, closed string) int {
	if t.tag != tagQuote {
		return -1
	}
	first := -1
	for _, key := range [...]string{" pid=", " dateline="} {
		i := strings.Index(s, key)
		for ; i >= 0; i = nextIndex(s, key, i+1) {
			start := len(strings.TrimRight(s[:i], " "))
			if strings.HasSuffix(s[:start], closed) {
				if start -= len(closed); first < 0 || start < first {
					first = start
				}
				break
			}
		}
	}
	return first
}

// nextIndex returns the index of the next key in s, at or after from, or -1.
func nextIndex(s, key string, from int) int {
	if i := strings.Index(s[from:], key); i >= 0 {
		return from + i
	}
	return -1
}

// attrsEnd finds the "]" that ends a list of attributes and is not inside quotation marks.
func attrsEnd(s string) int {
	var in byte
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\n' || c == '[' && in == 0:
			return -1
		case in != 0:
			if c == in {
				in = 0
			}
		case c == ']':
			return i
		case (c == '"' || c == '\'') && i > 0 && s[i-1] == '=':
			in = c
		}
	}
	return -1
}

// attr returns the value of one attribute, or "".
func (t *token) attr(key string) string {
	for s := t.attrs; ; {
		i := strings.Index(s, key+"=")
		if i < 0 || i+len(key)+2 > len(s) {
			return ""
		}
		before := byte(' ')
		if i > 0 {
			before = s[i-1]
		}
		s = s[i+len(key)+1:]
		if before != ' ' {
			continue
		}
		if q := s[0]; q == '"' || q == '\'' {
			value, _, _ := strings.Cut(s[1:], s[:1])
			return value
		}
		value, _, _ := strings.Cut(s, " ")
		return value
	}
}
