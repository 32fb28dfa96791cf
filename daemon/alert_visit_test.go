package daemon

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"postrider/demo"
	"postrider/digest"
	"postrider/source"
)

// recordVisits lets the forum record visits, as other forum types do, in their own table.
func (w *world) recordVisits() {
	w.Helper()
	w.execSQL(`CREATE TABLE visit (member_id INTEGER PRIMARY KEY, visited_at INTEGER NOT NULL)`)
	file := filepath.Join(w.TempDir(), "queries.sql")
	query := "-- name: visits\nSELECT v.member_id AS member_id, v.visited_at AS visited_at FROM visit v WHERE v.member_id IN (:members)\n"
	if err := os.WriteFile(file, []byte(query), 0o600); err != nil {
		w.Fatal(err)
	}
	c := source.DefaultConfig()
	c.Type, c.DSN, c.URL, c.Queries = "sample", "sqlite:"+w.forumPath, demo.URL, file
	db, err := source.Open(w.Context(), c)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { db.Close() })
	w.source = db
	w.restart()
}

// visit records that a member opens a page of the forum now.
func (w *world) visit(member int64) {
	w.Helper()
	w.execSQL(`INSERT INTO visit VALUES (?, ?) ON CONFLICT (member_id) DO UPDATE SET visited_at = excluded.visited_at`, member, w.clock().Unix())
}

func TestFirstReply_EndsWithVisit(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.recordVisits()
	w.setAlertMode(digest.FirstReply)
	thread := w.thread(tonight)
	first := w.writePost(thread)
	w.round()
	w.setTime(w.clock().Add(30 * time.Second))
	w.visit(101) // while the alert waits
	w.advanceClock(30 * time.Second)
	w.wantAlertedPosts("anna", first)
	w.advanceClock(time.Minute)
	w.writePost(thread)
	w.advanceClock(time.Minute)
	w.wantAlertedPosts("anna") // has not returned since the alert
	w.advanceClock(time.Minute)
	w.visit(101) // reads another thread, or in an app that leaves no read marks
	w.advanceClock(time.Minute)
	third := w.writePost(thread)
	w.advanceClock(time.Minute)
	w.wantAlertedPosts("anna", third)
	w.writePost(thread)
	w.advanceClock(time.Minute)
	w.wantAlertedPosts("anna") // that visit was before the last alert
}

func TestFirstReply_WorksWithoutRecordOfVisits(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setAlertMode(digest.FirstReply)
	thread := w.thread(tonight)
	first := w.writePost(thread)
	w.advanceClock(time.Minute)
	w.wantAlertedPosts("anna", first)
	w.advanceClock(time.Hour)
	w.writePost(thread)
	w.advanceClock(time.Minute)
	w.wantAlertedPosts("anna")
	w.visitThread(101, thread)
	w.advanceClock(time.Minute)
	third := w.writePost(thread)
	w.advanceClock(time.Minute)
	w.wantAlertedPosts("anna", third)
}
