// Package templates holds all text that people read: emails in HTML and plain text, web pages, and the messages of
// every language.
//
// The files are embedded; files of the same name in a folder override them one by one. Each kind of email has an HTML
// and a text template, for example mail/digest.html and mail/digest.txt; mail/common.html and mail/common.txt hold
// what they share. locales/xx.toml holds the words of a language for members, locales/admin/xx.toml those for admins; a
// language without the second uses English for alarms, admin pages and explanations. [Load] parses everything. If a folder overrides
// files, it also renders samples in every language, so that a mistake in them shows when the daemon starts. [Set.NewRenderer] returns the renderer of one
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
	locales      []*locale // the first is the fallback for unknown languages
	members      languages // all locales
	admins       languages // those with words for admins
	samples      map[kind]sampleData
	announcement announcementSample
	files        overlayFS // the source of all of it
	brand        Brand

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
	locales, err := readLocales(files)
	if err != nil {
		return nil, err
	}
	for _, l := range locales {
		l.palette = colors
	}
	s := &Set{locales: locales, members: newLanguages(locales), files: files, brand: brand}
	s.admins = newLanguages(slices.DeleteFunc(slices.Clone(locales), func(l *locale) bool { return !l.admins }))
	used, err := s.bind(files)
	if err != nil {
		return nil, err
	}
	for _, l := range locales {
		if err := l.checkKeys(used); err != nil {
			return nil, err
		}
		l.words = l.markupWords()
	}
	if s.samples, err = readSamples(files); err != nil {
		return nil, err
	}
	if s.announcement, err = readAnnouncementSample(files); err != nil {
		return nil, err
	}
	if dir == "" { // a test renders the samples of the embedded files
		return s, nil
	}
	return s, s.renderAllSamples()
}

// functions returns the functions that templates may call.
func (l *locale) functions() map[string]any {
	functions := map[string]any{
		"t":         l.text,
		"wrap":      wrap,
		"underline": underline,
		"quote":     quoteLines,
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
	own := filepath.Join(o.dir, filepath.FromSlash(name))
	if _, err := os.Stat(own); o.dir == "" || err != nil {
		return name
	}
	return own
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
