package source

import (
	"os"
	"slices"
	"strings"
	"testing"

	"postrider/forum"
	"postrider/internal/finding"
)

// extrasFixture is a forum with a poll, to which the statements add what its dump lacks. 501 and 10 stand for a post and its thread.
func extrasFixture(t *testing.T, kind string, statements ...string) (fixture, *DB) {
	f := newFixture(t, kind)
	db := openAdmin(t, f)
	for _, s := range statements {
		execute(t, db, s)
	}
	return f, f.open(t)
}

// readExtras returns the contents of posts and the marks of threads.
func readExtras(t *testing.T, db *DB, posts []forum.PostID, threads []forum.ThreadID) (c map[forum.PostID]*forum.Content, m map[forum.ThreadID]forum.ThreadMarks, all []forum.Thread) {
	read(t, db, func(s *Snapshot) (err error) {
		if c, err = s.Contents(t.Context(), posts); err != nil {
			return err
		}
		if m, err = s.ThreadMarks(t.Context(), threads); err != nil {
			return err
		}
		all, err = s.Threads(t.Context(), threads)
		return err
	})
	return c, m, all
}

func xenforoMore(t *testing.T) string {
	text, err := os.ReadFile("testdata/xenforo2-more.sql")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestExtras_XenForoShowsPrefixesFilesPollsAndSolutions(t *testing.T) {
	_, db := extrasFixture(t, "xenforo2", xenforoMore(t),
		`UPDATE xf_thread SET discussion_open = 0 WHERE thread_id = 10;
		 UPDATE xf_thread SET prefix_id = 2 WHERE thread_id = 11;
		 CREATE TABLE xf_thread_question (thread_id int unsigned PRIMARY KEY, solution_post_id int unsigned NOT NULL);
		 INSERT INTO xf_thread_question VALUES (11, 501), (12, 0)`)
	c, m, threads := readExtras(t, db, []forum.PostID{500, 501}, []forum.ThreadID{10, 11, 12})
	if got, want := c[501].Attachments, []string{"IMG_0001.jpg", "IMG_0002.jpg", "IMG_0003.png", "report.pdf"}; !slices.Equal(got, want) {
		t.Errorf("attachments of post 501 are %q, want %q (an unassociated file is not shown)", got, want)
	}
	if got := c[500].Attachments; len(got) > 0 {
		t.Errorf("attachments of post 500 are %q, want none", got)
	}
	want := map[forum.ThreadID]forum.ThreadMarks{10: {Prefix: "Solved"}, 11: {Prefix: "For sale & wanted", Solved: true}}
	if len(m) != 2 || m[10] != want[10] || m[11] != want[11] {
		t.Errorf("marks are %+v, want %+v", m, want)
	}
	for _, th := range threads {
		if th.Locked != (th.ID == 10) {
			t.Errorf("thread %d: locked %t", th.ID, th.Locked)
		}
	}
}

func TestExtras_PollIsNextToOpeningPostAsPlainText(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		if strings.HasPrefix(f.kind, "fluxbb") || f.kind == "nodebb" || f.kind == "flarum" || f.kind == "vanilla" {
			t.Skip("FluxBB has no polls, and NodeBB, Flarum and Vanilla only those of add-ons")
		}
		if f.kind == "discourse" {
			t.Skip("Discourse's polls are in the text of posts")
		}
		threads, _ := pollThread(t, db, f)
		if len(threads) == 0 {
			t.Fatal("the dump has no thread with a poll")
		}
	})
}

// pollThread returns the threads whose opening post of the window has the poll of the dump.
func pollThread(t *testing.T, db *DB, f fixture) (with []forum.ThreadID, contents map[forum.PostID]*forum.Content) {
	read(t, db, func(s *Snapshot) error {
		ids, err := s.PostsCreated(t.Context(), f.from().AddDate(0, 0, -3), f.now())
		if err != nil {
			return err
		}
		posts, err := s.Posts(t.Context(), ids)
		if err != nil {
			return err
		}
		if contents, err = s.Contents(t.Context(), ids); err != nil {
			return err
		}
		threads, err := s.Threads(t.Context(), threadsOf(posts))
		if err != nil {
			return err
		}
		for _, th := range threads {
			if c := contents[th.FirstPost]; c != nil && c.Poll == "Which ship? <b>&</b>" {
				with = append(with, th.ID)
			}
		}
		for id, c := range contents {
			if c.Poll != "" && !slices.ContainsFunc(threads, func(th forum.Thread) bool { return th.FirstPost == id }) {
				t.Errorf("post %d shows the poll %q, but opens no thread", id, c.Poll)
			}
		}
		return nil
	})
	return with, contents
}

func TestExtras_MyBBShowsPlainPrefixesAndVisibleFiles(t *testing.T) {
	_, db := extrasFixture(t, "mybb", `
		INSERT INTO mybb_threadprefixes (pid, prefix, displaystyle, forums, `+"`groups`"+`) VALUES (3, 'For sale &amp; wanted', '<b>For sale</b>', '-1', '-1');
		UPDATE mybb_threads SET prefix = 3, closed = '1' WHERE tid = 10;
		INSERT INTO mybb_attachments (pid, filename, visible) VALUES (501, 'a.png', 1), (501, 'waits.png', 0), (501, 'b.pdf', 1)`)
	c, m, threads := readExtras(t, db, []forum.PostID{501}, []forum.ThreadID{10, 11})
	if got := c[501].Attachments; !slices.Equal(got, []string{"a.png", "b.pdf"}) {
		t.Errorf("attachments are %q", got)
	}
	if len(m) != 1 || !strings.HasPrefix(m[10].Prefix, "For sale") || strings.Contains(m[10].Prefix, "<") {
		t.Errorf("marks are %+v", m)
	}
	if !threads[0].Locked || threads[1].Locked {
		t.Errorf("locked: %t and %t, want only the first", threads[0].Locked, threads[1].Locked)
	}
}

func TestExtras_ThousandFilesAreBounded(t *testing.T) {
	_, db := extrasFixture(t, "mybb", "INSERT INTO mybb_attachments (pid, filename, visible) SELECT 501, CONCAT(seq, '.png'), 1 FROM seq_1_to_1000")
	c, _, _ := readExtras(t, db, []forum.PostID{501}, nil)
	if n := len(c[501].Attachments); n != forum.AttachmentNames {
		t.Errorf("%d names are kept, want %d", n, forum.AttachmentNames)
	}
}

func TestExtras_CheckSaysWhatIsLostWithoutTable(t *testing.T) {
	f, db := extrasFixture(t, "mybb", "DROP TABLE mybb_attachments; ALTER TABLE mybb_polls CHANGE question asked varchar(200)")
	var lost []string
	for _, found := range db.Check(t.Context()) {
		if found.Level == finding.LevelFail {
			t.Errorf("%s fails: %s", found.Part, found.Text)
		}
		if found.Part == "optional table" {
			lost = append(lost, found.Text)
		}
	}
	for _, want := range []string{lostAttachments, lostPolls} {
		if !slices.ContainsFunc(lost, func(text string) bool { return strings.HasSuffix(text, want) }) {
			t.Errorf("the check says %q, not %q", lost, want)
		}
	}
	if len(lost) != 2 {
		t.Errorf("the check says %q, want what the two broken tables hold", lost)
	}
	if v := postsVisibleTo(t, f, db, f.expect.Members["panda"].ID); len(v.show) == 0 {
		t.Error("panda sees nothing any more")
	}
	if c, _, _ := readExtras(t, db, []forum.PostID{501}, nil); c[501] == nil {
		t.Error("post 501 cannot be read any more")
	}
}
