package source

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// parsePHPFlags parses an array serialized by PHP and returns which of its keys are true or 1, as a string or a
// number. XenForo 1 stores flags this way. It accepts only scalars and arrays: an object in a permission
// cache must be forged.
func parsePHPFlags(text []byte) (map[string]bool, error) {
	p := phpReader{rest: text}
	flags := make(map[string]bool)
	if err := p.array(0, func(key string, value bool) { flags[key] = value }); err != nil {
		return nil, fmt.Errorf("at byte %d: %w", len(text)-len(p.rest), err)
	}
	if len(p.rest) > 0 {
		return nil, fmt.Errorf("%d bytes after the end", len(p.rest))
	}
	return flags, nil
}

// maxPHPDepth is deeper than XenForo nests arrays, and safe for the stack.
const maxPHPDepth = 16

type phpReader struct{ rest []byte }

// array reads a:N:{key value ...} and calls visit for each key.
func (p *phpReader) array(depth int, visit func(key string, value bool)) error {
	n, err := p.open(depth)
	if err != nil {
		return err
	}
	for range n {
		key, err := p.key()
		if err != nil {
			return err
		}
		value, err := p.value(depth)
		if err != nil {
			return err
		}
		visit(key, value)
	}
	return p.expect("}")
}

// open reads a:N:{ and returns N.
func (p *phpReader) open(depth int) (int, error) {
	if depth > maxPHPDepth {
		return 0, errors.New("nested too deeply")
	}
	if err := p.expect("a:"); err != nil {
		return 0, err
	}
	n, err := p.length()
	if err != nil {
		return 0, err
	}
	return n, p.expect("{")
}

// key reads s:4:"view"; or i:7;.
func (p *phpReader) key() (string, error) {
	if bytes.HasPrefix(p.rest, []byte("s:")) {
		return p.text()
	}
	if err := p.expect("i:"); err != nil {
		return "", err
	}
	n, err := p.number()
	return strconv.FormatInt(n, 10), err
}

// value reads any value and reports whether it is a flag that is set.
func (p *phpReader) value(depth int) (bool, error) {
	if len(p.rest) < 2 {
		return false, errors.New("truncated value")
	}
	switch p.rest[0] {
	case 'a':
		return false, p.array(depth+1, func(string, bool) {})
	case 's':
		text, err := p.text()
		return text == "1", err
	case 'N':
		return false, p.expect("N;")
	case 'd':
		_, err := p.until(';')
		return false, err
	case 'i':
		p.rest = p.rest[2:]
		n, err := p.number()
		return n == 1, err
	case 'b':
		p.rest = p.rest[2:]
		n, err := p.number()
		if err == nil && n != 0 && n != 1 {
			return false, fmt.Errorf("invalid boolean %d: must be 0 or 1", n)
		}
		return n == 1, err
	}
	return false, fmt.Errorf("unsupported type %q", p.rest[0])
}

// text reads s:4:"view";. The length is in bytes, so the text may contain quotes.
func (p *phpReader) text() (string, error) {
	if err := p.expect("s:"); err != nil {
		return "", err
	}
	n, err := p.length()
	if err != nil {
		return "", err
	}
	if err := p.expect(`"`); err != nil {
		return "", err
	}
	if n > len(p.rest) {
		return "", errors.New("truncated string")
	}
	text := string(p.rest[:n])
	p.rest = p.rest[n:]
	return text, p.expect(`";`)
}

// length reads a count and the colon after it. Each counted item needs at least one byte, so a larger count is invalid.
func (p *phpReader) length() (int, error) {
	digits, err := p.until(':')
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(digits, 10, 31)
	if err != nil || int(n) > len(p.rest) {
		return 0, fmt.Errorf("invalid length %.20q", digits)
	}
	return int(n), nil
}

func (p *phpReader) number() (int64, error) {
	digits, err := p.until(';')
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("invalid number %.20q", digits)
	}
	return n, nil
}

func (p *phpReader) until(end byte) (string, error) {
	i := bytes.IndexByte(p.rest, end)
	if i < 0 {
		return "", fmt.Errorf("missing %q", end)
	}
	text := string(p.rest[:i])
	p.rest = p.rest[i+1:]
	return text, nil
}

func (p *phpReader) expect(what string) error {
	if !bytes.HasPrefix(p.rest, []byte(what)) {
		return fmt.Errorf("missing %q", what)
	}
	p.rest = p.rest[len(what):]
	return nil
}

// parsePHP parses a value serialized by PHP: arrays as maps, texts, whole numbers and booleans.
func parsePHP(text []byte) (any, error) {
	p := phpReader{rest: text}
	v, err := p.any(0)
	if err != nil {
		return nil, fmt.Errorf("at byte %d: %w", len(text)-len(p.rest), err)
	}
	return v, nil
}

// parsePHPField returns one value of an array serialized by PHP, as [parsePHP] does. What follows it is not read: XenForo's statistics end
// with a whole member.
func parsePHPField(text []byte, field string) (any, error) {
	p := phpReader{rest: text}
	v, err := p.field(field)
	if err != nil {
		return nil, fmt.Errorf("at byte %d: %w", len(text)-len(p.rest), err)
	}
	return v, nil
}

func (p *phpReader) field(name string) (any, error) {
	n, err := p.open(0)
	if err != nil {
		return nil, err
	}
	for range n {
		key, err := p.key()
		if err != nil {
			return nil, err
		}
		if key == name {
			return p.any(1)
		}
		if _, err := p.value(0); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("missing the field %q", name)
}

func (p *phpReader) any(depth int) (any, error) {
	switch {
	case bytes.HasPrefix(p.rest, []byte("s:")):
		return p.text()
	case bytes.HasPrefix(p.rest, []byte("i:")), bytes.HasPrefix(p.rest, []byte("b:")):
		p.rest = p.rest[2:]
		return p.number()
	case !bytes.HasPrefix(p.rest, []byte("a:")):
		_, err := p.value(depth)
		return nil, err
	}
	n, err := p.open(depth)
	if err != nil {
		return nil, err
	}
	all := make(map[string]any)
	for range n {
		key, err := p.key()
		if err != nil {
			return nil, err
		}
		if all[key], err = p.any(depth + 1); err != nil {
			return nil, err
		}
	}
	return all, p.expect("}")
}
