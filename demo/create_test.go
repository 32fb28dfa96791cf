package demo

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// newForum writes the sample forum and opens it.
func newForum(t *testing.T) *sql.DB {
	t.Helper()
	return openForum(t, createForum(t))
}

func createForum(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "the forum 100%?.db")
	if err := Create(t.Context(), path, noon); err != nil {
		t.Fatal(err)
	}
	return path
}

func openForum(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func queryInt(t *testing.T, db *sql.DB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestCreate_WritesActiveForum(t *testing.T) {
	db := newForum(t)
	recent := noon.Add(-48 * time.Hour).Unix()
	for _, c := range []struct {
		what, query string
		least, most int
	}{
		{"categories", `SELECT count(*) FROM category`, 3, 3},
		{"sections", `SELECT count(*) FROM section`, 12, 12},
		{"members", `SELECT count(*) FROM member`, 40, 40},
		{"members who may get email", `SELECT count(*) FROM member WHERE state = 'active' AND wants_mail AND email <> ''`, 35, 39},
		{"zones", `SELECT count(DISTINCT zone) FROM member`, 20, 40},
		{"threads with posts in the last two days", `SELECT count(DISTINCT thread_id) FROM post WHERE posted_at >= ?`, 60, 80},
		{"posts in the last two days", `SELECT count(*) FROM post WHERE posted_at >= ?`, 200, 300},
		{"older posts", `SELECT count(*) FROM post WHERE posted_at < ?`, 10, 100},
		{"posts for stewards only", `SELECT count(*) FROM post JOIN thread t ON t.id = thread_id WHERE section_id NOT IN (SELECT section_id FROM permission WHERE role_id = 2)`, 5, 50},
		{"posts in sections with own threads only", `SELECT count(*) FROM post JOIN thread t ON t.id = thread_id WHERE section_id IN (SELECT section_id FROM permission WHERE role_id = 2 AND reads = 'own')`, 5, 50},
		{"likes", `SELECT count(*) FROM post_like`, 400, 2000},
		{"deleted posts", `SELECT count(*) FROM post WHERE state = 'deleted'`, 1, 9},
		{"posts awaiting approval", `SELECT count(*) FROM post WHERE state = 'moderated'`, 1, 9},
		{"deleted threads", `SELECT count(*) FROM thread WHERE state = 'deleted'`, 1, 9},
		{"threads awaiting approval", `SELECT count(*) FROM thread WHERE state = 'moderated'`, 1, 9},
		{"redirects", `SELECT count(*) FROM thread WHERE moved_to IS NOT NULL`, 1, 9},
		{"posts by guests", `SELECT count(*) FROM post WHERE author_id = 0`, 1, 9},
		{"ignored members", `SELECT count(*) FROM ignored`, 3, 9},
		{"posts from the future", `SELECT count(*) FROM post WHERE posted_at > unixepoch('2026-05-04 12:00')`, 0, 0},
		{"unresolved references", `SELECT count(*) FROM post WHERE body LIKE '%[QUOTE=^%' OR body LIKE '%{@%' OR body LIKE '%{post:%' OR body LIKE '%{thread:%'`, 0, 0},
	} {
		if got := queryInt(t, db, c.query, recent); got < c.least || got > c.most {
			t.Errorf("%s: got %d, want %d to %d", c.what, got, c.least, c.most)
		}
	}
}

func TestCreate_HasDigestsForMostMembers(t *testing.T) {
	db := newForum(t)
	got := queryInt(t, db, `
		SELECT count(DISTINCT m.id)
		  FROM member m
		  JOIN section_watch w ON w.member_id = m.id
		  JOIN permission r    ON r.role_id = m.role_id AND r.section_id = w.section_id AND r.reads = 'all'
		  JOIN thread t        ON t.section_id = w.section_id AND t.state = 'visible'
		  JOIN post p          ON p.thread_id = t.id AND p.state = 'visible' AND p.author_id <> m.id
		 WHERE m.state = 'active' AND m.wants_mail AND m.email <> ''
		   AND (w.level = 'posts' OR p.id = t.first_post_id)
		   AND p.posted_at >= ?`, noon.Add(-24*time.Hour).Unix())
	if got < 35 {
		t.Errorf("%d members would get a digest, want at least 35", got)
	}
}

func TestCreate_UsesAllMarkup(t *testing.T) {
	db := newForum(t)
	for _, tag := range []string{
		"[B]", "[I]", "[S]", "[COLOR=", "[SIZE=", "[CENTER]", "[INDENT]", "[QUOTE]", `[QUOTE="`, "[CODE]", "[CODE=c]", "[ICODE]", "[LIST]", "[LIST=1]",
		"[TABLE]", "[SPOILER]", `[SPOILER="`, "[ISPOILER]", "[URL=", "[IMG", "[ATTACH", "[MEDIA=", "[USER=", "javascript:", "<script>",
	} {
		if queryInt(t, db, `SELECT count(*) FROM post WHERE instr(body, ?) > 0`, tag) == 0 {
			t.Errorf("no post has %s", tag)
		}
	}
}

func TestCreate_QuotesEarlierPosts(t *testing.T) {
	c, err := readCast()
	if err != nil {
		t.Fatal(err)
	}
	quotes := 0
	for _, p := range c.order {
		for _, m := range reference.FindAllStringSubmatch(p.Body, -1) {
			if m[1] == "" {
				continue
			}
			quotes++
			if quoted := c.posts[m[1]]; quoted == nil || quoted.id >= p.id {
				t.Errorf("post %s.%d quotes %s, which is not before it", p.thread.of.Key, p.number, m[1])
			}
		}
	}
	if quotes < 20 {
		t.Errorf("%d quotes, want at least 20", quotes)
	}
}

func TestCreate_IsDeterministic(t *testing.T) {
	a, b := newForum(t), newForum(t)
	for _, query := range []string{
		`SELECT group_concat(id || thread_id || author_id || posted_at || body) FROM post`,
		`SELECT group_concat(post_id || '/' || member_id || '/' || liked_at) FROM post_like`,
		`SELECT group_concat(member_id || '/' || section_id || level) FROM section_watch`,
	} {
		var one, two string
		if err := a.QueryRow(query).Scan(&one); err != nil {
			t.Fatal(err)
		}
		if err := b.QueryRow(query).Scan(&two); err != nil {
			t.Fatal(err)
		}
		if one != two || one == "" {
			t.Errorf("%s: the two forums differ", query)
		}
	}
}

func TestCreate_LikesNeedPermission(t *testing.T) {
	got := queryInt(t, newForum(t), `
		SELECT count(*) FROM post_like l JOIN post p ON p.id = l.post_id JOIN thread t ON t.id = p.thread_id JOIN member m ON m.id = l.member_id
		 WHERE m.id = p.author_id
		    OR NOT EXISTS (SELECT 1 FROM permission r WHERE r.role_id = m.role_id AND r.section_id = t.section_id
		                      AND (r.reads = 'all' OR t.starter_id = m.id))`)
	if got != 0 {
		t.Errorf("%d likes by members who may not read the post or wrote it, want 0", got)
	}
}

func TestCreate_KeepsExistingFile(t *testing.T) {
	path := createForum(t)
	if err := Create(t.Context(), path, noon); err == nil {
		t.Error("Create overwrote a forum")
	}
}
