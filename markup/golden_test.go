package markup

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postrider/internal/golden"
)

// sampleLinks are those of a forum in a folder of its site.
func sampleLinks() Links {
	return Links{
		Base:   "https://forum.example.org/community",
		Post:   func(id int64) string { return fmt.Sprintf("https://forum.example.org/community/posts/%d/", id) },
		Member: func(id int64) string { return fmt.Sprintf("https://forum.example.org/community/members/%d/", id) },
	}
}

// page makes a golden file that a browser can open.
func page(body string) string {
	return "<!doctype html>\n<meta charset=\"utf-8\">\n<body style=\"margin:16px;font:16px sans-serif\">\n" +
		strings.NewReplacer("</p><", "</p>\n<", "</li><", "</li>\n<", "</tr><", "</tr>\n<", "</pre><", "</pre>\n<",
			"</blockquote><", "</blockquote>\n<", "</div><", "</div>\n<").Replace(body) + "\n"
}

func TestPost_Golden(t *testing.T) {
	files, err := filepath.Glob("testdata/bbcode/*.in")
	if err != nil || len(files) == 0 {
		t.Fatalf("no posts in testdata/bbcode: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".in")
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			d := BBCode(string(src), sampleLinks())
			short := d.Excerpt(300)
			golden.Files(t, "../bbcode/"+name, map[string]string{
				"html":         page(d.HTML(Labels{})),
				"txt":          d.Text(Labels{}, 72) + "\n",
				"excerpt.html": page(short.HTML(Labels{})),
				"excerpt.txt":  short.Text(Labels{}, 72) + "\n",
			})
			for _, shown := range []string{d.HTML(Labels{}), d.Text(Labels{}, 72), short.HTML(Labels{}), fmt.Sprint(d.Quotes())} {
				if strings.Contains(shown, "SECRET") {
					t.Errorf("hidden text is shown in:\n%s", shown)
				}
			}
		})
	}
}
