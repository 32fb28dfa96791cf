// Package templates holds all text that people read: emails in HTML and plain text, web pages, and the messages of
// every language.
//
// The files are embedded; files of the same name in a folder override them one by one. Each kind of email has an HTML
// and a text template, for example mail/digest.html and mail/digest.txt; mail/common.html and mail/common.txt hold
// what they share. locales/xx.toml holds the words of a language for members, locales/admin/xx.toml those for admins; a
// language without the second uses English for alarms, admin pages and explanations. [Load] parses everything. If a folder overrides
// files, it also renders samples in the languages that these can break, so that a mistake in them shows when the daemon starts. [Set.NewRenderer] returns the renderer of one
// forum. It renders and encodes what members share once, and joins each member's email from these fragments.
//
// [Set.Pages] returns the web pages: page/frame.html wraps each of the others, and page/style.css is their
// stylesheet. The admin pages are in page/admin, with their own frame and stylesheet.
//
// The package decides nothing: package digest decides what an email contains and in which order.
package templates

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

//go:embed mail page locales
var embedded embed.FS

// Set is all templates in all languages. It is immutable and safe for concurrent use.
type Set struct {
	locales      []*lazyLocale // the first is the fallback for unknown languages
	members      languages     // all locales
	admins       languages     // those with words for admins
	mails        map[kind]mailTemplates
	web          map[string]*htmltemplate.Template // the pages by name
	samples      map[kind]sampleData
	announcement announcementSample
	files        overlayFS // the source of all of it
	brand        Brand
	palette      palette

	style, adminStyle, adminScript, timesScript asset // of the pages
}

// Load reads the embedded templates and locales, and overrides them with those in dir. With an empty dir, all calls
// return the same set, which is loaded once.
func Load(dir string) (*Set, error) {
	if dir == "" {
		return defaults()
	}
	return LoadBranded(dir, Brand{})
}

// LoadBranded is [Load] for a site with a brand, which Validate accepts.
func LoadBranded(dir string, brand Brand) (*Set, error) {
	if dir == "" {
		return loadFrom("", brand)
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() { // all files in it are optional, so nothing else would notice
		return nil, fmt.Errorf("templates.dir: %s is not a folder: %w", dir, cmp.Or(err, fs.ErrNotExist))
	}
	return loadFrom(dir, brand)
}

var defaults = sync.OnceValues(func() (*Set, error) { return loadFrom("", Brand{}) })

func loadFrom(dir string, brand Brand) (*Set, error) {
	colors, err := brand.palette()
	if err != nil {
		return nil, fmt.Errorf("accent: %w", err)
	}
	files := overlayFS{dir}
	s := &Set{files: files, brand: brand, palette: colors}
	if s.locales, err = s.findLocales(); err != nil {
		return nil, err
	}
	s.members = newLanguages(s.locales)
	s.admins = newLanguages(slices.DeleteFunc(slices.Clone(s.locales), func(l *lazyLocale) bool { return !l.admins }))
	used, err := s.bind(files)
	if err != nil {
		return nil, err
	}
	if err := s.checkKeys(used); err != nil {
		return nil, err
	}
	if s.samples, err = readSamples(files); err != nil {
		return nil, err
	}
	if s.announcement, err = readAnnouncementSample(files); err != nil {
		return nil, err
	}
	return s, s.renderSamples(s.sampled(mailDir, s.members))
}

// functions returns the functions that templates may call.
func (l *locale) functions() map[string]any {
	functions := map[string]any{
		"t":         l.text,
		"wrap":      wrap,
		"underline": underline,
		"quote":     quoteLines,
		"start":     l.start,
	}
	maps.Copy(functions, l.palette.functions())
	return functions
}

// unindent removes the indentation of a template, which only helps its editors and would cost every reader bytes. It
// keeps the lines, so that line numbers in errors stay right.
func unindent(src string) string {
	lines := strings.Split(src, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimLeft(line, " \t")
	}
	return strings.Join(lines, "\n")
}

// overlayFS is the embedded files, overridden by those in dir.
type overlayFS struct {
	dir string
}

func (o overlayFS) read(name string) (string, error) {
	if o.dir != "" {
		b, err := os.ReadFile(filepath.Join(o.dir, filepath.FromSlash(name)))
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return string(b), err
		}
	}
	b, err := fs.ReadFile(embedded, name)
	return string(b), err
}

// displayName returns the path of a file as its editor knows it: in dir if it exists there.
func (o overlayFS) displayName(name string) string {
	if !o.own(name) {
		return name
	}
	return filepath.Join(o.dir, filepath.FromSlash(name))
}

// own reports whether a file comes from dir.
func (o overlayFS) own(name string) bool {
	if o.dir == "" || name == "" {
		return false
	}
	_, err := os.Stat(filepath.Join(o.dir, filepath.FromSlash(name)))
	return err == nil
}

// ownIn reports whether any file of a folder comes from dir.
func (o overlayFS) ownIn(folder string) bool {
	found := false
	fs.WalkDir(embedded, folder, func(name string, e fs.DirEntry, _ error) error {
		found = found || !e.IsDir() && o.own(name)
		return nil
	})
	return found
}

// list returns the files in a folder that end with ext.
func (o overlayFS) list(folder, ext string) ([]string, error) {
	entries, err := fs.ReadDir(embedded, folder)
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
