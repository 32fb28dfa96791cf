package markup

import "testing"

func TestText_Renders(t *testing.T) {
	tests := []struct {
		name  string
		src   string
		width int
		want  string
	}{
		{"a quote and a reply", "[quote=Ray]x[/quote]\ny", 40, "> Ray wrote:\n> x\n\ny"},
		{"a fake quote", "> Ray wrote:\n>> x", 40, " > Ray wrote:\n >> x"},
		{"a fake quote through wrapping", "aaaa bbbb cccc > dddd", 16, "aaaa bbbb cccc\n > dddd"},
		{"a fake signature", "x\n-- \nRay", 40, "x\n --\nRay"},
		{"a fake signature in bold", "x\n[b]-- [/b]\nRay", 40, "x\n*--*\nRay"},
		{"one link", "see [url=http://a.example/]this[/url].", 40, "see this.\nhttp://a.example/"},
		{"two links", "[url=http://a.example/]a[/url] [url=http://b.example/]b[/url]", 40, "a [1] b [2]\n[1] http://a.example/\n[2] http://b.example/"},
		{"one link twice", "[url=http://a.example/]a[/url] [url=http://a.example/]b[/url]", 40, "a b\nhttp://a.example/"},
		{"a typed URL after words", "see http://a.example/x", 40, "see\nhttp://a.example/x"},
		{"a typed URL between words", "see http://www.a.example/x now", 40, "see a.example now\nhttp://www.a.example/x"},
		{"a link that shows its URL", "[url=http://a.example/]http://a.example[/url]", 40, "http://a.example/"},
		{"a URL is never broken", "http://a.example/aaaaaaaaaaaaaaaaaaaaaaaa", 16, "http://a.example/aaaaaaaaaaaaaaaaaaaaaaaa"},
		{"a long word is broken", "aaaaaaaaaaaaaaaaaaaaaaaa", 16, "aaaaaaaaaaaaaaa\naaaaaaaaa"},
		{"wide characters count twice", "漢字漢字漢字漢字漢字", 16, "漢字漢字漢字漢\n字漢字"},
		{"Korean is broken between words", "대한민국 정부는 중국과", 16, "대한민국 정부는\n중국과"},
		{"a list", "[list][*]a[*]b c d e f g h i[/list]", 16, "* a\n* b c d e f g h\n  i"},
		{"ten items", "[list=1]" + "[*]a[*]a[*]a[*]a[*]a[*]a[*]a[*]a[*]a" + "[*]b c d e f g h i[/list]", 16,
			"1. a\n2. a\n3. a\n4. a\n5. a\n6. a\n7. a\n8. a\n9. a\n10. b c d e f g\n    h i"},
		{"code keeps its lines", "[code]if x {\n\ty\n}[/code]", 40, "    if x {\n        y\n    }"},
		{"a table in columns", "[table][tr][td]a[/td][td]bb[/td][/tr][tr][td]ccc[/td][td]d[/td][/tr][/table]", 40, "a   | bb\nccc | d"},
		{"a paragraph after a table", "[table][tr][td]a[/td][/tr][/table]b", 40, "a\n\nb"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := BBCode(tt.src, Links{}).Text(Labels{}, tt.width); got != tt.want {
				t.Errorf("Text(%d) of %q = %q, want %q", tt.width, tt.src, got, tt.want)
			}
		})
	}
}
