package sqlfile

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"postrider/internal/nearest"
)

// Setting is the value of a key above the first query of a file.
type Setting struct {
	Value string // not empty, without spaces at its ends
	Line  int    // from 1
}

var (
	// settingLike is what may be meant as a setting: a comment that begins with one word and a colon.
	settingLike = regexp.MustCompile(`^\s*--\s*([A-Za-z][A-Za-z_-]*)\s*:(.*)$`)
	setting     = regexp.MustCompile(`^-- ([a-z][a-z-]*):(.*)$`)
)

// Settings reads the settings of a file: comments of the form "-- key: value" above its first query. Other comments are remarks.
// Keys are words of lower-case letters and hyphens. It reports all mistakes, each with file and line: an unknown key with the one that
// is most like it, a key that is there twice or below the first query, and a key without a value.
func Settings(file, text string, keys []string) (map[string]Setting, error) {
	r := settingReader{file: file, keys: keys, found: make(map[string]Setting)}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, " \t\r\n")
		if headerLike.MatchString(line) {
			r.below = true
			continue
		}
		r.read(n, line)
	}
	return r.found, errors.Join(r.errs...)
}

type settingReader struct {
	file  string
	keys  []string
	found map[string]Setting
	below bool // the first query
	errs  []error
}

func (r *settingReader) errorf(line int, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d: "+format, append([]any{r.file, line}, args...)...))
}

// read reads a line that does not begin a query.
func (r *settingReader) read(n int, line string) {
	like := settingLike.FindStringSubmatch(line)
	if like == nil {
		return
	}
	word := strings.ReplaceAll(strings.ToLower(like[1]), "_", "-")
	known := slices.Contains(r.keys, word)
	exact := setting.FindStringSubmatch(line)
	switch {
	case r.below:
		if known && exact != nil {
			r.errorf(n, "%q is below the first query: move it to the top of the file", exact[0])
		}
	case exact == nil && known:
		r.errorf(n, "%q is not read: write it as \"-- %s: VALUE\"", strings.TrimSpace(line), word)
	case exact == nil:
		if near := nearest.Word(word, r.keys); near != "" && nearest.Distance(word, near) <= 2 {
			r.errorf(n, "%q is not read: did you mean \"-- %s: VALUE\"?", strings.TrimSpace(line), near)
		}
	case !known:
		r.errorf(n, "unknown key %q: must be one of %s; did you mean %s? (a remark must not begin with one word and a colon)",
			exact[1], strings.Join(r.keys, ", "), nearest.Word(word, r.keys))
	default:
		r.keep(n, exact[1], strings.TrimSpace(exact[2]))
	}
}

func (r *settingReader) keep(n int, key, value string) {
	switch first, twice := r.found[key]; {
	case twice:
		r.errorf(n, "%s is already set at line %d", key, first.Line)
	case value == "":
		r.errorf(n, "%s has no value: give it one, or remove the line", key)
	case strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c == 0x7f }):
		r.errorf(n, "%s contains a control character", key)
	default:
		r.found[key] = Setting{Value: value, Line: n}
	}
}
