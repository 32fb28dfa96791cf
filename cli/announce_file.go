package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"postrider/digest"
)

// announcementFile is an announcement as it stands in files: see docs/announcements.md.
type announcementFile struct {
	frontMatter
	variants []digest.Variant
	lines    []int // for each variant, how many lines of its file stand above its body
	files    []string
	dir      string // of the first file: lists of members lie beside it
}

// frontMatter is what stands above the text. The keys that follow the locale belong to the whole announcement, and to
// its first variant alone.
type frontMatter struct {
	Title      string         `toml:"title"`
	Locale     string         `toml:"locale"`
	Forced     bool           `toml:"forced"`
	Speed      *int           `toml:"speed"`
	Canary     *float64       `toml:"canary"`
	CanaryWait *time.Duration `toml:"canary_wait"`
	Audience   audienceFile   `toml:"audience"`
}

// audienceFile is the [audience] of an announcement, before names have become numbers.
type audienceFile struct {
	Groups        []any    `toml:"groups"`
	Sections      []any    `toml:"sections"`
	Locales       []string `toml:"locales"`
	MinPosts      int      `toml:"min_posts"`
	MaxPosts      int      `toml:"max_posts"`
	JoinedAfter   any      `toml:"joined_after"` // a day, or a moment
	JoinedBefore  any      `toml:"joined_before"`
	VisitedAfter  any      `toml:"visited_after"`
	VisitedBefore any      `toml:"visited_before"`
	Members       []any    `toml:"members"`
	MembersFile   string   `toml:"members_file"`
	Except        []any    `toml:"except"`
	ExceptFile    string   `toml:"except_file"`
	ExceptGroups  []any    `toml:"except_groups"`
}

// frontMatterDelimiter stands on a line of its own above and below a front matter.
const frontMatterDelimiter = "+++"

// readAnnouncement reads the files of an announcement. Variants without a locale are in the site's.
func readAnnouncement(paths []string, site string) (*announcementFile, error) {
	l := &announcementFile{dir: filepath.Dir(paths[0])}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading an announcement: %w", err)
		}
		if err := l.read(path, string(text), site); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return l, nil
}

// read reads one file, with one variant or several.
func (l *announcementFile) read(path, text, site string) error {
	lines := strings.Split(strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n"), "\n")
	at := 0
	for at < len(lines) && strings.TrimSpace(lines[at]) == "" {
		at++
	}
	if at == len(lines) || !isFence(lines[at]) {
		return fmt.Errorf("line %d: an announcement begins with a line %s, then title = \"...\", then %s again, then its text", at+1, frontMatterDelimiter, frontMatterDelimiter)
	}
	for at < len(lines) {
		end := nextFence(lines, at+1)
		if end == len(lines) {
			return fmt.Errorf("line %d: this %s is never closed by another", at+1, frontMatterDelimiter)
		}
		next := nextFence(lines, end+1)
		if err := l.section(path, lines[at+1:end], at+1, lines[end+1:next], end+1, site); err != nil {
			return err
		}
		at = next
	}
	return nil
}

func isFence(line string) bool { return strings.TrimRight(line, " \t") == frontMatterDelimiter }

// nextFence is the first line from at on that is a fence, or the end.
func nextFence(lines []string, at int) int {
	for at < len(lines) && !isFence(lines[at]) {
		at++
	}
	return at
}

// section takes in a variant: its front matter, which begins behind so many lines of the file, and its body.
func (l *announcementFile) section(path string, front []string, above int, body []string, aboveBody int, site string) error {
	var m frontMatter
	meta, err := toml.Decode(strings.Join(front, "\n"), &m)
	if err != nil {
		if at, ok := errors.AsType[toml.ParseError](err); ok {
			return fmt.Errorf("line %d: %s", above+at.Position.Line, at.Message)
		}
		return fmt.Errorf("line %d: %w", above+1, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return fmt.Errorf("line %d: there is no key %s; see docs/announcements.md", above+1, unknown[0])
	}
	if len(l.variants) == 0 {
		l.frontMatter = m
	}
	for _, key := range meta.Keys() {
		if name := key.String(); len(l.variants) > 0 && name != "title" && name != "locale" {
			return fmt.Errorf("line %d: %s belongs to the whole announcement: give it in its first front matter", above+1, name)
		}
	}
	if m.Locale == "" {
		m.Locale = site
	}
	l.variants = append(l.variants, digest.Variant{Locale: m.Locale, Title: m.Title, Body: strings.Trim(strings.Join(body, "\n"), "\n")})
	l.files = append(l.files, path)
	for len(body) > 0 && body[0] == "" {
		body = body[1:]
		aboveBody++
	}
	l.lines = append(l.lines, aboveBody)
	return nil
}
