package e2e

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/demo"
	"postrider/internal/smtptest"
)

const (
	connections  = 8  // the default number of connections to the relay
	maxUnsettled = 50 // maximum number of messages that are sent but not settled yet
	firstCrowdID = 1000
)

// testForum is the sample forum with a crowd of members who watch its sections. The posts that a test writes are the only new ones.
type testForum struct {
	*testing.T
	path           string
	db             *sql.DB
	now            time.Time // of the last post
	lastSamplePost int64     // posts above this ID were written by the test
}

// newTestForum creates a forum with a crowd of that many members. No post in it is new at the time now.
func newTestForum(t *testing.T, crowd int, now time.Time) *testForum {
	t.Helper()
	b := &testForum{T: t, path: filepath.Join(t.TempDir(), "forum.db"), now: now}
	if err := demo.Create(t.Context(), b.path, now.AddDate(0, -2, 0)); err != nil {
		t.Fatal(err)
	}
	var err error
	if b.db, err = sql.Open("sqlite", "file:"+b.path+"?_pragma=busy_timeout(10000)&_pragma=synchronous(0)"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.db.Close() })
	b.exec(`WITH RECURSIVE crowd (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM crowd WHERE i + 1 < ?)
		INSERT INTO member SELECT ? + i, 'Crowd ' || i, 'crowd' || i || '@example.org', 'UTC', 'en', 2, '', 0, 'active', 1 FROM crowd`, crowd, firstCrowdID)
	b.exec(`INSERT INTO section_watch SELECT m.id, s.id, 'posts', 1 FROM member m JOIN section s ON s.id % 12 <= m.id % 12 WHERE m.id >= ?`, firstCrowdID)
	b.lastSamplePost = b.queryInt(`SELECT max(id) FROM post`)
	return b
}

func (b *testForum) exec(query string, args ...any) {
	b.Helper()
	if _, err := b.db.ExecContext(b.Context(), query, args...); err != nil {
		b.Fatalf("%s: %v", query, err)
	}
}

func (b *testForum) queryInt(query string, args ...any) (n int64) {
	b.Helper()
	if err := b.db.QueryRowContext(b.Context(), query, args...).Scan(&n); err != nil {
		b.Fatalf("%s: %v", query, err)
	}
	return n
}

// writePost writes a post in an existing thread of a section.
func (b *testForum) writePost(section int) {
	b.Helper()
	b.exec(`INSERT INTO post SELECT (SELECT max(id) + 1 FROM post), id, starter_id, starter_name, ?, 0, 'visible', 'Has anybody seen my other glove?'
		FROM thread WHERE section_id = ? AND state = 'visible' AND moved_to IS NULL ORDER BY id LIMIT 1`, b.now.Unix(), section)
}

// wantPosts returns what each crowd member must get: the test's posts in the sections that the member watches and may read.
func (b *testForum) wantPosts() map[string][]string {
	b.Helper()
	rows, err := b.db.QueryContext(b.Context(), `SELECT m.email, p.id
		  FROM post p
		  JOIN thread t ON t.id = p.thread_id
		  JOIN section_watch w ON w.section_id = t.section_id
		  JOIN member m ON m.id = w.member_id
		  JOIN permission r ON r.section_id = t.section_id AND r.role_id = m.role_id AND r.reads = 'all'
		 WHERE p.id > ? AND m.id >= ?`, b.lastSamplePost, firstCrowdID)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	want := map[string][]string{}
	for rows.Next() {
		var member string
		var post int64
		if err := rows.Scan(&member, &post); err != nil {
			b.Fatal(err)
		}
		want[member] = append(want[member], fmt.Sprintf("/posts/%d/", post))
	}
	if rows.Err() != nil || len(want) == 0 {
		b.Fatalf("%d members are expected to get posts: %v", len(want), rows.Err())
	}
	return want
}

