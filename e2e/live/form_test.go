//go:build live

package live

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// form is a form of a page, filled in as the page shows it: with hidden fields such as tokens.
type form struct {
	page    *page
	action  string
	get     bool
	fields  url.Values
	offered map[string][]string // the values of each field that can be chosen or pressed
}

// form returns the first form whose action contains part and which has the field.
func (p *page) form(part, field string) *form {
	p.b.w.Helper()
	for n := range p.elements("form") {
		f := readForm(p, n)
		if _, found := f.offered[field]; found && strings.Contains(f.action, part) {
			return f
		}
	}
	p.b.w.Fatalf("%s: %s has no form for %q with a field %q: %s", p.b.name, p.url, part, field, p.text)
	return nil
}

func readForm(p *page, n *html.Node) *form {
	f := &form{page: p, action: attribute(n, "action"), get: strings.EqualFold(attribute(n, "method"), "get"), fields: url.Values{}, offered: map[string][]string{}}
	for d := range n.Descendants() {
		name := attribute(d, "name")
		if d.Type != html.ElementNode || name == "" {
			continue
		}
		switch d.Data {
		case "input", "button":
			f.readInput(d, name)
		case "select":
			f.readSelect(d, name)
		case "textarea":
			text := ""
			if d.FirstChild != nil {
				text = d.FirstChild.Data
			}
			f.offer(name, text, true)
		}
	}
	return f
}

func (f *form) offer(name, value string, chosen bool) {
	f.offered[name] = append(f.offered[name], value)
	if chosen {
		f.fields.Add(name, value)
	}
}

func (f *form) readInput(n *html.Node, name string) {
	value, given := lookup(n, "value")
	kind := strings.ToLower(attribute(n, "type"))
	switch {
	case kind == "checkbox" || kind == "radio":
		if !given {
			value = "on"
		}
		_, checked := lookup(n, "checked")
		f.offer(name, value, checked)
	case kind == "submit" || kind == "image" || n.Data == "button":
		f.offer(name, value, false)
	default:
		f.offer(name, value, true)
	}
}

func (f *form) readSelect(n *html.Node, name string) {
	var values []string
	chosen := -1
	for d := range n.Descendants() {
		if d.Type != html.ElementNode || d.Data != "option" {
			continue
		}
		value, found := lookup(d, "value")
		if !found {
			value = textOf(d)
		}
		if _, selected := lookup(d, "selected"); selected {
			chosen = len(values)
		}
		values = append(values, value)
	}
	_, multiple := lookup(n, "multiple")
	for i, value := range values {
		f.offer(name, value, i == chosen || chosen < 0 && i == 0 && !multiple)
	}
}

// set fills in a field, which the form must have.
func (f *form) set(name, value string) *form {
	w := f.page.b.w
	w.Helper()
	if _, found := f.offered[name]; !found {
		w.Fatalf("%s: the form for %s has no field %q, but %v", f.page.b.name, f.action, name, slices.Sorted(maps.Keys(f.offered)))
	}
	f.fields.Set(name, value)
	return f
}

// tick ticks a box, whatever its value is.
func (f *form) tick(name string) *form {
	f.page.b.w.Helper()
	f.set(name, "")
	f.fields.Set(name, f.offered[name][0])
	return f
}

// untick clears a box.
func (f *form) untick(name string) *form {
	f.page.b.w.Helper()
	f.set(name, "")
	f.fields.Del(name)
	return f
}

// send presses a button and returns the page that follows. An empty button sends the form without one.
func (f *form) send(button string) *page {
	f.page.b.w.Helper()
	return f.try(button).wantNoComplaint()
}

// try presses a button whatever the forum says about it.
func (f *form) try(button string) *page {
	f.page.b.w.Helper()
	if button != "" {
		f.tick(button)
	}
	f.page.b.at = f.page.url
	if f.get {
		address := must(f.page.url.Parse(f.action))(f.page.b.w)
		address.RawQuery = f.fields.Encode()
		return f.page.b.request(http.MethodGet, address.String(), nil)
	}
	return f.page.b.request(http.MethodPost, f.action, f.fields)
}
