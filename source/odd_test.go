package source

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/forum"
	"postrider/internal/servertest"
	"postrider/internal/sqlfile"
)

// oddNames are what the tables and columns of a forum are called, so that a test can fill them with odd data.
type oddNames struct {
	posts, post, thread, author, posted, text string
	threads, threadID, title                  string
	users, user, name, email                  string
	zone, badZone                             string // empty: the forum has none
	language, badLanguage                     string
	dates                                     bool // times are dates, not seconds
}

var oddForums = map[string]oddNames{
	"xenforo2": {"xf_post", "post_id", "thread_id", "user_id", "post_date", "message", "xf_thread", "thread_id", "title",
		"xf_user", "user_id", "username", "email", "timezone", "Mars/Phobos", "language_id", "4711", false},
	"mybb": {"mybb_posts", "pid", "tid", "uid", "dateline", "message", "mybb_threads", "tid", "subject",
		"mybb_users", "uid", "username", "email", "timezone", "99.75", "language", "../../etc", false},
	"phpbb3": {"phpbb_posts", "post_id", "topic_id", "poster_id", "post_time", "post_text", "phpbb_topics", "topic_id", "topic_title",
		"phpbb_users", "user_id", "username", "user_email", "user_timezone", "Mars/Phobos", "user_lang", "xx_YY_zz", false},
	"fluxbb": {"posts", "id", "topic_id", "poster_id", "posted", "message", "topics", "id", "subject",
		"users", "id", "username", "email", "timezone", "99.75", "language", "Klingon", false},
	"smf2": {"smf_messages", "id_msg", "id_topic", "id_member", "poster_time", "body", "smf_messages", "id_msg", "subject",
		"smf_members", "id_member", "real_name", "email_address", "timezone", "Mars/Phobos", "lngfile", "klingon", false},
	"flarum": {"posts", "id", "discussion_id", "user_id", "created_at", "content", "discussions", "id", "title",
		"users", "id", "nickname", "email", "", "", "", "", true},
	"discourse": {"posts", "id", "topic_id", "user_id", "created_at", "cooked", "topics", "id", "title",
		"users", "id", "name", "", "", "", "locale", "../../etc", true},
}

// The posts that a test changes, by their position in the forum.
const (
	zeroDate, futureDate, negativeDate, orphan, emptyText, hugeText, nulText, brokenText, lostAuthor = 301, 302, 303, 304, 305, 306, 307, 308, 309
)

// hugeID is an ID that needs 64 bits.
const hugeID = forum.PostID(1<<62 + 1)

// oddForum is a forum whose data a test makes odd.
type oddForum struct {
	oddNames
	fixture
	admin  *sql.DB
	engine sqlfile.Engine
	ascii  bool // the database of PostgreSQL does not know which characters its bytes are
}

func newOddForum(t *testing.T, f fixture, ascii bool) oddForum {
	t.Helper()
	o := oddForum{oddForums[f.kind], f, openAny(t, f.dsn), engineOf(t, f.dsn), ascii}
	if o.engine == sqlfile.MySQL {
		o.admin.SetMaxOpenConns(1)
		execute(t, o.admin, "SET foreign_key_checks = 0") // there are orphans
	}
	return o
}

// exec runs a statement with "?" in place of values.
func (o oddForum) exec(t *testing.T, statement string, args ...any) {
	t.Helper()
	for i := range args {
		if o.engine == sqlfile.Postgres {
			statement = strings.Replace(statement, "?", fmt.Sprintf("$%d", i+1), 1)
		}
	}
	execute(t, o.admin, statement, args...)
}

// date returns a point in time as the forum stores it.
func (o oddForum) date(seconds int64) string {
	if !o.dates {
		return fmt.Sprint(seconds)
	}
	return time.Unix(seconds, 0).UTC().Format("'2006-01-02 15:04:05'")
}

// takesAnyBytes reports whether texts of the database may be broken UTF-8.
func (o oddForum) takesAnyBytes() bool { return o.engine != sqlfile.Postgres || o.ascii }

// broken returns a literal of bytes that are no UTF-8: "caf", a character in Latin-1, and the beginnings of two others.
func (o oddForum) broken() string {
	switch o.engine {
	case sqlfile.Postgres:
		return `convert_from('\x636166e9c328ffe282', 'SQL_ASCII')`
	case sqlfile.SQLite:
		return "CAST(X'636166e9c328ffe282' AS TEXT)"
	}
	return "X'636166e9c328ffe282'"
}

