package source

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"postrider/forum"
	"postrider/internal/servertest"
	"postrider/internal/sqlfile"
)

// expectation is the content of a dump's -expect.json.
type expectation struct {
	Window  [2]int64 `json:"window_unix"`
	Members map[string]struct {
		ID      forum.MemberID    `json:"member_id"`
		Show    []forum.PostID    `json:"must_show"`
		Own     []forum.PostID    `json:"own_posts_in_window"`
		Watched []forum.PostID    `json:"must_show_if_only_watched"`
		MustNot map[string]string `json:"must_not"`
	} `json:"members"`
	// NoMail is for opt_out = "all".
	NoMail map[string]forum.MemberID `json:"members_that_get_no_mail"`
	Keys   struct {
		Members  map[string]forum.MemberID  `json:"members"`
		Sections map[string]forum.SectionID `json:"sections"`
		Threads  map[string]forum.ThreadID  `json:"threads"`
	} `json:"keys"`
}

// fixture is a forum for tests, loaded from a dump.
type fixture struct {
	kind    string
	edition string // the version, if it is not the one of the type's dump: "smf2.0"
	dsn     string
	expect  expectation
}

// of returns what a map has for the edition of a fixture, or else for its forum type.
func of[T any](m map[string]T, f fixture) T {
	if v, found := m[f.edition]; found {
		return v
	}
	return m[f.kind]
}

func (f fixture) from() time.Time { return time.Unix(f.expect.Window[0], 0) }
func (f fixture) now() time.Time  { return time.Unix(f.expect.Window[1], 0) }

func (f fixture) config() Config {
	c := DefaultConfig()
	c.Type, c.DSN, c.URL = f.kind, f.dsn, "https://forum.example.org/"
	return c
}

func (f fixture) open(t testing.TB) *DB {
	t.Helper()
	return openConfig(t, f.config())
}

func openConfig(t testing.TB, c Config) *DB {
	t.Helper()
	db, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// The dumps are loaded once for all tests that only read them.
var (
	loading sync.Mutex
	loaded  = make(map[string]fixture)
)

func sharedFixture(t testing.TB, kind string) fixture {
	t.Helper()
	loading.Lock()
	defer loading.Unlock()
	return sharedFixtureLocked(t, kind)
}

func sharedFixtureLocked(t testing.TB, kind string) fixture {
	t.Helper()
	f, done := loaded[kind]
	if !done {
		f = newFixture(t, kind)
		loaded[kind] = f
	}
	return f
}

// dumpEngines are the engines that the dumps are from: MariaDB, unless this says otherwise.
var dumpEngines = map[string]string{"phpbb3": "postgres", "discourse": "postgres", "nodebb": "postgres"}

// prepareNodebb lets some members ask for email about what they watch, because by default NodeBB sends none. It moves the installer's
// account and post, which are younger than the story, to its beginning.
const prepareNodebb = `
	UPDATE legacy_hash SET data = data || '{"timestamp": 1795000000000}' WHERE _key IN ('post:1', 'topic:1');
	UPDATE legacy_hash SET data = data || '{"joindate": 1795000000000}' WHERE _key = 'user:1';
	UPDATE legacy_zset SET score = 1795000000000 WHERE _key IN ('posts:pid', 'topics:tid') AND value = '1';
	UPDATE legacy_hash SET data = jsonb_set(data, '{notificationType_new-reply}', '"notificationemail"') WHERE _key ~ '^user:[0-9]*[2-9]:settings$';
	UPDATE legacy_hash SET data = jsonb_set(data, '{notificationType_new-topic-in-category}', '"email"') WHERE _key ~ '^user:[0-9]*[3-6]:settings$'`

// dumpOf returns the forum type whose dump a kind of forum is made from.
func dumpOf(kind string) string {
	kind, _, _ = strings.Cut(kind, "/")
	switch kind {
	case "smf2.0":
		return "smf2"
	case "xenforo1": // has no dump: it is converted
		return "xenforo2"
	}
	return kind
}

// newFixture loads a dump into a new database, which the test may change. kind is a forum type, or "type/engine" for a copy of its
// dump on another engine. PostgreSQL and SQLite load it once and copy their files; MariaDB has no such copies.
func newFixture(t testing.TB, kind string) fixture {
	t.Helper()
	if forumType, engine, copied := strings.Cut(kind, "/"); copied {
		f := sharedFixtureLocked(t, forumType) // keeps the forum type as its kind
		f.dsn = copyForum(t, f, sqlfile.Engine(engine))
		return f
	}
	if kind == "smf2.0" {
		f := newFixture(t, "smf2")
		f.edition = kind
		execute(t, openAdmin(t, f), toSMF20)
		return f
	}
	if dumpEngines[kind] == "postgres" {
		f := fixture{kind: kind}
		f.readExpectation(t, kind+"-postgres")
		f.dsn = servertest.PostgresCopy(t, "dump_of_"+kind, func(dsn string) error {
			servertest.LoadPostgresDump(t, dsn, "testdata/"+kind+"-postgres.sql.gz")
			if kind != "nodebb" {
				return nil
			}
			db := openAny(t, dsn)
			defer db.Close()
			execute(t, db, prepareNodebb)
			return nil
		})
		return f
	}
	f := fixture{kind: kind, dsn: servertest.MariaDB(t)}
	f.readExpectation(t, dumpOf(kind)+"-mariadb")
	if kind == "xenforo1" {
		fillXenforo1(t, servertest.OpenMariaDB(t, f.dsn), sharedXenforo2Name(t))
	} else {
		servertest.LoadDump(t, f.dsn, "testdata/"+kind+"-mariadb.sql.gz")
	}
	if kind == "smf2" { // the installer's message is younger than the story, too
		execute(t, openAdmin(t, f), "UPDATE smf_messages SET poster_time = 1795000000 WHERE id_msg = 1")
	}
	return f
}

func (f *fixture) readExpectation(t testing.TB, name string) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + "-expect.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &f.expect); err != nil {
		t.Fatal(err)
	}
}

