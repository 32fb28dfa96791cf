package source

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/forum"
	"postrider/internal/finding"
	"postrider/markup"
)

// oddNames are what the tables and columns of a forum are called, so that a test can fill them with odd data.
type oddNames struct {
	posts, post, thread, author, date, text string
	threads, threadID, title                string
	sections, section, parent               string
	users, user, name, email                string
	zone, badZone                           string
	language, badLanguage                   string
}

var oddForums = map[string]oddNames{
	"xenforo2": {"xf_post", "post_id", "thread_id", "user_id", "post_date", "message", "xf_thread", "thread_id", "title", "xf_node", "node_id", "parent_node_id",
		"xf_user", "user_id", "username", "email", "timezone", "'Mars/Phobos'", "language_id", "4711"},
	"mybb": {"mybb_posts", "pid", "tid", "uid", "dateline", "message", "mybb_threads", "tid", "subject", "mybb_forums", "fid", "pid",
		"mybb_users", "uid", "username", "email", "timezone", "'99.75'", "language", "'../../etc'"},
	"phpbb3/mysql": {"phpbb_posts", "post_id", "topic_id", "poster_id", "post_time", "post_text", "phpbb_topics", "topic_id", "topic_title", "phpbb_forums", "forum_id", "parent_id",
		"phpbb_users", "user_id", "username", "user_email", "user_timezone", "'Mars/Phobos'", "user_lang", "'xx_YY_zz'"},
	"fluxbb": {"posts", "id", "topic_id", "poster_id", "posted", "message", "topics", "id", "subject", "forums", "id", "cat_id",
		"users", "id", "username", "email", "timezone", "99.75", "language", "'Klingon'"},
	"smf2": {"smf_messages", "id_msg", "id_topic", "id_member", "poster_time", "body", "smf_messages", "id_msg", "subject", "smf_boards", "id_board", "id_parent",
		"smf_members", "id_member", "real_name", "email_address", "timezone", "'Mars/Phobos'", "lngfile", "'klingon'"},
}

// oddWords are the words around the text of posts.
var oddWords = markup.Labels{}

// The posts that a test changes, by their position in the forum.
const (
	zeroDate, futureDate, orphan, emptyText, hugeText, nulText, lostAuthor = 301, 302, 303, 304, 305, 306, 307
)

