package source

import (
	"slices"
	"strings"
	"testing"

	"postrider/forum"
)

// In the dump, topics 61 and 23 have the tag 2 ("navy"), which member 6 watches. Topic 61 has the tag 1, too.
const (
	navy, korea  = 1000000002, 1000000001
	taggedThread = 61
)

func TestDiscourse_WatchedTagBringsItsTopics(t *testing.T) {
	f := newFixture(t, "discourse")
	admin := openAny(t, f.dsn)
	execute(t, admin, `DELETE FROM topic_users; DELETE FROM category_users; UPDATE posts SET created_at = '2026-11-23 09:00:00' WHERE topic_id IN (23, 61)`)
	db := f.open(t)
	threadsIn := func(posts []forum.PostID) (in []forum.ThreadID) {
		read(t, db, func(s *Snapshot) error {
			list, err := s.Posts(t.Context(), posts)
			in = threadsOf(list)
			return err
		})
		return in
	}
	watched := func() []forum.PostID { return postsVisibleTo(t, f, db, 6).watched }
	all := watched()
	if in := threadsIn(all); !slices.Contains(in, taggedThread) || len(all) <= len(in) {
		t.Fatalf("watching a tag brings posts %v in topics %v, want all of topic %d", all, in, taggedThread)
	}
	for _, tt := range []struct {
		change string
		brings bool
	}{
		{`UPDATE tag_users SET notification_level = 4`, true}, // the first posts only
		{`UPDATE tag_users SET notification_level = 2`, false},
		{`UPDATE tag_users SET notification_level = 3; INSERT INTO tag_users (id, tag_id, user_id, notification_level, created_at, updated_at) VALUES (99, 1, 6, 0, now(), now())`, false},
		{`DELETE FROM tag_users WHERE id = 99; INSERT INTO category_users (id, category_id, user_id, notification_level) SELECT 99, category_id, 6, 0 FROM topics WHERE id = 61`, false},
	} {
		execute(t, admin, tt.change)
		posts := watched()
		if in := threadsIn(posts); slices.Contains(in, taggedThread) != tt.brings {
			t.Errorf("after %q, posts %v in topics %v; topic %d is among them: want %t", tt.change, posts, in, taggedThread, tt.brings)
		} else if tt.brings && len(posts) != len(in) {
			t.Errorf("watching first posts brings %v", posts)
		}
	}
}

func TestDiscourse_WatchedTagAlertsItsWatchers(t *testing.T) {
	f := newFixture(t, "discourse")
	admin := openAny(t, f.dsn)
	db := f.open(t)
	read(t, db, func(s *Snapshot) error {
		page, err := s.Watchers(t.Context(), []forum.ThreadID{taggedThread}, []forum.SectionID{navy, korea, 5}, 0)
		if err != nil || page.Watches[6].Sections[navy].Level != forum.AllPosts {
			t.Errorf("watchers are %+v, %v, want member 6", page.Watches, err)
		}
		watches, err := s.Watches(t.Context(), ids(6))
		if w := watches[6].Sections[navy]; err != nil || w.Level != forum.AllPosts || w.Mail != forum.AllPosts {
			t.Errorf("the watch is %+v, %v", w, err)
		}
		return err
	})
	execute(t, admin, `UPDATE user_options SET email_level = 2 WHERE user_id = 6`)
	read(t, db, func(s *Snapshot) error {
		page, err := s.Watchers(t.Context(), []forum.ThreadID{taggedThread}, []forum.SectionID{navy}, 0)
		if _, found := page.Watches[6]; found {
			t.Error("a member without email about watches gets an alert")
		}
		return err
	})
}

func TestDiscourse_HiddenTagIsNoSection(t *testing.T) {
	f := newFixture(t, "discourse")
	execute(t, openAny(t, f.dsn), `CREATE TABLE tag_group_memberships (tag_id INT, tag_group_id INT); CREATE TABLE tag_group_permissions (tag_group_id INT, group_id INT);
		INSERT INTO tag_group_memberships VALUES (1, 7), (2, 8); INSERT INTO tag_group_permissions VALUES (7, 0), (8, 3)`)
	db := f.open(t)
	read(t, db, func(s *Snapshot) error {
		sections, err := s.Sections(t.Context())
		if err != nil {
			return err
		}
		var tags []string
		for _, section := range sections {
			if title, isTag := strings.CutPrefix(section.Title, "#"); isTag {
				tags = append(tags, title)
			}
		}
		if !slices.Equal(tags, []string{"korea", "meta"}) {
			t.Errorf("tags are %v, want those that everyone may see", tags)
		}
		threads, err := s.Threads(t.Context(), []forum.ThreadID{taggedThread})
		if err != nil || !slices.Equal(threads[0].AlsoIn, []forum.SectionID{korea}) {
			t.Errorf("the topic is also in %v, %v, want %d", threads[0].AlsoIn, err, korea)
		}
		if got := db.Links().Section(korea); !strings.HasSuffix(got, "/tag/korea") {
			t.Errorf("the tag's address is %q", got)
		}
		return err
	})
	want := postsVisibleTo(t, f, sharedFixture(t, "discourse").open(t), 6)
	if got := postsVisibleTo(t, f, db, 6); !slices.Equal(got.show, want.show) || len(got.show) == 0 {
		t.Errorf("with a hidden tag, posts %v may be read, want %v", got.show, want.show)
	}
}

func TestDiscourse_GroupMentionReachesItsMembers(t *testing.T) {
	f := newFixture(t, "discourse")
	execute(t, openAny(t, f.dsn), `ALTER TABLE groups ADD COLUMN mentionable_level INT DEFAULT 0;
		UPDATE groups SET mentionable_level = 99, user_count = 2 WHERE id IN (41, 12); UPDATE groups SET user_count = 100 WHERE id = 12;
		DELETE FROM group_users WHERE group_id = 41; INSERT INTO group_users (id, group_id, user_id, created_at, updated_at) VALUES (9001, 41, 6, now(), now()), (9002, 41, 3, now(), now());
		UPDATE posts SET cooked = '<p><a class="mention-group notify" href="/groups/staffers">@Staffers</a> <a class="mention-group" href="/groups/moderators">@moderators</a> <a class="mention" href="/u/ray">@Ray</a></p>' WHERE id = 352`)
	read(t, f.open(t), func(s *Snapshot) error {
		texts, err := s.Texts(t.Context(), []forum.PostID{352})
		if err != nil {
			return err
		}
		names := texts[352].Body.Names()
		if !slices.Equal(names, []string{"Staffers", "Ray"}) {
			t.Errorf("the post mentions %v, want only what it tells members", names)
		}
		found, err := s.MembersOfNamedGroups(t.Context(), append(names, "moderators", "trust_level_2", "nobody"))
		slices.Sort(found["Staffers"])
		if len(found) != 1 || !slices.Equal(found["Staffers"], ids(3, 6)) {
			t.Errorf("members of groups are %v, want 3 and 6 of Staffers: the others cannot be mentioned or are too large", found)
		}
		return err
	})
}
