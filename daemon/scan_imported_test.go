package daemon

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"postrider/daemon/explain"
	"postrider/digest"
	"postrider/forum"
)

// copyThread copies a thread with its posts: they have new IDs and their old times.
func (w *world) copyThread(thread int64) (posts []forum.PostID) {
	w.Helper()
	copied := w.queryInt(`SELECT MAX(id) + 1 FROM thread`)
	from := w.queryInt(`SELECT MAX(id) FROM post`)
	w.execSQL(`INSERT INTO post SELECT ? + ROW_NUMBER() OVER (ORDER BY id), ?, author_id, author_name, posted_at, edited_at, state, body FROM post WHERE thread_id = ?`, from, copied, thread)
	w.execSQL(`INSERT INTO thread SELECT ?, section_id, title, starter_id, starter_name, started_at, ?, state, moved_to FROM thread WHERE id = ?`, copied, from+1, thread)
	for id := from + 1; id < w.next(); id++ {
		posts = append(posts, forum.PostID(id))
	}
	return posts
}

// writePostAt writes a post that has a time of the past.
func (w *world) writePostAt(thread int64, at time.Time) forum.PostID {
	w.Helper()
	id := w.next()
	w.insertPost(id, thread, at.Unix(), "visible")
	return forum.PostID(id)
}

func TestImported_CopiedThreadIsNoNews(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setAlertMode(digest.EveryReply)
	thread := w.thread(tonight)
	first := w.writePost(thread)
	w.advanceClock(time.Minute)
	second := w.writePost(thread)
	w.advanceClock(time.Minute)
	w.wantAlerts("anna", posts(first), posts(second))
	w.advanceClock(time.Hour)
	copies := w.copyThread(thread)
	w.advanceClock(time.Minute)
	w.restart() // the copies stay what they are
	w.advanceClock(time.Minute)
	w.wantAlerts("anna")
	late := w.writePostAt(thread, w.clock().Add(-10*time.Minute)) // committed late
	w.advanceClock(time.Minute)
	w.wantAlerts("anna", posts(late))
	w.setClock(5, "08:00")
	w.round()
	w.wantAlerts("anna") // no digest either
	if x := w.explainPost(101, copies[len(copies)-1]); x.Verdict != explain.Omitted || x.Reason.Key != "not_sighted_imported" {
		t.Errorf("a copied post is explained as %s %v", x.Verdict, x.Reason)
	}
	if old := w.explainPost(101, copies[0]); old.Reason.Key != "never_sighted" { // its time is before the first run
		t.Errorf("the copy of an old post is explained as %v", old.Reason)
	}
}

