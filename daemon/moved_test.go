package daemon

import (
	"testing"

	"postrider/daemon/explain"
	"postrider/digest"
)

// A digest brought a post. Its thread moves to a section that the member watches now, but they stopped watching the old one.
func TestMove_PostSentBeforeTheWatchEnded(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	p := w.writePost(thread)
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna", posts(p))
	w.execSQL(`DELETE FROM section_watch WHERE member_id = 101 AND section_id = ?`, tonight)
	w.execSQL(`INSERT OR IGNORE INTO section_watch VALUES (101, ?, 'posts', 1)`, dining)
	w.execSQL(`UPDATE thread SET section_id = ? WHERE id = ?`, dining, thread)
	q := w.writePost(thread)
	w.setClock(6, "08:00")
	w.round()
	w.wantMessages("anna", posts(q))
	w.wantExplained(101, p, explain.Sent, "digest/101/2026-05-05", "in a digest")
}

// A weekly override deferred a post, so not the digest that covers it brought it, but a later one. Then its thread moves to a section
// that the member watches now, but they stopped watching the old one.
func TestMove_DeferredPostSentBeforeTheWatchEnded(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	w.setOverride(annaID, tonight, digest.Weekly)
	thread := w.thread(tonight)
	w.setClock(7, "10:00") // a Thursday
	p := w.writePost(thread)
	w.execSQL(`INSERT OR IGNORE INTO section_watch VALUES (101, ?, 'posts', 1)`, dining)
	o := w.writePost(w.thread(dining))
	w.setClock(8, "08:00")
	w.round()
	w.wantMessages("anna", posts(o))
	for day := 9; day <= 11; day++ {
		w.setClock(day, "08:00")
		w.round()
	}
	w.wantMessages("anna", posts(p))
	w.execSQL(`DELETE FROM section_watch WHERE member_id = 101 AND section_id = ?`, tonight)
	w.execSQL(`UPDATE thread SET section_id = ? WHERE id = ?`, dining, thread)
	q := w.writePost(thread)
	w.setClock(12, "08:00")
	w.round()
	w.wantMessages("anna", posts(q))
}
