package source

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"postrider/forum"
	"postrider/internal/finding"
)

// openNodebb opens a copy of NodeBB's dump after a change.
func openNodebb(t *testing.T, change string) (fixture, *DB) {
	t.Helper()
	f := newFixture(t, "nodebb")
	execute(t, openAny(t, f.dsn), change)
	return f, f.open(t)
}

// setNodebb returns a statement that sets a field of an object.
func setNodebb(key, field, value string) string {
	return "UPDATE legacy_hash SET data = data || '{\"" + field + "\": " + value + "}' WHERE _key = '" + key + "';"
}

func TestNodebb_LeavesOutFediverse(t *testing.T) {
	_, db := openNodebb(t, setNodebb("post:300", "tid", `"https://remote.example/topic/1"`)+setNodebb("topic:16", "cid", `"https://remote.example/c/1"`)+
		`INSERT INTO legacy_object VALUES ('topic:https://remote.example/topic/1', 'hash'), ('uid:3:blocked_uids', 'zset');
		INSERT INTO legacy_hash VALUES ('topic:https://remote.example/topic/1', '{"tid": "https://remote.example/topic/1", "cid": -1, "title": "far away"}');
		INSERT INTO legacy_zset VALUES ('uid:3:blocked_uids', 'https://remote.example/users/alice', 1), ('uid:3:followed_tids', 'https://remote.example/topic/1', 1)`)
	read(t, db, func(s *Snapshot) error {
		posts, err := s.Posts(t.Context(), []forum.PostID{299, 300})
		if err != nil || len(posts) != 1 || posts[0].ID != 299 {
			t.Errorf("posts are %+v, %v, want 299 alone", posts, err)
		}
		arrivals, err := s.PostsAfter(t.Context(), 298, 2)
		if err != nil || len(arrivals) != 2 || arrivals[0].Post != 299 || arrivals[1].Post != 301 {
			t.Errorf("arrivals are %+v, %v, want 299 and 301", arrivals, err)
		}
		threads, err := s.Threads(t.Context(), []forum.ThreadID{16})
		if err != nil || len(threads) != 1 || threads[0].Section != 0 {
			t.Errorf("threads are %+v, %v, want one without a section", threads, err)
		}
		ignores, err := s.Ignores(t.Context(), ids(3))
		if err != nil || len(ignores) != 0 {
			t.Errorf("panda ignores %v, %v", ignores, err)
		}
		_, err = s.Watches(t.Context(), ids(3))
		return err
	})
	for _, x := range db.Check(t.Context()) {
		if x.Part == "fediverse" && x.Text == "posts of the fediverse are left out, because they have addresses in place of IDs: 1" {
			return
		}
	}
	t.Error("check does not say that posts are left out")
}

func TestNodebb_ReadsValuesThatAreNoNumbers(t *testing.T) {
	f, db := openNodebb(t, setNodebb("post:300", "timestamp", `"NaN"`)+setNodebb("post:300", "upvotes", `null`)+setNodebb("topic:13", "mainPid", `"https://x.example/1"`)+
		setNodebb("user:3", "banned:expire", `""`)+setNodebb("user:3", "groupTitle", `"[broken"`)+setNodebb("user:2", "joindate", `1.5e12`)+
		setNodebb("category:7", "parentCid", `"x"`)+setNodebb("category:9", "order", `"first"`))
	for _, x := range db.Check(t.Context()) {
		if x.Level == finding.LevelFail {
			t.Errorf("check: %s: %s", x.Part, x.Text)
		}
	}
	read(t, db, func(s *Snapshot) error {
		if _, err := s.Contents(t.Context(), []forum.PostID{300, 301}); err != nil {
			return err
		}
		if _, err := s.Posts(t.Context(), []forum.PostID{300, 301}); err != nil {
			return err
		}
		if _, err := s.Threads(t.Context(), []forum.ThreadID{13}); err != nil {
			return err
		}
		_, err := s.Profiles(t.Context(), slices.Collect(maps.Values(f.expect.Keys.Members)))
		return err
	})
}

