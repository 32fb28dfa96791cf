package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// recordWalk goes through an SPF record and all that it includes, as a receiver does whom no term satisfies. The verdict for one
// address would not tell: it ends at the first term that fits.
type recordWalk struct {
	ctx  context.Context
	dns  Resolver
	path map[string]bool // the domains that lead to where it stands

	questions int
	broken    string // the first fault of a record
	open      string // the first term that lets everybody send
	unknown   error  // the first question that nobody answered
}

// record goes through the record of a domain.
func (w *recordWalk) record(domain, record string) []term {
	terms, err := parseSPF(record)
	if err != nil {
		w.fail("%s: %v", domain, err)
		return nil
	}
	w.path[strings.ToLower(domain)] = true
	defer delete(w.path, strings.ToLower(domain))
	for _, t := range effectiveTerms(terms) {
		if t.matchesAll() && w.open == "" {
			w.open = domain + ": " + t.text
		}
		if t.needsLookup() {
			w.questions++
		}
		if t.name == "include" || t.name == "redirect" {
			w.follow(t)
		}
	}
	return terms
}

// effectiveTerms leaves out what all makes idle: the mechanisms behind it, and redirect wherever it stands (RFC 7208, 5.1).
func effectiveTerms(terms []term) []term {
	end := slices.IndexFunc(terms, func(t term) bool { return t.name == "all" })
	if end < 0 {
		return terms
	}
	return slices.DeleteFunc(slices.Clone(terms[:end+1]), func(t term) bool { return t.name == "redirect" })
}

// follow reads the record that a term leads to. Whoever is led to a domain without a record, or in a circle, takes the
// whole for broken (RFC 7208, 5.2 and 6.1).
func (w *recordWalk) follow(t term) {
	domain := strings.TrimSuffix(t.value, ".")
	switch {
	case strings.Contains(domain, "%"): // a macro: it depends on the mail
		return
	case w.questions > 3*maxLookups || w.broken != "":
		return // bad enough; do not ask for ever
	case w.path[strings.ToLower(domain)]:
		w.fail("%s leads in a circle", t.text)
		return
	}
	records, err := spfRecord(w.ctx, w.dns, domain)
	switch {
	case err != nil && missing(err):
		w.fail("%s leads to a domain without an SPF record", t.text)
	case err != nil && w.unknown == nil:
		w.unknown = err
	case len(records) > 1:
		w.fail("%s leads to a domain with %d SPF records", t.text, len(records))
	case len(records) == 1:
		w.record(domain, records[0])
	}
}

func (w *recordWalk) fail(format string, args ...any) {
	if w.broken == "" {
		w.broken = fmt.Sprintf(format, args...)
	}
}
