package source

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"postrider/internal/finding"
	"postrider/internal/sqlfile"
)

// optionalTable is a table that a forum may lack, because an extension or its version lacks it, or with some of its columns. A query
// names it with a macro:
//
//	{if_exists shared_drafts topic_id}      without the table, the query reads an empty one; without the right to read it, it fails
//	{if_readable site_settings name:text}   without the right, too, it reads an empty one
//
// The words after the name are the columns that the query uses, with their types if they are no integers: text, boolean or timestamp.
type optionalTable struct {
	use      string // the argument of the macro
	readable bool   // if_readable
}

// lack is an optional table that the forum has not, or that the account may not read.
type lack struct {
	optionalTable
	err error
}

// optionalTables are those of a set of queries that is being loaded.
type optionalTables struct {
	engine sqlfile.Engine
	prefix string
	absent map[optionalTable]error
	used   []optionalTable // in the order of first use
}

// macros returns the macros that name optional tables.
func (o *optionalTables) macros() map[string]sqlfile.Macro {
	return map[string]sqlfile.Macro{
		"if_exists":   func(use string) string { return o.name(optionalTable{use: use}) },
		"if_readable": func(use string) string { return o.name(optionalTable{use: use, readable: true}) },
	}
}

// name returns the name of the table, or an empty table in its place.
func (o *optionalTables) name(t optionalTable) string {
	known := false
	for _, u := range o.used {
		known = known || u == t
	}
	if !known {
		o.used = append(o.used, t)
	}
	if _, absent := o.absent[t]; absent {
		return t.empty(o.engine)
	}
	return quotedTable(o.engine, o.prefix+t.table())
}

func (t optionalTable) table() string {
	name, _, _ := strings.Cut(t.use, " ")
	return name
}

// columnNames lists the columns that the query uses.
func (t optionalTable) columnNames() string {
	var names []string
	for _, word := range strings.Fields(t.use)[1:] {
		name, _, _ := strings.Cut(word, ":")
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// empty returns a table without rows.
func (t optionalTable) empty(engine sqlfile.Engine) string {
	var columns []string
	for _, word := range strings.Fields(t.use)[1:] {
		name, kind, _ := strings.Cut(word, ":")
		value := "CAST(NULL AS " + castType(engine, kind) + ")"
		if engine == sqlfile.MySQL && kind == "text" {
			value = "NULL" // CHAR has the collation of the session, which may not fit the column next to it
		}
		columns = append(columns, value+" AS "+name)
	}
	return "(SELECT " + strings.Join(columns, ", ") + " FROM (SELECT 1 AS one) no_rows WHERE 1 = 0)"
}

// castType returns the type of a column in CAST.
func castType(engine sqlfile.Engine, kind string) string {
	if engine == sqlfile.MySQL {
		if kind == "timestamp" {
			return "DATETIME"
		}
		return "SIGNED"
	}
	if kind == "" {
		return "BIGINT"
	}
	return strings.ToUpper(kind)
}

// probe returns a statement that fails if the table or a column is missing.
func (t optionalTable) probe(engine sqlfile.Engine, prefix string) string {
	var columns []string
	for _, word := range strings.Fields(t.use)[1:] {
		name, _, _ := strings.Cut(word, ":")
		columns = append(columns, "o."+name)
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM " + quotedTable(engine, prefix+t.table()) + " o WHERE 1 = 0"
}

// tryOptional fails if an optional table cannot be read.
func (db *DB) tryOptional(ctx context.Context, t optionalTable) error {
	return db.transaction(ctx, func(s *Snapshot) error {
		_, err := s.queryStrings(ctx, t.probe(db.engine, db.prefix))
		return err
	})
}

// findLacks asks the forum for each optional table of its queries.
func (db *DB) findLacks(ctx context.Context, o *optionalTables) error {
	for _, t := range o.used {
		err := db.tryOptional(ctx, t)
		kind := absence(err)
		if err != nil && kind == absentNothing {
			return fmt.Errorf("looking for the table %s: %w", t.table(), err)
		}
		if kind == absentTable || kind == absentColumn || kind == absentRight && t.readable {
			db.lacks = append(db.lacks, lack{t, err})
			if o.absent == nil {
				o.absent = make(map[optionalTable]error)
			}
			o.absent[t] = err
		}
	}
	db.needEither(o)
	return nil
}

// needEither makes the queries fail on a forum that lacks both of two tables of which it must have one: they name the second.
func (db *DB) needEither(o *optionalTables) {
	for _, two := range db.kind.either {
		if db.lacksTable(two[0]) && db.lacksTable(two[1]) {
			maps.DeleteFunc(o.absent, func(t optionalTable, _ error) bool { return t.use == two[1] })
		}
	}
}

// lackedTwice returns what a forum lacks of which it must have one or the other.
func (db *DB) lackedTwice() []finding.Finding {
	var all []finding.Finding
	for _, two := range db.kind.either {
		var missing []string
		for _, l := range db.lacks {
			if slices.Contains(two[:], l.use) {
				missing = append(missing, fmt.Sprintf("%s with %s (%v)", l.table(), l.columnNames(), l.err))
			}
		}
		if len(missing) == 2 {
			all = append(all, finding.Fail("optional table", "the forum has neither "+strings.Join(missing, " nor "),
				"compare the forum's tables with those of the versions that the type is made for"))
		}
	}
	return all
}

// hasOther reports whether the forum has another table in place of one that it lacks, as its version should.
func (db *DB) hasOther(use string) bool {
	return slices.ContainsFunc(db.kind.either, func(two [2]string) bool {
		return use == two[0] && !db.lacksTable(two[1]) || use == two[1] && !db.lacksTable(two[0])
	})
}

// lacksTable reports whether the forum lacks an optional table.
func (db *DB) lacksTable(use string) bool {
	return slices.ContainsFunc(db.lacks, func(l lack) bool { return l.use == use })
}

// checkLacks says what is lost without the optional tables that the forum lacks.
func (db *DB) checkLacks(ctx context.Context) []finding.Finding {
	all := db.lackedTwice()
	for _, l := range db.lacks {
		if err := db.tryOptional(ctx, l.optionalTable); err == nil {
			all = append(all, finding.Warn("optional table", fmt.Sprintf("%s can be read now, but could not when Postrider started", l.table()),
				"restart Postrider, so that it reads this table"))
			continue
		}
		if db.hasOther(l.use) { // whatever the error: MariaDB denies tables that are not there, if the account has grants of single ones
			if lost := db.kind.lost[l.use]; lost != "" {
				all = append(all, finding.OK("optional table", fmt.Sprintf("no %s: %s", l.table(), lost)))
			}
			continue
		}
		lost := cmp.Or(db.kind.lost[l.use], db.kind.lost[l.table()])
		if lost == "" {
			lost = "what it holds is not used"
		}
		if absence(l.err) == absentRight {
			all = append(all, finding.Warn("optional table", fmt.Sprintf("cannot read %s (%v): %s", l.table(), l.err, lost),
				"grant SELECT on this table to the account in [forum] dsn"))
			continue
		}
		missing := "the forum has no " + l.table()
		if absence(l.err) == absentColumn {
			missing = "the forum's " + l.table() + " lacks a column"
		}
		all = append(all, finding.OK("optional table", fmt.Sprintf("%s (%v): %s", missing, l.err, lost)))
	}
	return all
}
