package source

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"postrider/internal/finding"
	"postrider/internal/sqlfile"
)

// TestTruthColumns_AreReadOrCured writes a truth value in the ways of home-made forums, and then as the finding says.
func TestTruthColumns_AreReadOrCured(t *testing.T) {
	const old = "CASE WHEN b.archived THEN 1 ELSE 0 END AS closed"
	for _, engine := range []sqlfile.Engine{sqlfile.SQLite, sqlfile.Postgres, sqlfile.MySQL} {
		f := newExampleForum(t, engine)
		execute(t, openAny(t, f.dsn), "ALTER TABLE boards ADD COLUMN gone VARCHAR(5) DEFAULT 'no'; UPDATE boards SET gone = 'yes' WHERE board_id = 1")
		if engine != sqlfile.SQLite {
			kind := map[sqlfile.Engine]string{sqlfile.Postgres: "BOOLEAN DEFAULT FALSE", sqlfile.MySQL: "BIT(1) DEFAULT 0"}[engine]
			execute(t, openAny(t, f.dsn), "ALTER TABLE boards ADD COLUMN shut "+kind)
		} else {
			execute(t, openAny(t, f.dsn), "ALTER TABLE boards ADD COLUMN shut BOOL DEFAULT FALSE")
		}
		faults := func(expression string) (list []finding.Finding) {
			db := exampleWith(t, f, old, expression)
			for _, x := range append(db.Check(t.Context()), db.CheckRows(t.Context(), mustTime(t, "2026-05-03T20:00:00Z"))...) {
				if x.Level != finding.LevelOK && strings.Contains(x.Text, "closed") {
					list = append(list, x)
				}
			}
			return list
		}
		for _, tt := range []struct{ expression, cure string }{
			{"b.gone AS closed", "CASE WHEN b.gone = 'yes' THEN 1 ELSE 0 END AS closed"},
			{"b.shut AS closed", map[sqlfile.Engine]string{sqlfile.MySQL: "CASE WHEN b.shut THEN 1 ELSE 0 END AS closed"}[engine]},
		} {
			found := faults(tt.expression)
			if tt.cure == "" {
				if len(found) > 0 {
					t.Errorf("%s: %s: %v, want it to be read", engine, tt.expression, found)
				}
				continue
			}
			column, _, _ := strings.Cut(tt.expression, " ")
			cured := func(x finding.Finding) bool {
				return strings.Contains(x.Fix, strings.ReplaceAll(tt.cure, column, "COLUMN"))
			}
			misled := func(x finding.Finding) bool {
				return strings.Contains(x.Fix, "type in [forum]") || !strings.Contains(x.Text, "own.sql:76: column closed")
			}
			if !slices.ContainsFunc(found, cured) || slices.ContainsFunc(found, misled) {
				t.Errorf("%s: %s: %v, want the cure %s", engine, tt.expression, found, tt.cure)
			}
			if left := faults(tt.cure); len(left) > 0 {
				t.Errorf("%s: %s: %v, want it to be read", engine, tt.cure, left)
			}
		}
	}
}

func TestBooleans_HaveACureInOtherColumns(t *testing.T) {
	f := newExampleForum(t, sqlfile.Postgres)
	db := exampleWith(t, f, "CASE m.status WHEN 'open' THEN 0 WHEN 'held' THEN 1 ELSE 2 END AS state,", "m.status <> 'open' AS state,")
	all := db.Check(t.Context())
	for _, x := range all {
		if x.Level == finding.LevelFail && strings.Contains(x.Text, "column state is BOOL") && strings.Contains(x.Fix, "CASE WHEN COLUMN THEN 1 ELSE 0 END AS state") {
			return
		}
	}
	t.Errorf("findings = %v, want one that says how to write a boolean as a number", all)
}

func TestQueries_ListsAreInBrackets(t *testing.T) {
	f := newExampleForum(t, sqlfile.SQLite)
	for _, without := range []string{"= :ids", "IN :ids", "> :ids", "IN /* all */ :ids"} {
		text := strings.Replace(customTemplate(t, true), "WHERE m.message_id IN (:ids)", "WHERE m.message_id "+without, 1)
		c := f.config()
		c.Queries = queriesFile(t, text)
		_, err := Open(t.Context(), c)
		if err == nil || !strings.Contains(err.Error(), `query "posts" has :ids without brackets, and must have "COLUMN IN (:ids)", because it is a list`) || !strings.Contains(err.Error(), ".sql:109: ") {
			t.Errorf("%s: err = %v, want what is expected, with the line", without, err)
		}
	}
}

// TestCheckRows_LongValueNeedsLittleMemory gives a post 32 MB of text, which the query does not cut.
func TestCheckRows_LongValueNeedsLittleMemory(t *testing.T) {
	const size = 32 << 20
	for engine, change := range map[sqlfile.Engine]string{
		sqlfile.SQLite:   "UPDATE messages SET body = CAST(ZEROBLOB(%d) AS TEXT) WHERE message_id = 101",
		sqlfile.Postgres: "UPDATE messages SET body = REPEAT('é', %d / 2) WHERE message_id = 101",
	} {
		f := newExampleForum(t, engine)
		execute(t, openAny(t, f.dsn), fmt.Sprintf(change, size))
		db := exampleWith(t, f, "SUBSTR(m.body, 1, 262144)   AS body", "m.body AS body")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		all := db.CheckRows(t.Context(), mustTime(t, "2026-05-03T20:00:00Z"))
		runtime.ReadMemStats(&after)
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 16 {
			t.Errorf("%s: the check took %d MB, want less than half of the value", engine, used)
		}
		if !reported(all, finding.LevelFail, "query bodies", "column body has a value of 33554432 bytes, and must have at most") {
			t.Errorf("%s: findings = %v, want one about the long value", engine, all)
		}
	}
}
