package bounce

import (
	"bytes"
	"regexp"
	"strings"
)

// field is one field of a header, or of a delivery status in the same syntax.
type field struct{ name, value string }

// header lists fields in their order, with names in lower case.
type header []field

// get returns the first value of a field, or "".
func (h header) get(name string) string {
	name = strings.ToLower(name)
	for _, f := range h {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

// all returns the values of a field, in their order.
func (h header) all(name string) (values []string) {
	name = strings.ToLower(name)
	for _, f := range h {
		if f.name == name {
			values = append(values, f.value)
		}
	}
	return values
}

// Limits of a header.
const (
	maxFields = 500
	maxField  = 8 << 10 // bytes of a field; the rest is ignored
)

// readHeader reads fields up to a blank line, and returns what follows. It skips lines that are not fields, such as an
// mbox "From " line before the header or the errors of small mail servers.
func readHeader(text []byte) (h header, rest []byte) {
	var value []byte // of the last field, so far
	end := func() {
		if len(h) > 0 {
			h[len(h)-1].value = string(bytes.TrimSpace(value))
		}
	}
	for len(text) > 0 {
		var line []byte
		line, text = cutLine(text)
		if len(line) == 0 {
			end()
			return h, text
		}
		if line[0] == ' ' || line[0] == '\t' {
			if line = bytes.TrimSpace(line); len(line) > 0 && len(value) < maxField {
				value = append(append(value, ' '), line[:min(len(line), maxField-len(value))]...)
			}
			continue
		}
		if name, first, ok := cutField(line); ok && len(h) < maxFields {
			end()
			h = append(h, field{name: name})
			value = append(value[:0], first[:min(len(first), maxField)]...)
		}
	}
	end()
	return h, nil
}

// cutField splits "Name: value".
func cutField(line []byte) (fieldName string, value []byte, ok bool) {
	name, value, found := bytes.Cut(line, []byte{':'})
	name = bytes.TrimRight(name, " \t")
	if !found || len(name) == 0 || len(name) > 80 {
		return "", nil, false
	}
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return "", nil, false
		}
	}
	return strings.ToLower(string(name)), bytes.TrimSpace(value), true
}

// cutLine returns the first line, without its line break, and the rest.
func cutLine(text []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(text, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'}), rest
}

// splitMessage splits a message into its header and its body.
func splitMessage(raw []byte) (header, []byte) { return readHeader(bytes.TrimLeft(raw, "\r\n")) }

var addressPattern = regexp.MustCompile(`[^\s<>(),;:"\\\[\]]+@[^\s<>(),;:"\\\[\]]+`)

// addresses finds what looks like addresses.
func addresses(text string) []string {
	return addressPattern.FindAllString(text[:min(len(text), maxReply)], maxTo)
}

// firstWord returns the text up to the first space, semicolon or comment.
func firstWord(text string) string {
	text = strings.TrimSpace(text)
	if i := strings.IndexAny(text, " \t;("); i >= 0 {
		return text[:i]
	}
	return text
}
