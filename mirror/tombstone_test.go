package mirror

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// refusedBy sends a request and returns the paths of what was left out.
func refusedBy(t *testing.T, db *DB, now time.Time, text string) string {
	t.Helper()
	r, err := ParseRequest([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	refused, err := db.Ingest(t.Context(), fmt.Sprint(now.UnixNano(), text), r, now)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, wrong := range refused {
		paths = append(paths, wrong.Path)
	}
	return strings.Join(paths, " ")
}

// at returns a request as of some minutes after noon.
func at(minutes int, text string) string {
	return fmt.Sprintf(`{"as_of":%q,%s`, noon.Add(time.Duration(minutes)*time.Minute).Format(time.RFC3339), strings.TrimPrefix(text, "{"))
}

// there lists what is not deleted.
const there = `SELECT 's' FROM section WHERE deleted = 0 UNION ALL SELECT 't' FROM thread WHERE state = 0 UNION ALL SELECT 'p' FROM post WHERE state = 0 AND body <> ''
	UNION ALL SELECT 'm' FROM member ORDER BY 1`

func TestDeletion_IsNotUndoneByAnOlderRequest(t *testing.T) {
	for _, tt := range []struct{ kind, ref, left, leftOut string }{
		{"post", "p", "m s t", "posts[0]"},
		{"thread", "t", "m s", "threads[0] posts[0].thread"},
		{"section", "s", "m", "sections[0] threads[0].section posts[0].thread"},
		{"member", "m", "p s t", "members[0]"},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			forEachEngine(t, func(t *testing.T, db *DB) {
				deletion := fmt.Sprintf(`{"deletions":[{%q:%q,"as_of":"2026-05-04T12:05:00Z"}]}`, tt.kind, tt.ref)
				mustIngest(t, db, noon, at(0, small))
				for i, step := range []struct{ name, text, left, leftOut string }{
					{"the deletion", deletion, tt.left, ""},
					{"a retry of an older request", at(0, small), tt.left, tt.leftOut},
					{"one of the same time", at(5, small), tt.left, tt.leftOut},
					{"one of an unknown time", small, tt.left, tt.leftOut},
					{"a later one", at(6, small), "m p s t", ""},
					{"a retry of the deletion", deletion, "m p s t", ""},
					{"an older request than the one that brought it back", at(4, small), "m p s t", ""},
					{"a later deletion", strings.Replace(deletion, "12:05", "12:07", 1), tt.left, ""},
					{"a retry of the one that brought it back", at(6, small), tt.left, tt.leftOut},
				} {
					if step.left == tt.left && tt.kind == "section" { // it hides what it holds
						step.left = strings.TrimSpace(tt.left + " p t")
					}
					got := refusedBy(t, db, noon.Add(10*time.Minute+time.Duration(i)*time.Second), step.text)
					if left := rows(t, db, there); left != step.left || got != step.leftOut {
						t.Errorf("%s: %q is there, want %q; left out is %q, want %q", step.name, left, step.left, got, step.leftOut)
					}
				}
			})
		})
	}
}

