package source

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"postrider/demo"
	"postrider/forum"
	"postrider/internal/finding"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// openSample opens the demo's forum in its state at noon.
func openSample(t *testing.T) *DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "forum.db")
	if err := demo.Create(t.Context(), path, noon); err != nil {
		t.Fatal(err)
	}
	c := DefaultConfig()
	c.Type, c.DSN, c.URL, c.Name = "sample", "sqlite:"+path, demo.URL, demo.Name
	db, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestSample_PassesCheck(t *testing.T) {
	for _, f := range openSample(t).Check(t.Context()) {
		if f.Level == finding.LevelFail {
			t.Errorf("%s: %s (%s)", f.Part, f.Text, f.Fix)
		}
	}
}

func TestSample_KeepsSectionOrder(t *testing.T) {
	read(t, openSample(t), func(s *Snapshot) error {
		sections, err := s.Sections(t.Context())
		if err != nil {
			return err
		}
		if len(sections) != 12 || sections[0].Title != "Notice Board" || sections[4].Title != "The Dining Car" || sections[11].Title != "Left Luggage Counter" {
			t.Errorf("sections are %v", sections)
		}
		return nil
	})
}

// sampleMembers returns all members of the sample forum, and their permissions.
func sampleMembers(t *testing.T, s *Snapshot) ([]forum.Member, map[forum.Class]forum.Access) {
	t.Helper()
	members, _, err := s.SubscriberPage(t.Context(), 0, 100, noon)
	if err != nil {
		t.Fatal(err)
	}
	var classes []forum.Class
	for _, m := range members {
		classes = append(classes, m.Class)
	}
	access, err := s.Access(t.Context(), classes)
	if err != nil {
		t.Fatal(err)
	}
	return members, access
}

func TestSample_GrantsAccessByRole(t *testing.T) {
	const corridor, guardsVan, counter = 7, 11, 12
	read(t, openSample(t), func(s *Snapshot) error {
		members, access := sampleMembers(t, s)
		rights := func(name string) [4]forum.Right {
			at := slices.IndexFunc(members, func(m forum.Member) bool { return m.Name == name })
			a := access[members[at].Class]
			return [4]forum.Right{a[1], a[corridor], a[guardsVan], a[counter]}
		}
		for _, c := range []struct {
			name string
			want [4]forum.Right
		}{
			{"Mina Bolster", [4]forum.Right{forum.ReadAll, forum.ReadAll, forum.ReadAll, forum.ReadAll}},
			{"Corridor Kate", [4]forum.Right{forum.ReadAll, forum.ReadAll, forum.NoRight, forum.ReadOwn}},
			{"NewPassenger_77", [4]forum.Right{forum.ReadAll, forum.NoRight, forum.NoRight, forum.NoRight}},
			{"CheapPillowz4U", [4]forum.Right{forum.ReadAll, forum.NoRight, forum.NoRight, forum.NoRight}},
		} {
			if got := rights(c.name); got != c.want {
				t.Errorf("%s has %v, want %v", c.name, got, c.want)
			}
		}
		return nil
	})
}

func TestSample_StatesWhyEmailIsNotAllowed(t *testing.T) {
	read(t, openSample(t), func(s *Snapshot) error {
		members, _ := sampleMembers(t, s)
		got := make(map[string]string)
		for _, m := range members {
			if m.NoEmail() != "" {
				got[m.Name] = m.NoEmail()
			}
		}
		want := map[string]string{"CheapPillowz4U": Banned, "NewPassenger_77": NotConfirmed, "Quiet Coach Quentin": OptedOut, "Berth 13B": NoAddress}
		for name, why := range want {
			if got[name] != why {
				t.Errorf("NoMail of %s = %q, want %q", name, got[name], why)
			}
		}
		if len(members) != 40 || len(got) != len(want) {
			t.Errorf("got %d members, %v of them without email", len(members), got)
		}
		return nil
	})
}

