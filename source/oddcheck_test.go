package source

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"postrider/forum"
	"postrider/internal/finding"
	"postrider/internal/sqlfile"
	"postrider/markup"
)

// oddWords are the words around the text of posts.
var oddWords = markup.Labels{}

// check reads everything of a forum with odd data. ids are its posts; after the huge one took the place of the first, each is one earlier.
func (o oddForum) check(t *testing.T, db *DB, ids []forum.PostID) {
	t.Helper()
	at := func(n int) forum.PostID { return ids[n-1] }
	read(t, db, func(s *Snapshot) error {
		for _, check := range []func(*testing.T, *Snapshot, []forum.PostID, func(int) forum.PostID) error{o.checkPosts, o.checkTexts, o.checkThreads, o.checkArrivals} {
			if err := check(t, s, ids, at); err != nil {
				return err
			}
		}
		return o.checkMembers(t, s)
	})
	for _, found := range append(db.Check(t.Context()), db.CheckRows(t.Context(), o.now())...) {
		if found.Level == finding.LevelFail {
			t.Errorf("the check of %s fails: %s", found.Part, found.Text)
		}
	}
}

func wantText(t *testing.T, what, text string) {
	t.Helper()
	if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\x01\x1b\n") {
		t.Errorf("%s is %q, want clean text", what, text)
	}
}

func (o oddForum) checkPosts(t *testing.T, s *Snapshot, ids []forum.PostID, at func(int) forum.PostID) error {
	posts, err := s.Posts(t.Context(), ids)
	if err != nil {
		return err
	}
	byID := make(map[forum.PostID]forum.Post)
	for _, p := range posts {
		byID[p.ID] = p
		wantText(t, fmt.Sprintf("the author of post %d", p.ID), p.AuthorName)
	}
	for _, id := range ids {
		if _, found := byID[id]; !found && id != at(orphan) { // some forums find posts by their thread
			t.Errorf("post %d is not read", id)
		}
	}
	for n, want := range map[int]int64{zeroDate: 0, futureDate: 2_100_000_000, negativeDate: -86_400} {
		if n == negativeDate && o.kind == "phpbb3" && o.engine == sqlfile.Postgres {
			continue
		}
		if got := byID[at(n)].PostedAt; !got.Equal(time.Unix(want, 0)) {
			t.Errorf("a post of the time %d is of %v", want, got)
		}
	}
	return nil
}

func (o oddForum) checkTexts(t *testing.T, s *Snapshot, ids []forum.PostID, at func(int) forum.PostID) error {
	contents, err := s.Contents(t.Context(), ids)
	if err != nil {
		return err
	}
	if !contents[at(emptyText)].Body.Empty() && o.kind != "discourse" { // which shows the source instead
		t.Error("an empty post has a text")
	}
	if n := len(contents[at(hugeText)].Body.Excerpt(300).Text(oddWords, 72)); n == 0 || n > 2000 {
		t.Errorf("the excerpt of a huge post has %d bytes", n)
	}
	if text := contents[at(nulText)].Body.Text(oddWords, 72); strings.ContainsAny(text, "\x00\x01\x1b") || !strings.Contains(text, "before") {
		t.Errorf("a post with control characters reads %q", text)
	}
	if text := contents[at(brokenText)].Body.Text(oddWords, 72); o.takesAnyBytes() && (!utf8.ValidString(text) || !strings.HasPrefix(text, "caf\ufffd")) {
		t.Errorf("a post of broken UTF-8 reads %q", text)
	}
	return nil
}

func (o oddForum) checkThreads(t *testing.T, s *Snapshot, ids []forum.PostID, at func(int) forum.PostID) error {
	posts, err := s.Posts(t.Context(), ids)
	if err != nil {
		return err
	}
	threads, err := s.Threads(t.Context(), threadsOf(posts))
	empty := 0
	for _, th := range threads {
		wantText(t, fmt.Sprintf("the title of thread %d", th.ID), th.Title)
		wantText(t, fmt.Sprintf("the starter of thread %d", th.ID), th.StarterName)
		if th.ID == 4000000 {
			t.Error("a thread that does not exist is read")
		}
		if th.Title == "" {
			empty++
		}
	}
	if empty == 0 || empty == len(threads) {
		t.Errorf("%d of %d threads have no title, want some", empty, len(threads))
	}
	return err
}

