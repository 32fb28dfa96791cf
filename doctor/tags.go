package doctor

import (
	"fmt"
	"strings"
)

// tag is one of a tag-list (RFC 6376, 3.2), the form of DKIM's and DMARC's records.
type tag struct{ name, value string }

// tags are those of a record, in their order.
type tags []tag

// get is a tag's value.
func (t tags) get(name string) (value string, there bool) {
	for _, x := range t {
		if x.name == name {
			return x.value, true
		}
	}
	return "", false
}

// parseTags reads a tag-list: "v=DKIM1; k=rsa; p=...". A name that stands twice spoils the whole list.
func parseTags(record string) (tags, error) {
	var list tags
	for part := range strings.SplitSeq(record, ";") {
		if part = trimFold(part); part == "" {
			continue // a semicolon may end the list
		}
		name, value, found := strings.Cut(part, "=")
		name, value = trimFold(name), trimFold(value)
		if !found || !tagName(name) {
			return nil, fmt.Errorf("%q is no tag of the form name=value", part)
		}
		if _, twice := list.get(name); twice {
			return nil, fmt.Errorf("the tag %s stands twice", name)
		}
		list = append(list, tag{name, value})
	}
	return list, nil
}

// trimFold trims what may stand around names and values (FWS).
func trimFold(s string) string { return strings.Trim(s, " \t\r\n") }

// tagName is ALPHA *(ALPHA / DIGIT / "_").
func tagName(s string) bool {
	for i, c := range []byte(s) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != ""
}
