package source

import (
	"strings"
	"testing"

	"postrider/internal/finding"
	"postrider/internal/sqlfile"
)

func TestCheckRows_AcceptsEveryType(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		for _, x := range db.CheckRows(t.Context(), f.now()) {
			if x.Level != finding.LevelOK {
				t.Errorf("%s: %s: %s (%s)", x.Level, x.Part, x.Text, x.Fix)
			} else {
				t.Logf("%s: %s", x.Part, x.Text)
			}
		}
	})
}

func TestCheckRows_AcceptsTemplate(t *testing.T) {
	forEachCustom(t, func(t *testing.T, db *DB) {
		for _, x := range db.CheckRows(t.Context(), mustTime(t, "2026-05-03T20:00:00Z")) {
			if x.Level != finding.LevelOK {
				t.Errorf("%s: %s: %s (%s)", x.Level, x.Part, x.Text, x.Fix)
			}
		}
	})
}

// Each mistake that a newcomer makes has its own words, with the line and what to do.
func TestCheckRows_ReportsEachMistake(t *testing.T) {
	for _, engine := range []sqlfile.Engine{sqlfile.Postgres, sqlfile.MySQL, sqlfile.SQLite} {
		f := newExampleForum(t, engine)
		good := customTemplate(t, true)
		for _, tt := range []struct{ name, old, new, part, text, fix string }{
			{"a date and time", "{unix m.written}            AS posted_at,\n       CASE m.status", "m.written AS posted_at,\n       CASE m.status", "query posts",
				"column posted_at is the date and time", "write {unix COLUMN} AS posted_at"},
			{"milliseconds", "{unix t.opened}             AS started_at", "{unix t.opened} * 1000 AS started_at", "query threads", "probably milliseconds", "/ 1000"},
			{"a NULL title", "t.subject                   AS title", "NULLIF(t.subject, 'Rota for June') AS title", "query threads", "column title is NULL (id 11; 1 of 4 rows)", "COALESCE(..., '') AS title"},
			{"a word for a truth", "CASE WHEN m.status = 'open' AND t.status = 'open' THEN 1 ELSE 0 END AS visible", "CASE WHEN m.status = 'open' AND t.status = 'open' THEN 'yes' ELSE 'no' END AS visible",
				"query arrivals", `"yes"`, "CASE WHEN COLUMN = 'yes' THEN 1 ELSE 0 END AS visible"},
			{"a word for a state", "CASE t.status WHEN 'open' THEN 0 WHEN 'held' THEN 1 ELSE 2 END AS state", "t.status AS state", "query threads", `must be one of 0, 1, 2`, "CASE COLUMN WHEN VALUE"},
			{"watchers out of order", "ORDER BY member_id\n LIMIT :limit", "ORDER BY member_id DESC\n LIMIT :limit", "query watchers", "rows must be in ascending order", "ORDER BY member_id"},
			{"a list without order", " WHERE m.message_id > :after\n ORDER BY m.message_id", " WHERE m.message_id > :after", "query arrivals", "without ORDER BY", "add ORDER BY the ID of the post"},
			{"a list without limit", " WHERE p.person_id > :after\n ORDER BY p.person_id\n LIMIT :limit", " WHERE p.person_id > :after\n ORDER BY p.person_id", "query roster", "does not use :limit", "use the parameter"},
			{"a list that always begins at the start", " WHERE p.person_id > :after\n", "", "query roster", "does not use :after, so each page would begin at the start", "use the parameter"},
			{"a wrong column", "p.nick                      AS name,\n       COALESCE(p.email", "p.nickname AS name,\n       COALESCE(p.email", "query members", "nickname", "it must return the columns id, name"},
			{"a missing column", "       m.author_nick               AS author_name,\n", "", "query posts", "missing column author_name", "it must return the columns id, thread_id"},
			{"a wrong table", "  FROM boards b", "  FROM forums b", "query sections", "forums", "write a table of your forum in its place"},
			{"members that a condition loses", " WHERE p.person_id IN (:ids)\n\n-- name: rights", " WHERE p.person_id IN (:ids) AND p.email LIKE 'a%'\n\n-- name: rights", "query members", "it returns 1 of 5 rows that roster knows; missing, for example: 2", "an aggregate needs GROUP BY"},
			{"rows that a join multiplies", "  FROM messages m\n WHERE m.message_id IN (:ids)\n\n-- name: bodies", "  FROM messages m LEFT JOIN thumbs x ON x.message_id = m.message_id\n WHERE m.message_id IN (:ids)\n\n-- name: bodies",
				"query posts", "id 101 appears twice", "SELECT DISTINCT"},
			{"rows that a join loses", "  FROM messages m\n WHERE m.message_id IN (:ids)\n\n-- name: bodies", "  FROM messages m JOIN people x ON x.person_id = m.author\n WHERE m.message_id IN (:ids)\n\n-- name: bodies",
				"query posts", "it returns 6 of 7 rows that arrivals knows; missing, for example: 102", "write LEFT JOIN"},
			{"a post that is visible too early", "CASE WHEN m.status = 'open' AND t.status = 'open' THEN 1 ELSE 0 END AS visible", "1 AS visible", "query arrivals", "is visible, but its state is", "let visible be 1 only if"},
			{"unknown rights", "'110'                       AS rights", "'read' AS rights", "query rights", "must be three digits", "'110' AS rights"},
			{"an unknown reason", "THEN 'banned'", "THEN 'blocked'", "query members", "no known reasons", "'banned'"},
			{"an unknown zone", "COALESCE(p.tz, '')          AS zone", "'MESZ' AS zone", "query members", "no time zone", "-- zones: hours"},
			{"an unknown opt-out", "'announcements' END AS opt_outs", "'newsletter' END AS opt_outs", "query members", "must be a list of announcements, alerts and digests", "CASE WHEN"},
			{"local time", "{unix m.written}            AS posted_at,\n       CASE m.status", "{unix m.written} + 7200 AS posted_at,\n       CASE m.status", "query posts", "ahead of now", "taken as UTC"},
		} {
			t.Run(string(engine)+"/"+tt.name, func(t *testing.T) {
				if !strings.Contains(good, tt.old) {
					t.Fatalf("the template has no %q", tt.old)
				}
				db := openCustom(t, f, strings.Replace(good, tt.old, tt.new, 1))
				all := append(db.Check(t.Context()), db.CheckRows(t.Context(), mustTime(t, "2026-05-03T19:05:00Z"))...)
				for _, x := range all {
					if x.Level != finding.LevelOK && x.Part == tt.part && strings.Contains(x.Text, tt.text) && strings.Contains(x.Text, "own.sql:") && strings.Contains(x.Fix, tt.fix) && x.Fix != "" {
						return
					}
				}
				for _, x := range all {
					t.Logf("%s: %s: %s (%s)", x.Level, x.Part, x.Text, x.Fix)
				}
				t.Errorf("nothing reports %q with %q", tt.text, tt.fix)
			})
		}
	}
}

