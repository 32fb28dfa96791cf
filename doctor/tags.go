package doctor

import (
	"fmt"
	"strings"
)

// tag is a tag of a tag-list (RFC 6376, 3.2), the syntax of DKIM and DMARC records.
type tag struct{ name, value string }

// tags are the tags of a record, in their order.
type tags []tag

// get returns the value of a tag.
func (t tags) get(name string) (value string, there bool) {
	for _, x := range t {
		if x.name == name {
			return x.value, true
		}
	}
	return "", false
}

// parseTags parses a tag-list: "v=DKIM1; k=rsa; p=...". A duplicate name makes the whole list invalid.
func parseTags(record string) (tags, error) {
	var list tags
	for part := range strings.SplitSeq(record, ";") {
		if part = trimFold(part); part == "" {
			continue // a semicolon may end the list
		}
		name, value, found := strings.Cut(part, "=")
		name, value = trimFold(name), trimFold(value)
		if !found || !tagName(name) {
			return nil, fmt.Errorf("%q is not a tag of the form name=value", part)
		}
		if _, twice := list.get(name); twice {
			return nil, fmt.Errorf("duplicate tag %s", name)
		}
		list = append(list, tag{name, value})
	}
	return list, nil
}

// trimFold trims folding white space (FWS) around names and values.
func trimFold(s string) string { return strings.Trim(s, " \t\r\n") }

// tagName reports whether s is ALPHA *(ALPHA / DIGIT / "_").
func tagName(s string) bool {
	for i, c := range []byte(s) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != ""
}
