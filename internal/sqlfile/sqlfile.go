// Package sqlfile reads named queries from .sql files.
//
// A query begins with a line that names it and ends where the next one begins:
//
//	-- name: claim
//	SELECT o.key FROM outbox o WHERE o.member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :members})
//
//	-- name: claim/postgres
//	...
//
// The second is what PostgreSQL runs instead of the first. Parameters are written :name, as sqlx
// takes them, so that a query can be tried in psql or the sqlite3 shell as it stands. A word in
// braces is a [Macro], replaced while the file is read; what it yields obeys the same rules as
// the file itself. Comments (-- and /* */) are dropped, also those that a server would read as hints.
//
// Refused, with file and line, is all that sqlx would take for a parameter without being asked
// (jmoiron/sqlx#428, #956, #983) and all that the engines read differently: "::" (write CAST), a colon
// or a question mark in a literal, "?", "$" and "#" outside of one, a backslash in a literal (an escape for
// MySQL alone), and a second statement.
package sqlfile

import (
	"fmt"
	"regexp"
	"strings"
)

// Engine is a database that a query can be written for.
type Engine string

const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
	MySQL    Engine = "mysql" // and MariaDB
)

// Macro turns the argument of {word argument} into SQL. The argument is trimmed, and empty in {word}.
type Macro func(arg string) string

// Query is one statement, ready for sqlx: no comments, macros replaced.
type Query struct {
	Name   string
	Text   string
	Params []string // without the colon, each once, in the order of first use
	File   string   // where it stands, for those who must say that it is wrong
	Line   int
}

// Parse reads the queries of a file as engine shall run them: where a query has a variant for engine,
// that variant. All variants are checked, whoever they are for. The file's name is used in errors only.
func Parse(file, text string, engine Engine, macros map[string]Macro) (map[string]Query, error) {
	queries := make(map[string]Query)
	seen := make(map[string]int)
	for _, s := range sections(text) {
		if s.header == "" {
			if !onlyComments(s.body) {
				return nil, fmt.Errorf("%s:1: SQL before the first \"-- name:\" line", file)
			}
			continue
		}
		m := header.FindStringSubmatch(s.header)
		if m == nil {
			return nil, fmt.Errorf("%s:%d: %q is not \"-- name: word\" or \"-- name: word/engine\" (sqlite, postgres, mysql)",
				file, s.line, s.header)
		}
		name, variant := m[1], Engine(m[2])
		if first := seen[name+"/"+m[2]]; first != 0 {
			return nil, fmt.Errorf("%s:%d: query %q stands at line %d already", file, s.line, strings.TrimSuffix(name+"/"+m[2], "/"), first)
		}
		seen[name+"/"+m[2]] = s.line
		sc := scanner{macros: macros, line: s.line + 1}
		if err := sc.scan(s.body); err != nil {
			return nil, fmt.Errorf("%s:%d: query %q: %w", file, sc.line, name, err)
		}
		q := Query{Name: name, Text: strings.TrimSpace(sc.out.String()), Params: sc.params, File: file, Line: s.line}
		if q.Text == "" {
			return nil, fmt.Errorf("%s:%d: query %q is empty", file, s.line, name)
		}
		if _, found := queries[name]; variant == engine || variant == "" && !found {
			queries[name] = q
		}
	}
	return queries, nil
}

// A line that looks like a name but is none must not pass for a comment: its query would vanish into the one above.
var (
	headerLike = regexp.MustCompile(`(?i)^--\s*name\s*:`)
	header     = regexp.MustCompile(`^-- name: ([a-z][a-z0-9_]*)(?:/(sqlite|postgres|mysql))?$`)
)

// section is a header line with what follows it; the first of a file has no header.
type section struct {
	header string
	line   int // of the header, from 1
	body   string
}

func sections(text string) []section {
	var all []section
	cur := section{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		if headerLike.MatchString(line) {
			all = append(all, cur)
			cur = section{header: strings.TrimRight(line, " \t\r\n"), line: n}
			continue
		}
		cur.body += line
	}
	return append(all, cur)
}

func onlyComments(text string) bool {
	var s scanner
	return s.scan(text) == nil && strings.TrimSpace(s.out.String()) == ""
}
