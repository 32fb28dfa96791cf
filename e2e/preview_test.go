// Package e2e tests the whole program as users run it: on the databases of real forums, on both engines of its store, and with
// daemons that are killed.
package e2e

import (
	"bytes"
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

	"postrider/cli"
	"postrider/internal/servertest"
)

// expectation is what a forum's own software would show, by post ID.
type expectation struct {
	Window  [2]int64                     `json:"window_unix"`
	Members map[string]memberExpectation `json:"members"`
	NoMail  map[string]int64             `json:"members_that_get_no_mail"`
	Keys    struct {
		Members map[string]int64 `json:"members"`
	} `json:"keys"`
}

type memberExpectation struct {
	ID      int64             `json:"member_id"`
	Show    []int64           `json:"must_show_if_only_watched"`
	MustNot map[string]string `json:"must_not"`
	Own     []int64           `json:"own_posts_in_window"`
}

// edition is the JSON output of preview, as far as the tests check it.
type edition struct {
	Kind   string `json:"kind"`
	Member struct {
		ID    int64  `json:"id"`
		Email string `json:"email"`
	} `json:"member"`
	Subject string    `json:"subject"`
	From    time.Time `json:"from"`
	Until   time.Time `json:"until"`
	Skipped string    `json:"skipped"`
	Groups  []struct {
		Section struct {
			ID    int64  `json:"id"`
			Title string `json:"title"`
		} `json:"section"`
		Threads []struct {
			ID    int64  `json:"id"`
			Title string `json:"title"`
			Posts []struct {
				ID    int64 `json:"id"`
				Shown bool  `json:"shown"`
			} `json:"posts"`
		} `json:"threads"`
	} `json:"groups"`
	LeftOut []struct {
		Post   int64  `json:"post"`
		Reason string `json:"reason"`
	} `json:"left_out"`
}

func (e edition) shownPosts() []int64 {
	posts := []int64{}
	for _, g := range e.Groups {
		for _, t := range g.Threads {
			for _, p := range t.Posts {
				posts = append(posts, p.ID)
			}
		}
	}
	slices.Sort(posts)
	return posts
}

// allPosts returns the posts that are shown or explained.
func (e edition) allPosts() []int64 {
	all := e.shownPosts()
	for _, l := range e.LeftOut {
		all = append(all, l.Post)
	}
	slices.Sort(all)
	return all
}

