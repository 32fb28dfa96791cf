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
	columns []string
}

func contract() []querySpec {
	words := strings.Fields
	return []querySpec{
		{"sections", nil, words("id parent_id place title holds_threads closed")},
		{"threads", words("ids"), words("id section_id title starter_id starter_name started_at first_post_id state redirect")},
		{"posts", words("ids"), words("id thread_id author_id author_name posted_at state version")},
		{"bodies", words("ids"), words("id author_id likes body")},
		{"numbers", words("ids"), words("id thread_id earlier")},
		{"likes", words("ids"), words("id name")},
		{"titles", words("members"), words("member_id title")},
		{"badges", words("members"), words("member_id badge")},
		{"members", words("ids now"), words("id name email zone locale roles no_mail")},
		{"find", words("name"), words("id")},
		{"search", words("begins limit"), words("id")},
		{"watching", words("after limit"), words("id")},
		{"rights", words("roles"), words("role section_id rights")},
		{"section_watches", words("members"), words("member_id section_id level mail")},
		{"thread_watches", words("members"), words("member_id thread_id mail")},
		{"watchers", words("threads sections after limit"), words("member_id thread_id section_id level")},
		{"ignores", words("members"), words("member_id ignored")},
		{"read_days", nil, words("days")},
		{"section_reads", words("members since"), words("member_id section_id read_at")},
		{"thread_reads", words("members since"), words("member_id thread_id read_at")},
		{"took_part", words("members threads"), words("member_id thread_id")},
		{"arrivals", words("after limit"), words("id thread_id section_id author_id posted_at visible")},
		{"arrivals_of", words("ids"), words("id thread_id section_id author_id posted_at visible")},
		{"first_since", words("from"), words("id")},
		{"newest", nil, words("id")},
		{"created", words("from until"), words("id")},
		{"mailable", words("now"), words("members")},
		{"roster", words("after limit"), words("id")},
		{"profiles", words("ids"), words("id posts joined_at visited_at")},
		{"groups", nil, words("id title")},
		{"memberships", words("members"), words("member_id in_groups")},
		{"named", words("names"), words("id name")},
		{"addressed", words("addresses"), words("id email")},
	}
}

// loadQueries reads the queries of a forum type and replaces those that the administrator's file overrides.
func loadQueries(k forumType, engine sqlfile.Engine, prefix, overlay string) (map[string]sqlfile.Query, error) {
	macros := map[string]sqlfile.Macro{"prefix": func(string) string { return prefix }}
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
			return nil, fmt.Errorf("reading the file of [forum] queries: %w", err)
		}
	}
	return queries, checkParams(queries)
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
