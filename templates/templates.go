// Package templates holds all that a person reads: the mails, in HTML and in plain text, and the
// words of every language.
//
// The files are embedded, and a folder overlays them one by one: mail/digest.html and
// mail/digest.txt say how a digest looks, mail/alert.html and mail/alert.txt how an alert does,
// mail/announcement.html and mail/announcement.txt how an announcement does, and mail/common.html and mail/common.txt what they share; locales/xx.toml is how a language says it. [Load]
// parses all of them and lays samples in every language, so that a fault shows when the daemon starts.
// [Set.Renderer] is the printing press of one forum: it renders what members share once, encodes it,
// and lays each member's mail from the pieces.
//
// [Set.Pages] are the web pages: page/frame.html around each of the others, and page/style.css. Those of the room for
// administrators are in page/admin, with a frame and a stylesheet of their own.
//
// The package decides nothing: what stands in a mail, and in which order, is digest's business.
package templates

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

//go:embed mail page locales
var embedded embed.FS

// Set is all templates in all languages. It is immutable and safe for concurrent use.
type Set struct {
	locales []*locale // the first is for those whose language is not there
	matcher language.Matcher
	samples map[kind]sampleData
	notice  noticeSample
	files   overlayFS // where all of it came from

	style, adminStyle, adminScript asset // of the pages
}

// Load reads the shipped templates and locales, or those of them that dir holds, too, from there.
// An empty dir overlays nothing: all calls share one set then, which is read and tried once.
func Load(dir string) (*Set, error) {
	if dir == "" {
		return defaults()
	}
	return loadFrom(dir)
}

var defaults = sync.OnceValues(func() (*Set, error) { return loadFrom("") })

func loadFrom(dir string) (*Set, error) {
	files := overlayFS{dir}
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
	if s.samples, err = readSamples(files); err != nil {
		return nil, err
	}
	if s.notice, err = readNoticeSample(files); err != nil {
		return nil, err
	}
	return s, s.renderAllSamples()
}

// functions are what the templates may call.
func (l *locale) functions() map[string]any {
	return map[string]any{
		"t":         l.text,
		"wrap":      wrap,
		"underline": underline,
		"quote":     quoteLines,
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

// overlayFS is the shipped files with those of a folder laid over them.
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

// displayName names a file as whoever may edit it knows it.
func (o overlayFS) displayName(name string) string {
	own := filepath.Join(o.dir, filepath.FromSlash(name))
	if _, err := os.Stat(own); o.dir == "" || err != nil {
		return name
	}
	return own
}

// list names the files of a folder that end with ext.
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

// Locales names the languages that mails can be written in.
func (s *Set) Locales() []string {
	names := make([]string, len(s.locales))
	for i, l := range s.locales {
		names[i] = l.tag.String()
	}
	return names
}
