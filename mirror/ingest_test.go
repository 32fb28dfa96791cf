package mirror

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postrider/internal/servertest"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// forEachEngine runs a test on an empty mirror of each engine.
func forEachEngine(t *testing.T, test func(t *testing.T, db *DB)) {
	t.Run("SQLite", func(t *testing.T) { test(t, openTest(t, "sqlite:"+filepath.Join(t.TempDir(), "mirror.db"))) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, openTest(t, servertest.Postgres(t))) })
}

func openTest(t *testing.T, dsn string) *DB {
	t.Helper()
	db, err := Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// ingest sends a request with its own signature.
func ingest(t *testing.T, db *DB, now time.Time, text string) error {
	t.Helper()
	return ingestSigned(t, db, fmt.Sprint(now.UnixNano(), text), now, text)
}

func ingestSigned(t *testing.T, db *DB, signature string, now time.Time, text string) error {
	t.Helper()
	r, err := ParseRequest([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Ingest(t.Context(), signature, r, now)
	return err
}

func mustIngest(t *testing.T, db *DB, now time.Time, text string) {
	t.Helper()
	if err := ingest(t, db, now, text); err != nil {
		t.Fatal(err)
	}
}

// rows returns the rows of a query, with | between the columns.
func rows(t *testing.T, db *DB, query string) string {
	t.Helper()
	found, err := db.pool.QueryxContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	var all []string
	for found.Next() {
		values, err := found.SliceScan()
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, v := range values {
			if b, isBytes := v.([]byte); isBytes {
				v = string(b)
			}
			texts = append(texts, fmt.Sprint(v))
		}
		all = append(all, strings.Join(texts, "|"))
	}
	return strings.Join(all, " ")
}

const everything = `SELECT 's', s.id, s.title, s.deleted, '' FROM section s UNION ALL SELECT 't', t.id, t.title, t.state, CAST(t.first_post_id AS TEXT) FROM thread t
	UNION ALL SELECT 'p', p.id, p.body, p.state, CAST(p.changes AS TEXT) FROM post p UNION ALL SELECT 'm', m.id, m.name, 0, m.email FROM member m
	UNION ALL SELECT 'w', w.member_id, '', w.level, CAST(w.section_id AS TEXT) FROM section_watch w ORDER BY 1, 2`

func TestIngest_SendingAgainChangesNothing(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		mustIngest(t, db, noon, small)
		want := "m|1|Ben|0|ben@example.org p|1|<p>x|0|0 s|1|News|0| t|1|Bridge|0|1 w|1||2|1"
		if got := rows(t, db, everything); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
		mustIngest(t, db, noon.Add(time.Hour), small)
		if got := rows(t, db, everything); got != want {
			t.Errorf("again: got  %s\nwant %s", got, want)
		}
		if got, want := rows(t, db, "SELECT posted_at, arrived_at FROM post"), fmt.Sprintf("%d|%[1]d", noon.Unix()); got != want {
			t.Errorf("times are %s, want %s: a post arrives once", got, want)
		}
		mustIngest(t, db, noon.Add(time.Hour), `{"posts":[{"id":"p","thread":"t","html":"<p>y"}]}`)
		if got := rows(t, db, "SELECT body, changes FROM post"); got != "<p>y|1" {
			t.Errorf("after an edit: %s", got)
		}
	})
}

func TestIngest_StoresNothingAfterAMistake(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		err := ingest(t, db, noon, strings.Replace(small, `"thread":"t"`, `"thread":"t9"`, 1))
		if want := `posts[0].thread: unknown thread "t9": must be sent before, or in the same request`; err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if got := rows(t, db, everything); got != "" {
			t.Errorf("stored: %s", got)
		}
	})
}

func TestIngest_RecordedRequestCannotRestore(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		if err := ingestSigned(t, db, "sha256=1", noon, small); err != nil {
			t.Fatal(err)
		}
		mustIngest(t, db, noon, `{"deletions":[{"post":"p"},{"watch":{"member":"m","section":"s"}},{"post":"unknown"}]}`)
		if err := ingestSigned(t, db, "sha256=1", noon.Add(time.Minute), small); err != nil {
			t.Fatal(err)
		}
		if got, want := rows(t, db, everything), "m|1|Ben|0|ben@example.org p|1||2|1 s|1|News|0| t|1|Bridge|0|1"; got != want {
			t.Errorf("after the replay: got  %s\nwant %s", got, want)
		}
	})
}

func TestIngest_DeletesWhatIsNamed(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		mustIngest(t, db, noon, small)
		mustIngest(t, db, noon, `{"watches":[{"member":"m","thread":"t"}]}`)
		mustIngest(t, db, noon, `{"deletions":[{"thread":"t"},{"member":"m"},{"section":"s"}]}`)
		if got, want := rows(t, db, everything), "p|1||0|0 s|1|News|1| t|1|–|2|1"; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if got := rows(t, db, "SELECT * FROM thread_watch"); got != "" {
			t.Errorf("a watch of a deleted member is left: %s", got)
		}
	})
}

func TestIngest_DatesOfPosts(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		mustIngest(t, db, noon, small)
		mustIngest(t, db, noon, `{"posts":[{"id":"old","thread":"t","html":"x","at":"2026-04-01T00:00:00Z"},
			{"id":"late","thread":"t","html":"x","at":"2026-05-03T12:00:00Z"},{"id":"future","thread":"t","html":"x","at":"2026-05-04T13:00:00Z"},
			{"id":"archive","thread":"t","html":"x","at":"1923-01-01T00:00:00Z"}]}`)
		at := func(d time.Duration) int64 { return noon.Add(d).Unix() }
		april := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC).Unix()
		want := fmt.Sprintf("archive|1|1 future|%d|%[1]d late|%d|%[1]d old|%[3]d|%[3]d", noon.Unix(), at(-24*time.Hour), april)
		if got := rows(t, db, "SELECT ref, posted_at, arrived_at FROM post WHERE ref <> 'p' ORDER BY ref"); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if got := rows(t, db, "SELECT first_post_id FROM thread"); got != "5" {
			t.Errorf("post %s opens the thread, want the oldest, 5", got)
		}
	})
}