func TestNodebb_OptOutsAreChoicesThatDifferFromDefault(t *testing.T) {
	const all = `"none", "notificationType_new-reply": "none"`
	for _, tt := range []struct {
		name, change string
		panda        forum.Kinds // daily digest in the dump
		david        forum.Kinds // "off" in the dump
	}{
		{"as it is", "SELECT 1", 0, 0},
		{"the forum sends digests to all", setNodebb("config", "dailyDigestFreq", `"week"`), 0, forum.Digests},
		{"no notifications", setNodebb("user:3:settings", "notificationType_mention", all), forum.Alerts, 0},
		{"no mentions", setNodebb("user:3:settings", "notificationType_mention", `"none"`), 0, 0},
		{"the forum has no notifications", setNodebb("user:3:settings", "notificationType_mention", all) + setNodebb("config", "notificationType_mention", all), 0, 0},
	} {
		f, db := openNodebb(t, tt.change)
		members := readOne(t, db, func(s *Snapshot) ([]forum.Member, error) { return s.Members(t.Context(), ids(3, 8), f.now()) })
		for _, m := range members {
			if want := map[forum.MemberID]forum.Kinds{3: tt.panda, 8: tt.david}[m.ID]; m.OptOuts != want {
				t.Errorf("%s: %s opted out of %v, want %v", tt.name, m.Name, m.OptOuts.Names(), want.Names())
			}
		}
	}
}

func TestNodebb_WatchesWithoutStateFollowSetting(t *testing.T) {
	f, db := openNodebb(t, setNodebb("user:40:settings", "categoryWatchState", `"watching"`)+setNodebb("user:41:settings", "categoryWatchState", `"ignoring"`)+
		`INSERT INTO legacy_zset VALUES ('cid:9:uid:watch:state', '40', 2), ('cid:9:uid:watch:state', '41', 3)`)
	read(t, db, func(s *Snapshot) error {
		watches, err := s.Watches(t.Context(), ids(40, 41))
		if err != nil {
			return err
		}
		m09, m10 := watches[40], watches[41]
		if w, watched := m09.Sections[7]; len(m09.Sections) != 17 || !watched || w.Level != forum.AllPosts || w.Mail != 0 {
			t.Errorf("m09 watches the sections %v, want all but 9, without email", m09.Sections)
		}
		if len(m10.Sections) != 0 || len(m10.MutedSections) != 17 || m10.MutedSections[9] {
			t.Errorf("m10 watches %v and mutes %v, want all but 9 to be muted", m10.Sections, m10.MutedSections)
		}
		members, _, err := s.SubscriberPage(t.Context(), 39, 1, f.now())
		if len(members) != 1 || members[0].ID != 40 {
			t.Errorf("subscribers after 39 are %v, want 40", members)
		}
		return err
	})
}

func TestNodebb_NamesVotersOnlyIfEverybodySeesThem(t *testing.T) {
	for _, tt := range []struct {
		name, change string
		likes, names int
	}{
		{"all", "SELECT 1", 1, 1},
		{"for moderators", setNodebb("config", "upvoteVisibility", `"privileged"`), 1, 0},
		{"of an older version", "UPDATE legacy_hash SET data = data - 'upvoteVisibility' WHERE _key = 'config'", 1, 0},
		{"of an older version, public", "UPDATE legacy_hash SET data = data - 'upvoteVisibility' || '{\"votesArePublic\": 1}' WHERE _key = 'config'", 1, 1},
		{"no reputation", setNodebb("config", "reputation:disabled", `1`), 0, 0},
	} {
		f, db := openNodebb(t, tt.change)
		liked := forum.PostID(queryMembers(t, f, "SELECT MIN(substring(_key FROM '[0-9]+')::int) FROM legacy_set WHERE _key LIKE 'pid:%:upvote'")[0])
		c := readOne(t, db, func(s *Snapshot) (map[forum.PostID]*forum.Content, error) {
			return s.Contents(t.Context(), []forum.PostID{liked})
		})[liked]
		if c.LikeCount != tt.likes || len(c.Likes) != tt.names {
			t.Errorf("%s: %d likes of %q, want %d and %d names", tt.name, c.LikeCount, c.Likes, tt.likes, tt.names)
		}
	}
}

