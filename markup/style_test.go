package markup

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

func TestStyle_ColorContrast(t *testing.T) {
	for _, style := range []string{styleQuote, styleAuthor, styleCode, styleMono, styleSpoiler, styleLink, styleMuted} {
		fore := colorIn(style, "color:")
		grounds := []string{"#ffffff", colorIn(styleQuote, "background:")}
		if own := colorIn(style, "background:"); own != "" {
			grounds = []string{own}
		}
		for _, ground := range grounds {
			// WCAG 2.1, 1.4.3
			if got := contrast(t, fore, ground); got < 4.5 {
				t.Errorf("contrast of %s on %s is %.2f, want 4.5 or more (%s)", fore, ground, got, style)
			}
		}
	}
}

// colorIn returns the color of a CSS property, or "" if the style does not set it.
func colorIn(style, property string) string {
	for part := range strings.SplitSeq(style, ";") {
		if value, ok := strings.CutPrefix(part, property); ok {
			return value
		}
	}
	return ""
}

func contrast(t *testing.T, a, b string) float64 {
	la, lb := luminance(t, a), luminance(t, b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(t *testing.T, color string) float64 {
	t.Helper()
	if len(color) == 4 { // "#05a" is short for "#0055aa"
		color = "#" + strings.Repeat(color[1:2], 2) + strings.Repeat(color[2:3], 2) + strings.Repeat(color[3:], 2)
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(color, "#"), 16, 32)
	if err != nil || len(color) != 7 {
		t.Fatalf("%q is not a color: %v", color, err)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		c := float64(n>>(16-8*i)&0xff) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
