package source

import (
	"fmt"
	"slices"
	"strings"

	"postrider/internal/nearest"
)

// templateWidth is the longest line of the template, in characters.
const templateWidth = 120

const templateTop = `-- How Postrider reads your forum: see docs/custom-forum.md, and docs/query-contract.md for every detail.
--
-- The example below is a made-up forum with the tables boards, topics, messages, people and subscriptions. Replace its
-- tables and columns with those of your forum, and keep the names after AS. Then run:
--
--   postrider forums check forum.sql
--
-- Lines that begin with "-- #" are optional and switched off. To use one, remove "-- # " from the line or the query.

`

// CustomTemplate returns a file with remarks for a home-made forum, with every setting and every query. The required ones are
// examples that must be replaced; the others are switched off.
func CustomTemplate() (string, error) {
	text, err := queryFiles.ReadFile("custom.sql")
	if err != nil {
		return "", err
	}
	examples := queryTexts(string(text))
	var b strings.Builder
	b.WriteString(templateTop)
	b.WriteString("-- What SQL cannot say. A setting is a comment of the form \"-- key: value\" above the first query.\n\n")
	for _, key := range customKeys() {
		about := upperFirst(key.about) + "."
		if key.byWay != "" {
			about += " Default: " + key.byWay + "."
		}
		writeRemark(&b, about)
		writeLines(&b, !key.required, "-- "+key.name+": "+key.example)
		b.WriteByte('\n')
	}
	required := func(q querySpec) bool {
		return q.required() || slices.Contains([]string{"roster", "section_watches", "thread_watches"}, q.name)
	}
	b.WriteString("-- Required queries.\n\n")
	for _, q := range contract() {
		if required(q) {
			writeQuery(&b, q, examples[q.name], false)
		}
	}
	b.WriteString("-- Optional queries. The last sentence of each remark says what applies without it.\n\n")
	for _, q := range contract() {
		if !required(q) {
			writeQuery(&b, q, examples[q.name], true)
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n", nil
}

func writeQuery(b *strings.Builder, q querySpec, example string, off bool) {
	if example == "" {
		var columns []string
		for _, c := range q.columns {
			columns = append(columns, "... AS "+strings.TrimSuffix(c, "?"))
		}
		example = "SELECT " + strings.Join(columns, ", ") + "\n  FROM ..."
		if len(q.params) > 0 && slices.Contains([]string{"ids", "members"}, q.params[0]) {
			example += "\n WHERE ... IN (:" + q.params[0] + ")"
		}
	}
	writeLines(b, off, "-- name: "+q.name)
	writeRemark(b, q.about)
	var may []string
	for _, c := range q.columns {
		if name, optional := strings.CutSuffix(c, "?"); optional {
			may = append(may, name)
		}
	}
	if len(may) > 0 {
		writeRemark(b, "Columns that may be left out: "+strings.Join(may, ", ")+".")
	}
	if q.without != "" {
		writeRemark(b, "Without this query: "+q.without)
	}
	writeLines(b, off, example)
	b.WriteByte('\n')
}

// writeLines writes lines, each after "-- # " if they are switched off.
func writeLines(b *strings.Builder, off bool, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		if off {
			b.WriteString("-- # ")
		}
		b.WriteString(line + "\n")
	}
}

// writeRemark writes a text as comments.
func writeRemark(b *strings.Builder, text string) {
	line := "--"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > templateWidth {
			b.WriteString(line + "\n")
			line = "--"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// queryTexts returns the text of each query of a file as it is written, without its remarks above and below.
func queryTexts(file string) map[string]string {
	texts := make(map[string]string)
	for i, part := range strings.Split("\n"+file, "\n-- name: ") {
		if name, text, _ := strings.Cut(part, "\n"); i > 0 {
			texts[name] = strings.TrimSpace(text)
		}
	}
	return texts
}

// TypeQueries returns the files with the queries of a forum type, one after the other.
func TypeQueries(name string) (string, error) {
	k, known := forumTypeNamed(name)
	if !known {
		return "", fmt.Errorf("unknown forum type %q: must be one of %s; did you mean %s?", name, strings.Join(typeNames(), ", "), nearest.Word(name, typeNames()))
	}
	var b strings.Builder
	for _, file := range k.files {
		text, err := queryFiles.ReadFile(file)
		if err != nil {
			return "", err
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.Write(text)
	}
	return b.String(), nil
}
