package markup

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Quotes returns the top-level quotes of the post in order, including those in its lists. It leaves out
// quotes within quotes and quotes in spoilers. An excerpt returns those of the whole post.
func (d Doc) Quotes() []Quote {
	if d.t == nil {
		return nil
	}
	if d.t.excerpt {
		return slices.Clone(d.t.quotes)
	}
	var quotes []Quote
	for i := 0; i < len(d.t.nodes); {
		n := &d.t.nodes[i]
		if n.kind != quote {
			i++
			continue
		}
		r := d.t.ref(n)
		quotes = append(quotes, Quote{Author: n.text, Post: r.post, Member: r.member})
		i = int(n.end)
	}
	return quotes
}

// Mentions returns the members that the author mentions outside of quotes, each once. It includes mentions
// in a spoiler: the forum alerts those members too, and an ID reveals nothing.
func (d Doc) Mentions() []int64 {
	if d.t == nil {
		return nil
	}
	return append([]int64(nil), d.t.mentions...)
}

// Groups returns the groups that the author mentions by ID, as Mentions does members.
func (d Doc) Groups() []int64 {
	if d.t == nil {
		return nil
	}
	return slices.Clone(d.t.groups)
}

// Names returns the names that the author mentions without an ID, outside of quotes and code, each once and
// without the "@": MyBB's @"Fish and Chips", and @Ray as typed. Only the forum knows whether they are
// members' names. An excerpt returns those of the whole post.
func (d Doc) Names() []string {
	if d.t == nil || d.t.noNames {
		return nil
	}
	if d.t.excerpt {
		return slices.Clone(d.t.names)
	}
	var names nameList
	for i := 0; i < len(d.t.nodes); {
		n := &d.t.nodes[i]
		switch {
		case n.kind == quote:
			i = int(n.end)
			continue
		case n.kind == mention && d.t.linkNames:
			if r := d.t.ref(n); r.url != "" && r.member == 0 {
				names.add(strings.TrimPrefix(n.text, "@"))
			}
		case d.t.linkNames:
		case n.kind == mention && n.ref == 0:
			names.add(strings.TrimPrefix(n.text, "@"))
		case n.kind == text && n.flag&bareURL == 0 && n.style&mono == 0:
			names.findMentions(n.text)
		}
		i++
	}
	return names
}

type nameList []string

func (l *nameList) add(name string) {
	if name != "" && len(*l) < maxMentions && !slices.Contains(*l, name) {
		*l = append(*l, name)
	}
}

// findMentions finds @Ray in words. A dot or dash at the end of a name belongs to the sentence.
func (l *nameList) findMentions(words string) {
	for from := 0; ; {
		at := strings.IndexByte(words[from:], '@')
		if at < 0 {
			return
		}
		at += from
		from = at + 1
		if atWordStart(words, 0, at) {
			l.add(strings.TrimRight(words[at+1:nameEnd(words, at+1)], ".-"))
		}
	}
}

// nameEnd returns the end of the typed name that starts at i.
func nameEnd(words string, i int) int {
	for i < len(words) {
		r, size := utf8.DecodeRuneInString(words[i:])
		if !unicode.In(r, unicode.L, unicode.M, unicode.Nd) && !strings.ContainsRune("_.-", r) {
			break
		}
		i += size
	}
	return i
}
