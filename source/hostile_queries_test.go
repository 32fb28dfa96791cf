package source

import (
	"strings"
	"testing"

	"postrider/forum"
	"postrider/internal/finding"
	"postrider/internal/sqlfile"
	"postrider/markup"
)

const exampleSections = "  FROM boards b\n"

// reported reports whether one of the findings has the level, the part and the text.
func reported(all []finding.Finding, level finding.Level, part, text string) bool {
	for _, x := range all {
		if x.Level == level && x.Part == part && strings.Contains(x.Text, text) {
			return true
		}
	}
	return false
}

func TestHostileQueries_EndlessListEndsAtLimit(t *testing.T) {
	f := newExampleForum(t, sqlfile.SQLite)
	const endless = "  FROM (WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT n.id FROM n) endless JOIN boards b\n"
	err := exampleWith(t, f, exampleSections, endless).Read(t.Context(), func(s *Snapshot) error {
		_, err := s.Sections(t.Context())
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "more than 100000 rows") {
		t.Errorf("err = %v, want that there are too many sections", err)
	}
	err = exampleWith(t, f, " ORDER BY p.person_id\n LIMIT :limit", " AND :limit > 0\n ORDER BY p.person_id").Read(t.Context(), func(s *Snapshot) error {
		_, err := s.MemberIDs(t.Context(), 0, 2)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "more than 2 rows") {
		t.Errorf("err = %v, want that a page has more members than its limit", err)
	}
}

func TestHostileQueries_WholePostIsCut(t *testing.T) {
	f := newExampleForum(t, sqlfile.SQLite)
	execute(t, openAny(t, f.dsn), "UPDATE messages SET body = ? WHERE message_id = 101", strings.Repeat("é", bodyLimit)+"the end")
	db := exampleWith(t, f, "SUBSTR(m.body, 1, 262144)   AS body", "m.body AS body")
	if all := db.CheckRows(t.Context(), mustTime(t, "2026-05-03T20:00:00Z")); !reported(all, finding.LevelWarn, "query bodies", "has 262151 characters, and must have at most 262144 (id 101") {
		t.Errorf("findings = %v, want one about the long post", all)
	}
	contents := readOne(t, db, func(s *Snapshot) (map[forum.PostID]*forum.Content, error) {
		return s.Contents(t.Context(), []forum.PostID{101})
	})
	if text := contents[101].Body.Text(markup.Labels{}, 0); strings.Contains(text, "the end") || !strings.Contains(text, "é") {
		t.Errorf("the text of the post ends in %q", text[max(0, len(text)-20):])
	}
}

func TestHostileQueries_AddressOfAnotherKindIsNotUsed(t *testing.T) {
	f := newExampleForum(t, sqlfile.SQLite)
	const fallback = "https://forum.example.org/topics/10"
	for address, want := range map[string]string{
		"'javascript' || CHAR(58) || 'alert(1)'":                                 fallback,
		"'data' || CHAR(58) || 'text/html,x'":                                    fallback,
		"'/t/x' || CHAR(10) || 'Bcc'":                                            fallback,
		"'/t/x' || CHAR(8238) || 'gpj.exe'":                                      fallback,
		"'https' || CHAR(58) || '//forum.example.org@example.net/'":              fallback,
		"'/' || HEX(ZEROBLOB(300))":                                              fallback,
		"'/t/a \"quoted\"<b> title'":                                             "https://forum.example.org/t/a%20%22quoted%22%3Cb%3E%20title",
		"'//example.net/x'":                                                      "https://forum.example.org//example.net/x",
		"'https' || CHAR(58) || '//other.example.org/t/10' || CHAR(63) || 'a=b'": "https://other.example.org/t/10?a=b",
	} {
		db := exampleWith(t, f, "t.subject                   AS title,", "t.subject AS title, "+address+" AS address,")
		read(t, db, func(s *Snapshot) error {
			_, err := s.Threads(t.Context(), []forum.ThreadID{10})
			return err
		})
		if got := db.Links().Thread(10); got != want {
			t.Errorf("address %s: %q, want %q", address, got, want)
		}
		warned := reported(db.CheckRows(t.Context(), mustTime(t, "2026-05-03T20:00:00Z")), finding.LevelWarn, "query threads", "must begin with / or https://, be an address on one line")
		if warned != (want == fallback) {
			t.Errorf("address %s: warned %t, want %t", address, warned, want == fallback)
		}
	}
}

func TestHostileQueries_LostConnectionIsOneFault(t *testing.T) {
	f := newExampleForum(t, sqlfile.Postgres)
	db := exampleWith(t, f, exampleSections, "  FROM boards b WHERE NOT pg_terminate_backend(pg_backend_pid())\n")
	for name, all := range map[string][]finding.Finding{"Check": db.Check(t.Context()), "CheckRows": db.CheckRows(t.Context(), mustTime(t, "2026-05-03T20:00:00Z"))} {
		if !reported(all, finding.LevelFail, "connection", "the connection was lost while the query sections ran") {
			t.Errorf("%s: no finding says that the query sections ended the connection", name)
		}
		for _, x := range all {
			if x.Level != finding.LevelOK && strings.Contains(x.Fix, "correct the query") {
				t.Errorf("%s blames another query: %s: %s", name, x.Part, x.Text)
			}
		}
	}
}
