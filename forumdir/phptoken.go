package forumdir

import "strings"

// space skips blanks and comments.
func (p *phpReader) space() {
	for p.pos < len(p.src) {
		rest := p.src[p.pos:]
		switch {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			p.pos++
		case rest[0] == '#' && !strings.HasPrefix(rest, "#["), strings.HasPrefix(rest, "//"):
			p.skipPast(rest, "\n")
		case strings.HasPrefix(rest, "/*"):
			p.skipPast(rest, "*/")
		default:
			return
		}
	}
}

// skipPast skips everything up to and with an end mark.
func (p *phpReader) skipPast(rest, end string) {
	if _, after, found := strings.Cut(rest, end); found {
		p.pos = len(p.src) - len(after)
		return
	}
	p.pos = len(p.src)
}

// accept skips a sign if it is next.
func (p *phpReader) accept(sign string) bool {
	p.space()
	if !strings.HasPrefix(p.src[p.pos:], sign) {
		return false
	}
	p.pos += len(sign)
	return true
}

func isNameByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

// isNameStart reports whether the name of a variable can begin with a byte: "$1" is text.
func isNameStart(c byte) bool { return isNameByte(c) && (c < '0' || c > '9') }

func (p *phpReader) name() string {
	start := p.pos
	for p.pos < len(p.src) && isNameByte(p.src[p.pos]) {
		p.pos++
	}
	return p.src[start:p.pos]
}

func (p *phpReader) number() phpValue {
	start := p.pos
	p.pos++
	for p.pos < len(p.src) && (p.src[p.pos] >= '0' && p.src[p.pos] <= '9' || p.src[p.pos] == '.') {
		p.pos++
	}
	return phpValue{text: p.src[start:p.pos], known: true}
}

// quoted reads a string in single or double quotes. A variable in double quotes makes it unknown.
func (p *phpReader) quoted() (text string, known bool) {
	quote := p.src[p.pos]
	known = true
	var b strings.Builder
	for p.pos++; p.pos < len(p.src); p.pos++ {
		c := p.src[p.pos]
		switch {
		case c == quote:
			p.pos++
			return b.String(), known
		case c == '\\' && p.pos+1 < len(p.src):
			p.pos++
			b.WriteString(unescape(quote, p.src[p.pos]))
		case c == '$' && quote == '"' && p.pos+1 < len(p.src) && (isNameStart(p.src[p.pos+1]) || p.src[p.pos+1] == '{'):
			known = false
		default:
			b.WriteByte(c)
		}
	}
	return "", false // it does not end
}

// unescape returns what a backslash and a character stand for.
func unescape(quote, c byte) string {
	if c == '\\' || c == quote || c == '$' && quote == '"' {
		return string([]byte{c})
	}
	if quote == '"' {
		switch c {
		case 'n':
			return "\n"
		case 't':
			return "\t"
		case 'r':
			return "\r"
		}
	}
	return string([]byte{'\\', c})
}
