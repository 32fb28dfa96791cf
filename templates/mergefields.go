package templates

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"postrider/internal/qp"
	"postrider/markup"
)

// Merge fields of announcements.
const (
	fieldName = "name"
	gapForum  = "forum"
	gapPosts  = "posts"
	gapJoined = "joined"
)

// memberValues returns a member's values for the merge fields of a variant.
func (v *variant) memberValues(p *Renderer, r Recipient, zone *time.Location) []string {
	words := make([]string, len(v.gaps))
	for i, g := range v.gaps {
		switch g.Name {
		case fieldName:
			words[i] = isolateIn(v.dir, safeLine(r.Member.Name, nameLimit))
		case gapForum:
			words[i] = isolateIn(v.dir, safeLine(p.site.Name, titleLimit))
		case gapPosts:
			if words[i] = v.locale.number(r.Profile.Posts); r.Profile.Posts == 0 && g.Fallback != "" {
				words[i] = ""
			}
		case gapJoined:
			if !r.Profile.JoinedAt.IsZero() {
				words[i] = v.locale.calendar.write(v.locale.calendar.day, r.Profile.JoinedAt.In(zone))
			}
		}
		if words[i] == "" {
			words[i] = g.Fallback
		}
	}
	return words
}

// fill replaces the placeholder runes with the member's values.
func (v *variant) fill(signed string, words []string) string {
	var b strings.Builder
	for _, c := range signed {
		if i := int(c - firstHole); i >= 0 && i < len(words) {
			b.WriteString(words[i])
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

func encoded(words []string, escape func(string) string) []qp.Text {
	texts := make([]qp.Text, len(words))
	for i, w := range words {
		texts[i] = qp.Encode(escape(w))
	}
	return texts
}

const (
	paddingRune = lastHole             // makes a placeholder as wide as a name while lines are wrapped
	maxFields   = lastHole - firstHole // the number of the other placeholder runes
)

// padPlaceholders makes each placeholder of a text twelve columns wide.
func padPlaceholders(signed string) string {
	var b strings.Builder
	for _, c := range signed {
		b.WriteRune(c)
		if c >= firstHole && c < paddingRune {
			b.WriteString(strings.Repeat(string(paddingRune), 11))
		}
	}
	return b.String()
}

// placeholder returns the rune that marks a merge field until a member's value replaces it.
func (v *variant) placeholder(g markup.Field) string {
	g.Line = 0
	i := slices.Index(v.gaps, g)
	if i < 0 {
		i = len(v.gaps)
		v.gaps = append(v.gaps, g)
	}
	return string(rune(firstHole + min(i, maxFields-1)))
}

// placeholders replaces the merge fields in a line with their placeholder runes.
func (v *variant) placeholders(s string) (signed string, gaps []markup.Field) {
	var b strings.Builder
	for {
		before, g, after, found := markup.NextField(s)
		b.WriteString(before)
		if !found {
			return b.String(), gaps
		}
		gaps = append(gaps, g)
		b.WriteString(v.placeholder(g))
		s = after
	}
}

// checkField returns an error for an unknown merge field.
func checkField(g markup.Field) error {
	known := []string{fieldName, gapForum, gapPosts, gapJoined}
	if slices.Contains(known, g.Name) {
		return nil
	}
	where := "in the title"
	if g.Line > 0 {
		where = fmt.Sprintf("line %d", g.Line)
	}
	return fmt.Errorf("%s: unknown merge field {{%s}}: use %s, or write \\{{ for literal braces", where, g.Name, strings.Join(braced(known), ", "))
}

func braced(names []string) []string {
	var out []string
	for _, n := range names {
		out = append(out, "{{"+n+"}}")
	}
	return out
}
