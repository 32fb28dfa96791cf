// Package e2e tests the whole program as users run it: on the databases of real forums, on both engines of its store, and with
// daemons that are killed.
package e2e

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"postrider/internal/forumtest"
	"postrider/internal/servertest"
)

// postsInWindow returns all posts that were written in the window.
func postsInWindow(t *testing.T, dsn, kind string, window [2]int64) []int64 {
	t.Helper()
	posts := map[string][2]string{ // the ID and the time of posts, and where they are
		"xenforo2":  {"post_id", "FROM xf_post WHERE post_date"},
		"mybb":      {"pid", "FROM mybb_posts WHERE dateline"},
		"phpbb3":    {"post_id", "FROM phpbb_posts WHERE post_time"},
		"fluxbb":    {"id", "FROM posts WHERE posted"},
		"smf2":      {"id_msg", "FROM smf_messages WHERE poster_time"},
		"flarum":    {"id", "FROM posts WHERE type = 'comment' AND TIMESTAMPDIFF(SECOND, '1970-01-01', created_at)"},
		"nodebb":    {"substring(_key FROM '[0-9]+')::bigint", "FROM legacy_hash WHERE _key ~ '^post:[0-9]+$' AND FLOOR((data->>'timestamp')::numeric / 1000)"},
		"discourse": {"p.id", "FROM posts p JOIN topics t ON t.id = p.topic_id AND t.archetype = 'regular' WHERE FLOOR(EXTRACT(EPOCH FROM p.created_at))"},
	}[kind]
	ids := queryInts(t, dsn, fmt.Sprintf("SELECT %s %s BETWEEN %d AND %d ORDER BY 1", posts[0], posts[1], window[0], window[1]-1))
	if len(ids) < 300 {
		t.Fatalf("the window has %d posts, want at least 300", len(ids))
	}
	return ids
}

