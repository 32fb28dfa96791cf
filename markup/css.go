package markup

import (
	"strconv"
	"strings"
)

// plainProperties only change the look of text that stays readable.
var plainProperties = set(`color background background-color font font-family font-size font-style font-weight font-variant
	line-height letter-spacing word-spacing text-align text-decoration text-decoration-line text-decoration-color
	text-decoration-style text-transform text-shadow vertical-align float clear margin margin-top margin-right margin-bottom margin-left
	padding padding-top padding-right padding-bottom padding-left border border-top border-right border-bottom border-left border-color
	border-style border-width border-radius border-collapse border-spacing box-shadow width max-width min-width direction
	white-space display list-style list-style-type overflow-wrap word-wrap word-break`)

// readStyle reports whether a style attribute conceals the content of its element, and whether it only changes
// the look.
func readStyle(s string) (conceals, plain bool) {
	plain = true
	var color, ground string
	for declaration := range strings.SplitSeq(s, ";") {
		name, value, found := strings.Cut(declaration, ":")
		if !found {
			continue
		}
		name = strings.ToLower(strings.TrimSpace(name))
		value = strings.TrimSpace(strings.TrimSuffix(strings.ToLower(strings.TrimSpace(value)), "!important"))
		switch name {
		case "color":
			color = value
		case "background", "background-color":
			ground = value
		}
		if concealsBy(name, value) {
			conceals = true
		}
		if !plainProperties[name] || strings.ContainsAny(value, `(\<`) && !strings.HasPrefix(value, "rgb") || isNegative(value) {
			plain = false
		}
	}
	switch {
	case color != "" && color == ground, isWhite(color) && (ground == "" || isWhite(ground)), isTransparent(color):
		conceals = true
	}
	return conceals, plain && !conceals
}

func concealsBy(name, value string) bool {
	switch name {
	case "display":
		return value == "none"
	case "visibility":
		return value != "visible"
	case "opacity", "font-size", "height", "max-height", "line-height", "width", "max-width":
		n, err := strconv.ParseFloat(strings.TrimRight(value, "abcdefghijklmnopqrstuvwxyz% "), 64)
		return err == nil && n < 0.3
	case "filter", "-webkit-filter", "backdrop-filter":
		return strings.Contains(value, "blur") || strings.Contains(value, "opacity")
	case "mso-hide", "clip", "clip-path":
		return true
	case "text-indent", "left", "top", "margin-left", "margin-top":
		return isNegative(value)
	}
	return false
}

func isNegative(value string) bool {
	for part := range strings.FieldsSeq(value) {
		if len(part) > 1 && part[0] == '-' && (part[1] >= '0' && part[1] <= '9' || part[1] == '.') {
			return true
		}
	}
	return false
}

func isTransparent(color string) bool {
	return color == "transparent" || strings.HasPrefix(color, "rgba(") || strings.HasPrefix(color, "hsla(")
}

func isWhite(color string) bool {
	switch strings.ReplaceAll(color, " ", "") {
	case "white", "#fff", "#ffffff", "rgb(255,255,255)":
		return true
	}
	return false
}

// plainClass reports whether every word of a class attribute names a look. A style sheet defines the rest,
// and a class such as "blur" may conceal.
func plainClass(class string) bool {
	for word := range strings.FieldsFuncSeq(strings.ToLower(class), func(c rune) bool { return c == ' ' || c == '-' || c == '_' }) {
		if !lookWords[strings.Trim(word, "0123456789")] {
			return false
		}
	}
	return true
}

var lookWords = set(`bb code bbcode box boxed frame note notice info information warning warn alert success error danger tip hint important
	center centre left right big small large highlight highlighted title heading header headline subheading badge label tag quote column columns
	col row bold italic underline text msg message block content body callout panel card table cell tr td red green blue yellow orange
	purple grey gray black pink brown color colour font size align justify indent aside caption figure article section inner outer wrapper wrap
	container mono monospace keyboard key kbd`)