// What a request sends may be refused for another reason: it must not make way for an older request then.
func TestDeletion_HoldsIfALaterRequestIsRefused(t *testing.T) {
	const other = `{"members":[{"id":"o","name":"Other","email":"ben@example.org"}]}`
	for _, tt := range []struct{ name, deleted, other, refused, leftOut, then, want string }{
		{"a thread into a deleted section", `{"thread":"t","as_of":"2026-05-04T12:05:00Z"},{"section":"s","as_of":"2026-05-04T12:08:00Z"}`, `{}`,
			`{"threads":[{"id":"t","section":"s","title":"x"}]}`, "threads[0].section", `{"sections":[{"id":"s","title":"x"}]}`, "m s"},
		{"a post into a deleted thread", `{"post":"p","as_of":"2026-05-04T12:05:00Z"},{"thread":"t","as_of":"2026-05-04T12:08:00Z"}`, `{}`,
			`{"posts":[{"id":"p","thread":"t","html":"x"}]}`, "posts[0].thread", `{"threads":[{"id":"t","section":"s","title":"x"}]}`, "m s t"},
		{"a member whose address another one has", `{"member":"m","as_of":"2026-05-04T12:05:00Z"}`, other,
			`{"members":[{"id":"m","name":"Ben","email":"ben@example.org"}]}`, "members[0].email", `{"deletions":[{"member":"o"}]}`, "p s t"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
			mustIngest(t, db, noon, at(0, small))
			mustIngest(t, db, noon.Add(9*time.Minute), `{"deletions":[`+tt.deleted+`]}`)
			mustIngest(t, db, noon.Add(10*time.Minute), tt.other)
			if got := refusedBy(t, db, noon.Add(11*time.Minute), at(7, tt.refused)); got != tt.leftOut {
				t.Errorf("left out is %q, want %q", got, tt.leftOut)
			}
			mustIngest(t, db, noon.Add(13*time.Minute), at(9, tt.then))
			mustIngest(t, db, noon.Add(14*time.Minute), at(0, small))
			if got := rows(t, db, there); got != tt.want {
				t.Errorf("after an older request %q is there, want %q", got, tt.want)
			}
			mustIngest(t, db, noon.Add(15*time.Minute), at(10, small))
			if got := rows(t, db, there); got != "m p s t" {
				t.Errorf("after a later request %q is there", got)
			}
		})
	}
}

func TestDeletion_CanArriveFirst(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		mustIngest(t, db, noon, `{"deletions":[{"post":"p"},{"thread":"t"},{"member":"m"},{"section":"unknown"}]}`)
		if got, want := refusedBy(t, db, noon.Add(time.Minute), at(-1, small)), "threads[0] posts[0] members[0]"; got != want {
			t.Errorf("left out is %q, want %q", got, want)
		}
		if got := rows(t, db, there); got != "s" {
			t.Errorf("there is %q, want only the section", got)
		}
		if got := refusedBy(t, db, noon.Add(time.Minute), `{"watches":[{"member":"m","section":"s"}]}`); got != "" || rows(t, db, "SELECT * FROM section_watch") != "" {
			t.Errorf("a watch of a deleted member: left out is %q", got)
		}
	})
}

func TestDeletion_OfTheFutureCountsAsNow(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	mustIngest(t, db, noon, `{"deletions":[{"post":"p","as_of":"2099-01-01T00:00:00Z"}]}`)
	if got := refusedBy(t, db, noon.Add(10*time.Minute), at(9, small)); got != "" {
		t.Errorf("ten minutes later, left out is %q", got)
	}
}

func TestTombstones_AreHashesAndKeptForHalfAYear(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		mustIngest(t, db, noon, `{"deletions":[{"member":"ben@example.org"},{"post":"p"}]}`)
		if got := rows(t, db, "SELECT hash FROM tombstone"); strings.Contains(got, "ben") || strings.Contains(got, "p ") {
			t.Errorf("tombstones are %s", got)
		}
		if got := refusedBy(t, db, noon.Add(100*day), small); got != "posts[0]" { // this prolongs one of them
			t.Errorf("after 100 days, left out is %q", got)
		}
		for _, step := range []struct {
			after int
			want  string
		}{{179, "2"}, {181, "1"}, {279, "1"}, {281, "0"}} {
			if err := db.ForgetDeletions(t.Context(), noon.Add(time.Duration(step.after)*day)); err != nil {
				t.Fatal(err)
			}
			if got := rows(t, db, "SELECT COUNT(*) FROM tombstone"); got != step.want {
				t.Errorf("after %d days there are %s tombstones, want %s", step.after, got, step.want)
			}
		}
	})
}

func TestMember_RemovedHereStaysAwayUntilImported(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		mustIngest(t, db, noon, small)
		if _, _, err := db.Remove(t.Context(), "ben@example.org", noon); err != nil {
			t.Fatal(err)
		}
		if got := refusedBy(t, db, noon.Add(time.Second), small); got != "members[0]" {
			t.Errorf("the site sends them again: left out is %q", got)
		}
		if _, err := importText(t, db, "id,name,email\nm,Ben,ben@example.org\n", false); err != nil {
			t.Fatal(err)
		}
		if got := refusedBy(t, db, noon.Add(time.Minute), small); got != "" {
			t.Errorf("after the import, left out is %q", got)
		}
	})
}

