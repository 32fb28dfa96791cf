package daemon

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
)

// openThread opens a thread now, and returns it and its first post.
func (w *world) openThread(section int) (thread int64, p forum.PostID) {
	w.Helper()
	thread, id := w.queryInt(`SELECT COALESCE(MAX(id), 0) + 1 FROM thread`), w.next()
	w.execSQL(`INSERT INTO thread VALUES (?, ?, ?, ?, 'Kate', ?, ?, 'visible', NULL)`, thread, section, fmt.Sprintf("Thread %d", thread), writer, w.clock().Unix(), id)
	return thread, w.writePost(thread)
}

// wantOneMessage checks that a member got a single message since the last call, and that it has these posts, in any order.
func (w *world) wantOneMessage(name string, want []forum.PostID) {
	w.Helper()
	messages := w.relay.withdraw(address(name))
	if len(messages) != 1 {
		w.Fatalf("%s: %s got %d messages, want one", w.clock().Format("2 Jan 15:04"), name, len(messages))
	}
	_, text, _ := parseMessage(w, messages[0].raw)
	got := postNumbers(text)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		w.Errorf("%s: %s got a message with posts %v, want %v", w.clock().Format("2 Jan 15:04"), name, got, want)
	}
}

// postDuringOutage writes a post in each of several threads at intervals, without a daemon.
func (w *world) postDuringOutage(posts int, every time.Duration) (list []forum.PostID) {
	w.Helper()
	for range posts {
		list = append(list, w.writePost(w.thread(tonight)))
		w.setTime(w.clock().Add(every))
	}
	return list
}

func (w *world) wantNothingMoreFor(names ...string) {
	w.Helper()
	w.advanceClock(5 * time.Minute)
	for day := 6; day < 21; day++ {
		w.setClock(day, "08:00")
		w.round()
	}
	for _, name := range names {
		w.wantAlerts(name)
	}
}

func TestLateAlerts_OutageEndsWithOneDigest(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	p := w.postDuringOutage(17, 80*time.Minute)
	w.setClock(5, "09:00")
	quoted := w.writeText(w.thread(routes), writer, "[USER=101]@anna[/USER], look.") // not watched
	w.setClock(5, "10:30")
	w.round()
	w.wantOneMessage("anna", append(p, quoted))
	w.wantNothingMoreFor("anna")
}

func TestLateAlerts_OutageEndsWithOneAlert(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setPreferences(101, digest.Preferences{Schedule: &digest.Schedule{Cadence: digest.Off}})
	w.round()
	p := w.postDuringOutage(17, 75*time.Minute)
	w.setClock(5, "09:00")
	w.round()
	w.wantOneMessage("anna", p)
	w.wantNothingMoreFor("anna")
}

func TestLateAlerts_DigestDueSoonReplacesAlert(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setClock(5, "05:00")
	p := w.postDuringOutage(2, time.Minute)
	w.setClock(5, "07:05")
	w.round()
	w.wantAlerts("anna")
	w.setClock(5, "08:00")
	w.round()
	w.wantOneMessage("anna", p)
	w.wantNothingMoreFor("anna")
}

func TestLateAlerts_RecentAndApprovedPostsKeepTheirAlerts(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	approved := w.writePostAs(w.thread(tonight), "moderated")
	w.round()
	late := w.postDuringOutage(3, time.Hour)
	w.execSQL(`UPDATE post SET state = 'visible' WHERE id = ?`, approved)
	w.setClock(4, "14:00")
	fresh := w.writePost(w.thread(tonight))
	w.advanceClock(time.Minute)
	w.advanceClock(time.Minute)
	got := w.relay.withdraw(address("anna"))
	if len(got) != 3 {
		t.Fatalf("Anna got %d messages, want one with the late posts and two others", len(got))
	}
	var counts [][]forum.PostID
	for _, m := range got {
		_, text, _ := parseMessage(t, m.raw)
		counts = append(counts, postNumbers(text))
	}
	slices.SortFunc(counts, slices.Compare)
	if want := [][]forum.PostID{posts(approved), late, posts(fresh)}; fmt.Sprint(counts) != fmt.Sprint(want) {
		t.Errorf("Anna got alerts with posts %v, want %v", counts, want)
	}
	w.wantNothingMoreFor("anna")
}

func TestAlert_NewThreadsOfSectionJoin(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]time.Duration{"scanned together": 0, "scanned one by one": 4 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newAlertWorld(t)
			var all []forum.PostID
			for i := range 30 {
				thread, p := w.openThread(tonight)
				if all = append(all, p); i == 15 {
					all = append(all, w.writePost(thread))
				}
				w.setTime(w.clock().Add(4 * time.Second))
				if step != 0 {
					w.round()
				}
			}
			w.wantAlerts("anna")
			w.advanceClock(time.Minute)
			w.wantOneMessage("anna", all)
			other, p := w.openThread(tonight)
			w.advanceClock(time.Minute)
			w.wantAlerts("anna", posts(p))
			w.visitThread(101, other)
			w.wantNothingMoreFor("anna")
		})
	}
}
