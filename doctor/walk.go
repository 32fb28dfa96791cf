package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// spfWalk evaluates an SPF record and all that it includes, like a receiver for which no term matches. To check a
// single address would not do, because that stops at the first match.
type spfWalk struct {
	ctx  context.Context
	dns  Resolver
	path map[string]bool // the domains on the path to the current record

	lookups   int
	invalid   string // the first error in a record
	allowsAll string // the first term that allows everyone to send
	unknown   error  // the first failed query
}

// record evaluates the record of a domain.
func (w *spfWalk) record(domain, record string) []term {
	terms, err := parseSPF(record)
	if err != nil {
		w.fail("%s: %v", domain, err)
		return nil
	}
	w.path[strings.ToLower(domain)] = true
	defer delete(w.path, strings.ToLower(domain))
	for _, t := range effectiveTerms(terms) {
		if t.matchesAll() && w.allowsAll == "" {
			w.allowsAll = domain + ": " + t.text
		}
		if t.needsLookup() {
			w.lookups++
		}
		if t.name == "include" || t.name == "redirect" {
			w.follow(t)
		}
	}
	return terms
}

// effectiveTerms drops the terms without effect if there is an "all": mechanisms after it, and any redirect (RFC 7208, 5.1).
func effectiveTerms(terms []term) []term {
	end := slices.IndexFunc(terms, func(t term) bool { return t.name == "all" })
	if end < 0 {
		return terms
	}
	return slices.DeleteFunc(slices.Clone(terms[:end+1]), func(t term) bool { return t.name == "redirect" })
}

// follow evaluates the record that a term refers to. A missing record or a loop makes the whole record invalid (RFC 7208,
// 5.2 and 6.1).
func (w *spfWalk) follow(t term) {
	domain := strings.TrimSuffix(t.value, ".")
	switch {
	case strings.Contains(domain, "%"): // a macro: depends on the message
		return
	case w.lookups > 3*maxLookups || w.invalid != "":
		return // already invalid; stop querying
	case w.path[strings.ToLower(domain)]:
		w.fail("%s is a loop", t.text)
		return
	}
	records, err := spfRecord(w.ctx, w.dns, domain)
	switch {
	case err != nil && missing(err):
		w.fail("%s refers to a domain without an SPF record", t.text)
	case err != nil && w.unknown == nil:
		w.unknown = err
	case len(records) > 1:
		w.fail("%s refers to a domain with %d SPF records", t.text, len(records))
	case len(records) == 1:
		w.record(domain, records[0])
	}
}

func (w *spfWalk) fail(format string, args ...any) {
	if w.invalid == "" {
		w.invalid = fmt.Sprintf(format, args...)
	}
}