// queryInts returns the integers that a query selects from a forum's database.
func queryInts(t *testing.T, dsn, query string, args ...any) (list []int64) {
	t.Helper()
	rows, err := openForum(t, dsn).QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// openForum opens a forum's database for writing.
func openForum(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	if !strings.HasPrefix(dsn, "postgres:") {
		return servertest.OpenMariaDB(t, dsn)
	}
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// dumpedForums are the forum types with a dump that the software wrote, or that was filled for it.
var dumpedForums = []string{"xenforo2", "mybb", "phpbb3", "fluxbb", "smf2", "discourse", "nodebb", "flarum"}

func TestPreview_MatchesForum(t *testing.T) {
	for _, kind := range dumpedForums {
		t.Run(kind, func(t *testing.T) {
			want := readExpectation(t, kind)
			dsn, config := sharedForum(t, kind)
			window := postsInWindow(t, dsn, kind, want.Window)
			for name, m := range want.Members {
				preview(t, config, strconv.FormatInt(m.ID, 10), want.Window).CheckDigest(t, name, m, window, want.Window)
			}
			checkNoMail(t, config, kind, want)
		})
	}
}

// checkNoMail checks that members who get no email have no edition and no alert. Some opted out of a kind only, and some may be mailed after all.
func checkNoMail(t *testing.T, config, kind string, want forumtest.Expectation) {
	t.Helper()
	for why, id := range want.NoMail {
		if strings.HasPrefix(why, "deleted") || strings.HasPrefix(why, "silenced") || isOptOut(why) && kind != "discourse" {
			continue // Discourse's opt-out is about digests
		}
		for _, kind := range []string{"digest", "alert"} {
			if got := forumtest.Preview(t, config, strconv.FormatInt(id, 10), kind, want.Window); got.Skipped == "" {
				t.Errorf("member %d would get the %s, but: %s", id, kind, why)
			}
		}
	}
}

// isOptOut reports whether a member gets no email because of a setting. Elsewhere it is about announcements.
func isOptOut(why string) bool {
	for _, setting := range []string{"opted", "receive_admin_email", "user_allow_massemail", "announcements"} {
		if strings.HasPrefix(why, setting) {
			return true
		}
	}
	return false
}

// TestPreview_MatchesRound runs three rounds of the daemon on each forum.
func TestPreview_MatchesRound(t *testing.T) {
	for _, kind := range dumpedForums {
		t.Run(kind, func(t *testing.T) {
			expected := readExpectation(t, kind)
			window, members := expected.Window, slices.Sorted(maps.Values(expected.Keys.Members))
			_, config := sharedForum(t, kind)
			folder := t.TempDir()
			round := func(at int64) (sent []string) {
				before := fileNames(t, folder)
				if _, errOut, code := run(t, "run", "-c", config, "--once", "--now", rfc3339(at), "--mail-dir", folder); code != 0 {
					t.Fatalf("run: exit %d\n%s", code, errOut)
				}
				for _, f := range fileNames(t, folder) {
					if !slices.Contains(before, f) {
						sent = append(sent, recipient(t, filepath.Join(folder, f)))
					}
				}
				slices.Sort(sent)
				return sent
			}
			if got, want := round(window[1]), previewRecipients(t, config, window, members); !slices.Equal(got, want) {
				t.Errorf("the first round sent messages to\n %v\nwant\n %v", got, want)
			}
			if again := round(window[1]); len(again) > 0 {
				t.Errorf("the same round again sent messages to %v, want none", again)
			}
			if later := round(window[1] + 48*3600); len(later) > 0 {
				t.Errorf("two days later, with nothing new, a round sent messages to %v, want none", later)
			}
		})
	}
}

// previewRecipients returns the addresses of all members whose preview has posts.
func previewRecipients(t *testing.T, config string, window [2]int64, members []int64) []string {
	t.Helper()
	var addresses []string
	for _, id := range slices.Compact(slices.Sorted(slices.Values(append(members, 1, 2)))) {
		out, errOut, code := run(t, "preview", "-c", config, strconv.FormatInt(id, 10), "--format", "json", "--from", rfc3339(window[0]), "--until", rfc3339(window[1]))
		if code != 0 {
			if !strings.Contains(errOut, "no such member") {
				t.Fatalf("preview: %s", errOut)
			}
			continue
		}
		var e forumtest.Edition
		if err := json.Unmarshal([]byte(out), &e); err != nil {
			t.Fatal(err)
		}
		if len(e.Groups) > 0 {
			local, domain, _ := strings.Cut(e.Member.Email, "@")
			addresses = append(addresses, local+"@"+strings.ToLower(domain)) // as messages have it
		}
	}
	if len(addresses) < 5 {
		t.Fatalf("only %v have posts in their previews", addresses)
	}
	slices.Sort(addresses)
	return addresses
}

func recipient(t *testing.T, path string) string {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(readFile(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 1 {
		t.Fatalf("%s is addressed to %v: %v", path, to, err)
	}
	return to[0].Address
}

// TestPreview_ShowsThreadInOrder previews a thread of a real forum, in which one post was removed.
func TestPreview_ShowsThreadInOrder(t *testing.T) {
	dsn, config := loadForum(t, "xenforo2")
	const oldhand = "4"
	// The page was saved as text. Its article lost the link to its source, which is restored here.
	if _, err := servertest.OpenMariaDB(t, dsn).ExecContext(t.Context(), "INSERT INTO xf_thread_watch (user_id, thread_id, email_subscribe) VALUES ("+oldhand+", 1, 1);"+
		`UPDATE xf_post SET message = CONCAT(REPLACE(message, 'The Chosun Ilbo', '[URL="https://english.example.com/1"]The Chosun Ilbo'), '[/URL]') WHERE post_id = 1`); err != nil {
		t.Fatal(err)
	}
	day := [2]int64{time.Date(2012, 5, 21, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2012, 5, 22, 0, 0, 0, 0, time.UTC).Unix()}
	if got, want := preview(t, config, oldhand, day).Shown(), []int64{1, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("posts = %v, want %v", got, want)
	}
	for _, format := range []string{"html", "text"} {
		out, errOut, code := run(t, "preview", "-c", config, oldhand, "--format", format, "--from", "2012-05-21T00:00:00Z", "--until", "2012-05-22T00:00:00Z")
		if code != 0 {
			t.Fatalf("preview: exit %d\n%s", code, errOut)
		}
		out = html.UnescapeString(out)
		at := 0
		for _, wanted := range [][]string{
			{"Indo Pacific & East Asia"},
			{"Seoul Proposes Military Pact with Beijing"}, {"Started by ice berg"},
			{"ice berg", "Senior Member", "Post #1"}, {"South Korea has proposed a military"},
			{"The Chosun Ilbo (English Edition): Daily News from Korea", "https://english.example.com/1"},
			{"marshal panda", "Regular Member", "Post #3"}, {"China will not do anything to make N Korea unhappy."}, {"W.G.Ewald likes this"},
			{"Ray", "The Chairman", "Defence Professionals", "Moderator", "Post #4"}, {"Military information sharing pact is good indeed."},
		} {
			line := at // texts of one group may come in any order, after those of the group before
			for _, want := range wanted {
				i := strings.Index(out[at:], want)
				if i < 0 {
					t.Errorf("%s: %q is missing or too early", format, want)
				}
				line = max(line, at+i)
			}
			at = line
		}
		if strings.Contains(out, "Post #2") {
			t.Errorf("%s: the removed post is shown", format)
		}
	}
}

func preview(t *testing.T, config, member string, window [2]int64) forumtest.Edition {
	t.Helper()
	return forumtest.Preview(t, config, member, "digest", window)
}

func writeConfig(t *testing.T, dir, kind, forum, store, relay string) string {
	t.Helper()
	return forumtest.WriteConfig(t, dir, kind, forum, store, relay)
}

// run runs a command line in this process.
func run(t *testing.T, args ...string) (out, errOut string, code int) {
	t.Helper()
	return forumtest.Run(t, args...)
}

func rfc3339(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

// loadForum loads a forum's database, which the test may change. It returns its DSN and the path of a configuration for it.
func loadForum(t *testing.T, kind string) (dsn, config string) {
	t.Helper()
	dsn = loadDump(t, kind)
	return dsn, configFor(t, kind, dsn)
}

// sharedForums has the DSN of each forum that tests share.
var sharedForums struct {
	sync.Mutex
	dsn map[string]string
}

// sharedForum is [loadForum] for tests that do not change the forum. It is loaded once for all of them.
func sharedForum(t *testing.T, kind string) (dsn, config string) {
	t.Helper()
	sharedForums.Lock()
	defer sharedForums.Unlock()
	if sharedForums.dsn[kind] == "" {
		if sharedForums.dsn == nil {
			sharedForums.dsn = map[string]string{}
		}
		sharedForums.dsn[kind] = loadDump(t, kind)
	}
	dsn = sharedForums.dsn[kind]
	return dsn, configFor(t, kind, dsn)
}

// configFor writes a configuration for a forum, with a new store.
func configFor(t *testing.T, kind, dsn string) (config string) {
	t.Helper()
	dir := t.TempDir()
	return writeConfig(t, dir, kind, dsn, "sqlite:"+filepath.Join(dir, "postrider.db"), "smtp://127.0.0.1:25")
}

func loadDump(t *testing.T, kind string) (dsn string) {
	t.Helper()
	if !onPostgres(kind) {
		dsn = servertest.MariaDB(t)
		servertest.LoadDump(t, dsn, "../source/testdata/"+kind+"-mariadb.sql.gz")
		return dsn
	}
	dsn = servertest.Postgres(t)
	servertest.LoadPostgresDump(t, dsn, "../source/testdata/"+kind+"-postgres.sql.gz")
	if kind == "nodebb" {
		askNodebbForEmail(t, dsn)
	}
	return dsn
}

// askNodebbForEmail lets all members ask for email about what they watch. By default, NodeBB sends none. Nobody keeps a weekly digest
// of NodeBB's: it would not be due at the end of the window.
func askNodebbForEmail(t *testing.T, dsn string) {
	t.Helper()
	_, err := openForum(t, dsn).ExecContext(t.Context(), `UPDATE legacy_hash
		SET data = (data - 'dailyDigestFreq') || '{"notificationType_new-reply": "notificationemail", "notificationType_new-topic-in-category": "email"}' WHERE _key ~ '^user:[0-9]+:settings$'`)
	if err != nil {
		t.Fatal(err)
	}
}

// onPostgres reports whether a forum's dump is of PostgreSQL.
func onPostgres(kind string) bool { return kind == "phpbb3" || kind == "discourse" || kind == "nodebb" }

func readExpectation(t *testing.T, kind string) forumtest.Expectation {
	t.Helper()
	engine := "mariadb"
	if onPostgres(kind) {
		engine = "postgres"
	}
	e := forumtest.Read(t, "../source/testdata/"+kind+"-"+engine+"-expect.json")
	if len(e.Members) < 3 || len(e.NoMail) < 3 {
		t.Fatalf("the expectation of %s has %d members and %d who get no messages", kind, len(e.Members), len(e.NoMail))
	}
	return e
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func fileNames(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
