package templates

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"postrider/internal/line"
)

func TestWrap_BreaksLongLines(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"short text stays", "one two", "one two"},
		{"words move to the next line", "one two three four", "one two\nthree four"},
		{"a word that just fits", "abcdefghij k", "abcdefghij\nk"},
		{"a long word is broken", "a bcdefghijklmn o", "a\nbcdefghijk\nlmn o"},
		{"wide characters count twice", "保存会が音源を探し", "保存会が音\n源を探し"},
		{"no line begins with a comma", "届きません、消えた", "届きませ\nん、消えた"},
		{"Korean stays whole", "새 글이 여섯 있어요", "새 글이\n여섯\n있어요"},
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
		got := line.Fit(s, limit)
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
