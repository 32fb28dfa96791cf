// Package sqlfile reads named queries from .sql files.
//
// A query begins with a line with its name and ends where the next one begins:
//
//	-- name: claim
//	SELECT o.key FROM outbox o WHERE o.member_id IN (SELECT CAST(value AS BIGINT) FROM {ids :members})
//
//	-- name: claim/postgres
//	...
//
// The second replaces the first on PostgreSQL. Parameters are written :name, as in sqlx, so a query can be tried unchanged
// in psql or the sqlite3 shell. A word in braces is a [Macro], replaced while the file is read; its output follows the
// same rules as the file, so it can have other macros. Comments (-- and /* */) are dropped, even those that a server would read as hints.
//
// Parse rejects, with file and line, what sqlx would mistake for a parameter (jmoiron/sqlx#428, #956, #983) and what the
// engines read differently: "::" (write CAST), a colon or a question mark in a literal, "?", "$" and "#" outside a literal,
// a backslash in a literal (an escape only in MySQL), and a second statement.
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
	File   string   // for error messages
	Line   int      // of its name
	Source string   // as written below its name
}

// LineOf returns the line of the file in which the query names a column (AS column), or the line of its name.
func (q Query) LineOf(column string) int {
	if column == "" {
		return q.Line
	}
	pattern, err := regexp.Compile(`(?i)\bAS\s+` + regexp.QuoteMeta(column) + `\b`)
	if err != nil {
		return q.Line
	}
	if at := pattern.FindStringIndex(q.Source); at != nil {
		return q.Line + 1 + strings.Count(q.Source[:at[0]], "\n")
	}
	return q.Line
}

// Parse reads the queries of a file for an engine. If a query has a variant for the engine, it returns that. It checks the
// variants of all engines. The file name is used only in errors.
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
			return nil, fmt.Errorf("%s:%d: query %q is already defined at line %d", file, s.line, strings.TrimSuffix(name+"/"+m[2], "/"), first)
		}
		seen[name+"/"+m[2]] = s.line
		sc := scanner{macros: macros, line: s.line + 1}
		if err := sc.scan(s.body); err != nil {
			return nil, fmt.Errorf("%s:%d: query %q: %w", file, sc.line, name, err)
		}
		q := Query{Name: name, Text: strings.TrimSpace(sc.out.String()), Params: sc.params, File: file, Line: s.line, Source: s.body}
		if q.Text == "" {
			return nil, fmt.Errorf("%s:%d: query %q is empty", file, s.line, name)
		}
		if _, found := queries[name]; variant == engine || variant == "" && !found {
			queries[name] = q
		}
	}
	return queries, nil
}

// A malformed name line must not pass for a comment: its query would become part of the one above.
var (
	headerLike = regexp.MustCompile(`(?i)^--\s*name\s*:`)
	header     = regexp.MustCompile(`^-- name: ([a-z][a-z0-9_]*)(?:/(sqlite|postgres|mysql))?$`)
)

// section is a header line with its body; the first section of a file has no header.
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
