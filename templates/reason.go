package templates

import (
	"fmt"
	"slices"
	"strings"

	"postrider/digest"
)

// reasonTable is the table of the locales with the phrases that explain why a member did or did not get a post.
const reasonTable = "reason"

// reasonTables are the tables that phrases use. [Load] requires all their keys, even if no template uses them: the
// command line prints them, too.
var reasonTables = []string{reasonTable, "alert_cause", "override_cadence", "post_kind", "message_state"}

// useReasonKeys records in used the keys of reasonTables in the embedded reference locale.
func useReasonKeys(used map[string]string) error {
	ref, err := readReference()
	if err != nil {
		return err
	}
	for key := range ref.all {
		if table, _, _ := strings.Cut(key, "."); slices.Contains(reasonTables, table) {
			used[key] = "the explanation of posts"
		}
	}
	return nil
}

// Reason returns a phrase in the language of a BCP 47 tag. A phrase without a text in the locales is its own text.
func (s *Set) Reason(tag string, p digest.Phrase) string { return s.adminLocale(tag).reason(p) }

// reason returns the text of a phrase. A key without a text is returned unchanged: the store keeps reasons of older
// versions, and the queries of a forum may have other reasons.
func (l *locale) reason(p digest.Phrase) string {
	key := reasonTable + "." + p.Key
	if _, known := l.messages[key]; !known {
		stored := digest.ParseStored(p.Key)
		if _, known := l.messages[reasonTable+"."+stored.Key]; !known || len(stored.Args) == 0 {
			return p.Key
		}
		if text, err := l.phraseText(stored); err == nil {
			return text
		}
		return p.Key
	}
	text, err := l.phraseText(p)
	if err != nil {
		return p.Key // a reason from the store or the forum that happens to be the key of a sentence with placeholders
	}
	return text
}

// phraseText returns the text of a phrase whose key is known.
func (l *locale) phraseText(p digest.Phrase) (string, error) {
	pairs := slices.Clone(p.Args)
	for i := 1; i < len(pairs); i += 2 {
		switch v := pairs[i].(type) {
		case digest.Phrase:
			pairs[i] = l.reason(v)
		case digest.Reason:
			pairs[i] = l.reason(v.Phrase())
		case digest.Word:
			pairs[i] = l.word(v.Table, v.Key)
		}
	}
	return l.text(reasonTable+"."+p.Key, pairs...)
}

// Reason returns a stored reason in the language of a BCP 47 tag.
func (r *Renderer) Reason(tag, stored string) string {
	return r.set.Reason(tag, digest.Phrase{Key: stored})
}

// anyReason is reason for templates, which have reasons of several types.
func (l *locale) anyReason(v any) string {
	if p, ok := v.(digest.Phrase); ok {
		return l.reason(p)
	}
	return l.reason(digest.Phrase{Key: fmt.Sprint(v)})
}

// word returns the text of a key in a table, or the key if it has none.
func (l *locale) word(table string, key any) string {
	name := fmt.Sprint(key)
	if _, known := l.messages[table+"."+name]; !known {
		return name
	}
	return l.mustText(table + "." + name)
}
