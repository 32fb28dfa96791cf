package sqlfile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"postrider/internal/sqlfile"
)

var macros = map[string]sqlfile.Macro{
	"prefix": func(string) string { return "xf_" },
	"rows":   func(arg string) string { return "json_each(" + arg + ")" },
	"posts":  func(string) string { return "{prefix}post" },
	"broken": func(string) string { return "'" },
	"loop":   func(string) string { return "{loop}" },
}

const file = `-- What the daemon remembers: a comment with a colon, a ? and a 'quote.
/* Another one. */

-- name: claim
SELECT o.key -- trailing: a comment
  FROM {prefix}outbox o /* inner */
 WHERE o.due <= :now AND o.name <> 'it''s' AND "odd ""name" = :own AND :now > 0;

-- name: claim/postgres
SELECT 1 FROM {rows :rows}
-- name: count/mysql
SELECT 2
`

func TestParse_ReplacesMacrosOfMacros(t *testing.T) {
	queries, err := sqlfile.Parse("f", "-- name: a\nSELECT 1 FROM {posts} p", sqlfile.SQLite, macros)
	if err != nil || queries["a"].Text != "SELECT 1 FROM xf_post p" {
		t.Errorf("query = %q, %v", queries["a"].Text, err)
	}
}

func TestParse_ReadsQueries(t *testing.T) {
	tests := []struct {
		engine sqlfile.Engine
		name   string
		text   string
		params []string
		line   int
	}{
		{sqlfile.SQLite, "claim", "SELECT o.key \n  FROM xf_outbox o  \n WHERE o.due <= :now AND o.name <> 'it''s' AND \"odd \"\"name\" = :own AND :now > 0",
			[]string{"now", "own"}, 4},
		{sqlfile.Postgres, "claim", "SELECT 1 FROM json_each(:rows)", []string{"rows"}, 9},
		{sqlfile.MySQL, "count", "SELECT 2", nil, 11},
	}
	for _, tt := range tests {
		queries, err := sqlfile.Parse("store.sql", file, tt.engine, macros)
		if err != nil {
			t.Fatal(err)
		}
		q := queries[tt.name]
		if q.Text != tt.text {
			t.Errorf("%s for %s = %q, want %q", tt.name, tt.engine, q.Text, tt.text)
		}
		if !slices.Equal(q.Params, tt.params) {
			t.Errorf("%s for %s has the parameters %q, want %q", tt.name, tt.engine, q.Params, tt.params)
		}
		if q.File != "store.sql" || q.Line != tt.line {
			t.Errorf("%s for %s is at %s:%d, want line %d", tt.name, tt.engine, q.File, q.Line, tt.line)
		}
	}
}

func TestParse_IgnoresVariantOfOtherEngine(t *testing.T) {
	queries, err := sqlfile.Parse("store.sql", file, sqlfile.SQLite, macros)
	if err != nil {
		t.Fatal(err)
	}
	if q, found := queries["count"]; found {
		t.Errorf("Parse for SQLite returned the query for MySQL: %q", q.Text)
	}
}