func TestDropTexts_KeepsPosts(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		mustIngest(t, db, noon.Add(-36*day), small)
		mustIngest(t, db, noon.Add(-34*day), `{"posts":[{"id":"p2","thread":"t","html":"y"}]}`)
		var log bytes.Buffer
		if err := db.DropTexts(t.Context(), 35*day, noon, slog.New(slog.NewTextHandler(&log, nil))); err != nil {
			t.Fatal(err)
		}
		if got := rows(t, db, "SELECT id, state, body FROM post ORDER BY id"); got != "1|0| 2|0|y" {
			t.Errorf("posts are %s", got)
		}
		if !strings.Contains(log.String(), "old texts of the mirror deleted") || !strings.Contains(log.String(), "posts=1") {
			t.Errorf("the log says %q", &log)
		}
	})
}

func TestOpen_RefusesNewerSchema(t *testing.T) {
	path := "sqlite:" + filepath.Join(t.TempDir(), "mirror.db")
	db := openTest(t, path)
	if _, err := db.pool.ExecContext(t.Context(), "INSERT INTO mirror_step (step) VALUES (99)"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("Open: %v", err)
	}
}

func TestOpen_NeedsNoTLSOnThisMachine(t *testing.T) {
	dsn, _, _ := strings.Cut(servertest.Postgres(t), "?")
	u, err := url.Parse(dsn)
	if err != nil || u.Hostname() == "" {
		t.Skip("SKIPPED: the test's server listens on no port")
	}
	openTest(t, dsn)
}

func TestOpen_HidesThePassword(t *testing.T) {
	for _, dsn := range []string{"postgres://me:secret@127.0.0.1:1/x?sslmode=disable", "postgres://me:secret@[/x", "postgres://me:secret@127.0.0.1/x?nonsense=1"} {
		if _, err := Open(t.Context(), dsn); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}

func TestIngest_MovedPostOpensItsOldThreadNoLonger(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		mustIngest(t, db, noon, `{"sections":[{"id":"s","title":"S"}],"threads":[{"id":"t1","section":"s","title":"1"},{"id":"t2","section":"s","title":"2"}],
			"posts":[{"id":"a","thread":"t1","html":"a"},{"id":"b","thread":"t1","html":"b"}]}`)
		mustIngest(t, db, noon.Add(time.Minute), `{"posts":[{"id":"a","thread":"t2","html":"a"}]}`)
		if got := rows(t, db, "SELECT ref, first_post_id FROM thread ORDER BY 1"); got != "t1|2 t2|1" {
			t.Errorf("openers are %s", got)
		}
		mustIngest(t, db, noon.Add(2*time.Minute), `{"posts":[{"id":"b","thread":"t2","html":"b"},{"id":"b","thread":"t1","html":"b"},{"id":"b","thread":"t2","html":"b"}]}`)
		if got := rows(t, db, "SELECT ref, first_post_id FROM thread ORDER BY 1"); got != "t1|0 t2|1" {
			t.Errorf("after all posts moved, openers are %s", got)
		}
	})
}

func TestIngest_MemberKeepsZoneAndLanguageThatTheSiteDoesNotKnow(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		if _, _, err := db.Subscribe(t.Context(), Subscription{Address: "anna@example.org", Zone: "Europe/Berlin", Locale: "de"}, noon); err != nil {
			t.Fatal(err)
		}
		for i, step := range []struct{ fields, want string }{{"", "Europe/Berlin|de"}, {`,"zone":"UTC"`, "UTC|de"}, {`,"locale":"fr"`, "UTC|fr"}} {
			mustIngest(t, db, noon.Add(time.Duration(i)*time.Minute), `{"members":[{"id":"u7","name":"Anna","email":"anna@example.org"`+step.fields+`}]}`)
			if got := rows(t, db, "SELECT zone, locale FROM member"); got != step.want {
				t.Errorf("after %q: %s, want %s", step.fields, got, step.want)
			}
		}
	})
}

// Many sites send all their members each time.
func TestIngest_WritesNoMemberThatIsStoredAlready(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	var list []string
	for i := range 200 {
		list = append(list, fmt.Sprintf(`{"id":"u%d","name":"M","email":"M%[1]d@Example.org","zone":"UTC","joined_at":"2020-01-01T00:00:00Z","groups":["a","b"]}`, i))
	}
	request := `{"members":[` + strings.Join(list, ",") + `]}`
	mustIngestSigned(t, db, "1", request)
	before := rows(t, db, "SELECT total_changes()")
	mustIngestSigned(t, db, "2", request)
	if got := rows(t, db, "SELECT total_changes() - "+before); len(got) > 1 {
		t.Errorf("%s changes", got)
	}
	mustIngestSigned(t, db, "3", strings.Replace(strings.Replace(request, "M1@", "m1@", 1), "2020", "2021", 1))
	if got := rows(t, db, "SELECT ref, email, joined_at FROM member WHERE email LIKE 'M1@%' OR joined_at > 1600000000 ORDER BY 1"); got != "u0|M0@example.org|1609459200 u1|m1@example.org|1577836800" {
		t.Errorf("changed members are %s", got)
	}
}

func mustIngestSigned(t *testing.T, db *DB, signature, text string) {
	t.Helper()
	if err := ingestSigned(t, db, signature, noon, text); err != nil {
		t.Fatal(err)
	}
}
