package bounce

import (
	"bytes"
	"regexp"
	"strings"
)

// field is one field of a header, or of a status that is written like one.
type field struct{ name, value string }

// header is fields in their order, names in small letters.
type header []field

// get is the first value of a field, or "".
func (h header) get(name string) string {
	name = strings.ToLower(name)
	for _, f := range h {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

// all are the values of a field, in their order.
func (h header) all(name string) (values []string) {
	name = strings.ToLower(name)
	for _, f := range h {
		if f.name == name {
			values = append(values, f.value)
		}
	}
	return values
}

// maxFields is how many fields of a header are read.
const maxFields = 500

// readHeader reads fields up to a blank line, and gives what follows. Lines that are no fields are passed over: an mbox
// line before the header, the slips of small mail servers.
func readHeader(text []byte) (h header, rest []byte) {
	for len(text) > 0 {
		var line []byte
		line, text = cutLine(text)
		if len(line) == 0 {
			return h, text
		}
		if line[0] == ' ' || line[0] == '\t' {
			if n := len(h); n > 0 {
				h[n-1].value = strings.TrimSpace(h[n-1].value + " " + string(bytes.TrimSpace(line)))
			}
			continue
		}
		if f, ok := readField(line); ok && len(h) < maxFields {
			h = append(h, f)
		}
	}
	return h, nil
}

// readField reads "Name: value".
func readField(line []byte) (field, bool) {
	name, value, found := bytes.Cut(line, []byte{':'})
	name = bytes.TrimRight(name, " \t")
	if !found || len(name) == 0 || len(name) > 80 {
		return field{}, false
	}
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return field{}, false
		}
	}
	return field{strings.ToLower(string(name)), string(bytes.TrimSpace(value))}, true
}

// cutLine gives the first line, without its end, and the rest.
func cutLine(text []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(text, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'}), rest
}

// splitMessage divides a message into its header and its body.
func splitMessage(raw []byte) (header, []byte) { return readHeader(bytes.TrimLeft(raw, "\r\n")) }

var anAddress = regexp.MustCompile(`[^\s<>(),;:"\\\[\]]+@[^\s<>(),;:"\\\[\]]+`)

// addresses finds what looks like addresses.
func addresses(text string) []string {
	return anAddress.FindAllString(text[:min(len(text), maxReply)], maxTo)
}

// firstWord is the text up to the first blank, semicolon or comment.
func firstWord(text string) string {
	text = strings.TrimSpace(text)
	if i := strings.IndexAny(text, " \t;("); i >= 0 {
		return text[:i]
	}
	return text
}
