package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// countedPlural matches a number with a noun that is right for all numbers but one.
var countedPlural = regexp.MustCompile(`%d (more )?(members|messages|posts|addresses|subscribers|digests|alerts|announcements|migrations|days|hours|weeks|sections|threads|bytes|minutes|seconds|complaints|attempts)\b`)

// Whoever reads "1 addresses" doubts the number. Errors name limits, which are never one.
func TestPlural_CountsHaveBothForms(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range regexp.MustCompile(`\n`).Split(string(text), -1) {
			if found := countedPlural.FindString(line); found != "" && !regexp.MustCompile(`_test\.go$`).MatchString(name) && !regexp.MustCompile(`Errorf|errors\.New|usageError`).MatchString(line) {
				t.Errorf("%s:%d: %q: use plural", name, i+1, found)
			}
		}
	}
	for n, want := range map[int]string{0: "0 addresses", 1: "1 address", 2: "2 addresses"} {
		if got := plural(n, "address", "addresses"); got != want {
			t.Errorf("plural(%d) = %q, want %q", n, got, want)
		}
	}
}
