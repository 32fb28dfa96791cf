package line

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

func TestClean_MakesOneHarmlessLine(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain text stays", "Night train", "Night train"},
		{"no text", "", ""},
		{"only spaces", " \t\r\n ", ""},
		{"white space becomes single spaces", " a\r\n\tb  c\u00a0\u3000d ", "a b c d"},
		{"line separators become spaces", "a\u0085b\u2028c\u2029d", "a b c d"},
		{"control characters become spaces", "a\x00b\x1b[0mc\x7fd\u009be", "a b [0mc d e"},
		{"overrides are removed", "\u202egpj.exe\u202c", "gpj.exe"},
		{"embeddings and isolates are removed", "\u202aa\u202b\u202db\u2066\u2067\u2068c\u2069\u206a", "abc"},
		{"direction marks stay", "a\u200eb\u200fc\u061cd", "a\u200eb\u200fc\u061cd"},
		{"joiners and tags stay", "👨‍👩‍👧 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "👨‍👩‍👧 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"},
		{"byte order marks and annotations are removed", "\ufeffa\ufff9b\ufffac\ufffb", "abc"},
		{"noncharacters are removed", "a\ufdd0b\ufdefc\uffffd\U0010fffe", "abcd"},
		{"invalid bytes are shown as such", "a\xff\xfeb", "a\ufffd\ufffdb"},
		{"a removed character joins no spaces", "a \u202e b", "a b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Clean(tt.in); got != tt.want {
				t.Errorf("Clean(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestClean_DoesNotCopyCleanText(t *testing.T) {
	for _, s := range []string{"Night train", "Nachtzüge – 夜行列車"} {
		if n := testing.AllocsPerRun(10, func() { Clean(s) }); n > 0 {
			t.Errorf("Clean(%q) makes %v allocations, want none", s, n)
		}
	}
}

func TestIsBlank_SeesOnlyWhatReadersSee(t *testing.T) {
	for s, want := range map[string]bool{"": true, " \t\u00a0": true, "\u200b\u200d\u2060": true, "\u0301": true, "x": false, "\u200bж": false, "👨\u200d👩": false, "·": false} {
		if got := IsBlank(s); got != want {
			t.Errorf("IsBlank(%q) = %v, want %v", s, got, want)
		}
	}
}

func TestFit_CutsBetweenCharacters(t *testing.T) {
	for _, tt := range []struct {
		name, in, want string
		limit          int
	}{
		{"a long line is cut", "abcdefgh", "abcd…", 5},
		{"a line at the limit is not cut", "äbcde", "äbcde", 5},
		{"the limit applies to the clean text", "  abc\r\n\tde", "abc de", 6},
		{"no space before the ellipsis", "abc defg", "abc…", 5},
		{"a flag is not split", "🇩🇪🇫🇷🇳🇱🇧🇪", "🇩🇪🇫🇷…", 3},
		{"a family is not split", "👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦…", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Fit(tt.in, tt.limit); got != tt.want {
				t.Errorf("Fit(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
			}
		})
	}
}

func TestFit_CutsStackedMarks(t *testing.T) {
	if got := Fit("Z"+strings.Repeat("\u0321", 100_000)+"algo", 50); len(got) > 1000 {
		t.Errorf("Fit leaves %d bytes", len(got))
	}
}

func FuzzFit(f *testing.F) {
	for _, s := range []string{"", "a\xff\ufdd0", "👨‍👩‍👧‍👦 \u202e", "e\u0301\u0301\u0301 한국어", "Anna\r\nBcc: x@y", "\u2066a\u2028 \u0085"} {
		f.Add(s, 5)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		got := Clean(s)
		if !utf8.ValidString(got) {
			t.Errorf("Clean(%q) = %q, which is not valid UTF-8", s, got)
		}
		if strings.TrimSpace(got) != got || strings.Contains(got, "  ") {
			t.Errorf("Clean(%q) = %q has extra spaces", s, got)
		}
		for _, r := range got {
			isMark := r == '\u200e' || r == '\u200f' || r == '\u061c'
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) && !isMark || r != ' ' && unicode.IsSpace(r) {
				t.Errorf("Clean(%q) = %q contains %U", s, got, r)
			}
		}
		if again := Clean(got); again != got {
			t.Errorf("Clean(%q) = %q, but again %q", s, got, again)
		}
		limit = 1 + (limit%100+100)%100
		if n := uniseg.GraphemeClusterCount(Fit(s, limit)); n > limit {
			t.Errorf("Fit(%q, %d) has %d characters", s, limit, n)
		}
	})
}

func TestPrintable_KeepsLinesAndNothingThatControlsATerminal(t *testing.T) {
	if got, want := Printable("a\x1b[2J\r\n  b\tc\u202e\u009b\xffd"), "a[2J\n  b\tc\uFFFDd"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