// fill makes a forum's data odd.
func (o oddNames) fill(t *testing.T, f fixture, post func(n int) int64) {
	db := openAdmin(t, f)
	set := func(n int, column, value string) {
		execute(t, db, fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s = %d", o.posts, column, value, o.post, post(n)))
	}
	set(zeroDate, o.date, "0")
	set(futureDate, o.date, "4102444800")
	set(orphan, o.thread, "4000000")
	set(emptyText, o.text, "''")
	set(hugeText, o.text, "LEFT(REPEAT('[quote]a [b]b <i>c</i> ', 3000), 60000)")
	set(nulText, o.text, "CONCAT('before', CHAR(0), 'after', CHAR(0x1b), '[2J')")
	set(lostAuthor, o.author, "4000000")
	execute(t, db, fmt.Sprintf("UPDATE %s SET %s = '' WHERE %s %% 7 = 0", o.threads, o.title, o.threadID))
	execute(t, db, fmt.Sprintf("UPDATE %s SET %s = %s, %s = %s WHERE %s %% 3 = 0", o.users, o.zone, o.badZone, o.language, o.badLanguage, o.user))
	execute(t, db, fmt.Sprintf("UPDATE %s SET %s = 'SAME@EXAMPLE.ORG' WHERE %s IN (%d, %d)", o.users, o.email, o.user, f.expect.Members["panda"].ID, f.expect.Members["ray"].ID))
	execute(t, db, fmt.Sprintf("UPDATE %s SET %s = CONCAT('\"<a>', CHAR(10), 'Bcc: x') WHERE %s = %d", o.users, o.name, o.user, f.expect.Members["ray"].ID))
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
	for kind, names := range oddForums {
		t.Run(kind, func(t *testing.T) {
			f := newFixture(t, kind)
			before := f.open(t)
			ids := postIDs(t, before)
			at := func(n int) forum.PostID { return ids[n] }
			names.fill(t, f, func(n int) int64 { return int64(at(n)) })
			db := f.open(t)
			checkOddPosts(t, db, at, ids)
			checkOddMembers(t, db, f)
			for _, found := range db.Check(t.Context()) {
				if found.Level == finding.LevelFail {
					t.Errorf("the check of %s fails: %s", found.Part, found.Text)
				}
			}
		})
	}
}

func checkOddPosts(t *testing.T, db *DB, at func(int) forum.PostID, ids []forum.PostID) {
	t.Helper()
	read(t, db, func(s *Snapshot) error {
		posts, err := s.Posts(t.Context(), ids)
		if err != nil {
			return err
		}
		byID := make(map[forum.PostID]forum.Post)
		for _, p := range posts {
			byID[p.ID] = p
		}
		if len(posts) != len(ids) {
			t.Errorf("%d of %d posts are read", len(posts), len(ids))
		}
		if got := byID[at(zeroDate)].PostedAt; !got.Equal(time.Unix(0, 0)) {
			t.Errorf("a post of time 0 is of %v", got)
		}
		if got := byID[at(futureDate)].PostedAt.Year(); got != 2100 {
			t.Errorf("a post of 2100 is of %d", got)
		}
		contents, err := s.Contents(t.Context(), ids)
		if err != nil {
			return err
		}
		if !contents[at(emptyText)].Body.Empty() {
			t.Error("an empty post has a text")
		}
		if n := len(contents[at(hugeText)].Body.Excerpt(300).Text(oddWords, 72)); n == 0 || n > 2000 {
			t.Errorf("the excerpt of a huge post has %d bytes", n)
		}
		if text := contents[at(nulText)].Body.Text(oddWords, 72); strings.ContainsAny(text, "\x00\x1b") || !strings.Contains(text, "before") {
			t.Errorf("a post with control characters reads %q", text)
		}
		arrivals, err := s.PostStates(t.Context(), ids)
		if err != nil {
			return err
		}
		for _, a := range arrivals {
			if a.Post == at(orphan) && a.Visible {
				t.Error("a post without a thread arrives as visible")
			}
		}
		threads, err := s.Threads(t.Context(), threadsOf(posts))
		if slices.ContainsFunc(threads, func(th forum.Thread) bool { return th.ID == 4000000 }) {
			t.Error("a thread that does not exist is read")
		}
		return err
	})
}

func checkOddMembers(t *testing.T, db *DB, f fixture) {
	t.Helper()
	read(t, db, func(s *Snapshot) error {
		for name, want := range f.expect.Members {
			m, found, err := s.member(t.Context(), want.ID, f.now())
			if err != nil || !found {
				t.Errorf("%s: found %t, %v", name, found, err)
				continue
			}
			if strings.ContainsAny(m.Locale, "./") {
				t.Errorf("%s has the locale %q", name, m.Locale)
			}
		}
		_, err := s.Sections(t.Context())
		return err
	})
}

func TestOddData_LoopOfSectionsHidesThemOnly(t *testing.T) {
	for _, kind := range []string{"xenforo2", "mybb", "phpbb3/mysql", "smf2"} {
		t.Run(kind, func(t *testing.T) {
			f, o := newFixture(t, kind), oddForums[kind]
			keys := f.expect.Keys.Sections
			execute(t, openAdmin(t, f), fmt.Sprintf("UPDATE %s SET %s = %d WHERE %s = %d", o.sections, o.parent, keys["s3"], o.section, keys["s1"]))
			var titles []forum.SectionID
			read(t, f.open(t), func(s *Snapshot) error {
				sections, err := s.Sections(t.Context())
				for _, section := range sections {
					titles = append(titles, section.ID)
				}
				return err
			})
			if slices.Contains(titles, keys["s1"]) || slices.Contains(titles, keys["s3"]) || !slices.Contains(titles, keys["s2"]) {
				t.Errorf("sections are %v, want neither %d nor %d, whose parents are each other, but %d", titles, keys["s1"], keys["s3"], keys["s2"])
			}
		})
	}
}