// sharedXenforo2Name returns the name of a database with the dump of XenForo 2.
func sharedXenforo2Name(t testing.TB) string {
	f, done := loaded["xenforo2"]
	if !done {
		f = newFixture(t, "xenforo2")
		loaded["xenforo2"] = f
	}
	target, err := parseDSN(f.dsn)
	if err != nil {
		t.Fatal(err)
	}
	return target.mysql.DBName
}

func openAdmin(t testing.TB, f fixture) *sql.DB { return servertest.OpenMariaDB(t, f.dsn) }

func execute(t testing.TB, db *sql.DB, statements string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statements, args...); err != nil {
		t.Fatalf("%.200s: %v", statements, err)
	}
}

// fillXenforo1 fills the tables of XenForo 1.5 from a dump of XenForo 2, as far as they support its content.
func fillXenforo1(t testing.TB, db *sql.DB, from string) {
	t.Helper()
	schema, err := os.ReadFile("testdata/xenforo1-schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	execute(t, db, string(schema))
	for _, table := range []string{"node", "forum", "link_forum", "thread", "post", "user", "user_option", "user_profile", "user_group",
		"user_group_relation", "user_ignored", "user_ban", "forum_watch", "thread_watch", "thread_read", "forum_read", "language", "poll"} {
		columns := commonColumns(t, db, from, "xf_"+table)
		values := make([]string, len(columns))
		for i, c := range columns {
			values[i] = c
			switch c {
			case "title", "username", "message", "custom_title": // three-byte utf8
				values[i] = `REGEXP_REPLACE(` + c + `, '[\\x{10000}-\\x{10FFFF}]', '')`
			case "user_state":
				values[i] = "IF(user_state IN ('disabled', 'rejected'), 'email_bounce', user_state)"
			case "discussion_type":
				values[i] = "IF(discussion_type = 'discussion', '', discussion_type)"
			}
		}
		execute(t, db, fmt.Sprintf("INSERT INTO xf_%s (%s) SELECT %s FROM %s.xf_%[1]s", table, strings.Join(columns, ","), strings.Join(values, ","), from))
	}
	execute(t, db, `INSERT INTO xf_liked_content (content_type, content_id, like_user_id, like_date, content_user_id)
		SELECT content_type, content_id, reaction_user_id, reaction_date, content_user_id FROM `+from+`.xf_reaction_content;
		UPDATE xf_post p SET likes = (SELECT COUNT(*) FROM xf_liked_content l WHERE l.content_type = 'post' AND l.content_id = p.post_id)`)
	convertPermissionCache(t, db, from)
}

func commonColumns(t testing.TB, db *sql.DB, from, table string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT a.column_name FROM information_schema.columns a
		JOIN information_schema.columns b ON b.table_name = a.table_name AND b.column_name = a.column_name
		WHERE a.table_schema = DATABASE() AND b.table_schema = ? AND a.table_name = ?`, from, table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var columns []string
	for rows.Next() {
		var c string
		if err := rows.Scan(&c); err != nil {
			t.Fatal(err)
		}
		columns = append(columns, c)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return columns
}

// convertPermissionCache copies the permission cache in PHP's serialized format.
func convertPermissionCache(t testing.TB, db *sql.DB, from string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT permission_combination_id, content_id, cache_value FROM "+from+".xf_permission_cache_content")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var values []string
	for rows.Next() {
		var combination, node int64
		var cache []byte
		if err := rows.Scan(&combination, &node, &cache); err != nil {
			t.Fatal(err)
		}
		var flags map[string]bool
		if err := json.Unmarshal(cache, &flags); err != nil {
			t.Fatal(err)
		}
		values = append(values, fmt.Sprintf("(%d, 'node', %d, '%s')", combination, node, serializePHP(flags)))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	execute(t, db, "INSERT INTO xf_permission_cache_content (permission_combination_id, content_type, content_id, cache_value) VALUES "+strings.Join(values, ","))
}

func serializePHP(flags map[string]bool) string {
	names := make([]string, 0, len(flags))
	for name := range flags {
		names = append(names, name)
	}
	slices.Sort(names)
	text := fmt.Sprintf("a:%d:{", len(names))
	for _, name := range names {
		set := 0
		if flags[name] {
			set = 1
		}
		text += fmt.Sprintf(`s:%d:"%s";b:%d;`, len(name), name, set)
	}
	return text + "}"
}

// read calls ask within one snapshot.
func read(t testing.TB, db *DB, ask func(*Snapshot) error) {
	t.Helper()
	if err := db.Read(t.Context(), ask); err != nil {
		t.Fatal(err)
	}
}

// readOne returns the result of ask within a new snapshot.
func readOne[T any](t testing.TB, db *DB, ask func(*Snapshot) (T, error)) T {
	t.Helper()
	var answer T
	read(t, db, func(s *Snapshot) (err error) {
		answer, err = ask(s)
		return err
	})
	return answer
}

func postID(t testing.TB, text string) forum.PostID {
	t.Helper()
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return forum.PostID(id)
}

func formatID(id forum.MemberID) string { return strconv.FormatInt(int64(id), 10) }

func ids(members ...forum.MemberID) []forum.MemberID { return members }
