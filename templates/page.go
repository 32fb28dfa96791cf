package templates

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"path"
	"slices"
	"strings"
	"text/template/parse"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"postrider/internal/inline"
	"postrider/internal/line"
)

// Folders of pages. Each has a frame.html, which wraps its pages, and a style.css. The folder of the admin pages also
// has the scripts live.js and times.js.
const (
	pageDir  = "page"
	adminDir = pageDir + "/admin" // its frame links both stylesheets
	partDir  = pageDir + "/part"  // templates that pages of both folders share, each in a file of its name
)

// Pages are the web pages of one forum, in all languages. They are immutable and safe for concurrent use.
type Pages struct {
	set  *Set
	site Site
	base string
}

// Pages returns the pages of a forum. base is the prefix of the paths of their assets, without a trailing slash.
func (s *Set) Pages(site Site, base string) *Pages { return &Pages{set: s, site: site, base: base} }

// Language is the language of a page.
type Language struct{ locale *locale }

// Language returns the best language for BCP 47 tags or whole Accept-Language headers, the most preferred first.
func (p *Pages) Language(preferred ...string) Language {
	return Language{p.set.locale(p.accepted(preferred)...)}
}

// AdminLanguage is Language for admin pages: the best one with words for admins.
func (p *Pages) AdminLanguage(preferred ...string) Language {
	return Language{p.set.adminLocale(p.accepted(preferred)...)}
}

// accepted returns the tags of preferred languages, and of the site's.
func (p *Pages) accepted(preferred []string) []string {
	var tags []string
	for _, tag := range append(preferred, p.site.Locale) {
		list, _, err := language.ParseAcceptLanguage(tag)
		if err != nil {
			continue
		}
		for _, tag := range list {
			tags = append(tags, tag.String())
		}
	}
	return tags
}

// Sampled returns the languages in which the samples of the pages for members must be rendered at startup, because the owner of the
// site wrote pages or words.
func (p *Pages) Sampled() []Language { return languagesOf(p.set.sampled(pageDir, p.set.members)) }

// AdminSampled is Sampled for admin pages.
func (p *Pages) AdminSampled() []Language { return languagesOf(p.set.sampled(pageDir, p.set.admins)) }

func languagesOf(list []*lazyLocale) []Language {
	out := make([]Language, len(list))
	for i, l := range list {
		out[i] = Language{l.locale()}
	}
	return out
}

// Tag returns the BCP 47 tag of the language.
func (l Language) Tag() string { return l.locale.tag.String() }

// LanguageName is a language that a member can choose.
type LanguageName struct{ Tag, Name string }

// LanguageNames returns all languages by tag, each with its name in that language.
func (p *Pages) LanguageNames() []LanguageName {
	list := make([]LanguageName, len(p.set.locales))
	for i, l := range p.set.locales {
		list[i] = LanguageName{l.tag.String(), display.Self.Name(l.tag)}
	}
	slices.SortFunc(list, func(a, b LanguageName) int { return strings.Compare(a.Tag, b.Tag) })
	return list
}

// frameData is the data of the template "frame".
type frameData struct {
	Lang, Dir         string
	SiteName, SiteURL string
	Style             string // path of the stylesheet
	AdminStyle        string // path of the additional stylesheet of the admin pages
	AdminScript       string // path of the script that some admin pages load
	TimesScript       string // path of the script that shows local times on the admin pages
	Brand             brandData
	Data              any // for the templates "title" and "main"
}

// Render renders a page. name is its file without ".html", for example "settings" or "admin/queue".
func (p *Pages) Render(l Language, name string, data any) ([]byte, error) {
	page, err := l.locale.page(name)
	if err != nil {
		return nil, fmt.Errorf("rendering a page: %w", err)
	}
	var b bytes.Buffer
	err = page.ExecuteTemplate(&b, "frame", frameData{
		Lang: l.locale.tag.String(), Dir: l.locale.dir(),
		SiteName: line.Fit(p.site.Name, titleLimit), SiteURL: p.site.URL,
		Style: p.base + "/" + p.set.style.name, AdminStyle: p.base + "/" + p.set.adminStyle.name, AdminScript: p.base + "/" + p.set.adminScript.name,
		TimesScript: p.base + "/" + p.set.timesScript.name, Brand: p.brand(), Data: data,
	})
	if err != nil {
		return nil, fmt.Errorf("rendering a page: %w", err)
	}
	return b.Bytes(), nil
}

// brand returns how pages show the brand.
func (p *Pages) brand() brandData {
	b := p.set.brand
	data := brandData{Address: b.Address, Links: b.Links}
	if b.Logo != nil {
		name, _ := p.Logo()
		data.Logo = b.Logo.show(p.base+"/"+name, line.Fit(p.site.Name, titleLimit), mastheadLogo)
	}
	return data
}

// Logo returns the site's logo and its file name, which holds a hash of the content. The name is empty if there is none.
func (p *Pages) Logo() (name string, logo inline.Image) {
	if p.set.brand.Logo == nil {
		return "", logo
	}
	logo = p.set.brand.Logo.Image
	return newAsset("logo", path.Ext(logo.Name), string(logo.Data)).name, logo
}

