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

// mayHave is, in the forum's own words, what each mailable member may and wants to have of the posts since a moment.
// Nobody watches single threads in this test, for a watch of a thread begins when one writes in it.
const mayHave = `
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
// what each was mailed with what the forum says he should have.
func TestSampleForum_EveryMemberGetsEachPostOnce(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	path := filepath.Join(t.TempDir(), "forum.db")
	if err := demo.Create(t.Context(), path, born); err != nil {
		t.Fatal(err)
	}
	w := openWorld(t, path)
	w.set.Digest.MaxBytes = 100_000
	w.restart()
	w.execSQL(`DELETE FROM thread_watch`)
	w.execSQL(`CREATE TRIGGER none BEFORE INSERT ON thread_watch BEGIN SELECT RAISE(IGNORE); END`)
	trickle, err := demo.NewActivityGenerator(path)
	if err != nil {
		t.Fatal(err)
	}
	defer trickle.Close()
	for when := born; when.Before(born.AddDate(0, 0, 3)); when = when.Add(6 * time.Hour) {
		w.setTime(when)
		w.round()
		for range 9 {
			if _, err := trickle.Post(t.Context(), when); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.setTime(born.AddDate(0, 0, 3))
	w.round() // sighted, and due in the next day
	w.setTime(born.AddDate(0, 0, 4).Add(time.Hour))
	w.round()

	want := w.queryPosts(mayHave, born.Add(-w.set.Digest.FirstWindow).Unix())
	shown, told := make(map[int64][]forum.PostID), make(map[int64]int)
	members := w.addresses()
	for _, try := range w.relay.messages() {
		id := members[try.to]
		_, text, html := parseMessage(t, try.raw)
		shown[id] = append(shown[id], postNumbers(text)...)
		if len(html) > w.set.Digest.MaxBytes {
			t.Errorf("a mail to %s has %d bytes of HTML", try.to, len(html))
		}
	}
	for id := range want {
		for _, o := range w.outcomes(forum.MemberID(id)) {
			told[id] += o.Posts
		}
		for _, p := range shown[id] {
			if !slices.Contains(want[id], p) {
				t.Errorf("member %d was shown post %d, and should not be", id, p)
			}
		}
		slices.Sort(shown[id])
		if once := slices.Compact(slices.Clone(shown[id])); len(once) != len(shown[id]) {
			t.Errorf("member %d was shown posts twice: %v", id, shown[id])
		}
		if len(shown[id]) == 0 {
			t.Errorf("member %d was shown nothing, want some of %v", id, want[id])
		}
		if told[id] != len(want[id]) {
			t.Errorf("member %d was told of %d posts, shown or folded, want %d", id, told[id], len(want[id]))
		}
	}
	for id := range shown {
		if len(want[id]) == 0 {
			t.Errorf("member %d was mailed, and should not be", id)
		}
	}
	if len(want) < 30 || len(slices.Concat(slices.Collect(maps.Values(want))...)) < 1000 {
		t.Errorf("the story has become too short to prove anything: %d members", len(want))
	}
}

// queryPosts asks the forum for pairs of a member and a post.
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

// addresses gives the members by their addresses.
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

// postNumbers lists the posts that stand in a text under their numbers; a quote links to others, too.
func postNumbers(text string) []forum.PostID {
	var ids []forum.PostID
	for _, chunk := range strings.Split(text, "\n[")[1:] {
		if m := postLink.FindStringSubmatch(chunk); m != nil && strings.Contains(chunk[:min(len(chunk), 20)], "#") {
			id, err := strconv.ParseInt(m[1], 10, 64)
			if err != nil {
				panic(fmt.Sprint("the pattern takes only digits: ", err))
			}
			ids = append(ids, forum.PostID(id))
		}
	}
	return ids
}
