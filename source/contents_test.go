package source

import (
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/forum"
)

func TestContents_MatchThreadPageOfForum(t *testing.T) {
	for _, kind := range []string{"xenforo2", "xenforo1"} {
		t.Run(kind, func(t *testing.T) {
			f := sharedFixture(t, kind)
			db := f.open(t)
			read(t, db, func(s *Snapshot) error {
				contents, err := s.Contents(t.Context(), []forum.PostID{1, 3, 4})
				if err != nil {
					return err
				}
				for _, want := range []struct {
					post    forum.PostID
					content forum.Content
				}{
					{1, forum.Content{Number: 1, AuthorTitle: "Senior Member"}},
					{3, forum.Content{Number: 3, AuthorTitle: "Regular Member", Likes: []string{"W.G.Ewald"}, LikeCount: 1}},
					{4, forum.Content{Number: 4, AuthorTitle: "The Chairman", Badges: []string{"Defence Professionals", "Moderator"}}},
				} {
					got, w := contents[want.post], want.content
					if got.Number != w.Number || got.AuthorTitle != w.AuthorTitle || got.LikeCount != w.LikeCount ||
						!slices.Equal(got.Badges, w.Badges) || !slices.Equal(got.Likes, w.Likes) {
						t.Errorf("post %d = %+v, want %+v", want.post, *got, w)
					}
				}
				posts, err := s.Posts(t.Context(), []forum.PostID{1, 2, 3, 4})
				if err != nil {
					return err
				}
				var authors []string
				for _, p := range posts {
					authors = append(authors, p.AuthorName)
					if (p.State == forum.Deleted) != (p.ID == 2) {
						t.Errorf("post %d has state %d", p.ID, p.State)
					}
				}
				if !slices.Equal(authors, []string{"ice berg", "troll king", "marshal panda", "Ray"}) {
					t.Errorf("authors are %q", authors)
				}
				threads, err := s.Threads(t.Context(), []forum.ThreadID{1})
				if err != nil {
					return err
				}
				if th := threads[0]; th.Title != "Seoul Proposes Military Pact with Beijing" || th.StarterName != "ice berg" ||
					th.Section != 3 || th.FirstPost != 1 || !th.StartedAt.Equal(time.Date(2012, 5, 21, 10, 5, 0, 0, time.UTC)) {
					t.Errorf("thread = %+v", th)
				}
				return nil
			})
		})
	}
}

func TestContents_NumberPostsFromStartOfThread(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		read(t, db, func(s *Snapshot) error {
			created, err := s.PostsCreated(t.Context(), time.Unix(0, 0), f.now())
			if err != nil {
				return err
			}
			posts, err := s.Posts(t.Context(), created)
			if err != nil {
				return err
			}
			slices.SortFunc(posts, func(a, b forum.Post) int {
				if facts[f.kind].ordersByID || a.PostedAt.Equal(b.PostedAt) {
					return int(a.ID - b.ID)
				}
				return a.PostedAt.Compare(b.PostedAt)
			})
			want := make(map[forum.PostID]int)
			counted := make(map[forum.ThreadID]int)
			var some []forum.PostID
			for i, p := range posts {
				if facts := facts[f.kind]; p.Thread == facts.remote && p.PostedAt.Unix() >= facts.remoteAt && counted[0] == 0 {
					counted[0] = 1
					counted[p.Thread]++
				}
				if facts[f.kind].hidden || p.State == forum.Visible {
					counted[p.Thread]++
					want[p.ID] = counted[p.Thread]
				}
				if i%3 == 0 {
					some = append(some, p.ID)
				}
			}
			if query := facts[f.kind].numbers; query != "" {
				want = storedNumbers(t, f, query)
			}
			contents, err := s.Contents(t.Context(), some)
			if err != nil {
				return err
			}
			if len(contents) != len(some) {
				t.Errorf("got %d contents for %d posts", len(contents), len(some))
			}
			for id, c := range contents {
				if c.Number != want[id] && !(facts[f.kind].recycles && want[id] == 0) {
					t.Errorf("post %d has number %d, want %d", id, c.Number, want[id])
				}
			}
			return nil
		})
	})
}

