package source

import (
	"strings"
	"testing"

	"postrider/internal/finding"
	"postrider/internal/sqlfile"
)

// Each query may look right on its own, and contradict the others.
func TestCheckRows_ReportsContradictionsBetweenQueries(t *testing.T) {
	f := newExampleForum(t, sqlfile.SQLite)
	execute(t, openAny(t, f.dsn), "INSERT INTO subscriptions SELECT 4, topic_id + 500, NULL, TRUE FROM topics")
	good := customTemplate(t, true)
	const (
		arrivals = "FROM messages m\n  JOIN topics t ON t.topic_id = m.topic_id\n WHERE m.message_id > :after"
		held     = "CASE m.status WHEN 'open' THEN 0 WHEN 'held' THEN 1 ELSE 2 END AS state"
	)
	for _, tt := range []struct{ name, old, new, part, text string }{
		{"arrivals that descend", "ORDER BY m.message_id\n LIMIT :limit", "ORDER BY m.message_id DESC\n LIMIT :limit", "query arrivals", "rows must be in ascending order"},
		{"hidden posts that another query shows", held, "0 AS state", "query arrivals", "post 105 is not visible, but its state and that of its thread are 0"},
		{"posts without an author that arrivals loses", arrivals, strings.Replace(arrivals, "WHERE", "JOIN people x ON x.person_id = m.author\n WHERE", 1), "query arrivals", "it leaves out post 102, which the query posts has"},
		{"posts that arrivals hides", arrivals, arrivals + " AND m.status = 'open'", "query arrivals", "it leaves out post 105"},
		{"an author of another column", "COALESCE(m.author, 0)       AS author_id,\n       m.author_nick", "m.topic_id AS author_id,\n       m.author_nick", "query arrivals", "post 90 is by member 1, but by 13"},
		{"a newest post that is not", "COALESCE(MAX(m.message_id), 0) AS id", "COALESCE(MIN(m.message_id), 0) + 8 AS id", "query newest", "it returns 98, but the query arrivals has post 101"},
		{"a first post that is the last", "COALESCE(MIN(m.message_id + 0), 0) AS id", "COALESCE(MAX(m.message_id), 0) AS id", "query first_since", "must return this post or one before it"},
		{"NULL if no post is new", "COALESCE(MIN(m.message_id + 0), 0) AS id", "MIN(m.message_id) AS id", "query first_since", "column id is NULL if no post was written since :from"},
		{"the last post of a thread as its first", "SELECT MIN(m.message_id) FROM messages m", "SELECT MAX(m.message_id) FROM messages m", "query threads", "post 106 is the first of thread 10, but post 101 is older"},
		{"the first post of another thread", "f.message_id = (SELECT MIN", "f.message_id = 1 + (SELECT MIN", "query threads", "is the first of thread"},
		{"a parent that is missing", "b.position                  AS place", "b.position AS place, 7 AS parent_id", "query sections", "the parent 7 is not among the sections: 3 of 3 sections"},
		{"threads of sections that are missing", "t.board_id                  AS section_id,\n       t.subject", "t.board_id + 100 AS section_id,\n       t.subject", "query sections", "there is no section 101, which 4 of 4 threads name"},
		{"watches of sections that are missing", "s.board_id                  AS section_id", "s.board_id + 900 AS section_id", "query section_watches", "watches of sections that the query sections does not return"},
		{"watches of threads that are missing", "s.topic_id                  AS thread_id,\n       CASE", "s.topic_id + 900 AS thread_id,\n       CASE", "query thread_watches", "1 of 1 threads that members watch are not in the query threads"},
		{"two rows of rights", "WHERE a.level IN (:roles)", "WHERE a.level IN (:roles) UNION ALL SELECT a.level, a.board_id, '000' FROM board_access a WHERE a.level IN (:roles)", "query rights", "role guest, section_id 1 appears twice"},
		{"another name", "WHERE p.nick = :name", "WHERE p.email = :name", "query find", "for the name of member 1, it does not return this member"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(good, tt.old) {
				t.Fatalf("the template has no %q", tt.old)
			}
			all := openCustom(t, f, strings.Replace(good, tt.old, tt.new, 1)).CheckRows(t.Context(), mustTime(t, "2026-05-03T20:00:00Z"))
			for _, x := range all {
				if x.Level != finding.LevelOK && x.Part == tt.part && strings.Contains(x.Text, tt.text) && strings.Contains(x.Text, "own.sql:") && x.Fix != "" {
					return
				}
			}
			for _, x := range all {
				t.Logf("%s: %s: %s (%s)", x.Level, x.Part, x.Text, x.Fix)
			}
			t.Errorf("nothing reports %q", tt.text)
		})
	}
}
