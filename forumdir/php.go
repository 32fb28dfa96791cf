package forumdir

import (
	"strconv"
	"strings"
)

// The limits of arrays: how deep they may be nested, and the length of a key in bytes.
const (
	maxNesting = 20
	maxKey     = 100
)

// phpValues are the literal values that a PHP file assigns, by path: $config['db']['host'] = 'x' is "config.db.host", an element of
// a returned array is ".database.host", and define('A', 'x') is "A".
type phpValues map[string]string

// parsePHP reads assignments of literal strings, numbers, booleans and arrays. It runs nothing, and skips everything else: the value of
// an expression such as getenv('X') is unknown.
func parsePHP(src string) phpValues {
	p := phpReader{src: src, values: make(phpValues)}
	for p.pos < len(p.src) {
		p.statement()
	}
	return p.values
}

type phpReader struct {
	src    string
	pos    int
	values phpValues
}

// statement reads one assignment, or skips what stands there.
func (p *phpReader) statement() {
	p.space()
	switch {
	case p.pos >= len(p.src):
	case p.src[p.pos] == '$':
		p.assignment()
	case p.src[p.pos] == '\'' || p.src[p.pos] == '"':
		p.quoted()
	case isNameByte(p.src[p.pos]):
		switch strings.ToLower(p.name()) {
		case "return":
			p.set("", p.value("", 0))
		case "define":
			p.definition()
		}
	default:
		p.pos++
	}
}

// assignment reads $name['index']... = value.
func (p *phpReader) assignment() {
	p.pos++
	path := p.name()
	for p.accept("[") {
		index := p.value("", maxNesting)
		if !index.known || !p.accept("]") {
			return
		}
		path += "." + index.text
	}
	p.space()
	if strings.HasPrefix(p.src[p.pos:], "==") || strings.HasPrefix(p.src[p.pos:], "=>") || !p.accept("=") {
		return
	}
	p.set(path, p.value(path, 0))
}

// definition reads define('NAME', value).
func (p *phpReader) definition() {
	if !p.accept("(") {
		return
	}
	name := p.value("", maxNesting)
	if name.known && p.accept(",") {
		p.set(name.text, p.value(name.text, 0))
	}
}

// set records a value. A later assignment of something unknown removes an earlier value.
func (p *phpReader) set(path string, v phpValue) {
	switch {
	case v.known:
		p.values[path] = v.text
	case !v.array:
		delete(p.values, path)
	}
}

// phpValue is the value of an expression.
type phpValue struct {
	text         string
	known, array bool
}

// value reads an expression. The elements of an array are recorded below path.
func (p *phpReader) value(path string, depth int) phpValue {
	v := p.operand(path, depth)
	p.space()
	if p.pos < len(p.src) && strings.IndexByte(".+-*/?:&|(<>", p.src[p.pos]) >= 0 { // part of a larger expression
		v = phpValue{}
	}
	return v
}

func (p *phpReader) operand(path string, depth int) phpValue {
	p.space()
	if p.pos >= len(p.src) {
		return phpValue{}
	}
	c := p.src[p.pos]
	switch {
	case c == '\'' || c == '"':
		text, known := p.quoted()
		return phpValue{text: text, known: known}
	case c == '[':
		return p.array(path, "]", depth)
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case isNameByte(c) || c == '\\':
		return p.word(path, depth)
	}
	return phpValue{}
}

// word reads a constant or array(...). Other words are constants or calls, whose value is unknown.
func (p *phpReader) word(path string, depth int) phpValue {
	if p.src[p.pos] == '\\' {
		p.pos++
	}
	switch strings.ToLower(p.name()) {
	case "true":
		return phpValue{text: "1", known: true}
	case "false", "null":
		return phpValue{known: true}
	case "array":
		return p.array(path, ")", depth)
	}
	return phpValue{}
}

// array reads the elements up to the closing bracket.
func (p *phpReader) array(path, end string, depth int) phpValue {
	if !p.accept("[") && !p.accept("(") || depth >= maxNesting {
		return phpValue{}
	}
	for next := 0; !p.accept(end); next++ {
		before := p.pos
		key := phpValue{text: strconv.Itoa(next), known: true}
		element := path + "." + key.text
		v := p.value(element, depth+1)
		if p.accept("=>") {
			key = v
			element = path + "." + key.text[:min(len(key.text), maxKey)]
			v = p.value(element, depth+1)
		}
		if key.known && len(key.text) <= maxKey {
			p.set(element, v)
		}
		p.skipTo(",", end)
		p.accept(",")
		if p.pos == before || p.pos >= len(p.src) {
			break
		}
	}
	return phpValue{array: true}
}

// skipTo skips the rest of an expression, up to a comma or the closing bracket of the array.
func (p *phpReader) skipTo(comma, end string) {
	open := 0
	for p.space(); p.pos < len(p.src); p.space() {
		c := p.src[p.pos : p.pos+1]
		switch {
		case open == 0 && (c == comma || c == end || c == ";"):
			return
		case c == "'" || c == "\"":
			p.quoted()
			continue
		case c == "(" || c == "[" || c == "{":
			open++
		case c == ")" || c == "]" || c == "}":
			open--
		}
		p.pos++
	}
}
