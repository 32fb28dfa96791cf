// Package templates holds all that a person reads: the mails, in HTML and in plain text, and the
// words of every language.
//
// The files are embedded, and a folder overlays them one by one: mail/digest.html and
// mail/digest.txt say how a digest looks, locales/xx.toml how a language says it. [Load] parses all
// of them and lays a sample in every language, so that a fault shows when the daemon starts.
// [Set.Press] is the printing press of one forum: it renders what members share once, encodes it,
// and lays each member's digest from the pieces.
//
// [Set.Pages] are the web pages: page/frame.html around each of the others, and page/style.css.
//
// The package decides nothing: what stands in a digest, and in which order, is digest's business.
package templates

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	texttemplate "text/template"

	"golang.org/x/text/language"
)

//go:embed mail page locales
var shipped embed.FS

const (
	htmlFile   = "mail/digest.html"
	textFile   = "mail/digest.txt"
	sampleFile = "mail/digest.sample.toml"
)

// Set is all templates in all languages. It is immutable and safe for concurrent use.
type Set struct {
	locales []*locale // the first is for those whose language is not there
	matcher language.Matcher
	sample  sampleData
	style   style   // of the pages
	files   overlay // where all of it came from
}

// pages are the templates of a digest, bound to a language.
type pages struct {
	html *htmltemplate.Template
	text *texttemplate.Template
}

// Load reads the shipped templates and locales, or those of them that dir holds, too, from there.
// An empty dir overlays nothing.
func Load(dir string) (*Set, error) {
	files := overlay{dir}
	locales, err := readLocales(files)
	if err != nil {
		return nil, err
	}
	s := &Set{locales: locales, files: files}
	var tags []language.Tag
	for _, l := range locales {
		tags = append(tags, l.tag)
	}
	s.matcher = language.NewMatcher(tags)
	used, err := s.bind(files)
	if err != nil {
		return nil, err
	}
	if err := s.bindAlarm(files, used); err != nil {
		return nil, err
	}
	for _, l := range locales {
		if err := l.checkKeys(used); err != nil {
			return nil, err
		}
		l.words = l.markupWords()
	}
	src, err := files.read(sampleFile)
	if err != nil {
		return nil, fmt.Errorf("reading the sample: %w", err)
	}
	if s.sample, err = readSample(files.say(sampleFile), src); err != nil {
		return nil, err
	}
	return s, s.tryAll()
}

// bind parses the templates, and gives each locale its own copy that speaks its language. It tells
// which keys the templates and the package use, and where.
func (s *Set) bind(files overlay) (used map[string]string, err error) {
	htmlSrc, err := files.read(htmlFile)
	if err != nil {
		return nil, fmt.Errorf("reading the templates: %w", err)
	}
	textSrc, err := files.read(textFile)
	if err != nil {
		return nil, fmt.Errorf("reading the templates: %w", err)
	}
	mute := (&locale{}).functions()
	html, err := htmltemplate.New(files.say(htmlFile)).Funcs(mute).Parse(unindent(htmlSrc))
	if err != nil {
		return nil, fmt.Errorf("parsing the templates: %w", err)
	}
	text, err := texttemplate.New(files.say(textFile)).Funcs(mute).Parse(textSrc)
	if err != nil {
		return nil, fmt.Errorf("parsing the templates: %w", err)
	}
	used = map[string]string{}
	for _, key := range ownKeys() {
		used[key] = "the program"
	}
	for _, name := range []string{"shell", "section", "thread", "post", "more"} {
		h, t := html.Lookup(name), text.Lookup(name)
		if h == nil || t == nil {
			missing := files.say(htmlFile)
			if h != nil {
				missing = files.say(textFile)
			}
			return nil, fmt.Errorf("%s:1: defines no template %q", missing, name)
		}
		keysIn(h.Tree, used)
		keysIn(t.Tree, used)
	}
	for _, l := range s.locales {
		own, err := html.Clone()
		if err != nil {
			return nil, fmt.Errorf("copying the templates: %w", err)
		}
		ownText, err := text.Clone()
		if err != nil {
			return nil, fmt.Errorf("copying the templates: %w", err)
		}
		l.pages = pages{html: own.Funcs(l.functions()), text: ownText.Funcs(l.functions())}
	}
	return used, s.bindPages(files, used)
}

// functions are what the templates may call.
func (l *locale) functions() map[string]any {
	return map[string]any{
		"t":         l.fill,
		"wrap":      wrap,
		"underline": underline,
	}
}

// unindent takes the indentation out of a template: it is there for whoever edits it, and would
// only cost every reader bytes. Lines stay lines, so that errors name the right one.
func unindent(src string) string {
	lines := strings.Split(src, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimLeft(line, " \t")
	}
	return strings.Join(lines, "\n")
}

// locale finds the language for a BCP 47 tag, or for what a forum takes for one: the first of the wishes that is
// there, else the reference.
func (s *Set) locale(wishes ...string) *locale {
	for _, name := range wishes {
		tag, err := language.Parse(name)
		if err != nil {
			continue
		}
		if _, i, confidence := s.matcher.Match(tag); confidence != language.No {
			return s.locales[i]
		}
	}
	return s.locales[0]
}

// render executes a template in both forms.
func (p *Press) render(l *locale, name string, html, text any) (htmlOut, textOut string, err error) {
	var b bytes.Buffer
	if err := l.pages.html.ExecuteTemplate(&b, name, html); err != nil {
		return "", "", fmt.Errorf("rendering: %w", err)
	}
	htmlOut = b.String()
	b.Reset()
	if err := l.pages.text.ExecuteTemplate(&b, name, text); err != nil {
		return "", "", fmt.Errorf("rendering: %w", err)
	}
	if p.proof {
		if err := proofread(htmlOut); err != nil {
			return "", "", fmt.Errorf("%s: template %q %w", where(l.pages.html.Lookup(name).Tree), name, err)
		}
	}
	return htmlOut, b.String(), nil
}

// overlay is the shipped files with those of a folder laid over them.
type overlay struct {
	dir string
}

func (o overlay) read(name string) (string, error) {
	if o.dir != "" {
		b, err := os.ReadFile(filepath.Join(o.dir, filepath.FromSlash(name)))
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return string(b), err
		}
	}
	b, err := fs.ReadFile(shipped, name)
	return string(b), err
}

// say names a file as whoever may edit it knows it.
func (o overlay) say(name string) string {
	own := filepath.Join(o.dir, filepath.FromSlash(name))
	if _, err := os.Stat(own); o.dir == "" || err != nil {
		return name
	}
	return own
}

// list names the files of a folder that end with ext.
func (o overlay) list(folder, ext string) ([]string, error) {
	entries, err := fs.ReadDir(shipped, folder)
	if err != nil {
		return nil, err
	}
	if o.dir != "" {
		own, err := os.ReadDir(filepath.Join(o.dir, folder))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		entries = append(entries, own...)
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ext) && !e.IsDir() {
			names = append(names, path.Join(folder, e.Name()))
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Locales names the languages that mails can be written in.
func (s *Set) Locales() []string {
	names := make([]string, len(s.locales))
	for i, l := range s.locales {
		names[i] = l.tag.String()
	}
	return names
}