func (o oddForum) checkArrivals(t *testing.T, s *Snapshot, ids []forum.PostID, at func(int) forum.PostID) error {
	arrivals, err := s.PostStates(t.Context(), ids)
	if err != nil {
		return err
	}
	for _, a := range arrivals {
		if a.Post == at(orphan) && a.Visible {
			t.Error("a post without a thread arrives as visible")
		}
	}
	newest, err := s.LastPostID(t.Context())
	if err != nil {
		return err
	}
	if newest != hugeID {
		t.Errorf("the newest post is %d, want %d", newest, hugeID)
	}
	after, err := s.PostsAfter(t.Context(), hugeID-1, 10)
	if len(after) != 1 || after[0].Post != hugeID {
		t.Errorf("the posts after %d are %v", hugeID-1, after)
	}
	if err != nil {
		return err
	}
	_, err = s.PostsCreated(t.Context(), o.from(), o.now())
	return err
}

func (o oddForum) checkMembers(t *testing.T, s *Snapshot) error {
	var names []string
	for key, want := range o.expect.Members {
		m, found, err := s.member(t.Context(), want.ID, o.now())
		if err != nil || !found {
			t.Errorf("%s: found %t, %v", key, found, err)
			continue
		}
		wantText(t, "the name of "+key, m.Name)
		names = append(names, m.Name)
		if strings.ContainsAny(m.Locale, "./") {
			t.Errorf("%s has the locale %q", key, m.Locale)
		}
	}
	if _, err := s.MembersByName(t.Context(), append(names, "caf\xe9", "\x00", "")); err != nil {
		return err
	}
	if _, err := s.MembersByEmail(t.Context(), []string{"same@bücher.example", "\xff@example.org", "\x00"}); err != nil {
		return err
	}
	subscribers, _, err := s.SubscriberPage(t.Context(), 0, 1000, o.now())
	if len(subscribers) < 5 {
		t.Errorf("only %d subscribers are read", len(subscribers))
	}
	if err != nil {
		return err
	}
	_, err = s.Sections(t.Context())
	return err
}

// loops are how forums say which section is above another: the table, its column with the ID and that with the section above.
var loops = map[string][3]string{
	"xenforo2": {"xf_node", "node_id", "parent_node_id"}, "mybb": {"mybb_forums", "fid", "pid"}, "phpbb3": {"phpbb_forums", "forum_id", "parent_id"},
	"smf2": {"smf_boards", "id_board", "id_parent"}, "flarum": {"tags", "id", "parent_id"}, "discourse": {"categories", "id", "parent_category_id"},
}

func TestOddData_LoopOfSectionsHidesThemOnly(t *testing.T) {
	for _, kind := range []string{"xenforo2", "mybb", "phpbb3", "phpbb3/mysql", "phpbb3/sqlite", "smf2", "smf2/postgres", "discourse", "nodebb", "flarum", "flarum/postgres", "flarum/sqlite"} {
		t.Run(kind, func(t *testing.T) {
			f := newFixture(t, kind)
			keys := f.expect.Keys.Sections
			for _, pair := range [][2]string{{"s1", "s3"}, {"s3", "s1"}} {
				statement := fmt.Sprintf(`UPDATE legacy_hash SET data = jsonb_set(data, '{parentCid}', '%d') WHERE _key = 'category:%d'`, keys[pair[1]], keys[pair[0]])
				if l, relational := loops[f.kind]; relational {
					statement = fmt.Sprintf("UPDATE %s SET %s = %d WHERE %s = %d", l[0], l[2], keys[pair[1]], l[1], keys[pair[0]])
				}
				execute(t, openAny(t, f.dsn), statement)
			}
			var sections []forum.SectionID
			read(t, f.open(t), func(s *Snapshot) error {
				all, err := s.Sections(t.Context())
				for _, section := range all {
					sections = append(sections, section.ID)
				}
				return err
			})
			if slices.Contains(sections, keys["s1"]) || slices.Contains(sections, keys["s3"]) || !slices.Contains(sections, keys["s2"]) {
				t.Errorf("sections are %v, want neither %d nor %d, whose parents are each other, but %d", sections, keys["s1"], keys["s3"], keys["s2"])
			}
		})
	}
}