// RenderPart renders one template of a page's file, without the frame.
func (p *Pages) RenderPart(l Language, name, part string, data any) ([]byte, error) {
	page, err := l.locale.page(name)
	if err != nil {
		return nil, fmt.Errorf("rendering a part of a page: %w", err)
	}
	var b bytes.Buffer
	if err := page.ExecuteTemplate(&b, part, data); err != nil {
		return nil, fmt.Errorf("rendering a part of a page: %w", err)
	}
	return b.Bytes(), nil
}

// CheckHTML returns an error if the tags of a page are not balanced.
func (p *Pages) CheckHTML(name string, page []byte) error {
	if err := checkTagBalance(string(page)); err != nil {
		return fmt.Errorf("%s: the page %w", p.set.files.displayName(path.Join(pageDir, name+".html")), err)
	}
	return nil
}

// Style returns the stylesheet of all pages and its file name. The name holds a hash of the content, so browsers may
// cache the file permanently.
func (p *Pages) Style() (name string, css []byte) { return p.set.style.name, p.set.style.text }

// AdminStyle returns the additional stylesheet of the admin pages and its file name.
func (p *Pages) AdminStyle() (name string, css []byte) {
	return p.set.adminStyle.name, p.set.adminStyle.text
}

// AdminScript returns the script of the admin pages, which refreshes them, and its file name.
func (p *Pages) AdminScript() (name string, js []byte) {
	return p.set.adminScript.name, p.set.adminScript.text
}

// TimesScript returns the script of the admin pages that shows times in the browser's zone, and its file name.
func (p *Pages) TimesScript() (name string, js []byte) {
	return p.set.timesScript.name, p.set.timesScript.text
}

// asset is a file that pages load. Its name holds a hash of the content.
type asset struct {
	name string
	text []byte
}

func newAsset(name, ext, text string) asset {
	sum := sha256.Sum256([]byte(text))
	return asset{name + "-" + hex.EncodeToString(sum[:6]) + ext, []byte(text)}
}

// bindPages parses the pages. It records in used the keys that they use.
func (s *Set) bindPages(files overlayFS, used usedKeys) (err error) {
	s.web = make(map[string]*htmltemplate.Template)
	if s.style, err = s.bindFolder(files, pageDir, used.members); err != nil {
		return err
	}
	if s.brand.Accent != "" {
		s.style = newAsset("style", ".css", string(s.style.text)+s.palette.pageStyle())
	}
	if s.adminStyle, err = s.bindFolder(files, adminDir, used.admins); err != nil {
		return err
	}
	for name, script := range map[string]*asset{"live": &s.adminScript, "times": &s.timesScript} {
		js, err := files.read(adminDir + "/" + name + ".js")
		if err != nil {
			return fmt.Errorf("reading the pages' scripts: %w", err)
		}
		*script = newAsset(name, ".js", js)
	}
	return nil
}

// bindFolder parses the pages of a folder and reads its stylesheet.
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
	return newAsset("style", ".css", css), nil
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
	unbound := (&locale{}).pageFunctions()
	page, err := htmltemplate.New(files.displayName(frame)).Funcs(unbound).Parse(around)
	if err == nil {
		err = parseParts(files, page, src)
	}
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
	s.web[strings.TrimSuffix(strings.TrimPrefix(name, pageDir+"/"), ".html")] = page
	return nil
}

// parseParts parses the shared templates that a page uses. The page can replace them. A part can use those that come after it in the
// alphabet.
func parseParts(files overlayFS, page *htmltemplate.Template, src string) error {
	names, err := files.list(partDir, ".html")
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.Contains(src, `template "`+strings.TrimSuffix(path.Base(name), ".html")+`"`) {
			continue
		}
		text, err := files.read(name)
		if err != nil {
			return err
		}
		src += text
		if _, err := page.New(files.displayName(name)).Parse(text); err != nil {
			return err
		}
	}
	return nil
}

// keysInGroup records the keys that "pick" and "word" can reach: all keys of their group in the reference locale.
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
		for key := range s.locales[0].locale().messages {
			if strings.HasPrefix(key, group.Text+".") {
				used[key] = place(at)
			}
		}
	})
}

// pageFunctions returns the functions for pages: those of emails, and functions that format times. "word" is a "pick"
// that falls back to the name when the locale has no text for it. "reason" returns the
// text of a reason of package digest, from the code or from the store.
func (l *locale) pageFunctions() map[string]any {
	functions := l.functions()
	functions["pick"] = func(group string, name any, pairs ...any) (string, error) {
		return l.text(group+"."+fmt.Sprint(name), pairs...)
	}
	functions["word"] = l.word
	functions["reason"] = l.anyReason
	functions["date"] = func(t time.Time) string { return l.calendar.write(l.calendar.date, t) }
	functions["moment"] = func(t time.Time) string { return l.calendar.write(l.calendar.moment, t) }
	functions["day"] = func(t time.Time) string { return l.calendar.write(l.calendar.day, t) }
	functions["instant"] = func(t time.Time) string { return l.calendar.write(l.calendar.momentYear, t) }
	functions["hour"] = func(hour int) string {
		return l.calendar.write(l.calendar.clock, time.Date(2000, 1, 1, hour, 0, 0, 0, time.UTC))
	}
	functions["weekday"] = func(d time.Weekday) (string, error) {
		if d < time.Sunday || d > time.Saturday {
			return "", errors.New("invalid weekday")
		}
		return l.calendar.Weekdays[d], nil
	}
	functions["number"] = l.number
	return functions
}

// SafeLine turns a title or a name from the forum into one safe line.
func SafeLine(s string) string { return line.Fit(s, titleLimit) }