func TestFeed_DoesNotBringBackWhatTheSiteDeleted(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		site, hour := newFeedServer(t), 0
		poll := func(items ...string) string {
			t.Helper()
			site.serve(rss(items...))
			hour++
			site.poll(t, db, noon.Add(time.Duration(hour)*time.Hour))
			return rows(t, db, "SELECT p.body FROM post p JOIN thread t ON t.id = p.thread_id WHERE p.state = 0 AND t.state = 0 ORDER BY p.id")
		}
		poll()
		if got := poll("one - first", "two - second"); got != "second first" {
			t.Fatalf("posts are %q", got)
		}
		mustIngest(t, db, noon.Add(3*time.Hour), fmt.Sprintf(`{"deletions":[{"feed":"%s/feed","item":"one"},{"feed":"%[1]s/feed","item":"unknown"}]}`, site.URL))
		if got := poll("one - again", "two - changed"); got != "changed" {
			t.Errorf("after a deletion, posts are %q", got)
		}
		mustIngest(t, db, noon.Add(4*time.Hour), `{"deletions":[{"section":"feed:News"}]}`)
		got := poll("two - hidden", "three - third")
		if states, err := db.FeedStates(t.Context(), []Feed{{URL: site.URL + "/feed"}}); err != nil || states[0].Error != "" {
			t.Errorf("the feed counts as broken: %+v, %v", states, err)
		}
		if got != "changed" || rows(t, db, "SELECT deleted FROM section") != "1" {
			t.Errorf("after its section was deleted, posts are %q", got)
		}
		mustIngest(t, db, noon.Add(10*time.Hour), `{"as_of":"2026-05-04T21:00:00Z","sections":[{"id":"feed:News","title":"News"}]}`)
		if got := poll("two - last", "four - fourth"); got != "last fourth" {
			t.Errorf("after the section came back, posts are %q", got)
		}
	})
}

func TestDeletion_BeforeTheTimeOfComputersCountsAsNow(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	mustIngest(t, db, noon, `{"deletions":[{"post":"p","as_of":"1900-01-01T00:00:00Z"}]}`)
	if got := refusedBy(t, db, noon.Add(time.Minute), small); got != "posts[0]" {
		t.Errorf("a request of an unknown time: left out is %q", got)
	}
	old := strings.Replace(at(0, small), "2026-05-04", "1899-12-30", 1)
	if got := refusedBy(t, db, noon.Add(2*time.Minute), old); got != "posts[0]" {
		t.Errorf("a request of the year 1899: left out is %q", got)
	}
}

func TestDeletion_OfAMemberFreesTheAddressInTheSameRequest(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	mustIngest(t, db, noon, `{"members":[{"id":"a","name":"Ann","email":"ann@example.org"},{"id":"b","name":"Ann","email":"old@example.org"}]}`)
	const merged = `{"members":[{"id":"b","name":"Ann","email":"ann@example.org"},{"id":"c","name":"C","email":"c@example.org"}],"deletions":[{"member":"a"},{"member":"c"}]}`
	if got := refusedBy(t, db, noon.Add(time.Minute), merged); got != "" {
		t.Errorf("left out is %q", got)
	}
	if got := rows(t, db, numbers); got != "2|b|ann@example.org" {
		t.Errorf("members are %s", got)
	}
}

// Each change of the database costs a write: an old request with a whole thread must not write for each post.
func TestDeletion_OfAThreadIsNotedOnceForAllItsPosts(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	var posts []string
	for i := range 500 {
		posts = append(posts, fmt.Sprintf(`{"id":"p%d","thread":"t","html":"x"}`, i))
	}
	mustIngest(t, db, noon, `{"deletions":[{"thread":"t"}]}`)
	before := rows(t, db, "SELECT total_changes()")
	if got := strings.Fields(refusedBy(t, db, noon.Add(2*day), `{"posts":[`+strings.Join(posts, ",")+`]}`)); len(got) != 500 {
		t.Errorf("%d posts are left out", len(got))
	}
	if got := rows(t, db, "SELECT total_changes() - "+before); len(got) > 1 {
		t.Errorf("%s changes for 500 posts", got)
	}
}
