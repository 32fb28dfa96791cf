package templates

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"path"
	"strings"
	"text/template/parse"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Folders of pages. Each has a frame.html, which stands around its pages, and a style.css; that of the
// administrators has the script live.js, too.
const (
	pageDir  = "page"
	adminDir = pageDir + "/admin" // of the room for administrators; its frame asks for both stylesheets
)

// Pages are the web pages of one forum, in all languages. They are immutable and safe for concurrent use.
type Pages struct {
	set  *Set
	site Site
	base string
}

// Pages makes the pages of a forum. base is what the paths of their addresses begin with, without a slash at its end.
func (s *Set) Pages(site Site, base string) *Pages { return &Pages{set: s, site: site, base: base} }

// Language is the language that somebody reads a page in.
type Language struct{ locale *locale }

// Language finds the language for wishes, the strongest first: BCP 47 tags, or whole Accept-Language headers.
func (p *Pages) Language(wishes ...string) Language {
	var tags []string
	for _, wish := range append(wishes, p.site.Locale) {
		list, _, err := language.ParseAcceptLanguage(wish)
		if err != nil {
			continue
		}
		for _, tag := range list {
			tags = append(tags, tag.String())
		}
	}
	return Language{p.set.locale(tags...)}
}

// Tag is the language's name in BCP 47.
func (l Language) Tag() string { return l.locale.tag.String() }

// LanguageName is a language that a reader may choose.
type LanguageName struct{ Tag, Name string }

// LanguageNames are all languages, each by its own name.
func (p *Pages) LanguageNames() []LanguageName {
	list := make([]LanguageName, len(p.set.locales))
	for i, l := range p.set.locales {
		list[i] = LanguageName{l.tag.String(), display.Self.Name(l.tag)}
	}
	return list
}

// frameData is what the template "frame" is given.
type frameData struct {
	Lang, Dir         string
	SiteName, SiteURL string
	Style             string // address of the stylesheet
	AdminStyle        string // of the one that the administrators' pages have besides
	AdminScript       string // of the only script, which some of those pages run
	Data              any    // for the templates "title" and "main"
}

// Render renders a page by the name of its file, without ".html": "settings", "admin/queue".
func (p *Pages) Render(l Language, name string, data any) ([]byte, error) {
	page, ok := l.locale.web[name]
	if !ok {
		return nil, fmt.Errorf("rendering a page: there is none called %q", name)
	}
	var b bytes.Buffer
	err := page.ExecuteTemplate(&b, "frame", frameData{
		Lang: l.locale.tag.String(), Dir: l.locale.dir(),
		SiteName: safeLine(p.site.Name, titleLimit), SiteURL: p.site.URL,
		Style: p.base + "/" + p.set.style.name, AdminStyle: p.base + "/" + p.set.adminStyle.name, AdminScript: p.base + "/" + p.set.adminScript.name, Data: data,
	})
	if err != nil {
		return nil, fmt.Errorf("rendering a page: %w", err)
	}
	return b.Bytes(), nil
}

// RenderPart renders one of the templates that a page's file defines, by itself.
func (p *Pages) RenderPart(l Language, name, part string, data any) ([]byte, error) {
	page, ok := l.locale.web[name]
	if !ok {
		return nil, fmt.Errorf("rendering a part of a page: there is none called %q", name)
	}
	var b bytes.Buffer
	if err := page.ExecuteTemplate(&b, part, data); err != nil {
		return nil, fmt.Errorf("rendering a part of a page: %w", err)
	}
	return b.Bytes(), nil
}

// CheckHTML holds a page to closing what it opens.
func (p *Pages) CheckHTML(name string, page []byte) error {
	if err := checkTagBalance(string(page)); err != nil {
		return fmt.Errorf("%s: the page %w", p.set.files.displayName(path.Join(pageDir, name+".html")), err)
	}
	return nil
}

// Style is the stylesheet of all pages, and the name under which they ask for it. The name changes with the sheet, so
// that it can be kept for good.
func (p *Pages) Style() (name string, css []byte) { return p.set.style.name, p.set.style.text }

// AdminStyle is the same of what the administrators' pages have besides.
func (p *Pages) AdminStyle() (name string, css []byte) {
	return p.set.adminStyle.name, p.set.adminStyle.text
}

// AdminScript is the same of their script, which keeps a page up to date.
func (p *Pages) AdminScript() (name string, js []byte) {
	return p.set.adminScript.name, p.set.adminScript.text
}

// asset is a file that pages ask for, under a name that changes with it.
type asset struct {
	name string
	text []byte
}

func newExtra(name, ext, text string) asset {
	sum := sha256.Sum256([]byte(text))
	return asset{name + "-" + hex.EncodeToString(sum[:6]) + ext, []byte(text)}
}

