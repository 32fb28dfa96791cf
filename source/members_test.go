package source

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/forum"
)

func TestWatches_KeepLevelAndEmailChoice(t *testing.T) {
	f := sharedFixture(t, "xenforo2")
	db := f.open(t)
	all := readOne(t, db, func(s *Snapshot) (map[forum.MemberID]forum.Watches, error) {
		return s.Watches(t.Context(), []forum.MemberID{2, 5, 6, 9})
	})
	want := map[forum.SectionID]forum.Watch{3: {Level: forum.AllPosts, Mail: forum.AllPosts}, 9: {Level: forum.NewThreads, Mail: forum.NewThreads}}
	if !maps.Equal(all[2].Sections, want) {
		t.Errorf("sections of panda = %v, want %v", all[2].Sections, want)
	}
	if w := all[2].Threads; len(w) != 7 || w[1].Mail == 0 || w[2].Mail != 0 {
		t.Errorf("threads of panda = %v", w)
	}
	if w := all[5].Sections; len(w) != 0 {
		t.Errorf("a watch without notifications counts: %v", w)
	}
	if w := all[6].Sections[5]; w.Mail != 0 || w.Level != forum.AllPosts {
		t.Errorf("a watch without email = %+v", w)
	}
}

func TestSubscriberPage_ListsAllSubscribers(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		read(t, db, func(s *Snapshot) error {
			whole, _, err := s.SubscriberPage(t.Context(), 0, 1000, f.now())
			if err != nil {
				return err
			}
			var paged []forum.Member
			for after := forum.MemberID(0); after != EndOfWatchers; {
				page, last, err := s.SubscriberPage(t.Context(), after, 2, f.now())
				if err != nil {
					return err
				}
				paged, after = append(paged, page...), last
			}
			if !slices.Equal(paged, whole) || len(whole) < 6 {
				t.Errorf("%d members in pages of two, %d in one page", len(paged), len(whole))
			}
			for _, m := range whole {
				w, err := s.Watches(t.Context(), []forum.MemberID{m.ID})
				if err != nil {
					return err
				}
				if len(w) == 0 {
					t.Errorf("member %d watches nothing", m.ID)
				}
			}
			return nil
		})
	})
}

func TestSnapshot_ReadsIgnoresReadMarksAndParticipation(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		keys := f.expect.Keys
		panda, oldhand, amp := keys.Members["panda"], keys.Members["oldhand"], keys.Members["amp"]
		read(t, db, func(s *Snapshot) error {
			ctx := t.Context()
			ignores, err := s.Ignores(ctx, []forum.MemberID{panda, oldhand, amp})
			if err != nil {
				return err
			}
			if facts[f.kind].ignores && (!ignores[oldhand][keys.Members["troll"]] || !ignores[amp][keys.Members["bobby"]] || len(ignores) != 2) {
				t.Errorf("ignores = %v", ignores)
			}
			marks, err := s.ReadMarks(ctx, []forum.MemberID{panda, keys.Members["ray"]}, f.now())
			if err != nil {
				return err
			}
			if at := marks[panda].Threads[keys.Threads["t28"]]; unixOf(at) != facts[f.kind].readT28 {
				t.Errorf("panda has read t28 up to %v", at)
			}
			if at := marks[keys.Members["ray"]].Sections[keys.Sections["s2"]]; unixOf(at) != facts[f.kind].readS2 {
				t.Errorf("ray has read s2 up to %v", at)
			}
			days := facts[f.kind].keptDays
			if floor := marks[panda].KeptSince; !floor.Equal(f.now().AddDate(0, 0, -days)) {
				t.Errorf("floor = %v, want %d days", floor, days)
			}
			return wantParticipation(t, s, f)
		})
	})
}

// unixOf returns Unix seconds, or 0 for no time.
func unixOf(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.Unix()
}

// wantParticipation compares Participation with the authors of all visible posts and the starters of all threads.
func wantParticipation(t *testing.T, s *Snapshot, f fixture) error {
	ctx := t.Context()
	created, err := s.PostsCreated(ctx, time.Unix(0, 0), f.now())
	if err != nil {
		return err
	}
	posts, err := s.Posts(ctx, created)
	if err != nil {
		return err
	}
	ids := threadsOf(posts)
	threads, err := s.Threads(ctx, ids)
	if err != nil {
		return err
	}
	type pair struct {
		member forum.MemberID
		thread forum.ThreadID
	}
	want := make(map[pair]bool)
	members := slices.Collect(maps.Values(f.expect.Keys.Members))
	for _, p := range posts {
		if (p.State == forum.Visible || facts[f.kind].keepsAuthors) && slices.Contains(members, p.Author) {
			want[pair{p.Author, p.Thread}] = true
		}
	}
	for _, th := range threads {
		if slices.Contains(members, th.Starter) {
			want[pair{th.Starter, th.ID}] = true
		}
	}
	part, err := s.Participation(ctx, members, ids)
	got := make(map[pair]bool)
	for m, in := range part {
		for th := range in {
			got[pair{m, th}] = true
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("Participation has %d pairs, want %d", len(got), len(want))
	}
	return err
}

func TestFindMember_AcceptsIDOrExactName(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		panda := f.expect.Keys.Members["panda"]
		read(t, db, func(s *Snapshot) error {
			for _, who := range []string{"marshal panda", strings.ToUpper("marshal panda"), formatID(panda)} {
				if m, err := s.FindMember(t.Context(), who, f.now()); err != nil || m.ID != panda {
					t.Errorf("FindMember(%q) = %d, %v", who, m.ID, err)
				}
			}
			for _, who := range []string{"nobody at all", "99999", "' OR 1=1 -- ", "%", "rocket 🚀", ""} {
				if m, err := s.FindMember(t.Context(), who, f.now()); !errors.Is(err, forum.ErrNoMember) {
					t.Errorf("FindMember(%q) = %d, %v, want ErrNoMember", who, m.ID, err)
				}
			}
			return nil
		})
	})
}

