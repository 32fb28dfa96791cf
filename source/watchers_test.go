package source

import (
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"postrider/demo"
	"postrider/forum"
)

// watchesWithEmail keeps only the watches for which the forum itself would send an email.
func watchesWithEmail(all map[forum.MemberID]forum.Watches) map[forum.MemberID]forum.Watches {
	left := make(map[forum.MemberID]forum.Watches)
	for id, w := range all {
		maps.DeleteFunc(w.Threads, func(_ forum.ThreadID, x forum.Watch) bool { return x.Mail == 0 })
		maps.DeleteFunc(w.Sections, func(_ forum.SectionID, x forum.Watch) bool { return x.Mail == 0 })
		for section, x := range w.Sections { // MyBB emails new threads only, but its watches include all posts
			w.Sections[section] = forum.Watch{Level: x.Mail, Mail: x.Mail}
		}
		w.Muted, w.MutedSections, w.DirectInMuted = nil, nil, false
		if len(w.Threads)+len(w.Sections) > 0 {
			w.Muted, w.MutedSections = nil, nil // are read apart
			left[id] = w
		}
	}
	return left
}

func TestWatchers_AreMembersTheForumWouldEmail(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		members := slices.Sorted(maps.Values(f.expect.Keys.Members))
		threads := slices.Sorted(maps.Values(f.expect.Keys.Threads))
		sections := slices.Sorted(maps.Values(f.expect.Keys.Sections))
		want := watchesWithEmail(readOne(t, db, func(s *Snapshot) (map[forum.MemberID]forum.Watches, error) { return s.Watches(t.Context(), members) }))
		for _, w := range want { // only the requested threads and sections
			maps.DeleteFunc(w.Threads, func(id forum.ThreadID, _ forum.Watch) bool { return !slices.Contains(threads, id) })
			maps.DeleteFunc(w.Sections, func(id forum.SectionID, _ forum.Watch) bool { return !slices.Contains(sections, id) })
		}
		page := readOne(t, db, func(s *Snapshot) (Watchers, error) { return s.Watchers(t.Context(), threads, sections, 0) })
		if !reflect.DeepEqual(page.Watches, want) || page.Last != EndOfWatchers {
			t.Errorf("watchers up to %d: %v\nwant %v", page.Last, page.Watches, want)
		}
		if len(page.Watches) < 3 {
			t.Errorf("got only %d watchers, too few for this test", len(page.Watches))
		}
	})
}

func TestWatchers_PageThroughPopularSection(t *testing.T) {
	path := filepath.Join(t.TempDir(), "forum.db")
	if err := demo.Create(t.Context(), path, noon); err != nil {
		t.Fatal(err)
	}
	itself, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer itself.Close()
	c := DefaultConfig()
	c.Type, c.DSN, c.URL = "sample", "sqlite:"+path, demo.URL
	db := openConfig(t, c)
	const members, section, thread = 10_500, 2, 1
	execute(t, itself, fmt.Sprintf(`DELETE FROM section_watch; DELETE FROM thread_watch;
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO section_watch SELECT 1000 + i, %d, 'posts', 1 FROM n;
		INSERT INTO thread_watch SELECT member_id, %d, 1 FROM section_watch`, members, section, thread))
	var after forum.MemberID
	found, pages := 0, 0
	for after != EndOfWatchers {
		page := readOne(t, db, func(s *Snapshot) (Watchers, error) {
			return s.Watchers(t.Context(), []forum.ThreadID{thread}, []forum.SectionID{section}, after)
		})
		for id, w := range page.Watches {
			if len(w.Threads) != 1 || len(w.Sections) != 1 {
				t.Fatalf("member %d watches %v, want a thread and a section on the same page", id, w)
			}
			if id <= after || id > page.Last {
				t.Fatalf("member %d is on the page from %d to %d", id, after, page.Last)
			}
		}
		found, pages, after = found+len(page.Watches), pages+1, page.Last
	}
	if found != members || pages < 3 {
		t.Errorf("%d watchers on %d pages, want %d on 3", found, pages, members)
	}
}
