package source

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"postrider/internal/sqlfile"
)

// querySpec is one query of the contract, which the package comment explains.
type querySpec struct {
	name    string
	params  []string
	columns []string // a query in the administrator's file may lack those that end in "?"
	// optional: a forum type may lack the query. Then it has no rows.
	optional bool
}

// checkedQueries are those of a forum that must work, or nothing can be sent. watch_counts is only for the administrator, and
// reads all watches.
func checkedQueries(queries map[string]sqlfile.Query) []querySpec {
	return slices.DeleteFunc(contract(), func(q querySpec) bool {
		_, defined := queries[q.name]
		return !defined || q.name == "watch_counts" || slices.Contains(tolerantQueries, q.name)
	})
}

func contract() []querySpec {
	words := strings.Fields
	specs := []querySpec{
		{name: "sections", columns: words("id parent_id place title holds_threads closed")},
		{name: "threads", params: words("ids"), columns: words("id section_id title starter_id starter_name started_at first_post_id state redirect")},
		{name: "thread_sections", params: words("ids"), columns: words("thread_id section_id")},
		{name: "posts", params: words("ids"), columns: words("id thread_id author_id author_name posted_at state version")},
		{name: "bodies", params: words("ids"), columns: words("id author_id likes body")},
		{name: "numbers", params: words("ids"), columns: words("id thread_id earlier")},
		{name: "likes", params: words("ids"), columns: words("id name")},
		{name: "titles", params: words("members"), columns: words("member_id title")},
		{name: "badges", params: words("members"), columns: words("member_id badge")},
		{name: "members", params: words("ids now"), columns: words("id name email zone locale roles no_mail opt_outs?")},
		{name: "recipients", params: words("ids"), columns: words("id")},
		{name: "find", params: words("name"), columns: words("id")},
		{name: "search", params: words("begins limit"), columns: words("id")},
		{name: "containing", params: words("part limit"), columns: words("id")},
		{name: "watching", params: words("after limit"), columns: words("id")},
		{name: "rights", params: words("roles"), columns: words("role section_id rights")},
		{name: "section_watches", params: words("members"), columns: words("member_id section_id level mail")},
		{name: "thread_watches", params: words("members"), columns: words("member_id thread_id mail")},
		{name: "mutes", params: words("members"), columns: words("member_id thread_id section_id?")},
		{name: "watchers", params: words("threads sections after limit"), columns: words("member_id thread_id section_id level")},
		{name: "ignores", params: words("members"), columns: words("member_id ignored")},
		{name: "read_days", columns: words("days")},
		{name: "section_reads", params: words("members since"), columns: words("member_id section_id read_at")},
		{name: "thread_reads", params: words("members since"), columns: words("member_id thread_id read_at")},
		{name: "took_part", params: words("members threads"), columns: words("member_id thread_id")},
		{name: "arrivals", params: words("after limit"), columns: words("id thread_id section_id author_id posted_at visible")},
		{name: "arrivals_of", params: words("ids"), columns: words("id thread_id section_id author_id posted_at visible")},
		{name: "first_since", params: words("from"), columns: words("id")},
		{name: "newest", columns: words("id")},
		{name: "created", params: words("from until"), columns: words("id")},
		{name: "mailable", params: words("now"), columns: words("members accepting_all?")},
		{name: "watch_counts", params: words("now"), columns: words("watching without_email")},
		{name: "roster", params: words("after limit"), columns: words("id")},
		{name: "profiles", params: words("ids"), columns: words("id posts joined_at visited_at")},
		{name: "visits", params: words("members"), columns: words("member_id visited_at")},
		{name: "groups", columns: words("id title")},
		{name: "memberships", params: words("members"), columns: words("member_id in_groups")},
		{name: "named", params: words("names"), columns: words("id name")},
		{name: "addressed", params: words("addresses"), columns: words("id email")},
		{name: "codes", columns: words("name pattern page email")},
		{name: "word_filter", columns: words("word regex replacement")},
	}
	for i := range specs {
		specs[i].optional = slices.Contains(optionalQueries, specs[i].name)
	}
	return specs
}

// tolerantQueries have no rows if the forum lacks the table or the column that they read.
var tolerantQueries = []string{"codes", "word_filter"}

// optionalQueries are those that a forum type may lack because the forum has nothing of the kind. They then have no rows.
var optionalQueries = []string{"thread_sections", "likes", "titles", "badges", "ignores", "mutes", "named", "containing", "read_days", "section_reads", "thread_reads", "codes", "word_filter",
	"visits", "watch_counts", "recipients"}

// loadQueries reads the queries of a forum type and replaces those that the administrator's file overrides.
func loadQueries(k forumType, engine sqlfile.Engine, prefix, overlay string) (map[string]sqlfile.Query, error) {
	macros := map[string]sqlfile.Macro{
		"prefix": func(string) string { return prefix },
		"table":  func(name string) string { return quotedTable(engine, prefix+name) },
		"list":   func(values string) string { return listOf(engine, values) },
	}
	queries := make(map[string]sqlfile.Query)
	for _, file := range k.files {
		text, err := queryFiles.ReadFile(file)
		if err != nil {
			return nil, err
		}
		some, err := sqlfile.Parse(file, string(text), engine, macros)
		if err != nil {
			return nil, err
		}
		maps.Copy(queries, some)
	}
	if overlay != "" {
		if err := overrideQueries(queries, overlay, engine, macros); err != nil {
			return nil, &QueriesError{err}
		}
	}
	return queries, checkParams(queries)
}

// QueriesError means that the file of [forum] queries cannot be used.
type QueriesError struct{ Err error }

// Error returns the text of the error.
func (e *QueriesError) Error() string {
	return "reading the file of [forum] queries: " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *QueriesError) Unwrap() error { return e.Err }

// listOf returns the aggregate that joins values with commas.
func listOf(engine sqlfile.Engine, values string) string {
	if engine == sqlfile.Postgres {
		return "STRING_AGG(CAST(" + values + " AS TEXT), ',')"
	}
	return "GROUP_CONCAT(" + values + ")"
}

// quotedTable returns the name of a table that is a reserved word in MySQL if the forum uses no prefix.
func quotedTable(engine sqlfile.Engine, name string) string {
	if engine == sqlfile.MySQL {
		return "`" + name + "`"
	}
	return name
}

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
				q.File, q.Line, name, strings.Join(queryNames(), ", "), nearestQuery(name))
		}
		queries[name] = q
	}
	return nil
}

// checkParams rejects queries with parameters that are not in the contract.
func checkParams(queries map[string]sqlfile.Query) error {
	for _, c := range contract() {
		q, found := queries[c.name]
		if !found && c.optional {
			continue
		}
		if !found {
			return fmt.Errorf("missing query %q", c.name)
		}
		for _, p := range q.Params {
			if !slices.Contains(c.params, p) {
				return fmt.Errorf("%s:%d: query %q uses the unknown parameter :%s (available: %s)",
					q.File, q.Line, c.name, p, listOrNone(c.params))
			}
		}
	}
	return nil
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

// nearestQuery returns the query whose name shares the longest prefix with a mistyped one.
func nearestQuery(name string) string {
	best, most := "", -1
	for _, known := range queryNames() {
		same := 0
		for same < min(len(name), len(known)) && name[same] == known[same] {
			same++
		}
		if same > most {
			best, most = known, same
		}
	}
	return best
}