// minutesAgo is a time n minutes before the check.
var minutesAgo = map[sqlfile.Engine]string{
	sqlfile.MySQL: "TIMESTAMPADD(MINUTE, -n, '2026-05-03 20:00:00')", sqlfile.Postgres: "TIMESTAMP '2026-05-03 20:00:00' - n * INTERVAL '1 minute'",
	sqlfile.SQLite: "datetime('2026-05-03 20:00:00', '-' || n || ' minutes')",
}

func TestCheckRows_NamesTablesThatAreReadWhole(t *testing.T) {
	drop := map[sqlfile.Engine]string{sqlfile.MySQL: "DROP INDEX messages_written ON messages", sqlfile.Postgres: "DROP INDEX messages_written", sqlfile.SQLite: "DROP INDEX messages_written"}
	for engine, statement := range drop {
		t.Run(string(engine), func(t *testing.T) {
			f := newExampleForum(t, engine)
			admin := openAny(t, f.dsn)
			numbers := " FROM (SELECT ROW_NUMBER() OVER () AS n FROM people a, people b, people c, people d, people e, people f) numbers"
			execute(t, admin, "INSERT INTO messages (message_id, topic_id, author, author_nick, written, status, body) SELECT 20000 - n, 1000 + n % 3000, 1 + n % 5, '', "+
				minutesAgo[engine]+", 'open', ''"+numbers)
			execute(t, admin, "INSERT INTO topics SELECT 999 + n, 1, '', (SELECT MIN(joined) FROM people), 'open'"+numbers+" WHERE n <= 3001")
			costs := func() (list []string) {
				for _, x := range openCustom(t, f, customTemplate(t, true)).CheckRows(t.Context(), mustTime(t, "2026-05-03T20:00:00Z")) {
					if x.Part == "cost" && x.Level != finding.LevelOK {
						list = append(list, x.Text)
					}
				}
				return list
			}
			if engine != sqlfile.SQLite {
				execute(t, admin, map[sqlfile.Engine]string{sqlfile.MySQL: "ANALYZE TABLE messages, topics", sqlfile.Postgres: "ANALYZE messages, topics"}[engine])
			}
			if list := costs(); len(list) > 0 {
				t.Errorf("with the index: %q", list)
			}
			execute(t, admin, statement)
			list := strings.Join(costs(), "\n")
			if !strings.Contains(list, "the query created reads the whole table messages, about 15") {
				t.Errorf("without the index: %q, want that created reads about 15,000 rows of messages", list)
			}
		})
	}
}