// widen lets columns hold any bytes and large numbers, as those of a forum that was moved from another server may.
func (o oddForum) widen(t *testing.T) {
	switch o.engine {
	case sqlfile.MySQL:
		if o.kind == "mybb" || o.kind == "flarum" { // only text has indexes for its words
			o.exec(t, fmt.Sprintf("ALTER TABLE %s DROP INDEX %s", o.posts, o.text))
			o.exec(t, fmt.Sprintf("ALTER TABLE %s DROP INDEX %s", o.threads, o.title))
		}
		if o.kind == "flarum" { // foreign keys bind the types of IDs
			o.exec(t, "ALTER TABLE discussions DROP FOREIGN KEY discussions_first_post_id_foreign, DROP FOREIGN KEY discussions_last_post_id_foreign")
			o.exec(t, "ALTER TABLE post_likes DROP FOREIGN KEY post_likes_post_id_foreign")
			o.exec(t, "DROP TABLE flags, post_mentions_group, post_mentions_post, post_mentions_tag, post_mentions_user, post_user") // not read
		}
		kind := "BIGINT"
		if o.dates {
			kind = "DATETIME NULL"
		}
		o.exec(t, fmt.Sprintf("ALTER TABLE %s MODIFY %s LONGBLOB, MODIFY %s BIGINT, MODIFY %s %s", o.posts, o.text, o.post, o.posted, kind))
		o.exec(t, fmt.Sprintf("ALTER TABLE %s MODIFY %s VARBINARY(300)", o.threads, o.title))
		o.exec(t, fmt.Sprintf("ALTER TABLE %s MODIFY %s VARBINARY(300)", o.users, o.name))
	case sqlfile.Postgres:
		o.exec(t, `DO $$ DECLARE c RECORD; BEGIN
			FOR c IN SELECT table_name, column_name FROM information_schema.columns
			          WHERE table_schema = 'public' AND data_type = 'integer' AND (column_name ~ '(post|msg)_id$|^id_msg$|^pid$' OR table_name = '`+o.posts+`' AND column_name = '`+o.post+`')
			LOOP EXECUTE format('ALTER TABLE %I ALTER %I TYPE BIGINT', c.table_name, c.column_name); END LOOP; END $$`)
	}
}

// fill makes a forum's data odd.
func (o oddForum) fill(t *testing.T, post func(n int) forum.PostID) {
	o.widen(t)
	set := func(n int, column, value string, args ...any) {
		o.exec(t, fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s = %d", o.posts, column, value, o.post, post(n)), args...)
	}
	set(zeroDate, o.posted, o.date(0))
	set(futureDate, o.posted, o.date(2_100_000_000))
	if o.kind != "phpbb3" || o.engine != sqlfile.Postgres { // whose installer forbids it
		set(negativeDate, o.posted, o.date(-86_400))
	}
	set(orphan, o.thread, "4000000")
	set(emptyText, o.text, "''")
	set(hugeText, o.text, "?", strings.Repeat("[quote]a [b]b <i>c</i> ", 50_000)) // 1.1 MB
	control := "before\x00after\x1b[2J"
	if o.engine == sqlfile.Postgres { // has no NUL in texts
		control = "before\x01after\x1b[2J"
	}
	set(nulText, o.text, "?", control)
	if o.takesAnyBytes() {
		set(brokenText, o.text, o.broken())
		o.exec(t, fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s %% 7 = 1", o.threads, o.title, o.broken(), o.threadID))
		o.exec(t, fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s = %d", o.users, o.name, o.broken(), o.user, o.expect.Members["oldhand"].ID))
	}
	set(lostAuthor, o.author, "4000000")
	o.exec(t, fmt.Sprintf("UPDATE %s SET %s = %d WHERE %[2]s = %[4]d", o.posts, o.post, hugeID, post(0)))
	o.exec(t, fmt.Sprintf("UPDATE %s SET %s = '' WHERE %s %% 7 = 0", o.threads, o.title, o.threadID))
	o.fillMembers(t)
}

func (o oddForum) fillMembers(t *testing.T) {
	panda, ray := o.expect.Members["panda"].ID, o.expect.Members["ray"].ID
	for _, odd := range [][2]string{{o.zone, o.badZone}, {o.language, o.badLanguage}} {
		if odd[0] != "" {
			o.exec(t, fmt.Sprintf("UPDATE %s SET %s = ? WHERE %s %% 3 = 0", o.users, odd[0], o.user), odd[1])
		}
	}
	if o.email != "" && o.kind != "flarum" { // which lets nobody share an address
		o.exec(t, fmt.Sprintf("UPDATE %s SET %s = 'SAME@BÜCHER.EXAMPLE' WHERE %s IN (%d, %d)", o.users, o.email, o.user, panda, ray))
	}
	o.exec(t, fmt.Sprintf("UPDATE %s SET %s = ? WHERE %s = %d", o.users, o.name, o.user, ray), "\"<a>\nBcc: x")
}

// postIDs returns the IDs of the posts of a forum.
func postIDs(t *testing.T, db *DB) (all []forum.PostID) {
	read(t, db, func(s *Snapshot) error {
		arrivals, err := s.PostsAfter(t.Context(), 0, 5000)
		for _, a := range arrivals {
			all = append(all, a.Post)
		}
		return err
	})
	return all
}

func TestOddData_IsReadOrLeftOutAndStopsNothing(t *testing.T) {
	for _, kind := range []string{"xenforo2", "mybb", "mybb/postgres", "mybb/sqlite", "phpbb3", "phpbb3/mysql", "phpbb3/sqlite", "phpbb3/ascii", "fluxbb", "fluxbb/postgres", "fluxbb/sqlite",
		"smf2", "smf2/postgres", "discourse", "flarum", "flarum/postgres", "flarum/sqlite"} {
		t.Run(kind, func(t *testing.T) {
			f := fixture{kind: "phpbb3"}
			if kind == "phpbb3/ascii" {
				f.readExpectation(t, "phpbb3-postgres")
				f.dsn = servertest.PostgresASCII(t)
				servertest.LoadPostgresDump(t, f.dsn, "testdata/phpbb3-postgres.sql.gz")
			} else {
				f = newFixture(t, kind)
			}
			o := newOddForum(t, f, kind == "phpbb3/ascii")
			ids := postIDs(t, f.open(t))
			o.fill(t, func(n int) forum.PostID { return ids[n] })
			ids[0] = hugeID
			slices.Sort(ids)
			o.check(t, f.open(t), ids)
		})
	}
}
