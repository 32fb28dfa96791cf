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

// announcementFile is an announcement read from files. The format is documented in docs/announcements.md.
type announcementFile struct {
	frontMatter
	variants []digest.Variant
	lines    []int // for each variant, how many lines of its file precede its body
	files    []string
	dir      string // of the first file; paths of member lists are relative to it
}

// frontMatter holds the settings above the text. The keys after Locale apply to the whole announcement. Only the first
// variant may set them.
type frontMatter struct {
	Title      string         `toml:"title"`
	Locale     string         `toml:"locale"`
	Forced     bool           `toml:"forced"`
	Speed      *int           `toml:"speed"`
	Canary     *float64       `toml:"canary"`
	CanaryWait *time.Duration `toml:"canary_wait"`
	Audience   audienceFile   `toml:"audience"`
}

// audienceFile is the [audience] table of an announcement, before its names are resolved to IDs.
type audienceFile struct {
	Groups        []any    `toml:"groups"`
	Sections      []any    `toml:"sections"`
	Locales       []string `toml:"locales"`
	MinPosts      int      `toml:"min_posts"`
	MaxPosts      int      `toml:"max_posts"`
	JoinedAfter   any      `toml:"joined_after"` // a date or a time
	JoinedBefore  any      `toml:"joined_before"`
	VisitedAfter  any      `toml:"visited_after"`
	VisitedBefore any      `toml:"visited_before"`
	Members       []any    `toml:"members"`
	MembersFile   string   `toml:"members_file"`
	Except        []any    `toml:"except"`
	ExceptFile    string   `toml:"except_file"`
	ExceptGroups  []any    `toml:"except_groups"`
}

// frontMatterDelimiter is the line above and below a front matter.
const frontMatterDelimiter = "+++"

// readAnnouncement reads the files of an announcement. Variants without a locale get the site's.
func readAnnouncement(paths []string, site string) (*announcementFile, error) {
	l := &announcementFile{dir: filepath.Dir(paths[0])}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading the announcement: %w", err)
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
		return fmt.Errorf("line %d: expected a line %s, then title = \"...\", then %s again, then the text", at+1, frontMatterDelimiter, frontMatterDelimiter)
	}
	for at < len(lines) {
		end := nextFence(lines, at+1)
		if end == len(lines) {
			return fmt.Errorf("line %d: this %s has no closing line", at+1, frontMatterDelimiter)
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

// nextFence returns the index of the first fence from at on, or len(lines).
func nextFence(lines []string, at int) int {
	for at < len(lines) && !isFence(lines[at]) {
		at++
	}
	return at
}

// section adds a variant from its front matter and its body. above and aboveBody are the numbers of lines before each.
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
		return fmt.Errorf("line %d: unknown key %s; see docs/announcements.md", above+1, unknown[0])
	}
	if len(l.variants) == 0 {
		l.frontMatter = m
	}
	for _, key := range meta.Keys() {
		if name := key.String(); len(l.variants) > 0 && name != "title" && name != "locale" {
			return fmt.Errorf("line %d: %s applies to the whole announcement: set it in the first front matter", above+1, name)
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