func TestParse_AcceptsVariantFirst(t *testing.T) {
	queries, err := sqlfile.Parse("f", "-- name: a/sqlite\nSELECT 1\n-- name: a\nSELECT 2\n", sqlfile.SQLite, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := queries["a"].Text; got != "SELECT 1" {
		t.Errorf("a = %q, want the variant, SELECT 1", got)
	}
}

func TestParse_RejectsInvalidSQL(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a cast with colons", "-- name: a\nSELECT 1,\n :n::text", `f:3: query "a": "::"`},
		{"a colon in a literal", "-- name: a\nSELECT '12:30'", `f:2: query "a": ':' is not allowed in a literal`},
		{"a question mark in a literal", "-- name: a\n\nSELECT 'why?'", `f:3: query "a": '?' is not allowed in a literal`},
		{"a backslash in a literal", `-- name: a` + "\n" + `SELECT '\'`, `f:2: query "a": '\\' is not allowed in a literal`},
		{"a question mark", "-- name: a\nSELECT ?", `f:2: query "a": '?' is not allowed outside a literal`},
		{"a numbered parameter", "-- name: a\nSELECT $1", `f:2: query "a": '$' is not allowed outside a literal`},
		{"an array slice", "-- name: a\nSELECT x[1:2]", `f:2: query "a": a colon must be followed by a name`},
		{"a parameter that continues in upper case", "-- name: a\nSELECT :nOw", `f:2: query "a": parameter :n is followed by 'O'`},
		{"a parameter that ends in an underscore", "-- name: a\nSELECT :n_", `f:2: query "a": parameter :n_ ends in _`},
		{"a parameter directly before a macro", "-- name: a\nSELECT :n{prefix}", `f:2: query "a": parameter :n is followed by '{'`},
		{"two statements", "-- name: a\nSELECT 1; SELECT 2", `f:2: query "a": a second statement`},
		{"an unterminated literal", "-- name: a\nSELECT 'x", `f:2: query "a": unterminated literal '`},
		{"an unterminated comment", "-- name: a\nSELECT /* x", `f:2: query "a": unterminated comment /*`},
		{"an unterminated macro", "-- name: a\nSELECT {prefix", `f:2: query "a": unmatched brace {`},
		{"a closing brace without a macro", "-- name: a\nSELECT }", `f:2: query "a": unmatched brace }`},
		{"an unknown macro", "-- name: a\nSELECT {prefiks}x", `f:2: query "a": unknown macro {prefiks}`},
		{"a macro that returns invalid SQL", "-- name: a\nSELECT {broken}", `f:2: query "a": {broken}: unterminated literal '`},
		{"a macro that returns a macro", "-- name: a\nSELECT {loop}", `f:2: query "a": {loop}: unknown macro {loop}`},
		{"an error in a variant for another engine", "-- name: a/mysql\nSELECT ?", `f:2: query "a": '?'`},
		{"a duplicate name", "-- name: a\nSELECT 1\n-- name: a\nSELECT 2", `f:3: query "a" is already defined at line 1`},
		{"a duplicate variant", "-- name: a/mysql\nSELECT 1\n-- name: a/mysql\nSELECT 2", `f:3: query "a/mysql" is already defined at line 1`},
		{"an unknown engine", "-- name: a/postgre\nSELECT 1", `f:1: "-- name: a/postgre" is not`},
		{"a malformed name line", "-- name : a\nSELECT 1", `f:1: "-- name : a" is not`},
		{"a query without a statement", "-- name: a\n-- only a comment\n;\n", `f:1: query "a" is empty`},
		{"SQL above the first name", "SELECT 1\n-- name: a\nSELECT 2", `f:1: SQL before the first`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			queries, err := sqlfile.Parse("f", tt.text, sqlfile.SQLite, macros)
			if err == nil {
				t.Fatalf("Parse returned %v, want an error with %q", queries, tt.want)
			}
			if got := err.Error(); !strings.Contains(got, tt.want) {
				t.Errorf("error = %q, want %q in it", got, tt.want)
			}
		})
	}
}

// FuzzParse checks that sqlx finds the same parameters as Parse in every query that Parse accepts, and replaces nothing else.
func FuzzParse(f *testing.F) {
	f.Add(file)
	f.Add("-- name: a\nSELECT :a, ':', {rows :b}")
	f.Add("-- name: a\nSELECT x::text, a-/**/-b, :a.b, :ä")
	f.Fuzz(func(t *testing.T, text string) {
		queries, err := sqlfile.Parse("f", text, sqlfile.SQLite, macros)
		if err != nil {
			return
		}
		for name, q := range queries {
			args := make(map[string]any)
			for _, p := range q.Params {
				args[p] = p
			}
			bound, got, err := sqlx.Named(q.Text, args)
			if err != nil {
				t.Fatalf("sqlx rejects %q: %v", q.Text, err)
			}
			if marks := strings.Count(bound, "?"); marks != len(got) {
				t.Errorf("sqlx returned %d question marks for %d parameters of %q: %q", marks, len(got), q.Text, bound)
			}
			again, err := sqlfile.Parse("f", "-- name: "+name+"\n"+q.Text, sqlfile.SQLite, nil)
			if err != nil {
				t.Fatalf("parsing %q again: %v", q.Text, err)
			}
			if again[name].Text != q.Text {
				t.Errorf("parsing %q again returned %q", q.Text, again[name].Text)
			}
		}
	})
}
