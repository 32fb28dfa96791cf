package source

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"postrider/internal/sqlfile"
)

// textColumns are the columns with a rule for their values that are no numbers.
var textColumns = []string{"no_mail", "opt_outs", "digest_choice", "zone", "locale", "email", "rights", "in_groups", "address", "body"}

// truthColumns are the columns that may be booleans.
var truthColumns = []string{"holds_threads", "closed", "redirect", "visible", "locked", "sends"}

// isNumberColumn reports whether the values of a column are whole numbers.
func isNumberColumn(name string) bool {
	_, ruled := cellRules[name]
	return ruled && !slices.Contains(textColumns, name)
}

// columnMistakes compares the columns of a query with the contract: their names, and the types that the database declares.
func (db *DB) columnMistakes(q querySpec, got []*sql.ColumnType) []string {
	var mistakes []string
	for _, want := range q.columns {
		if !strings.HasSuffix(want, "?") && !slices.ContainsFunc(got, func(c *sql.ColumnType) bool { return c.Name() == want }) {
			mistakes = append(mistakes, "missing column "+want)
		}
	}
	for i, c := range got {
		name := c.Name()
		if !slices.Contains(q.columns, name) && !slices.Contains(q.columns, name+"?") || slices.ContainsFunc(got[:i], func(o *sql.ColumnType) bool { return o.Name() == name }) {
			mistakes = append(mistakes, "unexpected column "+name)
		} else if kind := c.DatabaseTypeName(); isNumberColumn(name) && !db.holdsNumbers(name, kind) && !(q.name == "thread_watches" && name == "mail" && strings.HasPrefix(kind, "BOOL")) {
			mistakes = append(mistakes, fmt.Sprintf("column %s is %s, and must be a whole number", name, kind))
		}
	}
	return mistakes
}

// holdsNumbers reports whether a column of a type of the database can be read as whole numbers. Text of digits can, too, so the queries of
// home-made forums may return it; in a known forum, it is a sign of another version. SQLite declares types, and does not keep to them.
func (db *DB) holdsNumbers(column, kind string) bool {
	switch kind {
	case "DATE", "DATETIME", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "UUID", "JSON", "JSONB", "BYTEA":
		return db.engine == sqlfile.SQLite
	case "BOOL", "BOOLEAN":
		return db.engine == sqlfile.SQLite || slices.Contains(truthColumns, column)
	case "TEXT", "VARCHAR", "CHAR", "BPCHAR", "ENUM", "BLOB", "LONGTEXT", "MEDIUMTEXT":
		return db.engine == sqlfile.SQLite || db.kind.homemade
	}
	return true
}
