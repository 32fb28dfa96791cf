package mirror

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"postrider/internal/finding"
	"postrider/internal/servertest"
	"postrider/source"
)

// fill makes a mirror with many posts in 5,000 threads of one section, by 20,000 members. One in ten watches a thread, one in 200 the
// section.
const fill = `
	INSERT INTO section (ref, parent_ref, place, title, address, deleted) VALUES ('s', '', 0, 'News', '', 0);
	WITH RECURSIVE seq(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM seq WHERE n < 4999)
	INSERT INTO thread (ref, section_id, title, author_ref, author_name, started_at, first_post_id, state, locked, address)
	SELECT 't' || n, 1, 'Thread ' || n, 'u' || n, 'Ann', {now} - 1000000, n + 1, 0, 0, '' FROM seq ORDER BY n;
	WITH RECURSIVE seq(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM seq WHERE n < {posts} - 1)
	INSERT INTO post (ref, thread_id, author_ref, author_name, posted_at, arrived_at, changes, state, format, body, address)
	SELECT 'p' || n, 1 + n % 5000, 'u' || (n % 20000), 'Ann', {now} - {posts} + n, {now} - {posts} + n, 0, 0, 'h', '<p>A post.', '' FROM seq ORDER BY n;
	WITH RECURSIVE seq(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM seq WHERE n < 19999)
	INSERT INTO member (ref, name, name_key, email, email_key, zone, locale, joined_at)
	SELECT 'u' || n, 'Member ' || n, 'member ' || n, 'm' || n || '@example.org', 'm' || n || '@example.org', '', '', {now} - 1000000 FROM seq ORDER BY n;
	INSERT INTO thread_watch (member_id, thread_id) SELECT id, 1 + id % 5000 FROM member WHERE id % 10 = 0;
	INSERT INTO section_watch (member_id, section_id, level) SELECT id, 1, 2 FROM member WHERE id % 200 = 0;
	ANALYZE`

// TestCost_NoQueryReadsBigTableAsWhole asks both engines how they would run each query of the daemon on a big mirror.
func TestCost_NoQueryReadsBigTableAsWhole(t *testing.T) {
	posts := 20_000
	if set := os.Getenv("POSTRIDER_COST_POSTS"); set != "" {
		n, err := strconv.Atoi(set)
		if err != nil || n < posts {
			t.Fatalf("POSTRIDER_COST_POSTS=%s: must be a number from %d", set, posts)
		}
		posts = n
	}
	for engine, dsn := range map[string]string{"SQLite": "sqlite:" + filepath.Join(t.TempDir(), "mirror.db"), "PostgreSQL": servertest.Postgres(t)} {
		t.Run(engine, func(t *testing.T) {
			db, now := openTest(t, dsn), time.Now()
			statements := strings.NewReplacer("{posts}", strconv.Itoa(posts), "{now}", fmt.Sprint(now.Unix())).Replace(fill)
			for statement := range strings.SplitSeq(statements, ";") {
				if _, err := db.pool.ExecContext(t.Context(), statement); err != nil {
					t.Fatalf("%v in%s", err, statement)
				}
			}
			config := source.DefaultConfig()
			config.Type, config.DSN, config.URL = source.MirrorType, dsn, "https://news.example.org"
			forum, err := source.Open(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { forum.Close() })
			costs := 0
			for _, found := range forum.CheckRows(t.Context(), now) {
				administrators := engine == "SQLite" && strings.Contains(found.Text, "the query search ") // who search for a member
				if found.Level != finding.LevelOK && !administrators {
					t.Errorf("%s: %s", found.Part, found.Text)
				}
				if found.Part == "cost" {
					costs++
				}
			}
			if costs == 0 {
				t.Error("the check says nothing about cost")
			}
		})
	}
}
