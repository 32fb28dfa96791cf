package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"postrider/internal/racetest"
)

// textFiles are the files with text that people read. A set is checked once it is on; turn it on when it is clean.
var textFiles = []struct {
	name     string
	patterns []string
	text     func(string) string // drops what is not prose, and keeps the line numbers
	on       bool
}{
	{"documents", []string{"*.md", "docs/*.md", "docs/*/*.md"}, withoutCode, true},
	{"configuration", []string{"config.example.toml"}, withoutCode, true},
	{"English locale", []string{"templates/locales/en.toml", "templates/locales/admin/en.toml"}, onlyValues, true},
	{"help of the commands", []string{"cli/testdata/golden/*.help"}, withoutCode, true},
	{"Go comments", []string{"*.go", "*/*.go", "*/*/*.go", "*/*/*/*.go"}, onlyComments, true},
}

// bannedWords are words and phrases that have a plainer or more exact replacement. The glossary has the terms to use.
var bannedWords = []struct{ pattern, instead string }{
	{`he|his|him|himself|she|her|hers|herself`, "the member, they, you"},
	{`told|tells? of|tells? that`, "notified, logs, explains, documents"},
	{`whom`, "a sentence about who does it"},
	{`anew`, "again"},
	{`mend|mends|mended|cure`, "fix"},
	{`nobody's|so that nobody|nobody is blamed`, "no member, no address"},
	{`in its stead|in his stead`, "instead"},
	{`shall`, "must, will"},
	{`lest|thereby|thus|whence|whereupon|upon|ere`, "plain English"},
	{`mails`, "emails (for members), messages (for operators)"},
	{`lays|laid`, "renders"},
	{`came back|comes back`, "bounced"},
	{`hand(s|ed|ing)? over`, "send, deliver"},
	{`takes? in|taken in`, "receive, process"},
	{`write(s)? down|written down`, "save, record"},
	{`need not|needs not`, "does not have to"},
	{`of its own|by itself`, "its own, on its own"},
	{`for good`, "permanently"},
	{`is to be|are to be`, "must be, will be"},
	{`out of reach`, "unreachable"},
	{`goes on|go on`, "continues, resumes"},
	{`room for administrators|the room`, "admin web interface"},
}

// bannedExact are banned in exactly this spelling.
var bannedExact = regexp.MustCompile(`"(Well|Ill)"`)

var codeText = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")

// withoutCode drops code blocks and code spans.
func withoutCode(text string) string {
	return codeText.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat("\n", strings.Count(s, "\n")) })
}

var tomlKey = regexp.MustCompile(`(?m)^\s*(?:"[^"]*"|[\w.-]+)\s*=`)

// onlyValues drops the keys of TOML.
func onlyValues(text string) string { return tomlKey.ReplaceAllString(text, "") }

var lineComment = regexp.MustCompile(`(?m)(?:^|\s)//\s(.*)$`)

// onlyComments keeps the line comments of Go code.
func onlyComments(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if found := lineComment.FindStringSubmatch(line); found != nil {
			lines[i] = found[1]
		} else {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n")
}

func TestWords_ArePlain(t *testing.T) {
	racetest.SkipIfRace(t)
	var banned []*regexp.Regexp
	for _, w := range bannedWords {
		banned = append(banned, regexp.MustCompile(`(?i)\b(?:`+w.pattern+`)\b`))
	}
	for _, set := range textFiles {
		t.Run(set.name, func(t *testing.T) {
			if !set.on {
				t.Skip("not clean yet")
			}
			for _, file := range matchFiles(t, set.patterns) {
				for i, line := range strings.Split(set.text(read(t, file)), "\n") {
					for j, pattern := range banned {
						if found := pattern.FindString(line); found != "" {
							t.Errorf("%s:%d: %q (better: %s) in: %s", file, i+1, found, bannedWords[j].instead, strings.TrimSpace(line))
						}
					}
					if found := bannedExact.FindString(line); found != "" {
						t.Errorf("%s:%d: %s (better: healthy, unhealthy)", file, i+1, found)
					}
				}
			}
		})
	}
}

// matchFiles returns the files that match any of the patterns, except this one, which must name the words.
func matchFiles(t *testing.T, patterns []string) []string {
	t.Helper()
	var files []string
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			if file != "words_test.go" {
				files = append(files, file)
			}
		}
	}
	if len(files) == 0 {
		t.Fatalf("no file matches %v", patterns)
	}
	return files
}
