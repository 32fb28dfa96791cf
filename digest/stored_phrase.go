package digest

import (
	"fmt"
	"net/url"
	"strings"
)

// escapeValue escapes what separates the values of a stored phrase.
var escapeValue = strings.NewReplacer("%", "%25", "&", "%26", "=", "%3D")

// Stored returns the phrase as the store keeps it: its key and its values, for example "rate_limited?provider=gmail.com&rate=60".
// ParseStored reads it again. A reason without values is its own key.
func (p Phrase) Stored() string {
	if len(p.Args) == 0 {
		return p.Key
	}
	values := make([]string, 0, len(p.Args)/2)
	for i := 0; i+1 < len(p.Args); i += 2 {
		values = append(values, fmt.Sprint(p.Args[i])+"="+escapeValue.Replace(fmt.Sprint(p.Args[i+1])))
	}
	return p.Key + "?" + strings.Join(values, "&")
}

func isCode(text string) bool {
	return text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz_") == ""
}

// ParseStored returns the phrase that the store keeps as text. A value named "reason" is a reason itself. Any other text is its own
// key, for example the reply of a relay.
func ParseStored(text string) Phrase {
	key, values, found := strings.Cut(text, "?")
	if !found || !isCode(key) {
		return Phrase{Key: text}
	}
	p := Phrase{Key: key}
	for part := range strings.SplitSeq(values, "&") {
		name, value, ok := strings.Cut(part, "=")
		value, err := url.PathUnescape(value)
		switch {
		case !ok || err != nil || !isCode(name):
			return Phrase{Key: text}
		case name == "reason":
			p.Args = append(p.Args, name, Reason(value))
		default:
			p.Args = append(p.Args, name, value)
		}
	}
	return p
}
