package templates

import (
	"fmt"
	"strings"
	"testing"
)

// gridOfColors returns colors that cover all hues and shades.
func gridOfColors() (all []string) {
	for r := 0; r < 256; r += 51 {
		for g := 0; g < 256; g += 51 {
			for b := 0; b < 256; b += 51 {
				all = append(all, rgb{byte(r), byte(g), byte(b)}.String())
			}
		}
	}
	return all
}

func mustColor(t *testing.T, s string) rgb {
	t.Helper()
	c, ok := parseColor(s)
	if !ok {
		t.Fatalf("%q is not a color", s)
	}
	return c
}

func TestPalette_EveryAcceptedColorIsReadable(t *testing.T) {
	accepted := 0
	for _, accent := range gridOfColors() {
		p, err := newPalette(accent)
		if err != nil {
			continue
		}
		accepted++
		for _, pair := range []struct{ text, ground string }{
			{p.Accent, "#edf0f3"},
			{p.Accent, "#fdfdfe"},
			{p.Accent, "#f3f6f9"},
			{"#fdfdfe", p.Accent}, // a button
			{p.MarkInk, p.Mark},
			{p.DarkAccent, "#191f25"},
			{p.DarkAccent, "#11151a"},
			{p.DarkAccent, "#222a32"},
			{"#10161c", p.DarkAccent},
			{p.DarkMarkInk, p.DarkMark},
		} {
			if got := contrast(mustColor(t, pair.text), mustColor(t, pair.ground)); got < 4.5 {
				t.Errorf("accent %s: %s on %s has a contrast of %.2f, want 4.5", accent, pair.text, pair.ground, got)
			}
		}
	}
	if accepted < 50 {
		t.Errorf("only %d colors are accepted", accepted)
	}
}

func TestPalette_ErrorSuggestsColorThatIsAccepted(t *testing.T) {
	for _, accent := range gridOfColors() {
		_, err := newPalette(accent)
		if err == nil {
			continue
		}
		var better string
		if _, found := fmt.Sscanf(err.Error()[strings.LastIndex(err.Error(), "; ")+2:], "%s has it", &better); found != nil {
			t.Fatalf("%s: %v", accent, err)
		}
		if _, err := newPalette(better); err != nil {
			t.Errorf("%s: the suggestion %s: %v", accent, better, err)
		}
	}
	for _, invalid := range []string{"blue", "#12", "#12345", "05a", "#05a;", "#gggggg", "#+1-2+3"} {
		if _, err := newPalette(invalid); err == nil || !strings.Contains(err.Error(), "must be like") {
			t.Errorf("%q: %v", invalid, err)
		}
	}
}
