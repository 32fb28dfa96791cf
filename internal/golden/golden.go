// Package golden compares the output of a test with reviewed files in testdata/golden, which can be opened in a browser.
// Run the test with -update to rewrite them, then read the diff.
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Files compares texts, keyed by extension, with testdata/golden/name.ext.
func Files(t testing.TB, name string, texts map[string]string) {
	t.Helper()
	for ext, got := range texts {
		compare(t, filepath.Join("testdata", "golden", name+"."+ext), got)
	}
}

func compare(t testing.TB, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run the test with -update to write it)", err)
		return
	}
	if got == string(want) {
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i, line := range gotLines {
		if i == len(wantLines) || line != wantLines[i] {
			t.Errorf("%s:%d: got\n\t%s\nwant\n\t%s", file, i+1, line, lineAt(wantLines, i))
			return
		}
	}
	t.Errorf("%s: got %d lines, want %d", file, len(gotLines), len(wantLines))
}

func lineAt(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(the end)"
}