// TestImported_ManyPostsAreNoNewsAndOneLine imports the archive of another forum. scripts/cost does so with 500,000 posts.
func TestImported_ManyPostsAreNoNewsAndOneLine(t *testing.T) {
	t.Parallel()
	n := 10_000
	if set := os.Getenv("POSTRIDER_IMPORTED"); set != "" {
		var err error
		if n, err = strconv.Atoi(set); err != nil || n < 100 {
			t.Fatalf("POSTRIDER_IMPORTED=%s: must be a number from 100", set)
		}
	}
	w := newAlertWorld(t)
	w.setAlertMode(digest.EveryReply)
	thread := w.thread(tonight)
	w.advanceClock(time.Hour)
	w.wantAfterMinute(w.writePost(thread))
	next, newest := w.next(), w.clock().Add(-time.Minute).Unix()
	w.execSQL(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO post SELECT ? + i, ?, ?, 'Kate', ? - 600 * (? - i), 0, 'visible', 'An old post.' FROM n`, n-1, next, thread, writer, newest-3600, n-1) // years, until an hour ago
	w.wantAfterMinute()
	var lines []string
	for line := range strings.Lines(w.log.String()) {
		if strings.Contains(line, "imported") {
			lines = append(lines, line)
		}
	}
	if len(lines) != 1 || !strings.Contains(lines[0], fmt.Sprintf("posts=%d", n)) {
		t.Errorf("the log has %q, want one line about %d posts", lines, n)
	}
	w.wantAfterMinute(w.writePost(thread))
	w.setClock(5, "08:00")
	w.round()
	w.wantAlerts("anna") // no digest either
}

// On a quiet forum, imported posts may be newer than all known ones. A post that is written first makes them old, as docs/forums.md says.
func TestImported_PostWrittenBeforeImportMakesItOld(t *testing.T) {
	t.Parallel()
	for _, written := range []bool{false, true} {
		w := newAlertWorld(t)
		w.setAlertMode(digest.EveryReply)
		thread, other := w.thread(tonight), w.thread(tonight)
		w.wantAfterMinute(w.writePost(thread))
		w.advanceClock(48 * time.Hour)
		if written {
			w.writePost(other)
			w.advanceClock(time.Minute)
		}
		copied := w.writePostAt(thread, w.clock().Add(-20*time.Hour))
		w.advanceClock(time.Minute)
		w.advanceClock(time.Minute)
		if x := w.explainPost(101, copied); (x.Reason.Key == "not_sighted_imported") != written {
			t.Errorf("with a post written first (%t), the imported one is explained as %s %v", written, x.Verdict, x.Reason)
		}
	}
}

func TestImported_PostsOfAnOutageAreNews(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setAlertMode(digest.EveryReply)
	thread := w.thread(tonight)
	w.setClock(4, "11:00")
	w.round()
	before := w.writePostAt(thread, w.clock().Add(-10*time.Minute))
	during := w.writePostAt(thread, w.clock().Add(30*time.Hour))
	w.setClock(6, "09:00")
	w.restart()
	w.round()
	w.wantAlertedPosts("anna", before, during)
}

func TestImported_ApprovedAndRestoredPostsAreNews(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setAlertMode(digest.EveryReply)
	thread := w.thread(tonight)
	waiting, deleted := w.writePostAs(thread, "moderated"), w.writePostAs(thread, "deleted")
	w.advanceClock(time.Minute)
	w.wantAlerts("anna")
	w.advanceClock(3 * time.Hour)
	w.restart() // the pending posts are only in the store
	w.execSQL(`UPDATE post SET state = 'visible' WHERE id IN (?, ?)`, waiting, deleted)
	w.advanceClock(time.Minute)
	w.wantAlertedPosts("anna", waiting, deleted)
}

func TestImported_InvisibleCopyStaysNoNews(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	thread := w.thread(tonight)
	w.advanceClock(3 * time.Hour)
	w.wantAfterMinute(w.writePost(thread))
	copied := w.writePostAt(thread, w.clock().Add(-2*time.Hour))
	w.execSQL(`UPDATE post SET state = 'moderated' WHERE id = ?`, copied)
	w.advanceClock(time.Minute)
	w.execSQL(`UPDATE post SET state = 'visible' WHERE id = ?`, copied)
	w.advanceClock(time.Minute)
	w.wantAlerts("anna")
}

// TestImported_StalledReplicaLosesNothing: a replica that stalled for an hour shows all posts of that hour at once.
func TestImported_StalledReplicaLosesNothing(t *testing.T) {
	t.Parallel()
	for name, current := range map[string]bool{"the newest post is of this minute": true, "nobody has written since": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newAlertWorld(t)
			w.setAlertMode(digest.EveryReply)
			thread, quiet := w.thread(tonight), w.thread(tonight)
			w.wantAfterMinute(w.writePost(thread))
			for range 60 {
				w.advanceClock(time.Minute)
			}
			var all []forum.PostID
			for _, ago := range []time.Duration{59, 40, 17, 16} {
				all = append(all, w.writePostAt(thread, w.clock().Add(-ago*time.Minute)))
			}
			if current {
				all = append(all, w.writePostAt(thread, w.clock()))
			}
			old := w.writePostAt(quiet, w.clock().Add(-3*time.Hour)) // imported
			w.wantAfterMinute(all...)
			if n := strings.Count(w.log.String(), "the forum's replica lags"); n != 1 {
				t.Errorf("the log warns %d times, want once:\n%s", n, w.log)
			}
			if !strings.Contains(w.log.String(), "posts skipped: imported or copied, written before the last scan\" posts=1") {
				t.Errorf("post %d of three hours ago is not skipped:\n%s", old, w.log)
			}
		})
	}
}

// wantAfterMinute runs rounds until alerts are due, and checks which posts Anna is alerted about.
func (w *world) wantAfterMinute(posts ...forum.PostID) {
	w.Helper()
	w.advanceClock(time.Minute)
	w.advanceClock(time.Minute)
	w.wantAlertedPosts("anna", posts...)
}

// TestImported_SlowClockLosesNothing: every post of a forum whose clock is behind looks older than the last scan.
func TestImported_SlowClockLosesNothing(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setAlertMode(digest.EveryReply)
	thread := w.thread(tonight)
	w.writePost(thread)
	w.advanceClock(2 * time.Hour)
	w.wantAlertedPosts("anna", forum.PostID(w.next()-1))
	var all []forum.PostID
	for range 5 {
		all = append(all, w.writePostAt(thread, w.clock().Add(-time.Hour)))
		w.advanceClock(2 * time.Minute)
	}
	w.wantAlertedPosts("anna", all...)
	if !strings.Contains(w.log.String(), "clock is behind") {
		t.Error("the log does not mention the clock")
	}
	w.copyThread(thread) // is older than the newest post, whatever the clock says
	w.advanceClock(2 * time.Minute)
	w.wantAlertedPosts("anna")
}

func TestImportedBefore_Edges(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name     string
		last     time.Time
		posted   time.Time
		imported bool
	}{
		{"no scan was completed before", time.Time{}, now.AddDate(0, 0, -1), false},
		{"written just now", now.Add(-10 * time.Second), now, false},
		{"committed late", now.Add(-10 * time.Second), now.Add(-10*time.Second - commitDelay), false},
		{"a second older", now.Add(-10 * time.Second), now.Add(-11*time.Second - commitDelay), true},
		{"in an outage of the daemon", now.AddDate(0, 0, -3), now.AddDate(0, 0, -2), false},
		{"before an outage of the daemon", now.AddDate(0, 0, -3), now.AddDate(0, 0, -4), true},
		{"the daemon's clock went back", now.Add(time.Hour), now.Add(-time.Hour), false},
	} {
		s := newPostClassifier(now, now.AddDate(0, 0, -30), make(map[forum.PostID]metPost))
		s.newest, s.importedBefore = now.Unix(), importedBefore(tt.last, now)
		s.add(forum.Arrival{Post: 1, Thread: 1, Section: 1, PostedAt: tt.posted, Visible: true})
		if got := len(s.batch.Sighted) == 0; got != tt.imported {
			t.Errorf("%s: imported = %t, want %t", tt.name, got, tt.imported)
		}
	}
}
