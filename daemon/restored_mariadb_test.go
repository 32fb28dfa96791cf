package daemon

import (
	"testing"
	"time"

	"postrider/forum"
	"postrider/internal/racetest"
	"postrider/store"
)

func TestRestored_MariaDBForum(t *testing.T) {
	t.Parallel()
	racetest.SkipIfRace(t)
	for kind, q := range map[string]struct{ thread, newest, insert, remove string }{
		"xenforo2": {
			thread: `SELECT MIN(thread_id) FROM xf_thread WHERE discussion_state = 'visible' AND discussion_type = 'discussion'`,
			newest: `SELECT MAX(post_id) FROM xf_post`,
			insert: `INSERT INTO xf_post (post_id, thread_id, user_id, username, post_date, message, position) VALUES (?, ?, ?, 'Kate', ?, 'text', 9)`,
			remove: `DELETE FROM xf_post WHERE post_id > ?`,
		},
		"mybb": {
			thread: `SELECT MIN(tid) FROM mybb_threads WHERE visible = 1 AND closed NOT LIKE 'moved|%'`,
			newest: `SELECT MAX(pid) FROM mybb_posts`,
			insert: `INSERT INTO mybb_posts (pid, tid, uid, username, dateline, message, visible) VALUES (?, ?, ?, 'Kate', ?, 'text', 1)`,
			remove: `DELETE FROM mybb_posts WHERE pid > ?`,
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newMariaDBWorld(t, kind)
			w.setTime(time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)) // after the posts of the dump
			thread, kept := w.queryInt(q.thread), forum.PostID(w.queryInt(q.newest))
			insert := func(id forum.PostID, author int, age time.Duration) {
				w.execSQL(q.insert, id, thread, author, w.clock().Add(-age).Unix())
			}
			w.scanForum()
			for i := range forum.PostID(5) {
				insert(kept+1+i, 2+int(i%2), 0)
			}
			w.scanForum()
			head := w.lastSeq()
			w.execSQL(q.remove, kept)
			w.setTime(w.clock().Add(time.Hour))
			insert(kept+1, 2, 0)
			insert(kept+2, 3, 0)
			w.scanForum()
			w.wantRestoredAlarm(true)
			w.wantSightedSince(head, kept+1, kept+2)

			insert(kept+900_000, 2, 0)
			w.scanForum()
			head = w.lastSeq()
			insert(kept+5000, 3, 5*time.Minute)
			w.scanForum()
			w.scanForum()
			w.wantSightedSince(head, kept+5000)
		})
	}
}

// scanForum scans the forum completely and checks the alarms.
func (w *world) scanForum() {
	w.Helper()
	if err := w.daemon.main.scanner.scanAll(w.Context()); err != nil {
		w.Fatal(err)
	}
	w.daemon.watchdog.checkRestored(w.Context())
	w.daemon.watchdog.flushAlarms(w.Context())
}

func (w *world) lastSeq() int64 {
	w.Helper()
	seq, err := w.store.Sightings.LastSeq(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return seq
}

// wantSightedSince checks which posts were sighted after a sequence number, and that each has one sighting.
func (w *world) wantSightedSince(seq int64, want ...forum.PostID) {
	w.Helper()
	records, err := w.store.Sightings.Records(w.Context(), want)
	if err != nil {
		w.Fatal(err)
	}
	if added := w.lastSeq() - seq; len(records) != len(want) || added != int64(len(want)) {
		w.Errorf("%d posts were sighted, and these are the sightings of posts %v: %v", added, want, records)
	}
	for _, r := range records {
		if r.Seq <= seq {
			w.Errorf("post %d has the sighting of a lost post: %v", r.Post, store.SightingRecord(r))
		}
	}
}
