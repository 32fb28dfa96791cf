package demo

import (
	"database/sql"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestActivityGenerator_ContinuesAfterStory(t *testing.T) {
	path := createForum(t)
	generator, err := NewActivityGenerator(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { generator.Close() })
	now, kinds := noon, make(map[Kind]int)
	for range 200 {
		now = now.Add(time.Hour)
		news, err := generator.Post(t.Context(), now)
		if err != nil {
			t.Fatal(err)
		}
		kinds[news.Kind]++
		if news.Who == "" || news.Section == "" || news.Title == "" || news.Thread == 0 || news.Post == 0 {
			t.Errorf("news lacks a field: %+v", news)
		}
	}
	for kind, least := range map[Kind]int{NewThread: 10, Reply: 80, Like: 30, Edit: 5} {
		if kinds[kind] < least {
			t.Errorf("%d times %q, want at least %d", kinds[kind], kind, least)
		}
	}
	db := openForum(t, path)
	for what, query := range map[string]string{
		"posts by members who may not read them": `
			SELECT count(*) FROM post p JOIN thread t ON t.id = p.thread_id JOIN member m ON m.id = p.author_id
			 WHERE m.state <> 'active' AND p.posted_at > ?1
			    OR NOT EXISTS (SELECT 1 FROM permission r WHERE r.role_id = m.role_id AND r.section_id = t.section_id)`,
		"threads without their first post": `
			SELECT count(*) FROM thread t WHERE moved_to IS NULL AND ?1 > 0
			   AND first_post_id <> (SELECT min(id) FROM post p WHERE p.thread_id = t.id)`,
		"posts out of order":    `SELECT count(*) FROM post a JOIN post b ON b.id = a.id + 1 WHERE a.posted_at > b.posted_at AND ?1 > 0`,
		"unresolved references": `SELECT count(*) FROM post WHERE (body LIKE '%{%' AND body NOT LIKE '%[CODE%' OR body LIKE '%=^%') AND posted_at > ?1`,
		"posts without words":   `SELECT count(*) FROM post WHERE trim(body) = '' AND ?1 > 0`,
	} {
		if got := queryInt(t, db, query, noon.Unix()); got != 0 {
			t.Errorf("%s: %d", what, got)
		}
	}
	written := queryInt(t, db, `SELECT count(*) FROM post WHERE posted_at > ? AND body = 'Nine litres.'`, noon.Unix())
	if written != 1 {
		t.Errorf("the story's next post was written %d times, want once", written)
	}
	if got := queryInt(t, db, `SELECT count(*) FROM post WHERE posted_at > ? AND body LIKE '[QUOTE=%, post: %'`, noon.Unix()); got < 10 {
		t.Errorf("%d quotes, want at least 10", got)
	}
}

func TestActivityGenerator_ResumesStory(t *testing.T) {
	path := createForum(t)
	var posts []int64
	for range 3 {
		generator, err := NewActivityGenerator(path)
		if err != nil {
			t.Fatal(err)
		}
		news, err := generator.Post(t.Context(), noon.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		posts = append(posts, news.Post)
		if err := generator.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var body string
	if err := openForum(t, path).QueryRow(`SELECT body FROM post WHERE id = ?`, posts[2]).Scan(&body); err != nil {
		t.Fatal(err)
	}
	if posts[1] != posts[0]+1 || posts[2] != posts[0]+2 || !strings.Contains(body, "In Olten steigt der Schlaf um") {
		t.Errorf("posts %v, the third is %q", posts, body)
	}
}

func TestActivityGenerator_DoesNotBlockReaders(t *testing.T) {
	path := createForum(t)
	writing, err := openForum(t, path).Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer writing.Rollback()
	if _, err := writing.Exec(`DELETE FROM post_like`); err != nil {
		t.Fatal(err)
	}
	reader, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: "mode=ro"}).String())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if got := queryInt(t, reader, `SELECT count(*) FROM post_like`); got == 0 {
		t.Error("the reader sees uncommitted changes")
	}
}

func TestFirstWords_ReturnsPlainLine(t *testing.T) {
	long := strings.Repeat("soup ", 40)
	for _, c := range [][2]string{
		{"[B]This.[/B] And bring an orange.", "This. And bring an orange."},
		{"[QUOTE=\"a, post: 1, member: 2\"]not [QUOTE]this[/QUOTE][/QUOTE]\n\nbut this", "but this"},
		{"[CODE]x[/CODE]", ""},
		{long, strings.TrimSpace(long[:119]) + " …"},
		{strings.Repeat("夜", 200), strings.Repeat("夜", 120) + " …"},
	} {
		if got := firstWords(c[0]); got != c[1] {
			t.Errorf("firstWords(%q) = %q, want %q", c[0], got, c[1])
		}
	}
}
