package templates

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

func TestLine_RemovesControlCharacters(t *testing.T) {
	for _, tt := range []struct {
		name, in, want string
		limit          int
	}{
		{"plain text stays", "Night train", "Night train", 20},
		{"line ends and tabs become spaces", " a\r\n\tb  c ", "a b c", 20},
		{"control characters are removed", "a\x00b\x1b[0mc\u0085", "ab[0mc", 20},
		{"direction overrides are removed", "\u202egpj.exe\u2069", "gpj.exe", 20},
		{"our slot characters are removed", "a\uFDD0b\uFDD9", "ab", 20},
		{"invalid UTF-8 is shown as such", "a\xffb", "a\uFFFDb", 20},
		{"a long line is cut", "abcdefgh", "abcd…", 5},
		{"a line at the limit is not cut", "äbcde", "äbcde", 5},
		{"a flag is not split", "🇩🇪🇫🇷🇳🇱🇧🇪", "🇩🇪🇫🇷…", 3},
		{"a family is not split", "👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦…", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := safeLine(tt.in, tt.limit); got != tt.want {
				t.Errorf("line(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
			}
		})
	}
}

func TestLine_CutsStackedMarks(t *testing.T) {
	got := safeLine("Z"+strings.Repeat("\u0321", 100_000)+"algo", 50)
	if len(got) > 1000 {
		t.Errorf("line leaves %d bytes", len(got))
	}
}

func TestWrap_BreaksLongLines(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"short text stays", "one two", "one two"},
		{"words move to the next line", "one two three four", "one two\nthree four"},
		{"a word that just fits", "abcdefghij k", "abcdefghij\nk"},
		{"a long word is broken", "a bcdefghijklmn o", "a\nbcdefghijk\nlmn o"},
		{"wide characters count twice", "保存会が音源を探し", "保存会が音\n源を探し"},
		{"nothing", "  ", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := wrap(10, tt.in); got != tt.want {
				t.Errorf("wrap(10, %q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func FuzzLine(f *testing.F) {
	for _, s := range []string{"", "a\xff\uFDD0", "👨‍👩‍👧‍👦 \u202e", "e\u0301\u0301\u0301 한국어"} {
		f.Add(s, 5)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = 1 + abs(limit)%100
		got := safeLine(s, limit)
		if !utf8.ValidString(got) {
			t.Errorf("line(%q) = %q, which is not valid UTF-8", s, got)
		}
		if n := uniseg.GraphemeClusterCount(got); n > limit {
			t.Errorf("line(%q, %d) has %d characters", s, limit, n)
		}
		if strings.ContainsAny(got, "\n\r\t\x00\u202e") || strings.ContainsFunc(got, func(r rune) bool { return r >= firstSlot && r <= lastSlot }) {
			t.Errorf("line(%q) = %q", s, got)
		}
		for l := range strings.SplitSeq(wrap(20, got), "\n") {
			if w := uniseg.StringWidth(l); w > 20 {
				t.Errorf("wrap(20, %q) has a line of %d columns: %q", got, w, l)
			}
		}
	})
}

func abs(n int) int {
	if n < 0 {
		return -(n + 1)
	}
	return n
}
