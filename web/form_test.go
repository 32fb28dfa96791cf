package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"postrider/internal/link"
)

// form is a form as a browser would submit it: its address and its fields.
type form struct {
	action string
	url.Values
}

// findForm returns the form on a page whose action has a suffix.
func (w *fixture) findForm(page, suffix string) form {
	w.Helper()
	root := must(html.Parse(strings.NewReader(page)))(w)
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" && strings.HasSuffix(attribute(n, "action"), suffix) {
			return form{w.site.URL + attribute(n, "action"), formFields(n)}
		}
	}
	w.Fatalf("no form on the page has an action ending in %s", suffix)
	return form{}
}

func formFields(form *html.Node) url.Values {
	fields := make(url.Values)
	for n := range form.Descendants() {
		if n.Type != html.ElementNode || attribute(n, "name") == "" {
			continue
		}
		name := attribute(n, "name")
		switch kind := attribute(n, "type"); {
		case n.Data == "input" && (kind == "radio" || kind == "checkbox"):
			if hasAttribute(n, "checked") {
				fields.Add(name, attribute(n, "value"))
			}
		case n.Data == "input":
			fields.Add(name, attribute(n, "value"))
		case n.Data == "select":
			fields.Add(name, selectedValue(n))
		}
	}
	return fields
}

// selectedValue returns the value of the selected option, else of the first one.
func selectedValue(list *html.Node) string {
	first, found := "", false
	for n := range list.Descendants() {
		if n.Type != html.ElementNode || n.Data != "option" {
			continue
		}
		value := attribute(n, "value")
		if !hasAttribute(n, "value") {
			value = strings.TrimSpace(n.FirstChild.Data)
		}
		if hasAttribute(n, "selected") {
			return value
		}
		if !found {
			first, found = value, true
		}
	}
	return first
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttribute(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// submit submits a form.
func (w *fixture) submit(f form) response {
	w.Helper()
	r := w.request(http.MethodPost, f.action, strings.NewReader(f.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.do(r)
}

// openSettings returns Anna's settings page and its form.
func (w *fixture) openSettings() (page string, f form) {
	w.Helper()
	got := w.get(w.url(link.Settings, 0))
	if got.status != http.StatusOK {
		w.Fatalf("settings: status %d", got.status)
	}
	return got.body, w.findForm(got.body, strings.TrimPrefix(w.url(link.Settings, 0), w.site.URL))
}

// visibleText returns the text that a reader sees, as one line.
func visibleText(t testing.TB, page string) string {
	t.Helper()
	root := must(html.Parse(strings.NewReader(page)))(t)
	var all []string
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" && n.Parent.Data != "option" {
			all = append(all, strings.Fields(n.Data)...)
		}
	}
	return strings.Join(all, " ")
}
