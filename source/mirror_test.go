package source

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postrider/forum"
	"postrider/internal/finding"
	"postrider/internal/servertest"
	"postrider/markup"
	copies "postrider/mirror"
)

// mirrored is what the tests of the mirror send.
const mirrored = `{
	"sections": [{"id":"all","title":"All","url":"https://news.example/all"},{"id":"local","parent":"all","title":"Local","place":2},{"id":"gone","title":"Gone"}],
	"threads": [{"id":"t1","section":"local","title":"Bridge","author":"u1","url":"https://news.example/bridge"},{"id":"t2","section":"local","title":"Hidden","state":"moderated"}],
	"posts": [
		{"id":"p1","thread":"t1","author":"u1","author_name":"Ann","html":"<p>The <b>bridge</b></p>","url":"https://news.example/bridge#p1"},
		{"id":"p2","thread":"t1","author":"x","author_name":"Guest","bbcode":"[b]Yes[/b]"},
		{"id":"p3","thread":"t1","author":"u2","html":"waits","state":"moderated"},
		{"id":"p4","thread":"t2","html":"hidden"}],
	"members": [{"id":"u1","name":"Ann","email":"Ann@example.org","zone":"Europe/Berlin","locale":"de"},{"id":"u2","name":"ben"}],
	"watches": [{"member":"u1","section":"local","level":"threads"},{"member":"u2","thread":"t1"}],
	"deletions": [{"section":"gone"}]}`

// openMirror opens a mirror with what a test sends.
func openMirror(t *testing.T, dsn, sent string) *DB {
	t.Helper()
	m, err := copies.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	r, err := copies.ParseRequest([]byte(sent))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Ingest(t.Context(), "1", r, noon); err != nil {
		t.Fatal(err)
	}
	c := DefaultConfig()
	c.Type, c.DSN, c.URL = MirrorType, dsn, "https://news.example"
	return openConfig(t, c)
}

func forEachMirror(t *testing.T, test func(t *testing.T, db *DB)) {
	forEachMirrorOf(t, mirrored, test)
}

func forEachMirrorOf(t *testing.T, sent string, test func(t *testing.T, db *DB)) {
	t.Run("SQLite", func(t *testing.T) { test(t, openMirror(t, "sqlite:"+filepath.Join(t.TempDir(), "mirror.db"), sent)) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, openMirror(t, servertest.Postgres(t), sent)) })
}

func TestMirror_PassesCheck(t *testing.T) {
	forEachMirror(t, func(t *testing.T, db *DB) {
		for _, f := range db.Check(t.Context()) {
			if f.Level != finding.LevelOK {
				t.Errorf("%s: %s: %s", f.Level, f.Part, f.Text)
			}
		}
		read(t, db, func(s *Snapshot) error {
			sections, err := s.Sections(t.Context())
			if err != nil || len(sections) != 2 || sections[1].Title != "Local" {
				t.Errorf("sections are %+v, %v", sections, err)
			}
			return err
		})
	})
}

func TestMirror_PassesCheckWhileEmpty(t *testing.T) {
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "mirror.db")
	m, err := copies.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	c := DefaultConfig()
	c.Type, c.DSN, c.URL = MirrorType, dsn, "https://news.example"
	for _, f := range openConfig(t, c).Check(t.Context()) {
		if f.Level != finding.LevelOK {
			t.Errorf("%s: %s: %s", f.Level, f.Part, f.Text)
		}
	}
}

func TestMirror_ReadsPostsMembersAndWatches(t *testing.T) {
	const ann, ben = 1, 2
	forEachMirror(t, func(t *testing.T, db *DB) {
		read(t, db, func(s *Snapshot) error {
			arrivals, err := s.PostsAfter(t.Context(), 0, 10)
			if err != nil {
				return err
			}
			var visible []forum.PostID
			var authors []forum.MemberID
			for _, a := range arrivals {
				authors = append(authors, a.Author)
				if a.Visible {
					visible = append(visible, a.Post)
				}
			}
			if !slices.Equal(visible, []forum.PostID{1, 2}) || !slices.Equal(authors, []forum.MemberID{ann, forum.Guest, ben, forum.Guest}) {
				t.Errorf("visible are %v, authors %v", visible, authors)
			}
			contents, err := s.Contents(t.Context(), visible)
			if err != nil {
				return err
			}
			if got := contents[1].Body.Summary(markup.Labels{}, 100); got != "The bridge" || contents[2].Number != 2 {
				t.Errorf("the first post says %q, the second has number %d", got, contents[2].Number)
			}
			members, last, err := s.SubscriberPage(t.Context(), 0, 10, noon)
			if err != nil {
				return err
			}
			if len(members) != 2 || last != EndOfWatchers || members[0].Email != "Ann@example.org" || members[1].NoMail != NoAddress {
				t.Errorf("subscribers are %+v", members)
			}
			watchers, err := s.Watchers(t.Context(), []forum.ThreadID{1}, []forum.SectionID{2}, 0)
			if err != nil {
				return err
			}
			if w := watchers.Watches; w[ann].Sections[2].Level != forum.NewThreads || w[ben].Threads[1].Level != forum.AllPosts {
				t.Errorf("watchers are %+v", w)
			}
			found, err := s.FindMember(t.Context(), "ben", noon)
			if err != nil || found.ID != ben {
				t.Errorf("found %+v, %v", found, err)
			}
			if _, err := s.FindMember(t.Context(), "nobody", noon); err == nil {
				t.Error("found a member who is not there")
			}
			names, err := s.Search(t.Context(), "AN", 5)
			if err != nil || !slices.Equal(names, []forum.MemberID{ann}) {
				t.Errorf("search finds %v, %v", names, err)
			}
			return nil
		})
	})
}