// bindPages parses the pages, and gives each locale copies that speak its language. It notes in used which keys they use.
func (s *Set) bindPages(files overlayFS, used map[string]string) (err error) {
	for _, l := range s.locales {
		l.web = make(map[string]*htmltemplate.Template)
	}
	if s.style, err = s.bindFolder(files, pageDir, used); err != nil {
		return err
	}
	if s.adminStyle, err = s.bindFolder(files, adminDir, used); err != nil {
		return err
	}
	js, err := files.read(adminDir + "/live.js")
	if err != nil {
		return fmt.Errorf("reading the pages' script: %w", err)
	}
	s.adminScript = newExtra("live", ".js", js)
	return nil
}

// bindFolder parses the pages of a folder, and reads its stylesheet.
func (s *Set) bindFolder(files overlayFS, folder string, used map[string]string) (asset, error) {
	css, err := files.read(folder + "/style.css")
	if err != nil {
		return asset{}, fmt.Errorf("reading the stylesheet: %w", err)
	}
	names, err := files.list(folder, ".html")
	if err != nil {
		return asset{}, fmt.Errorf("listing the pages: %w", err)
	}
	frame := folder + "/frame.html"
	for _, name := range names {
		if name == frame {
			continue
		}
		if err := s.bindPage(files, name, frame, used); err != nil {
			return asset{}, err
		}
	}
	return newExtra("style", ".css", css), nil
}

func (s *Set) bindPage(files overlayFS, name, frame string, used map[string]string) error {
	around, err := files.read(frame)
	if err != nil {
		return fmt.Errorf("reading the pages: %w", err)
	}
	src, err := files.read(name)
	if err != nil {
		return fmt.Errorf("reading the pages: %w", err)
	}
	mute := (&locale{}).pageFunctions()
	page, err := htmltemplate.New(files.displayName(frame)).Funcs(mute).Parse(around)
	if err == nil {
		_, err = page.New(files.displayName(name)).Parse(src)
	}
	if err != nil {
		return fmt.Errorf("parsing the pages: %w", err)
	}
	for _, need := range []string{"frame", "title", "main"} {
		if page.Lookup(need) == nil {
			return fmt.Errorf("%s:1: defines no template %q", files.displayName(name), need)
		}
	}
	for _, t := range page.Templates() {
		if t.Tree != nil {
			keysIn(t.Tree, used)
			s.keysInGroup(t.Tree, used)
		}
	}
	short := strings.TrimSuffix(strings.TrimPrefix(name, pageDir+"/"), ".html")
	for _, l := range s.locales {
		own, err := page.Clone()
		if err != nil {
			return fmt.Errorf("copying the pages: %w", err)
		}
		l.web[short] = own.Funcs(l.pageFunctions())
	}
	return nil
}

// keysInGroup notes the keys that a template picks from: all that the reference has in the group.
func (s *Set) keysInGroup(tree *parse.Tree, used map[string]string) {
	walk(tree.Root, func(n *parse.CommandNode) {
		if len(n.Args) < 3 || n.Args[0].String() != "pick" && n.Args[0].String() != "word" {
			return
		}
		group, ok := n.Args[1].(*parse.StringNode)
		if !ok {
			return
		}
		at, _ := tree.ErrorContext(n)
		for key := range s.locales[0].messages {
			if strings.HasPrefix(key, group.Text+".") {
				used[key] = place(at)
			}
		}
	})
}

// pageFunctions are what the pages may call: what mails may, and how to say times. word is a pick that says the name itself
// where there is no sentence for it.
func (l *locale) pageFunctions() map[string]any {
	functions := l.functions()
	functions["pick"] = func(group string, name any, pairs ...any) (string, error) {
		return l.text(group+"."+fmt.Sprint(name), pairs...)
	}
	functions["word"] = func(group string, name any) string {
		key := group + "." + fmt.Sprint(name)
		if _, known := l.messages[key]; !known {
			return fmt.Sprint(name)
		}
		return l.mustText(key)
	}
	functions["date"] = func(t time.Time) string { return l.calendar.write(l.calendar.date, t) }
	functions["moment"] = func(t time.Time) string { return l.calendar.write(l.calendar.moment, t) }
	functions["day"] = func(t time.Time) string { return l.calendar.write(l.calendar.day, t) }
	functions["instant"] = func(t time.Time) string { return l.calendar.write(l.calendar.momentYear, t) }
	functions["hour"] = func(hour int) string {
		return l.calendar.write(l.calendar.clock, time.Date(2000, 1, 1, hour, 0, 0, 0, time.UTC))
	}
	functions["weekday"] = func(d time.Weekday) (string, error) {
		if d < time.Sunday || d > time.Saturday {
			return "", errors.New("no such weekday")
		}
		return l.calendar.Weekdays[d], nil
	}
	functions["number"] = l.number
	return functions
}

// SafeLine makes one harmless line of a title or a name from the forum.
func SafeLine(s string) string { return safeLine(s, titleLimit) }
