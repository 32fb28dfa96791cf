package templates

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"postrider/internal/line"
	"postrider/internal/qp"
	"postrider/markup"
)

// Merge fields of announcements.
const (
	fieldName   = "name"
	fieldForum  = "forum"
	fieldPosts  = "posts"
	fieldJoined = "joined"
)

// memberValues returns a member's values for the merge fields of a variant.
func (v *variant) memberValues(p *Renderer, r Recipient, zone *time.Location) []string {
	values := make([]string, len(v.fields))
	for i, g := range v.fields {
		switch g.Name {
		case fieldName:
			values[i] = isolateIn(v.dir, line.Fit(r.Member.Name, nameLimit))
		case fieldForum:
			values[i] = isolateIn(v.dir, line.Fit(p.site.Name, titleLimit))
		case fieldPosts:
			if values[i] = v.locale.number(r.Profile.Posts); r.Profile.Posts == 0 && g.Fallback != "" {
				values[i] = ""
			}
		case fieldJoined:
			if !r.Profile.JoinedAt.IsZero() {
				values[i] = v.locale.calendar.write(v.locale.calendar.day, r.Profile.JoinedAt.In(zone))
			}
		}
		if values[i] == "" {
			values[i] = g.Fallback
		}
	}
	return values
}

// fill replaces the placeholder runes with the member's values.
func (v *variant) fill(text string, values []string) string {
	var b strings.Builder
	for _, c := range text {
		if i := int(c - firstSlot); i >= 0 && i < len(values) {
			b.WriteString(values[i])
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

func encoded(values []string, escape func(string) string) []qp.Text {
	texts := make([]qp.Text, len(values))
	for i, w := range values {
		texts[i] = qp.Encode(escape(w))
	}
	return texts
}

const (
	paddingRune = lastSlot             // makes a placeholder as wide as a name while lines are wrapped
	maxFields   = lastSlot - firstSlot // the number of the other placeholder runes
)

// padPlaceholders makes each placeholder of a text twelve columns wide.
func padPlaceholders(text string) string {
	var b strings.Builder
	for _, c := range text {
		b.WriteRune(c)
		if c >= firstSlot && c < paddingRune {
			b.WriteString(strings.Repeat(string(paddingRune), 11))
		}
	}
	return b.String()
}

// placeholder returns the rune that marks a merge field until a member's value replaces it.
func (v *variant) placeholder(g markup.Field) string {
	g.Line = 0
	i := slices.Index(v.fields, g)
	if i < 0 {
		i = len(v.fields)
		v.fields = append(v.fields, g)
	}
	return string(rune(firstSlot + min(i, maxFields-1)))
}

// placeholders replaces the merge fields in a line with their placeholder runes.
func (v *variant) placeholders(s string) (text string, fields []markup.Field) {
	var b strings.Builder
	for {
		before, g, after, found := markup.NextField(s)
		b.WriteString(before)
		if !found {
			return b.String(), fields
		}
		fields = append(fields, g)
		b.WriteString(v.placeholder(g))
		s = after
	}
}

// checkFields returns an error that lists the unknown merge fields.
func checkFields(fields []markup.Field) error {
	var errs []error
	for _, g := range fields {
		if err := checkField(g); err != nil {
			errs = append(errs, err)
		}
	}
	return markup.FirstErrors(errs)
}

// checkField returns an error for an unknown merge field.
func checkField(g markup.Field) error {
	known := []string{fieldName, fieldForum, fieldPosts, fieldJoined}
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
