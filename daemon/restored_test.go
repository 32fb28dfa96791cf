package daemon

import (
	"slices"
	"testing"
	"time"

	"postrider/alarm"
	"postrider/forum"
)

// writePosts writes one post in each thread, a minute apart, by two authors in turn.
func (w *world) writePosts(threads ...int64) (ids []forum.PostID) {
	w.Helper()
	for i, thread := range threads {
		w.setTime(w.clock().Add(time.Minute))
		ids = append(ids, w.writeText(thread, int64(writer+i%2), "a post"))
	}
	return ids
}

// restoreForum removes the posts and threads after an ID, as a backup does that was made before them.
func (w *world) restoreForum(newest forum.PostID) {
	w.Helper()
	w.execSQL(`DELETE FROM post WHERE id > ?`, newest)
	w.execSQL(`DELETE FROM thread WHERE first_post_id > ?`, newest)
}

// wantAlertedPosts checks the posts of all messages to a member since the last call, without those shown as context.
func (w *world) wantAlertedPosts(name string, want ...forum.PostID) {
	w.Helper()
	var got []forum.PostID
	for _, sent := range w.relay.withdraw(address(name)) {
		_, text, _ := parseMessage(w, sent.raw)
		got = append(got, postNumbers(text)...)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		w.Errorf("%s: %s got alerts about posts %v, want %v", w.clock().Format("2 Jan 15:04"), name, got, want)
	}
}

func (w *world) wantRestoredAlarm(want bool) {
	w.Helper()
	if got := w.hasAlarm(alarm.Restored); got != want {
		w.Errorf("%s: the alarm about a restored forum is %t, want %t", w.clock().Format("2 Jan 15:04"), got, want)
	}
}

func TestRestored_PostsWithUsedIDsAreNew(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		restart bool // of the daemon, after the restore
		more    int  // posts after the restore, in addition to those that were lost
		low     bool // a scan sees the forum while its newest post is below the cursor
	}{
		{name: "fewer new posts than were lost", more: -2},
		{name: "as many"},
		{name: "more", more: 3},
		{name: "after a restart", restart: true, more: 1},
		{name: "scanned before new posts", low: true, more: -1},
		{name: "scanned before new posts, and restarted", low: true, restart: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newDailyWorld(t)
			one, two := w.thread(tonight), w.thread(tonight)
			w.setClock(4, "12:00")
			kept := w.writePosts(one, two)
			w.round()
			lost := w.writePosts(one, two, one, two)
			w.setClock(5, "08:00")
			w.round()
			w.wantMessages("anna", append(kept, lost...))
			w.wantRestoredAlarm(false)

			w.restoreForum(kept[1])
			if tt.restart {
				w.restart()
			}
			if tt.low {
				w.round()
				w.wantRestoredAlarm(true)
			}
			w.setClock(5, "10:00")
			threads := []int64{two, one, two, one, two, one, two}
			fresh := w.writePosts(threads[:len(lost)+tt.more]...)
			w.round()
			w.wantRestoredAlarm(true)
			w.setClock(6, "08:00")
			w.round()
			w.wantMessages("anna", fresh)
			w.setClock(7, "09:00")
			w.round()
			w.wantMessages("anna")
			w.wantRestoredAlarm(false)
		})
	}
}

// The newest ID is far below the cursor, so the overlap does not show what is new.
func TestRestored_FarBelowTheCursor(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread, other := w.thread(tonight), w.thread(routes)
	w.setClock(4, "12:00")
	kept := w.writePosts(thread, other)
	w.execSQL(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3500)
		INSERT INTO post SELECT ? + i, ?, ? + i % 2, 'Kate', ?, 0, 'visible', 'a lost post' FROM n`, kept[1], thread, writer, w.clock().Unix())
	w.setClock(5, "08:00")
	w.round()
	w.relay.takeMessages(w, address("anna"))
	w.restoreForum(kept[1])
	w.setClock(5, "10:00")
	fresh := w.writePosts(thread, other, thread)
	w.setClock(6, "08:00")
	w.round()
	w.wantMessages("anna", fresh)
	w.wantRestoredAlarm(true)
	if cursor, _, err := w.store.Sightings.Cursor(t.Context()); cursor != fresh[2] || err != nil {
		t.Errorf("cursor = %d, %v, want %d", cursor, err, fresh[2])
	}
}

// While the daemon was down, more posts were written than were lost, and all of the overlap is new.
func TestRestored_OverlapIsAllNew(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread, other := w.thread(tonight), w.thread(dining)
	w.setClock(4, "12:00")
	kept := w.writePosts(thread, other)
	fill := func(n int) {
		w.execSQL(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
			INSERT INTO post SELECT ? + i, ?, ? + i % 2, 'Kate', ?, 0, 'visible', 'filler' FROM n`, n, w.next(), other, writer, w.clock().Unix())
	}
	fill(2500)
	w.round()
	w.restoreForum(kept[1])
	w.setClock(4, "14:00")
	fresh := w.writePosts(thread)
	fill(4000)
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna", append(kept[:1], fresh...))
	w.wantRestoredAlarm(true)
}

// An older backup was restored by mistake, and then the right one.
func TestRestored_TwiceSendsNoPostTwice(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	one, two := w.thread(tonight), w.thread(tonight)
	w.setClock(4, "12:00")
	first := w.writePosts(one, two, one, two)
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna", first)
	w.execSQL(`CREATE TABLE backup AS SELECT * FROM post`)
	w.restoreForum(first[1])
	w.setClock(5, "10:00")
	between := w.writePosts(two)
	w.setClock(6, "08:00")
	w.round()
	w.wantMessages("anna", between)
	w.execSQL(`DELETE FROM post`)
	w.execSQL(`INSERT INTO post SELECT * FROM backup`)
	w.setClock(6, "10:00")
	last := w.writePosts(one)
	w.setClock(7, "08:00")
	w.round()
	w.wantMessages("anna", last)
}

