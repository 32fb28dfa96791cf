package templates

import (
	"fmt"
	htmltemplate "html/template"
	"strings"
	"sync"
)

// boundTemplates are the copies of the templates that speak a language. Each is made when it is first needed: to copy all would take
// longer than to start the program. A template cannot be copied once it has run, so those of the set never run.
type boundTemplates struct {
	set   *Set
	mutex sync.Mutex
	mails map[kind]pages
	pages map[string]*htmltemplate.Template
}

// mail returns the templates of a kind of email in the language.
func (l *locale) mail(k kind) (pages, error) {
	b := &l.bound
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if p, ok := b.mails[k]; ok {
		return p, nil
	}
	html, err := b.set.mails[k].html.Clone()
	if err != nil {
		return pages{}, fmt.Errorf("copying the templates: %w", err)
	}
	text, err := b.set.mails[k].text.Clone()
	if err != nil {
		return pages{}, fmt.Errorf("copying the templates: %w", err)
	}
	if b.mails == nil {
		b.mails = make(map[kind]pages)
	}
	p := pages{html: html.Funcs(l.functions()), text: text.Funcs(l.functions())}
	b.mails[k] = p
	return p, nil
}

// page returns a page in the language, by its name.
func (l *locale) page(name string) (*htmltemplate.Template, error) {
	b := &l.bound
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if p, ok := b.pages[name]; ok {
		return p, nil
	}
	source, ok := b.set.web[name]
	if !ok || strings.HasPrefix(name, "admin/") && !l.admins {
		return nil, fmt.Errorf("unknown page %q", name)
	}
	page, err := source.Clone()
	if err != nil {
		return nil, fmt.Errorf("copying the pages: %w", err)
	}
	if b.pages == nil {
		b.pages = make(map[string]*htmltemplate.Template)
	}
	b.pages[name] = page.Funcs(l.pageFunctions())
	return b.pages[name], nil
}
