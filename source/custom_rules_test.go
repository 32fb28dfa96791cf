package source

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"postrider/forum"
	"postrider/internal/sqlfile"
)

// exampleWith opens the forum of docs/custom-forum.md with replacements in its complete file.
func exampleWith(t *testing.T, f fixture, oldNew ...string) *DB {
	t.Helper()
	text := customTemplate(t, true)
	for i := 0; i < len(oldNew); i += 2 {
		if !strings.Contains(text, oldNew[i]) {
			t.Fatalf("the template has no %q", oldNew[i])
		}
		text = strings.Replace(text, oldNew[i], oldNew[i+1], 1)
	}
	return openCustom(t, f, text)
}

func TestCustom_PublicForumNeedsNoRights(t *testing.T) {
	f := newExampleForum(t, sqlfile.SQLite)
	text := strings.Replace(customTemplate(t, false), "-- # -- public: no", "-- public: yes", 1)
	c := f.config()
	c.Queries = queriesFile(t, text)
	if _, err := Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), `says "public: yes" and has the query rights`) {
		t.Errorf("with the query rights: err = %v, want a contradiction", err)
	}
	before, rest, _ := strings.Cut(text, "-- name: rights")
	_, rest, _ = strings.Cut(rest, "-- name: find")
	db := openCustom(t, f, before+"-- name: find"+rest)
	access := readOne(t, db, func(s *Snapshot) (map[forum.Class]forum.Access, error) {
		return s.Access(t.Context(), []forum.Class{"", "member"})
	})
	want := forum.Access{1: forum.ReadAll, 2: forum.ReadAll} // 3 is closed
	if !maps.Equal(access[""], want) || !maps.Equal(access["member"], want) {
		t.Errorf("access = %v, want %v for everyone", access, want)
	}
}

func TestCustom_MissingQueriesAreNamed(t *testing.T) {
	f := newExampleForum(t, sqlfile.SQLite)
	c := f.config()
	c.Queries = queriesFile(t, customTop+"-- name: sections\nSELECT 1 AS id, '' AS title, 0 AS closed")
	_, err := Open(t.Context(), c)
	var wrong *QueriesError
	if !errors.As(err, &wrong) {
		t.Fatalf("err = %v, want a QueriesError", err)
	}
	for _, want := range []string{"threads, posts, bodies, members, rights, find", "arrivals, first_since, newest", "roster or watching", "section_watches or thread_watches"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want %q in it", err, want)
		}
	}
	c.Queries = ""
	if _, err := Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), "postrider forums custom > forum.sql") {
		t.Errorf("without a file: err = %v, want how to begin", err)
	}
}

func TestCustom_LastVisitCountsAsReading(t *testing.T) {
	f := newExampleForum(t, sqlfile.SQLite)
	now := mustTime(t, "2026-05-04T06:00:00Z")
	for setting, want := range map[string]bool{"yes": true, "no": false} {
		db := exampleWith(t, f, "-- visit-reads: no", "-- visit-reads: "+setting)
		marks := readOne(t, db, func(s *Snapshot) (map[forum.MemberID]forum.ReadMarks, error) {
			return s.ReadMarks(t.Context(), ids(1, 5), now)
		})
		if got := marks[1].Sections[2].Equal(mustTime(t, "2026-05-03T20:00:00Z")); got != want {
			t.Errorf("visit-reads %s: Avocet has read section 2 until %v", setting, marks[1].Sections[2])
		}
		if len(marks[5].Sections) > 0 {
			t.Errorf("visit-reads %s: Egret, whose visit is unknown, has read %v", setting, marks[5].Sections)
		}
		if !marks[1].KeptSince.Before(now.AddDate(-9, 0, 0)) {
			t.Errorf("read marks are known since %v, want ten years", marks[1].KeptSince)
		}
	}
}

// A list in another order must be an error, because members or posts would be left out.
func TestCustom_ListsOutOfOrderAreRefused(t *testing.T) {
	f := newExampleForum(t, sqlfile.SQLite)
	for name, tt := range map[string]struct {
		old, new string
		read     func(*Snapshot) error
	}{
		"roster": {"ORDER BY p.person_id\n", "ORDER BY p.person_id DESC\n", func(s *Snapshot) error {
			_, err := s.MemberIDs(t.Context(), 0, 10)
			return err
		}},
		"watching": {"ORDER BY id\n", "ORDER BY id DESC\n", func(s *Snapshot) error {
			_, _, err := s.SubscriberPage(t.Context(), 0, 10, mustTime(t, "2026-05-04T06:00:00Z"))
			return err
		}},
		"watchers": {"ORDER BY member_id\n", "ORDER BY member_id DESC\n", func(s *Snapshot) error {
			_, err := s.Watchers(t.Context(), []forum.ThreadID{10}, []forum.SectionID{1}, 0)
			return err
		}},
		"arrivals": {"ORDER BY m.message_id\n LIMIT", "ORDER BY m.message_id DESC\n LIMIT", func(s *Snapshot) error {
			_, err := s.PostsAfter(t.Context(), 0, 10)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			err := exampleWith(t, f, tt.old, tt.new).Read(t.Context(), tt.read)
			if err == nil || !strings.Contains(err.Error(), "rows must be sorted") || !strings.Contains(err.Error(), name) {
				t.Errorf("err = %v, want one about the order of %s", err, name)
			}
		})
	}
}

// What is not known of members must not select them, and nothing else may break.
func TestCustomDefaults_OfRequiredQueriesOnly(t *testing.T) {
	f := newExampleForum(t, sqlfile.SQLite)
	db := openCustom(t, f, customTemplate(t, false))
	read(t, db, func(s *Snapshot) error {
		profiles, err := s.Profiles(t.Context(), ids(1))
		if err != nil || !profiles[1].Unknown {
			t.Errorf("profile = %+v, %v, want an unknown one", profiles[1], err)
		}
		if s.KnowsVisits() {
			t.Error("the forum knows visits, want that it does not")
		}
		n, err := s.mailable(t.Context(), mustTime(t, "2026-05-04T06:00:00Z"))
		if err != nil || n.members != 3 || n.withOptOuts != 1 {
			t.Errorf("mailable = %+v, %v, want 3 members, one with an opt-out", n, err)
		}
		part, err := s.Participation(t.Context(), ids(1, 2), []forum.ThreadID{10, 11})
		if err != nil || !part[2][10] || part[1][10] || !part[1][11] {
			t.Errorf("participation = %v, %v, want only who started a thread", part, err)
		}
		for _, search := range []func() ([]forum.MemberID, error){
			func() ([]forum.MemberID, error) { return s.Search(t.Context(), "Avocet", 10) },
			func() ([]forum.MemberID, error) { return s.SearchAnyPart(t.Context(), "Avocet", 10) },
		} {
			if found, err := search(); err != nil || len(found) != 1 || found[0] != 1 {
				t.Errorf("search = %v, %v, want member 1", found, err)
			}
		}
		contents, err := s.Contents(t.Context(), []forum.PostID{101})
		if err != nil || contents[101].Number != 0 || contents[101].LikeCount != 2 || len(contents[101].Likes) != 0 {
			t.Errorf("content = %+v, %v, want no number and no names", contents[101], err)
		}
		return nil
	})
}
