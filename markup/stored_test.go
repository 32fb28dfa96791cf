package markup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postrider/internal/golden"
)

// storedAs read a post as a forum's database holds it, by the forum's software.
var storedAs = map[string]func(stored string) Doc{
	"phpbb": func(stored string) Doc {
		uid, text, _ := strings.Cut(stored, " ")
		return Dialect{EscapedNames: true, NoMentions: true}.PhpBB(text, uid, sampleLinks())
	},
	"flarum": func(stored string) Doc { return Dialect{NoMentions: true}.S9e(stored, sampleLinks()) },
	"smf": func(stored string) Doc {
		return Dialect{EscapedNames: true, NoMentions: true}.SMF(stored, sampleLinks())
	},
	"vanilla": func(stored string) Doc { // its first line is the format
		format, text, _ := strings.Cut(stored, "\n")
		return Dialect{}.Vanilla(format, text, sampleLinks())
	},
	"fluxbb": func(stored string) Doc { return Dialect{NoMentions: true}.BBCode(stored, sampleLinks()) },
}

// The posts are those of the dumps that between them have all elements that the forums' own code wrote there.
func TestStored_Golden(t *testing.T) {
	files, err := filepath.Glob("testdata/stored/*.in")
	if err != nil || len(files) < 28 {
		t.Fatalf("%d posts in testdata/stored: %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".in")
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			software, _, _ := strings.Cut(name, "-")
			d := storedAs[software](string(src))
			checkDoc(t, d)
			golden.Files(t, "../stored/"+name, map[string]string{"html": page(d.HTML(Labels{})), "txt": d.Text(Labels{}, 72) + "\n"})
		})
	}
}