func TestMembers_KeepNamesZonesAndLocales(t *testing.T) {
	want := map[string]map[string]forum.Member{
		"xenforo2": {
			"emoji": {Name: "rocket 🚀 man", Zone: "Australia/Sydney", Locale: "en-US"},
			"nepal": {Name: "Kathmandu Kay", Zone: "Asia/Kathmandu", Locale: "en-US"},
			"david": {Name: "דוד כהן", Zone: "Asia/Jerusalem", Locale: "he-IL"},
		},
		"xenforo1": {
			"emoji": {Name: "rocket  man", Zone: "Australia/Sydney", Locale: "en-US"},
			"david": {Name: "דוד כהן", Zone: "Asia/Jerusalem", Locale: "he-IL"},
		},
		"mybb": {
			"nepal": {Name: "Kathmandu Kay", Zone: "Asia/Kathmandu", Locale: "en"},
			"david": {Name: "דוד כהן", Zone: "Etc/GMT-2", Locale: "en"},
			"admin": {Name: "admin", Zone: "UTC", Locale: ""},
		},
	}
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		for key, w := range want[f.kind] {
			id := f.expect.Keys.Members[key]
			if key == "admin" {
				id = 1
			}
			m := readOne(t, db, func(s *Snapshot) ([]forum.Member, error) {
				return s.Members(t.Context(), []forum.MemberID{id}, f.now())
			})[0]
			if m.Name != w.Name || m.Zone != w.Zone || m.Locale != w.Locale {
				t.Errorf("%s = %q %q %q, want %q %q %q", key, m.Name, m.Zone, m.Locale, w.Name, w.Zone, w.Locale)
			}
			if _, err := time.LoadLocation(m.Zone); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestSearch_MatchesStartOfName(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		read(t, db, func(s *Snapshot) error {
			roster, err := s.MemberIDs(t.Context(), 0, 1000)
			if err != nil {
				return err
			}
			all, err := s.Members(t.Context(), roster, f.now())
			if err != nil {
				return err
			}
			for _, m := range all {
				begins := strings.ToUpper(string([]rune(m.Name)[:min(len([]rune(m.Name)), 3)]))
				found, err := s.Search(t.Context(), begins, 1000)
				if err != nil {
					return err
				}
				if ascii := strings.IndexFunc(begins, func(r rune) bool { return r > 127 }) < 0; ascii && !slices.Contains(found, m.ID) {
					t.Errorf("%q does not find %q", begins, m.Name)
				}
				if len(found) == len(all) {
					t.Errorf("%q finds all members", begins)
				}
			}
			for _, wild := range []string{"%", "_", "|", "%a", `\`} {
				if found, err := s.Search(t.Context(), wild, 1000); err != nil || len(found) > 0 {
					t.Errorf("%q finds %v, %v", wild, found, err)
				}
			}
			found, err := s.Search(t.Context(), "", 3)
			if len(found) != 3 {
				t.Errorf("Search with limit 3 = %v", found)
			}
			return err
		})
	})
}

func TestSearchAnyPart_MatchesAnyPartOfName(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		read(t, db, func(s *Snapshot) error {
			roster, err := s.MemberIDs(t.Context(), 0, 1000)
			if err != nil {
				return err
			}
			all, err := s.Members(t.Context(), roster, f.now())
			if err != nil {
				return err
			}
			for _, m := range all {
				runes := []rune(m.Name)
				part := string(runes[min(1, len(runes)-1):])
				found, err := s.SearchAnyPart(t.Context(), part, 1000)
				if err != nil || !slices.Contains(found, m.ID) {
					t.Errorf("%q does not find %q, %v", part, m.Name, err)
				}
			}
			for _, wild := range []string{"%", "_", "|", "a%a", `\\`} {
				found, err := s.SearchAnyPart(t.Context(), wild, 1000)
				if facts[f.kind].twoNames && wild == "_" {
					continue
				}
				found = slices.DeleteFunc(found, func(id forum.MemberID) bool {
					return slices.ContainsFunc(all, func(m forum.Member) bool { return m.ID == id && strings.Contains(m.Name, wild) })
				})
				if err != nil || len(found) > 0 {
					t.Errorf("%q finds %v, %v", wild, found, err)
				}
			}
			found, err := s.SearchAnyPart(t.Context(), "", 3)
			if len(found) != 3 {
				t.Errorf("a search with limit 3 finds %v", found)
			}
			return err
		})
	})
}
