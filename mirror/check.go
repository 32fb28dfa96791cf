package mirror

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// Limits of texts, in characters.
const (
	maxID      = 200
	maxTitle   = 500
	maxAddress = 500
	maxBody    = 200000
)

// checker collects mistakes.
type checker struct{ errs []error }

// maxMistakes is how many mistakes of a request are reported.
const maxMistakes = 20

func (c *checker) add(path, format string, a ...any) {
	if len(c.errs) < maxMistakes {
		c.errs = append(c.errs, fieldError(path, format, a...))
	}
}

// check reports what is wrong with the values, apart from references.
func (r *Request) check() error {
	var c checker
	for i, s := range r.Sections {
		at := fmt.Sprintf("sections[%d]", i)
		c.id(at+".id", s.ID, true)
		c.id(at+".parent", s.Parent, false)
		c.line(at+".title", s.Title, true)
		c.url(at+".url", s.URL)
		c.groups(at+".read", s.Read, true)
	}
	for i, t := range r.Threads {
		at := fmt.Sprintf("threads[%d]", i)
		c.id(at+".id", t.ID, true)
		c.id(at+".section", t.Section, true)
		c.line(at+".title", t.Title, true)
		c.author(at, t.Author, t.AuthorName, t.State)
		c.url(at+".url", t.URL)
	}
	for i, p := range r.Posts {
		at := fmt.Sprintf("posts[%d]", i)
		c.id(at+".id", p.ID, true)
		c.id(at+".thread", p.Thread, true)
		c.author(at, p.Author, p.AuthorName, p.State)
		c.url(at+".url", p.URL)
		c.text(at, p)
	}
	for i, m := range r.Members {
		c.member(fmt.Sprintf("members[%d]", i), m)
	}
	for i, w := range r.Watches {
		c.watch(fmt.Sprintf("watches[%d]", i), w)
	}
	for i, d := range r.Deletions {
		c.deletion(fmt.Sprintf("deletions[%d]", i), d)
	}
	return errors.Join(c.errs...)
}

func (c *checker) id(path, id string, required bool) {
	switch {
	case id == "" && required:
		c.add(path, "missing: must be a text of 1 to %d characters", maxID)
	case utf8.RuneCountInString(id) > maxID || strings.ContainsFunc(id, unicode.IsControl):
		c.add(path, "must have at most %d characters, without line breaks", maxID)
	}
}

func (c *checker) line(path, s string, required bool) {
	switch {
	case required && strings.TrimSpace(s) == "":
		c.add(path, "missing: must be plain text of 1 to %d characters", maxTitle)
	case utf8.RuneCountInString(s) > maxTitle || strings.ContainsRune(s, 0):
		c.add(path, "must be plain text of at most %d characters", maxTitle)
	}
}

func (c *checker) url(path, s string) {
	if s == "" {
		return
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || len(s) > maxAddress || strings.ContainsFunc(s, unicode.IsControl) {
		c.add(path, "must be an http or https URL of at most %d characters", maxAddress)
	}
}

func (c *checker) author(path, id, name, state string) {
	c.id(path+".author", id, false)
	c.line(path+".author_name", name, false)
	if state != "" && state != "visible" && state != "moderated" {
		c.add(path+".state", "must be \"visible\" or \"moderated\"; to delete something, use deletions")
	}
}

func (c *checker) text(path string, p Post) {
	if (p.HTML == "") == (p.BBCode == "") {
		c.add(path, "must have either html or bbcode")
	}
	if utf8.RuneCountInString(p.HTML+p.BBCode) > maxBody {
		c.add(path, "the text has more than %d characters", maxBody)
	}
	if strings.ContainsRune(p.HTML+p.BBCode, 0) {
		c.add(path, "the text must not contain the character U+0000")
	}
}

func (c *checker) member(path string, m Member) {
	c.id(path+".id", m.ID, true)
	c.line(path+".name", m.Name, true)
	if m.Email != "" && !validAddress(m.Email) {
		c.add(path+".email", "must be an address like \"ann@example.org\", or empty")
	}
	if m.Zone != "" {
		if _, err := time.LoadLocation(m.Zone); err != nil || m.Zone == "Local" {
			c.add(path+".zone", "must be a time zone like \"Europe/Berlin\", or empty")
		}
	}
	if m.Locale != "" {
		if _, err := language.Parse(m.Locale); err != nil {
			c.add(path+".locale", "must be a language like \"de\" or \"pt-BR\", or empty")
		}
	}
	c.groups(path+".groups", m.Groups, false)
}

// validAddress reports whether s is a bare email address.
func validAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= 254
}

func (c *checker) watch(path string, w Watch) {
	c.id(path+".member", w.Member, true)
	c.id(path+".section", w.Section, false)
	c.id(path+".thread", w.Thread, false)
	if (w.Section == "") == (w.Thread == "") {
		c.add(path, "must have either section or thread")
	}
	if w.Level != "" && (w.Level != "posts" && w.Level != "threads" || w.Thread != "") {
		c.add(path+".level", "must be \"posts\" or \"threads\", and only for a section")
	}
}

func (c *checker) deletion(path string, d Deletion) {
	named := 0
	for _, f := range []struct{ name, id string }{{"section", d.Section}, {"thread", d.Thread}, {"post", d.Post}, {"member", d.Member}} {
		if f.id != "" {
			named++
		}
		c.id(path+"."+f.name, f.id, false)
	}
	if d.Watch != nil {
		named++
		c.watch(path+".watch", *d.Watch)
	}
	if d.Feed != "" || d.Item != "" {
		named++
		c.url(path+".feed", d.Feed)
		c.line(path+".item", d.Item, true)
	}
	if named != 1 || (d.Feed == "") != (d.Item == "") {
		c.add(path, "must name one section, thread, post, member or watch, or the item of a feed with both feed and item")
	}
	if d.Watch != nil && !d.AsOf.IsZero() {
		c.add(path+".as_of", "must not be there: a watch has none")
	}
}
