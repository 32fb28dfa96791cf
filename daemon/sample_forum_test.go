package daemon

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"postrider/demo"
	"postrider/forum"
	"postrider/internal/racetest"
)

// wantedPosts selects, directly from the forum's tables, the posts since a time that each emailable member may read and watches.
// This test has no thread watches, because a thread watch would start when a member writes in the thread.
const wantedPosts = `
SELECT m.id, p.id
  FROM member m
  JOIN section_watch w ON w.member_id = m.id
  JOIN thread t        ON t.section_id = w.section_id
  JOIN permission r    ON r.section_id = t.section_id AND r.role_id = m.role_id
  JOIN post p          ON p.thread_id = t.id
 WHERE m.state = 'active' AND m.email <> '' AND m.wants_mail = 1
   AND (r.reads = 'all' OR t.starter_id = m.id)
   AND t.state = 'visible' AND t.moved_to IS NULL AND p.state = 'visible'
   AND (w.level = 'posts' OR p.id = t.first_post_id)
   AND p.author_id <> m.id
   AND p.author_id NOT IN (SELECT ignored_id FROM ignored i WHERE i.member_id = m.id)
   AND p.posted_at >= ?`

// TestSampleForum_EveryMemberGetsEachPostOnce lets the sample forum's members write for three days, and compares
// the posts that each member got with those that the query on the forum returns.
func TestSampleForum_EveryMemberGetsEachPostOnce(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	path := filepath.Join(t.TempDir(), "forum.db")
	if err := demo.Create(t.Context(), path, worldStart); err != nil {
		t.Fatal(err)
	}
	w := openWorld(t, path)
	w.set.Digest.MaxBytes = 100_000
	w.restart()
	w.execSQL(`UPDATE member SET locale = 'en'`) // postNumbers reads English
	w.execSQL(`DELETE FROM thread_watch`)
	w.execSQL(`CREATE TRIGGER none BEFORE INSERT ON thread_watch BEGIN SELECT RAISE(IGNORE); END`)
	trickle, err := demo.NewActivityGenerator(path)
	if err != nil {
		t.Fatal(err)
	}
	defer trickle.Close()
	for when := worldStart; when.Before(worldStart.AddDate(0, 0, 3)); when = when.Add(6 * time.Hour) {
		w.setTime(when)
		w.round()
		for range 9 {
			if _, err := trickle.Post(t.Context(), when); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.setTime(worldStart.AddDate(0, 0, 3))
	w.round() // sighted, and due the next day
	w.setTime(worldStart.AddDate(0, 0, 4).Add(time.Hour))
	w.round()

	want := w.queryPosts(wantedPosts, worldStart.Add(-w.set.Digest.FirstWindow).Unix())
	shown, delivered := make(map[int64][]forum.PostID), make(map[int64]int)
	members := w.addresses()
	for _, sent := range w.relay.messages() {
		id := members[sent.to]
		_, text, html := parseMessage(t, sent.raw)
		shown[id] = append(shown[id], postNumbers(text)...)
		if len(html) > w.set.Digest.MaxBytes {
			t.Errorf("a message to %s has %d bytes of HTML", sent.to, len(html))
		}
	}
	for id := range want {
		for _, o := range w.outcomes(forum.MemberID(id)) {
			delivered[id] += o.Posts
		}
		for _, p := range shown[id] {
			if !slices.Contains(want[id], p) {
				t.Errorf("member %d was shown post %d, want it omitted", id, p)
			}
		}
		slices.Sort(shown[id])
		if once := slices.Compact(slices.Clone(shown[id])); len(once) != len(shown[id]) {
			t.Errorf("member %d was shown posts twice: %v", id, shown[id])
		}
		if len(shown[id]) == 0 {
			t.Errorf("member %d was shown nothing, want some of %v", id, want[id])
		}
		if delivered[id] != len(want[id]) {
			t.Errorf("member %d got %d posts, shown or folded, want %d", id, delivered[id], len(want[id]))
		}
	}
	for id := range shown {
		if len(want[id]) == 0 {
			t.Errorf("member %d got a message, want none", id)
		}
	}
	if len(want) < 30 || len(slices.Concat(slices.Collect(maps.Values(want))...)) < 1000 {
		t.Errorf("too few posts for a meaningful test: %d members", len(want))
	}
}

// queryPosts runs a query on the forum for pairs of a member and a post.
func (w *world) queryPosts(query string, args ...any) map[int64][]forum.PostID {
	w.Helper()
	rows, err := w.forum.QueryContext(w.Context(), query, args...)
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	lists := make(map[int64][]forum.PostID)
	for rows.Next() {
		var member int64
		var post forum.PostID
		if err := rows.Scan(&member, &post); err != nil {
			w.Fatal(err)
		}
		lists[member] = append(lists[member], post)
	}
	if err := rows.Err(); err != nil {
		w.Fatal(err)
	}
	return lists
}

// addresses returns the member IDs by email address.
func (w *world) addresses() map[string]int64 {
	w.Helper()
	ids := make(map[string]int64)
	for id := range w.queryPosts(`SELECT id, 0 FROM member`) {
		var email string
		if err := w.forum.QueryRowContext(w.Context(), `SELECT email FROM member WHERE id = ?`, id).Scan(&email); err != nil {
			w.Fatal(err)
		}
		ids[email] = id
	}
	return ids
}

// postNumbers lists the posts that an English text shows with their numbers, without the other posts that quotes link to.
func postNumbers(text string) []forum.PostID {
	var ids []forum.PostID
	for _, chunk := range strings.Split(text, "\n[")[1:] {
		if m := postLink.FindStringSubmatch(chunk); m != nil && strings.Contains(chunk[:min(len(chunk), 20)], "#") {
			id, err := strconv.ParseInt(m[1], 10, 64)
			if err != nil {
				panic(fmt.Sprint("the pattern matches only digits: ", err))
			}
			ids = append(ids, forum.PostID(id))
		}
	}
	return ids
}
