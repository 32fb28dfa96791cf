// Package forumtest runs commands on the database of a real forum, and compares what they print with what the forum's own software would
// show to some members.
package forumtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"postrider/cli"
)

// Expectation is what a forum's own software would show, by post ID.
type Expectation struct {
	Window  [2]int64          `json:"window_unix"`
	Members map[string]Member `json:"members"`
	NoMail  map[string]int64  `json:"members_that_get_no_mail"`
	Keys    struct {
		Members map[string]int64 `json:"members"`
	} `json:"keys"`
}

// Member is the expectation for a member.
type Member struct {
	ID      int64             `json:"member_id"`
	Show    []int64           `json:"must_show_if_only_watched"`
	MustNot map[string]string `json:"must_not"` // reasons by post
	Own     []int64           `json:"own_posts_in_window"`
}

// Read reads an expectation from a file.
func Read(t *testing.T, path string) Expectation {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var e Expectation
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return e
}

// WriteConfig writes a configuration for a forum into a directory. It returns the path.
func WriteConfig(t *testing.T, dir, kind, forum, store, relay string) string {
	t.Helper()
	path := filepath.Join(dir, "config.toml")
	text := fmt.Sprintf("[forum]\ntype = %q\ndsn = %q\nurl = \"https://forum.example.org\"\nname = \"Example Forum\"\n[store]\ndsn = %q\nlease = \"2s\"\n[smtp]\nurl = %q\nfrom = \"Example Forum <digest@forum.example.org>\"\n[web]\nlisten = \"\"\nprobe = false\n[log]\nformat = \"json\"\n", kind, forum, store, relay)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Run runs a command line in this process.
func Run(t *testing.T, args ...string) (out, errOut string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = cli.Run(t.Context(), args, &stdout, &stderr, func(string) string { return "" })
	return stdout.String(), stderr.String(), code
}