// storedNumbers reads the numbers of posts.
func storedNumbers(t *testing.T, f fixture, query string) map[forum.PostID]int {
	t.Helper()
	rows, err := openAny(t, f.dsn).QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := make(map[forum.PostID]int)
	for rows.Next() {
		var id forum.PostID
		var n int
		if err := rows.Scan(&id, &n); err != nil {
			t.Fatal(err)
		}
		all[id] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestMyBBTitles_ComeFromMemberGroupOrPostCount(t *testing.T) {
	f := newFixture(t, "mybb")
	execute(t, openAdmin(t, f), `UPDATE mybb_users SET usertitle = '' WHERE uid = 3;
		UPDATE mybb_users SET usertitle = '', postnum = 60 WHERE uid = 5;
		UPDATE mybb_users SET usertitle = '', displaygroup = 4 WHERE uid = 26`)
	db := f.open(t)
	want := map[forum.MemberID]string{2: "The Chairman", 5: "Member", 26: "Administrator"}
	read(t, db, func(s *Snapshot) error {
		authors := make(map[forum.MemberID][]*forum.Content)
		for id := range want {
			authors[id] = []*forum.Content{{}}
		}
		if err := s.addAuthorBadges(t.Context(), authors); err != nil {
			return err
		}
		for id, title := range want {
			if got := authors[id][0].AuthorTitle; got != title {
				t.Errorf("title of member %d = %q, want %q", id, got, title)
			}
		}
		return nil
	})
}

func TestPosts_VersionChangesWithAppearance(t *testing.T) {
	changes := map[string]map[string]string{
		"xenforo2": {
			"an unrecorded edit":       "UPDATE xf_post SET message = CONCAT(message, '.') WHERE post_id = 3",
			"a like":                   "UPDATE xf_post SET reactions = '{\"1\": 2}' WHERE post_id = 3",
			"a like by another member": "UPDATE xf_post SET reaction_users = '[]' WHERE post_id = 3",
			"an author renamed":        "UPDATE xf_post SET username = 'panda' WHERE post_id = 3",
		},
		"xenforo1": {
			"an unrecorded edit": "UPDATE xf_post SET message = CONCAT(message, '.') WHERE post_id = 3",
			"a like":             "UPDATE xf_post SET likes = 2 WHERE post_id = 3",
			"an author renamed":  "UPDATE xf_post SET username = 'panda' WHERE post_id = 3",
		},
		"mybb": {
			"an unrecorded edit": "UPDATE mybb_posts SET message = CONCAT(message, '.') WHERE pid = 3",
			"an author renamed":  "UPDATE mybb_posts SET username = 'panda' WHERE pid = 3",
		},
	}
	for kind, list := range changes {
		f := newFixture(t, kind)
		db, forumItself := f.open(t), openAdmin(t, f)
		version := func() string {
			return readOne(t, db, func(s *Snapshot) ([]forum.Post, error) { return s.Posts(t.Context(), []forum.PostID{3}) })[0].Version
		}
		for name, change := range list {
			before := version()
			if again := version(); again != before {
				t.Errorf("%s: version changes from %q to %q without a change of the post", kind, before, again)
			}
			execute(t, forumItself, change)
			if after := version(); after == before {
				t.Errorf("%s: %s does not change the version %q", kind, name, before)
			}
		}
	}
}

func TestContents_TruncateBodyInDatabase(t *testing.T) {
	f := newFixture(t, "xenforo2")
	execute(t, openAdmin(t, f), "UPDATE xf_post SET message = REPEAT('문장. ', 100000) WHERE post_id = 3")
	db := f.open(t)
	read(t, db, func(s *Snapshot) error {
		var id forum.PostID
		var author forum.MemberID
		var likes int
		var body string
		err := s.queryNamed(t.Context(), "bodies", params{"ids": []forum.PostID{3}}, columns{"id": &id, "author_id": &author, "likes": &likes, "body": &body}, func() error { return nil })
		if n := len([]rune(body)); n != bodyLimit || !strings.HasPrefix(body, "문장") {
			t.Errorf("body has %d characters, want %d", n, bodyLimit)
		}
		return err
	})
}

func TestContents_DoNotNameBannedLikers(t *testing.T) {
	for _, kind := range []string{"xenforo2", "xenforo1"} {
		for name, ban := range map[string]string{
			"the flag":         "UPDATE xf_user SET is_banned = 1 WHERE username = 'W.G.Ewald'",
			"the list of bans": "INSERT INTO xf_user_ban (user_id, ban_user_id, ban_date, end_date, user_reason) SELECT user_id, 1, 0, 0, '' FROM xf_user WHERE username = 'W.G.Ewald'",
		} {
			f := newFixture(t, kind)
			execute(t, openAdmin(t, f), ban)
			db := f.open(t)
			read(t, db, func(s *Snapshot) error {
				contents, err := s.Contents(t.Context(), []forum.PostID{3})
				if err == nil && (contents[3].LikeCount != 1 || len(contents[3].Likes) > 0) {
					t.Errorf("%s, banned by %s: %d likes, of %q, want 1 like without a name", kind, name, contents[3].LikeCount, contents[3].Likes)
				}
				return err
			})
		}
	}
}
