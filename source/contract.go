package source

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"postrider/internal/nearest"
	"postrider/internal/sqlfile"
)

// querySpec is one query of the contract.
type querySpec struct {
	name    string
	params  []string
	columns []string // a query may lack those that end in "?"
	// about is what the query returns, and what it must leave out.
	about string
	// without is what applies if a forum has no such query; empty: every forum must have it.
	without string
	// omitted: the queries of a forum type may lack it, not only those of home-made forums, because some forums have nothing of the kind.
	omitted bool
}

// contract returns all queries, in the order of the documentation.
func contract() []querySpec {
	return slices.Concat(postQueries(), memberQueries(), watchQueries(), scanQueries(), detailQueries(), extraQueries(), audienceQueries())
}

// required reports whether no forum can do without the query.
func (q querySpec) required() bool { return q.without == "" }

// checkedQueries are those of a forum that must work, or nothing can be sent. watch_counts and own_digests are only for the
// administrator.
func checkedQueries(queries map[string]sqlfile.Query) []querySpec {
	return slices.DeleteFunc(contract(), func(q querySpec) bool {
		_, defined := queries[q.name]
		return !defined || q.name == "watch_counts" || q.name == "own_digests" || slices.Contains(tolerantQueries, q.name)
	})
}

// tolerantQueries have no rows if the forum lacks the table or the column that they read.
var tolerantQueries = []string{"codes", "word_filter"}

// alternatives are groups of queries of which a forum must have one.
var alternatives = [][]string{{"roster", "watching"}, {"section_watches", "thread_watches"}}

// loadQueries reads the queries of a forum type and replaces those that the administrator's file overrides.
func loadQueries(k forumType, engine sqlfile.Engine, prefix, overlay string) (map[string]sqlfile.Query, error) {
	return loadQueriesWith(k, &optionalTables{engine: engine, prefix: prefix}, overlay)
}

// loadQueriesWith is loadQueries for a forum that may lack tables.
func loadQueriesWith(k forumType, optional *optionalTables, overlay string) (map[string]sqlfile.Query, error) {
	macros := queryMacros(optional)
	maps.Copy(macros, k.macros)
	queries := make(map[string]sqlfile.Query)
	for _, file := range k.files {
		text, err := queryFiles.ReadFile(file)
		if err != nil {
			return nil, err
		}
		some, err := sqlfile.Parse(file, string(text), optional.engine, macros)
		if err != nil {
			return nil, err
		}
		maps.Copy(queries, some)
	}
	if overlay != "" {
		if err := overrideQueries(queries, overlay, optional.engine, macros); err != nil {
			return nil, &QueriesError{err}
		}
	}
	if err := checkPresent(k, queries); err != nil {
		if overlay != "" {
			return nil, &QueriesError{err}
		}
		return nil, err
	}
	return queries, k.checkParams(queries)
}

// QueriesError means that the file of [forum] queries cannot be used.
type QueriesError struct{ Err error }

// Error returns the text of the error.
func (e *QueriesError) Error() string {
	return "reading the file of [forum] queries: " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *QueriesError) Unwrap() error { return e.Err }

// overrideQueries replaces queries of the forum type with those in the administrator's file.
func overrideQueries(queries map[string]sqlfile.Query, file string, engine sqlfile.Engine, macros map[string]sqlfile.Macro) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	own, err := sqlfile.Parse(file, string(text), engine, macros)
	if err != nil {
		return err
	}
	for name, q := range own {
		if !slices.Contains(queryNames(), name) {
			return fmt.Errorf("%s:%d: unknown query %q: must be one of %s; did you mean %s?",
				q.File, q.Line, name, strings.Join(queryNames(), ", "), nearest.Word(name, queryNames()))
		}
		if err := checkReads(q); err != nil {
			return err
		}
		queries[name] = q
	}
	return nil
}

// checkPresent returns an error if a query is missing that the forum cannot do without. It names all of them.
func checkPresent(k forumType, queries map[string]sqlfile.Query) error {
	has := func(name string) bool { _, found := queries[name]; return found }
	var missing []string
	for _, c := range contract() {
		needed := c.required() || !k.homemade && !c.omitted
		if c.name == "rights" {
			if needed = !k.public; k.public && has("rights") {
				return fmt.Errorf("%s:%d: the file says \"public: yes\" and has the query rights: remove one of them", queries["rights"].File, queries["rights"].Line)
			}
		}
		if needed && !has(c.name) {
			missing = append(missing, c.name)
		}
	}
	for _, group := range alternatives {
		if !slices.ContainsFunc(group, has) {
			missing = append(missing, strings.Join(group, " or "))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("missing queries: %s; docs/query-contract.md says what each returns", strings.Join(missing, ", "))
	}
	return nil
}

// checkParams rejects queries with parameters that are not in the contract.
func (k forumType) checkParams(queries map[string]sqlfile.Query) error {
	for _, c := range contract() {
		q := queries[c.name]
		for _, p := range q.Params {
			if !slices.Contains(c.params, p) && !k.adds(c.params, p) {
				return &QueriesError{fmt.Errorf("%s:%d: query %q uses the unknown parameter :%s (available: %s)",
					q.File, q.Line, c.name, p, listOrNone(c.params))}
			}
		}
	}
	return nil
}

// adds reports whether the forum type makes a parameter from those of a query.
func (k forumType) adds(from []string, param string) bool {
	if k.params == nil || !slices.Contains(from, "ids") {
		return false
	}
	_, added := k.params(params{"ids": []int64{}})[param]
	return added
}

func listOrNone(params []string) string {
	if len(params) == 0 {
		return "none"
	}
	return ":" + strings.Join(params, " :")
}

func queryNames() []string {
	var names []string
	for _, c := range contract() {
		names = append(names, c.name)
	}
	return names
}