func TestNodebb_ShowsTitlesOfChosenGroups(t *testing.T) {
	_, db := openNodebb(t, setNodebb("group:Staff & Co", "userTitle", `"Crew"`)+setNodebb("group:Staff & Co", "userTitleEnabled", `1`)+
		setNodebb("group:Retired", "userTitleEnabled", `1`)+setNodebb("user:32", "groupTitle", `"Retired"`)+setNodebb("user:3", "groupTitle", `"[\"Staff & Co\"]"`))
	authors := map[forum.MemberID][]*forum.Content{2: {{}}, 3: {{}}, 32: {{}}}
	read(t, db, func(s *Snapshot) error { return s.addAuthorBadges(t.Context(), authors) })
	for id, want := range map[forum.MemberID][]string{2: {"Crew"}, 3: nil, 32: {"Retired"}} { // panda is no member of the group
		if got := authors[id][0].Badges; !slices.Equal(got, want) {
			t.Errorf("badges of member %d are %q, want %q", id, got, want)
		}
	}
}

func TestNodebb_FindsMentionedMembersByAddress(t *testing.T) {
	_, db := openNodebb(t, "SELECT 1")
	names := []string{"marshal-panda", "Marshal-Panda", "marshal panda", "ray", "nobody", "panda"}
	found := readOne(t, db, func(s *Snapshot) (map[string]forum.MemberID, error) { return s.MembersByName(t.Context(), names) })
	want := map[string]forum.MemberID{"marshal-panda": 3, "Marshal-Panda": 3, "marshal panda": 3, "ray": 2}
	if !maps.Equal(found, want) {
		t.Errorf("found %v, want %v", found, want)
	}
}

func TestNodebb_ScheduledTopicWaits(t *testing.T) {
	f, db := openNodebb(t, "SELECT 1")
	scheduled := f.expect.Keys.Threads["xsched"]
	read(t, db, func(s *Snapshot) error {
		threads, err := s.Threads(t.Context(), []forum.ThreadID{scheduled, f.expect.Keys.Threads["t13"]})
		if err != nil || len(threads) != 2 {
			t.Fatalf("threads are %+v, %v", threads, err)
		}
		for _, th := range threads {
			if want := map[bool]forum.State{true: forum.Moderated, false: forum.Deleted}[th.ID == scheduled]; th.State != want {
				t.Errorf("thread %d has state %d, want %d", th.ID, th.State, want)
			}
		}
		arrivals, err := s.PostStates(t.Context(), []forum.PostID{threads[0].FirstPost, threads[1].FirstPost})
		for _, a := range arrivals {
			if a.Visible {
				t.Errorf("post %d is visible", a.Post)
			}
		}
		return err
	})
}

func TestNodebbMacros_WriteKeysWithoutColons(t *testing.T) {
	for arg, want := range map[string]string{
		"categories:cid":            "('categories' || CHR(58) || 'cid')",
		"post:[p.id]":               "('post' || CHR(58) || (p.id))",
		"uid:[m.id]:followed_tids":  "('uid' || CHR(58) || (m.id) || CHR(58) || 'followed_tids')",
		"post:[p.data->>'mainPid']": "('post' || CHR(58) || (p.data->>'mainPid'))",
	} {
		if got := nodebbKey(arg); got != want {
			t.Errorf("key %s = %s, want %s", arg, got, want)
		}
	}
	if got := nodebbNumber("u.data->>'banned:expire'"); strings.Contains(got, ":") || !strings.Contains(got, "u.data->>('banned' || CHR(58) || 'expire')") {
		t.Errorf("number = %s", got)
	}
}