// sampleThreads returns the threads with a title, and all their posts.
func sampleThreads(t *testing.T, s *Snapshot, title string) ([]forum.Thread, []forum.Post) {
	t.Helper()
	created, err := s.PostsCreated(t.Context(), noon.AddDate(0, 0, -60), noon.Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	posts, err := s.Posts(t.Context(), created)
	if err != nil {
		t.Fatal(err)
	}
	var ids []forum.ThreadID
	for id := range forum.ThreadID(100) {
		ids = append(ids, id)
	}
	threads, err := s.Threads(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	threads = slices.DeleteFunc(threads, func(th forum.Thread) bool { return th.Title != title })
	posts = slices.DeleteFunc(posts, func(p forum.Post) bool {
		return !slices.ContainsFunc(threads, func(th forum.Thread) bool { return th.ID == p.Thread })
	})
	return threads, posts
}

func TestSample_DeletedPostLeavesGapInNumbers(t *testing.T) {
	read(t, openSample(t), func(s *Snapshot) error {
		threads, posts := sampleThreads(t, s, "They are lifting us, and I am in pyjamas (change of gauge)")
		var visible []forum.PostID
		for _, p := range posts {
			if p.State == forum.Visible {
				visible = append(visible, p.ID)
			}
		}
		contents, err := s.Contents(t.Context(), visible)
		if err != nil {
			return err
		}
		var numbers []int
		for _, id := range visible {
			numbers = append(numbers, contents[id].Number)
		}
		if !slices.Equal(numbers, []int{1, 2, 3, 4, 6}) || len(threads) != 1 || threads[0].FirstPost != visible[0] {
			t.Errorf("posts %v have the numbers %v, want 1 2 3 4 6", visible, numbers)
		}
		first := contents[visible[0]]
		if first.AuthorTitle != "Has opinions on ladders" || first.LikeCount < 3 || len(first.Likes) != 3 || first.Likes[0] != "Tomasz from Car 21" {
			t.Errorf("the first post is %+v", first)
		}
		return nil
	})
}

func TestSample_MovedThreadLeavesRedirect(t *testing.T) {
	read(t, openSample(t), func(s *Snapshot) error {
		threads, posts := sampleThreads(t, s, "RUMOUR: the Moonraker may come back in spring")
		if len(threads) != 2 || threads[0].Redirect || !threads[1].Redirect || threads[0].Section == threads[1].Section {
			t.Errorf("threads are %+v", threads)
		}
		for _, p := range posts {
			if p.Thread != threads[0].ID {
				t.Errorf("post %d is in the redirect", p.ID)
			}
		}
		return nil
	})
}

func TestSample_ArrivalsReportVisibility(t *testing.T) {
	read(t, openSample(t), func(s *Snapshot) error {
		all, err := s.PostsAfter(t.Context(), 0, 1000)
		if err != nil {
			return err
		}
		hidden := 0
		for _, a := range all {
			if !a.Visible {
				hidden++
			}
		}
		newest, err := s.LastPostID(t.Context())
		if err != nil {
			return err
		}
		// One deleted post, two in a deleted thread, one in a thread that awaits approval, one that awaits approval itself.
		if hidden != 5 || len(all) < 250 || all[len(all)-1].Post != newest {
			t.Errorf("%d arrivals, %d of them hidden, the newest %d", len(all), hidden, newest)
		}
		first, err := s.FirstPostSince(t.Context(), noon.Add(-24*time.Hour))
		if err != nil {
			return err
		}
		if at := slices.IndexFunc(all, func(a forum.Arrival) bool { return !a.PostedAt.Before(noon.Add(-24 * time.Hour)) }); all[at].Post != first {
			t.Errorf("the first post since yesterday is %d, want %d", first, all[at].Post)
		}
		return nil
	})
}

func TestSample_ReadsWatchesIgnoresAndReadMarks(t *testing.T) {
	const kate, walter = 3, 36
	read(t, openSample(t), func(s *Snapshot) error {
		who := []forum.MemberID{kate}
		watches, err := s.Watches(t.Context(), who)
		if err != nil {
			return err
		}
		if w := watches[kate]; w.Sections[7] != (forum.Watch{Level: forum.AllPosts, Mail: forum.AllPosts}) || len(w.Threads) < 5 {
			t.Errorf("Kate watches %+v", w)
		}
		ignores, err := s.Ignores(t.Context(), who)
		if err != nil {
			return err
		}
		if !ignores[kate][walter] || len(ignores[kate]) != 1 {
			t.Errorf("Kate ignores %v", ignores[kate])
		}
		marks, err := s.ReadMarks(t.Context(), who, noon)
		if err != nil {
			return err
		}
		if len(marks[kate].Threads) != len(watches[kate].Threads) {
			t.Errorf("Kate has read marks in %d threads, and watches %d", len(marks[kate].Threads), len(watches[kate].Threads))
		}
		var threads []forum.ThreadID
		for id := range watches[kate].Threads {
			threads = append(threads, id)
		}
		part, err := s.Participation(t.Context(), who, threads)
		if err != nil {
			return err
		}
		if len(part[kate]) != len(threads) {
			t.Errorf("Kate took part in %d of %d threads", len(part[kate]), len(threads))
		}
		return nil
	})
}
