package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"postrider/internal/link"
)

// form is a form as a browser would send it: its address and its fields.
type form struct {
	action string
	url.Values
}

// formOn reads the form with an action that ends so, as it stands on a page.
func (w *world) formOn(page, suffix string) form {
	w.Helper()
	root := must(html.Parse(strings.NewReader(page)))(w)
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" && strings.HasSuffix(attribute(n, "action"), suffix) {
			return form{w.site.URL + attribute(n, "action"), fieldsOf(n)}
		}
	}
	w.Fatalf("no form on the page posts to %s", suffix)
	return form{}
}

func fieldsOf(form *html.Node) url.Values {
	fields := make(url.Values)
	for n := range form.Descendants() {
		if n.Type != html.ElementNode || attribute(n, "name") == "" {
			continue
		}
		name := attribute(n, "name")
		switch kind := attribute(n, "type"); {
		case n.Data == "input" && (kind == "radio" || kind == "checkbox"):
			if has(n, "checked") {
				fields.Add(name, attribute(n, "value"))
			}
		case n.Data == "input":
			fields.Add(name, attribute(n, "value"))
		case n.Data == "select":
			fields.Add(name, selected(n))
		}
	}
	return fields
}

// selected is the value of the option that is selected, else of the first.
func selected(list *html.Node) string {
	first, found := "", false
	for n := range list.Descendants() {
		if n.Type != html.ElementNode || n.Data != "option" {
			continue
		}
		value := attribute(n, "value")
		if !has(n, "value") {
			value = strings.TrimSpace(n.FirstChild.Data)
		}
		if has(n, "selected") {
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

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// send sends a form.
func (w *world) send(f form) answer {
	w.Helper()
	r := w.request(http.MethodPost, f.action, strings.NewReader(f.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.ask(r)
}

// settings is the page of Anna's settings, and its form.
func (w *world) settings() (page string, f form) {
	w.Helper()
	got := w.get(w.url(link.Settings, 0))
	if got.status != http.StatusOK {
		w.Fatalf("the settings are answered with %d", got.status)
	}
	return got.body, w.formOn(got.body, strings.TrimPrefix(w.url(link.Settings, 0), w.site.URL))
}

// words are the words that a reader sees, in one line.
func words(t testing.TB, page string) string {
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