// checkDelivered checks that each crowd member got each of their posts once. It returns the number of exact copies of messages.
func (b *testForum) checkDelivered(messages []smtptest.Message) (copies int) {
	b.Helper()
	got, times := receivedPosts(b.T, messages)
	wrong := 0
	for member, posts := range b.wantPosts() {
		slices.Sort(posts)
		if !slices.Equal(got[member], posts) {
			if wrong++; wrong <= 5 {
				b.Errorf("%s has posts %v, want %v; messages:%s", member, got[member], posts, describeMessages(b.T, messages, member))
			}
		}
	}
	if wrong > 5 {
		b.Errorf("and %d other members have the wrong posts", wrong-5)
	}
	for _, n := range times {
		copies += n - 1
	}
	return copies
}

// receivedPosts returns the posts of all messages to each member, as often as they arrived, not counting exact copies of
// messages, and how often each Message-ID arrived.
func receivedPosts(t *testing.T, messages []smtptest.Message) (posts map[string][]string, times map[string]int) {
	t.Helper()
	posts, times = map[string][]string{}, map[string]int{}
	for _, m := range messages {
		head, err := netmail.ReadMessage(bytes.NewReader(m.Data))
		if err != nil {
			t.Fatal(err)
		}
		id := head.Header.Get("Message-ID")
		if times[id]++; times[id] > 1 {
			continue
		}
		posts[m.To] = append(posts[m.To], linkedPosts(t, head)...)
	}
	for _, p := range posts {
		slices.Sort(p)
	}
	return posts, times
}

// describeMessages lists the messages to a member in the order of arrival: Message-ID, subject, and linked posts.
func describeMessages(t *testing.T, messages []smtptest.Message, member string) string {
	t.Helper()
	var list strings.Builder
	for _, m := range messages {
		if m.To != member {
			continue
		}
		head, err := netmail.ReadMessage(bytes.NewReader(m.Data))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&list, "\n  %s %q, dated %s, links %v", head.Header.Get("Message-ID"), head.Header.Get("Subject"), head.Header.Get("Date"), linkedPosts(t, head))
	}
	return list.String()
}

var postLink = regexp.MustCompile(`/posts/\d+/`)

// linkedPosts returns the posts that are linked in the text part of a message, each once.
func linkedPosts(t *testing.T, m *netmail.Message) []string {
	t.Helper()
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	part, err := multipart.NewReader(m.Body, params["boundary"]).NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(part))
	if err != nil {
		t.Fatal(err)
	}
	posts := postLink.FindAllString(string(text), -1)
	if len(posts) == 0 {
		t.Fatalf("message without posts:\n%s", text)
	}
	slices.Sort(posts)
	return slices.Compact(posts)
}

// replaceInConfig replaces one occurrence of a text in a configuration file.
func replaceInConfig(t *testing.T, config, from, to string) {
	t.Helper()
	text := readFile(t, config)
	if !strings.Contains(text, from) {
		t.Fatalf("the configuration does not contain %q", from)
	}
	if err := os.WriteFile(config, []byte(strings.Replace(text, from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// makeDigestsDue runs the first round of a new store, which sends no digests, and makes all of them due.
func makeDigestsDue(t *testing.T, config, store string) {
	t.Helper()
	if _, errOut, code := run(t, "run", "--once", "-c", config); code != 0 {
		t.Fatalf("the first round: exit %d\n%s", code, errOut)
	}
	driver, source := "postgres", regexp.MustCompile(`,[^/]+/`).ReplaceAllString(store, "/") // the first host
	if path, ok := strings.CutPrefix(store, "sqlite:"); ok {
		driver, source = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), fmt.Sprintf("UPDATE member SET due_at = %d WHERE due_at IS NOT NULL", time.Now().Add(-time.Minute).Unix())); err != nil {
		t.Fatal(err)
	}
}

// appendConfig appends tables to a configuration file.
func appendConfig(t *testing.T, config, text string) string {
	t.Helper()
	if err := os.WriteFile(config, []byte(readFile(t, config)+text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config
}
