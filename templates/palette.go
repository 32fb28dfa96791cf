package templates

import (
	"fmt"
	htmltemplate "html/template"
	"math"
	"strconv"
	"strings"
)

// palette holds the colors of emails that follow the accent color, for light and for dark screens. The fields are CSS colors.
type palette struct {
	Accent, Mark, MarkInk             string // links, lines and buttons; the background and the text of labels
	DarkAccent, DarkMark, DarkMarkInk string
}

// ownPalette is used without an accent color.
var ownPalette = palette{
	Accent: "#05a", Mark: "#e5effa", MarkInk: "#0a4a8c",
	DarkAccent: "#8cbcf0", DarkMark: "#20344a", DarkMarkInk: "#b3d4f7",
}

// Colors that the accent color stands on, or that stand on it. They are those of mail/common.html and page/style.css.
var (
	lightPage  = rgb{0xed, 0xf0, 0xf3} // the darkest of the light backgrounds with links
	darkCard   = rgb{0x19, 0x1f, 0x25}
	darkQuote  = rgb{0x22, 0x2a, 0x32} // the lightest of the dark backgrounds with links
	white      = rgb{0xff, 0xff, 0xff}
	black      = rgb{}
	textLimit  = 4.5 // the least contrast of text (WCAG 2.2, 1.4.3)
	darkTarget = 6.5 // a little more on dark screens, where thin letters look weaker
)

// newPalette derives the colors from an accent color in the form "#rrggbb" or "#rgb". The error says which contrast is too low, and
// suggests a color.
func newPalette(accent string) (palette, error) {
	c, ok := parseColor(accent)
	if !ok {
		return palette{}, fmt.Errorf("invalid color %q: must be like \"#0055aa\"", accent)
	}
	if got := contrast(c, lightPage); got < textLimit {
		better := c.until(black, func(c rgb) bool { return contrast(c, lightPage) >= textLimit })
		return palette{}, fmt.Errorf("the color %s has a contrast of %.1f:1 to the background of emails, so links and buttons are hard to read: must be at least 4.5:1; %s has it",
			accent, math.Floor(got*10)/10, better)
	}
	mark := c.mix(white, 0.88)
	dark := c.until(white, func(c rgb) bool { return contrast(c, darkQuote) >= darkTarget })
	darkMark := dark.mix(darkCard, 0.8)
	return palette{
		Accent: c.String(), Mark: mark.String(),
		MarkInk:    c.until(black, func(c rgb) bool { return contrast(c, mark) >= textLimit }).String(),
		DarkAccent: dark.String(), DarkMark: darkMark.String(),
		DarkMarkInk: dark.until(white, func(c rgb) bool { return contrast(c, darkMark) >= darkTarget }).String(),
	}, nil
}

// functions returns the functions that print the colors in templates.
func (p palette) functions() map[string]any {
	functions := make(map[string]any)
	for name, color := range map[string]string{
		"accent": p.Accent, "mark": p.Mark, "markInk": p.MarkInk, "darkAccent": p.DarkAccent, "darkMark": p.DarkMark, "darkMarkInk": p.DarkMarkInk,
	} {
		functions[name] = func() htmltemplate.CSS { return htmltemplate.CSS(color) }
	}
	return functions
}

// pageStyle returns the rules that give pages the colors, to follow page/style.css.
func (p palette) pageStyle() string {
	return fmt.Sprintf("\n:root { --accent: %s; --good: %s; --good-ink: %s; }\n@media (prefers-color-scheme: dark) { :root { --accent: %s; --good: %s; --good-ink: %s; } }\n",
		p.Accent, p.Mark, p.MarkInk, p.DarkAccent, p.DarkMark, p.DarkMarkInk)
}

// rgb is a color, with a byte for each of red, green and blue.
type rgb [3]byte

func (c rgb) String() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

func parseColor(s string) (c rgb, ok bool) {
	digits, ok := strings.CutPrefix(s, "#")
	if len(digits) == 3 {
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	n, err := strconv.ParseUint(digits, 16, 32)
	return rgb{byte(n >> 16), byte(n >> 8), byte(n)}, ok && err == nil && len(digits) == 6
}

// mix returns the color with a share of another one, from 0 to 1.
func (c rgb) mix(other rgb, share float64) (out rgb) {
	for i := range c {
		out[i] = byte(math.Round(float64(c[i])*(1-share) + float64(other[i])*share))
	}
	return out
}

// until returns the color with as little of another one as meets a condition, or that color.
func (c rgb) until(other rgb, met func(rgb) bool) rgb {
	for step := range 100 {
		if mixed := c.mix(other, float64(step)/100); met(mixed) {
			return mixed
		}
	}
	return other
}

// contrast returns the contrast ratio of two colors, from 1 to 21 (WCAG 2.2).
func contrast(a, b rgb) float64 {
	la, lb := a.luminance(), b.luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func (c rgb) luminance() float64 {
	sum := 0.0
	for i, weight := range [3]float64{0.2126, 0.7152, 0.0722} {
		v := float64(c[i]) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}