// The forum goes back after a digest was planned, and its IDs are used again before it is built.
func TestRestored_BetweenPlanAndDelivery(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	one, two := w.thread(tonight), w.thread(tonight)
	w.setClock(4, "12:00")
	list := w.writePosts(one, two, one, two)
	w.setClock(5, "08:00")
	w.prepare()
	w.restoreForum(list[1])
	fresh := w.writePosts(two, one)
	w.deliver()
	w.wantMessages("anna", list[:2])
	w.setClock(6, "08:00")
	w.round()
	w.wantMessages("anna", fresh)
}

func TestRestored_AlertsAboutUsedIDs(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setAlertMode("every")
	one, two := w.thread(tonight), w.thread(tonight)
	w.watchThread(101, one, 1)
	w.watchThread(101, two, 1)
	lost := w.writePosts(one, two)
	w.advanceClock(10 * time.Minute)
	w.wantAlertedPosts("anna", lost...)
	w.restoreForum(lost[0] - 1)
	fresh := w.writePosts(one, two)
	w.round()
	waiting := w.writePosts(one) // it is in an alert that waits when the forum is restored again
	w.round()
	w.restoreForum(waiting[0] - 1)
	again := w.writePosts(two)
	w.advanceClock(10 * time.Minute)
	w.wantAlertedPosts("anna", append(fresh, again...)...)
	w.advanceClock(10 * time.Minute)
	w.wantAlertedPosts("anna")
}

// What moderators do is no restore.
func TestRestored_NoAlarmAboutModeration(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(w *world, one, two int64, list []forum.PostID)
	}{
		{"the newest post is deleted", func(w *world, _, _ int64, list []forum.PostID) {
			w.execSQL(`DELETE FROM post WHERE id = ?`, list[3])
		}},
		{"a thread is deleted", func(w *world, _, two int64, list []forum.PostID) {
			w.execSQL(`DELETE FROM post WHERE thread_id = ?`, two)
			w.execSQL(`DELETE FROM thread WHERE id = ?`, two)
		}},
		{"a section is deleted with its threads", func(w *world, one, two int64, list []forum.PostID) {
			w.execSQL(`DELETE FROM post WHERE thread_id IN (?, ?)`, one, two)
			w.execSQL(`DELETE FROM thread WHERE id IN (?, ?)`, one, two)
		}},
		{"all posts of the last authors are without an account", func(w *world, _, _ int64, list []forum.PostID) {
			w.execSQL(`UPDATE post SET author_id = 0 WHERE id >= ?`, list[0])
		}},
		{"an account is merged into another", func(w *world, _, _ int64, list []forum.PostID) {
			w.execSQL(`UPDATE post SET author_id = 12 WHERE author_id = ?`, writer)
			w.execSQL(`DELETE FROM member WHERE id = ?`, writer)
		}},
		{"threads are merged", func(w *world, one, two int64, list []forum.PostID) {
			w.execSQL(`UPDATE post SET thread_id = ? WHERE thread_id = ?`, one, two)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newDailyWorld(t)
			one, two := w.thread(tonight), w.thread(tonight)
			w.setClock(4, "12:00")
			list := w.writePosts(one, one, two, two)
			w.execSQL(`UPDATE post SET author_id = 12 WHERE id IN (?, ?)`, list[0], list[2]) // what one author loses is no restore anyway
			w.setClock(5, "08:00")
			w.round()
			w.wantMessages("anna", list)
			tt.do(w, one, two, list)
			w.round()
			w.wantRestoredAlarm(false) // it would end after a day
			w.setClock(6, "08:00")
			w.round()
			w.wantRestoredAlarm(false)
			w.wantMessages("anna")
		})
	}
}

func TestScan_FindsPostsWithLowIDs(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	w.setClock(4, "12:00")
	w.insertPost(900_000, thread, w.clock().Unix(), "visible") // an import with its own IDs
	w.round()
	w.setClock(4, "12:05")
	w.insertPost(5000, thread, w.clock().Add(-10*time.Minute).Unix(), "visible") // a long transaction
	w.insertPost(5001, thread, w.clock().Unix(), "moderated")
	w.insertPost(5002, thread, w.clock().AddDate(0, 0, -2).Unix(), "visible") // imported
	w.round()
	w.execSQL(`UPDATE post SET state = 'visible' WHERE id = 5001`)
	w.round()
	w.restart()
	w.round()
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna", posts(5000, 5001, 900_000))
	w.setClock(6, "07:00") // after a day without a scan
	w.insertPost(5003, thread, w.clock().Add(-22*time.Hour).Unix(), "visible")
	w.setClock(6, "08:00")
	w.round()
	w.wantMessages("anna", posts(5003))
	w.wantRestoredAlarm(false)
}

// A lost post was never visible, so there is no sighting to compare with.
func TestRestored_IDOfPendingPost(t *testing.T) {
	t.Parallel()
	for _, restart := range []bool{false, true} {
		w := newDailyWorld(t)
		thread := w.thread(tonight)
		w.setClock(4, "12:00")
		w.writePostAs(thread, "moderated")
		lost := w.writePostAs(thread, "moderated")
		w.round()
		if restart {
			w.restart()
			w.round()
		}
		w.restoreForum(lost - 2)
		fresh := w.writePosts(thread) // has the ID of a pending post when the next scan runs
		w.round()
		fresh = append(fresh, w.writePosts(thread)...) // the pending post was missing in a scan
		w.round()
		w.setClock(5, "08:00")
		w.round()
		w.wantMessages("anna", fresh)
	}
}