// postsInWindow returns all posts that were written in the window.
func postsInWindow(t *testing.T, dsn, kind string, window [2]int64) []int64 {
	t.Helper()
	posts := map[string][2]string{ // the ID and the time of posts, and where they are
		"xenforo2": {"post_id", "FROM xf_post WHERE post_date"},
		"mybb":     {"pid", "FROM mybb_posts WHERE dateline"},
		"phpbb3":   {"post_id", "FROM phpbb_posts WHERE post_time"},
		"fluxbb":   {"id", "FROM posts WHERE posted"},
		"smf2":     {"id_msg", "FROM smf_messages WHERE poster_time"},
		"flarum":   {"id", "FROM posts WHERE type = 'comment' AND TIMESTAMPDIFF(SECOND, '1970-01-01', created_at)"},
		"vanilla": {"id", `FROM (SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', DateInserted) * 1000000000 + DiscussionID AS id FROM GDN_Discussion
			UNION ALL SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', DateInserted) * 1000000000 + 500000000 + CommentID FROM GDN_Comment) p WHERE id DIV 1000000000`},
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
var dumpedForums = []string{"xenforo2", "mybb", "phpbb3", "fluxbb", "smf2", "discourse", "nodebb", "flarum", "vanilla"}

func TestPreview_MatchesForum(t *testing.T) {
	for _, kind := range dumpedForums {
		t.Run(kind, func(t *testing.T) {
			want := readExpectation(t, kind)
			dsn, config := sharedForum(t, kind)
			window := postsInWindow(t, dsn, kind, want.Window)
			for name, m := range want.Members {
				got := preview(t, config, strconv.FormatInt(m.ID, 10), want.Window)
				if all := got.allPosts(); !slices.Equal(all, window) {
					t.Errorf("%s: posts shown or explained are\n %v\nwant all posts in the window\n %v", name, all, window)
				}
				slices.Sort(m.Show)
				if posts := got.shownPosts(); !slices.Equal(posts, m.Show) {
					t.Errorf("%s: posts\n %v\nwant\n %v", name, posts, m.Show)
				}
				if got.Kind != "digest" || got.Member.ID != m.ID || got.From.Unix() != want.Window[0] || got.Until.Unix() != want.Window[1] || got.Subject == "" {
					t.Errorf("%s: the edition's member, times or subject are wrong: %+v", name, got)
				}
				checkOmitted(t, name, got, m.MustNot, m.Own)
			}
			checkNoMail(t, config, kind, want)
		})
	}
}

// checkNoMail checks that members who get no email have no edition and no alert. Some opted out of a kind only, and some may be mailed after all.
func checkNoMail(t *testing.T, config, kind string, want expectation) {
	t.Helper()
	for why, id := range want.NoMail {
		if strings.HasPrefix(why, "deleted") || strings.HasPrefix(why, "silenced") || isOptOut(why) && kind != "discourse" {
			continue // Discourse's opt-out is about digests
		}
		for _, kind := range []string{"digest", "alert"} {
			if got := previewOf(t, config, strconv.FormatInt(id, 10), kind, want.Window); got.Skipped == "" {
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

// checkOmitted compares our reasons with those of the expectation.
func checkOmitted(t *testing.T, name string, got edition, mustNot map[string]string, own []int64) {
	t.Helper()
	reasons := map[int64]string{}
	for _, l := range got.LeftOut {
		reasons[l.Post] = l.Reason
	}
	for id, theirs := range mustNot {
		post, _ := strconv.ParseInt(id, 10, 64)
		ours, known := reasonFor(theirs)
		if !known {
			t.Errorf("%s: no reason of ours matches %q", name, theirs)
		}
		// The expectation also has reasons for posts before the window. A preview does not list those.
		if reason, listed := reasons[post]; listed && (ours == "" || !strings.Contains(reason, ours)) {
			t.Errorf("%s: post %d is left out because of %q, want %q (%s)", name, post, reason, ours, theirs)
		}
	}
	for _, post := range own {
		if reasons[post] != "own post" {
			t.Errorf("%s: own post %d is left out because of %q", name, post, reasons[post])
		}
	}
}

// reasonFor returns what our reason must contain for a reason of the expectation. It is empty if the post was deleted or is
// before the window.
func reasonFor(theirs string) (ours string, known bool) {
	for _, word := range []struct{ theirs, ours string }{
		{"before the window", ""}, {"permanently deleted", ""},
		{"is not readable", "no access"}, {"own-threads-only", "own threads only"},
		{"opening post deleted", "deleted"}, {"first post of a merged", "deleted"}, {"private message", ""}, {"deleted for good", ""}, {"held for approval", "awaiting approval"}, {"small action", "post hidden"},
		{"event post", ""}, {"hidden thread", "thread deleted"}, {"hidden post", "post deleted"},
		{"whisper", "post hidden"}, {"hidden by flags", "post hidden"}, {"unlisted", "thread hidden"}, {"category definition", "thread hidden"},
		{"deleted by its author", "post deleted"},
		{"purged", ""}, {"welcome topic", ""}, {"deleted topic", "deleted"}, {"deleted post", "deleted"}, {"block list", "ignored"}, {"is disabled", "no access"}, {"scheduled topic", "awaiting approval"},
		{"ignore list", "ignored"}, {"opening post soft-deleted", "deleted"}, {"soft-deleted thread", "deleted"},
		{"soft-deleted post", "post deleted"}, {"post awaiting approval", "post awaiting approval"},
		{"thread awaiting approval", "awaiting approval"}, {"placeholder", "redirect"},
	} {
		if strings.Contains(theirs, word.theirs) {
			return word.ours, true
		}
	}
	return "", false
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
		var e edition
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

func rfc3339(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

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
	if got, want := preview(t, config, oldhand, day).shownPosts(), []int64{1, 3, 4}; !slices.Equal(got, want) {
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

func preview(t *testing.T, config, member string, window [2]int64) edition {
	t.Helper()
	return previewOf(t, config, member, "digest", window)
}

func previewOf(t *testing.T, config, member, kind string, window [2]int64) edition {
	t.Helper()
	out, errOut, code := run(t, "preview", "-c", config, member, "--kind", kind, "--format", "json",
		"--from", rfc3339(window[0]), "--until", rfc3339(window[1]))
	if code != 0 {
		t.Fatalf("preview %s: exit %d\n%s", member, code, errOut)
	}
	var e edition
	if err := json.Unmarshal([]byte(out), &e); err != nil {
		t.Fatalf("preview %s did not print JSON: %v\n%s", member, err, out)
	}
	return e
}

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

func writeConfig(t *testing.T, dir, kind, forum, store, relay string) string {
	t.Helper()
	path := filepath.Join(dir, "config.toml")
	text := fmt.Sprintf("[forum]\ntype = %q\ndsn = %q\nurl = \"https://forum.example.org\"\nname = \"Example Forum\"\n[store]\ndsn = %q\nlease = \"2s\"\n[smtp]\nurl = %q\nfrom = \"Example Forum <digest@forum.example.org>\"\n[web]\nlisten = \"\"\nprobe = false\n[log]\nformat = \"json\"\n", kind, forum, store, relay)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs a command line in this process.
func run(t *testing.T, args ...string) (out, errOut string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = cli.Run(t.Context(), args, &stdout, &stderr, func(string) string { return "" })
	return stdout.String(), stderr.String(), code
}

func readExpectation(t *testing.T, kind string) expectation {
	t.Helper()
	var e expectation
	engine := "mariadb"
	if onPostgres(kind) {
		engine = "postgres"
	}
	if err := json.Unmarshal([]byte(readFile(t, "../source/testdata/"+kind+"-"+engine+"-expect.json")), &e); err != nil {
		t.Fatal(err)
	}
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
