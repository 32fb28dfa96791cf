package markup

import (
	"html"
	"strings"
)

// Dialect is how one forum writes and reads BBCode, apart from what all of them share. The zero value is a
// forum without its own codes. A Dialect is immutable and safe for concurrent use.
type Dialect struct {
	// Codes are the forum's own codes, which add-ons or the administrator registered, by name in lower case.
	Codes map[string]Code
	// Entities: the forum shows decimal character references such as &#8364; as characters, as MyBB does.
	Entities bool
	// EscapedNames: the forum stores names and titles as HTML, as phpBB does.
	EscapedNames bool
	// NoMentions: a typed @name means nothing to the forum.
	NoMentions bool
	// ShortNames: the forum shows :short_names: as emoji, as XenForo 2 does.
	ShortNames bool
	// Filter is the forum's word filter; nil: none.
	Filter *WordFilter
	// Cut: the caller has only the beginning of the post, so what is open at its end was closed further on.
	Cut bool
}

// BBCode parses a post in the dialect. It never fails: unclosed and unknown tags are shown as written, as the
// forums do. A tag that may restrict who reads its content is hidden with it.
func (d Dialect) BBCode(src string, l Links) Doc {
	src = sanitize(src)
	shielded := false
	if d.Entities {
		src, shielded = decodeEntities(src)
	}
	l.shielded = shielded
	b := builder{src: src, links: l, tree: &tree{}, para: -1, cut: d.Cut}
	b.tokens = tokenize(b.src, d.Codes, d.Cut)
	b.parse()
	if shielded {
		b.tree.rewrite(unshield)
	}
	d.finish(b.tree)
	return Doc{t: b.tree}
}

// finish applies what the forum does to words when it shows them.
func (d Dialect) finish(t *tree) {
	if d.ShortNames {
		t.rewriteWords(replaceShortNames)
	}
	if d.Filter != nil {
		t.filter(d.Filter)
	}
	t.noNames = d.NoMentions
	t.trim()
}

// Line returns a title or a name as the forum shows it: with its entities, emoji and word filter.
func (d Dialect) Line(s string) string {
	s = d.unescape(s)
	if d.Entities && strings.Contains(s, "&#") {
		var shielded bool
		if s, shielded = decodeEntities(s); shielded {
			s = unshield(s)
		}
	}
	if d.ShortNames && strings.Contains(s, ":") {
		s = replaceShortNames(s)
	}
	if d.Filter != nil {
		s = d.Filter.Apply(s)
	}
	return s
}

// Name returns a member's name as the forum shows it. Word filters do not apply to names.
func (d Dialect) Name(s string) string {
	return Dialect{Entities: d.Entities, EscapedNames: d.EscapedNames}.Line(s)
}

func (d Dialect) unescape(s string) string {
	if !d.EscapedNames || !strings.Contains(s, "&") {
		return s
	}
	return html.UnescapeString(s)
}

// rewrite changes every text of the tree.
func (t *tree) rewrite(change func(string) string) {
	for i := range t.nodes {
		t.nodes[i].text = change(t.nodes[i].text)
	}
}

// rewriteWords changes the author's words, but no code and no URL.
func (t *tree) rewriteWords(change func(string) string) {
	for i := range t.nodes {
		if n := &t.nodes[i]; n.kind == text && n.flag&bareURL == 0 && n.style&mono == 0 {
			n.text = change(n.text)
		}
	}
}

// filter applies a word filter to everything that the author wrote, except URLs and members' names.
func (t *tree) filter(f *WordFilter) {
	for i := range t.nodes {
		switch n := &t.nodes[i]; n.kind {
		case quote, mention:
		default:
			if n.flag&bareURL == 0 {
				n.text = f.Apply(n.text)
			}
		}
	}
}
