package templates

import (
	"bytes"
	"fmt"
	htmltemplate "html/template"
	texttemplate "text/template"
)

// kind is a kind of email. Its templates are in mail/KIND.html and mail/KIND.txt, its sample is in mail/KIND.sample.toml.
type kind string

const (
	common           kind = "common" // the templates that all emails share; not an email
	digestMail       kind = "digest"
	alertMail        kind = "alert"
	announcementMail kind = "announcement"
	alarmMail        kind = "alarm" // to admins
)

// kinds returns the kinds of emails, with the templates that each must define.
func kinds() map[kind][]string {
	return map[kind][]string{
		digestMail:       {"layout", "section", "thread", "post", "more", "actions", "contents", "entry", "briefs", "brief"},
		alertMail:        {"layout", "thread", "post", "quoted", "button", "before", "earlier", "more"},
		announcementMail: {"layout", "announcement"},
	}
}

const mailDir = "mail"

func (k kind) html() string   { return mailDir + "/" + string(k) + ".html" }
func (k kind) text() string   { return mailDir + "/" + string(k) + ".txt" }
func (k kind) sample() string { return mailDir + "/" + string(k) + ".sample.toml" }

// pages are the templates of a kind of email.
type pages struct {
	html *htmltemplate.Template
	text *texttemplate.Template
}

// templateSource holds the files of a kind of email.
type templateSource struct {
	kind       kind
	html, text string
	own        map[string]bool // the templates that its own files define, not the common ones
}

// mailTemplates are the templates of a kind of email, in no language yet.
type mailTemplates struct {
	pages
	own map[string]bool // those that the kind defines itself
}

// bind parses the templates of all kinds. It returns the keys that the templates and the package use, and where.
func (s *Set) bind(files overlayFS) (used usedKeys, err error) {
	s.mails = make(map[kind]mailTemplates)
	used = usedKeys{map[string]string{}, map[string]string{}}
	for _, key := range ownKeys() {
		used.members[key] = "the program"
	}
	if err := useReasonKeys(used.admins); err != nil {
		return used, err
	}
	if err := s.bindMails(files, used.members); err != nil {
		return used, err
	}
	if err := s.bindAlarm(files, used.admins); err != nil {
		return used, err
	}
	return used, s.bindPages(files, used)
}

// bindMails parses the templates of the emails to members.
func (s *Set) bindMails(files overlayFS, used map[string]string) error {
	shared, err := readSource(files, common)
	if err != nil {
		return err
	}
	all, err := parsePages(files, shared)
	if err != nil {
		return err
	}
	s.mails[common] = mailTemplates{pages: all}
	for k, names := range kinds() {
		own, err := readSource(files, k)
		if err != nil {
			return err
		}
		if all, err = parsePages(files, shared, own); err != nil {
			return err
		}
		if err := all.check(files, k, names, used); err != nil {
			return err
		}
		s.mails[k] = mailTemplates{all, own.own}
	}
	return s.bindConfirmation(files, shared, used)
}

func readSource(files overlayFS, k kind) (templateSource, error) {
	src := templateSource{kind: k, own: map[string]bool{}}
	var err error
	if src.html, err = files.read(k.html()); err == nil {
		src.text, err = files.read(k.text())
	}
	if err != nil {
		return src, fmt.Errorf("reading the templates: %w", err)
	}
	src.html = unindent(src.html)
	for name, text := range map[string]string{k.html(): src.html, k.text(): src.text} {
		t, err := texttemplate.New(files.displayName(name)).Funcs((&locale{}).functions()).Parse(text)
		if err != nil {
			return src, fmt.Errorf("parsing the templates: %w", err)
		}
		for _, own := range t.Templates() {
			src.own[own.Name()] = true
		}
	}
	return src, nil
}

// parsePages parses files in order: a later definition of a template replaces an earlier one.
func parsePages(files overlayFS, sources ...templateSource) (pages, error) {
	unbound := (&locale{}).functions()
	all := pages{html: htmltemplate.New("").Funcs(unbound), text: texttemplate.New("").Funcs(unbound)}
	for _, src := range sources {
		if _, err := all.html.New(files.displayName(src.kind.html())).Parse(src.html); err != nil {
			return pages{}, fmt.Errorf("parsing the templates: %w", err)
		}
		if _, err := all.text.New(files.displayName(src.kind.text())).Parse(src.text); err != nil {
			return pages{}, fmt.Errorf("parsing the templates: %w", err)
		}
	}
	return all, nil
}

// check verifies that a kind of email has its templates, and records in used the keys that they use.
func (p pages) check(files overlayFS, k kind, names []string, used map[string]string) error {
	for _, name := range names {
		h, t := p.html.Lookup(name), p.text.Lookup(name)
		if h == nil || h.Tree == nil {
			return fmt.Errorf("%s:1: defines no template %q", files.displayName(k.html()), name)
		}
		if t == nil || t.Tree == nil {
			return fmt.Errorf("%s:1: defines no template %q", files.displayName(k.text()), name)
		}
	}
	for _, h := range p.html.Templates() {
		if h.Tree != nil {
			keysIn(h.Tree, used)
		}
	}
	for _, t := range p.text.Templates() {
		if t.Tree != nil {
			keysIn(t.Tree, used)
		}
	}
	return nil
}

// pageOwner returns the kind whose pages define a template: the kind itself or common. The cache shares fragments of
// common templates between all kinds of email.
func (l *locale) pageOwner(k kind, template string) kind {
	if l.bound.set.mails[k].own[template] {
		return k
	}
	return common
}

// render executes a template as HTML and as text.
func (p *Renderer) render(l *locale, k kind, name string, html, text any) (htmlOut, textOut string, err error) {
	in, err := l.mail(k)
	if err != nil {
		return "", "", err
	}
	var b bytes.Buffer
	if err := in.html.ExecuteTemplate(&b, name, html); err != nil {
		return "", "", fmt.Errorf("rendering: %w", err)
	}
	htmlOut = b.String()
	b.Reset()
	if err := in.text.ExecuteTemplate(&b, name, text); err != nil {
		return "", "", fmt.Errorf("rendering: %w", err)
	}
	if p.checkHTML {
		if err := checkTagBalance(htmlOut); err != nil {
			return "", "", fmt.Errorf("%s: template %q %w", templateLocation(in.html.Lookup(name).Tree), name, err)
		}
	}
	return htmlOut, b.String(), nil
}
