package markup

import "strings"

// Summary returns the author's own words on one line, as plain words: no quotes, no code, no URLs, and no
// names of images or other files. Only merge fields use w. It stops after about n bytes.
func (d Doc) Summary(w Labels, n int) string {
	if d.Empty() {
		return ""
	}
	w = w.withDefaults()
	var b strings.Builder
	for i := 0; i < d.t.body() && b.Len() < n; i++ {
		switch nd := &d.t.nodes[i]; nd.kind {
		case quote:
			i = int(nd.end) - 1
			b.WriteByte(' ')
		case text, mention:
			if nd.flag&bareURL == 0 {
				b.WriteString(nd.text)
			}
		case mergeField:
			b.WriteString(w.Field(fieldOf(nd)))
		default:
			b.WriteByte(' ')
		}
	}
	return strings.TrimSpace(collapseSpace(strings.ReplaceAll(b.String(), noBreak, " ")))
}