func TestMirror_LinksToStoredAddresses(t *testing.T) {
	forEachMirror(t, func(t *testing.T, db *DB) {
		read(t, db, func(s *Snapshot) error {
			if _, err := s.Posts(t.Context(), []forum.PostID{1, 2, 4}); err != nil {
				return err
			}
			if _, err := s.Threads(t.Context(), []forum.ThreadID{1, 2}); err != nil {
				return err
			}
			_, err := s.Sections(t.Context())
			return err
		})
		l := db.Links()
		for got, want := range map[string]string{
			l.Post(1, 1):  "https://news.example/bridge#p1",
			l.Post(1, 2):  "https://news.example/bridge", // the thread's
			l.Post(2, 4):  "https://news.example",
			l.Thread(1):   "https://news.example/bridge",
			l.Section(1):  "https://news.example/all",
			l.Section(99): "https://news.example",
		} {
			if got != want {
				t.Errorf("link %s, want %s", got, want)
			}
		}
	})
}

func TestMirror_ShowsOnlySafeHTML(t *testing.T) {
	for src, want := range map[string]string{
		"<p>One&amp;two</p><p><b>three</b></p>":            "One&amp;two",
		"a<script>alert(1)</script>b<style>p{}</style>c":   "abc",
		`<p><a href="https://news.example/x">here</a></p>`: `href="https://news.example/x"`,
		`<a href="javascript:alert(1)">here</a>`:           "here",
		`<p onclick="x">[b]x[/b]</p>`:                      "[b]x[/b]",
		"<blockquote><p>said</p></blockquote>":             "said",
		strings.Repeat("<p>", 50000) + "deep":              "",
	} {
		html := mirrorBody(markup.Dialect{}, "h"+src, markup.Links{}).HTML(markup.Labels{})
		if !strings.Contains(html, want) {
			t.Errorf("%.60q is shown as %.300s, want %q", src, html, want)
		}
		for _, never := range []string{"script", "onclick", "alert", "<style"} {
			if strings.Contains(html, never) {
				t.Errorf("%.60q is shown with %s: %.300s", src, never, html)
			}
		}
	}
	hidden := mirrorBody(markup.Dialect{}, "h<details><summary>s</summary>secret</details>open", markup.Links{}).HTML(markup.Labels{})
	if strings.Contains(hidden, "secret") || !strings.Contains(hidden, "open") {
		t.Errorf("a folded part is shown: %s", hidden)
	}
}

func TestMirror_StatementsUseIndexes(t *testing.T) {
	db := openMirror(t, "sqlite:"+filepath.Join(t.TempDir(), "mirror.db"), mirrored)
	whole := []string{"sections", "rights", "groups", "mailable"} // they answer for all rows
	for name, q := range db.queries {
		if slices.Contains(whole, name) {
			continue
		}
		var text strings.Builder
		text.WriteString("EXPLAIN QUERY PLAN " + strings.NewReplacer("(:ids)", "(1)", "(:members)", "(1)", "(:threads)", "(1)", "(:sections)", "(1)",
			"(:names)", "('x')", "(:addresses)", "('x')", "(:roles)", "('1')", ":name", "'x'", ":begins", "'x%'", ":after", "1", ":limit", "1", ":from", "1", ":until", "2").Replace(q.Text))
		rows, err := db.sql.QueryContext(t.Context(), text.String())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for rows.Next() {
			var a, b, c int
			var step string
			if err := rows.Scan(&a, &b, &c, &step); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(step, "SCAN ") && !strings.Contains(step, "INDEX") && !strings.Contains(step, "CONSTANT") && step != "SCAN a" && step != "SCAN b" && step != "SCAN w" {
				t.Errorf("%s: %s", name, step)
			}
		}
		rows.Close()
	}
}
