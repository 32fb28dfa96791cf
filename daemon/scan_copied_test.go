package daemon

import (
	"testing"
	"time"

	"postrider/daemon/explain"
	"postrider/digest"
	"postrider/forum"
)

func TestCopied_YoungThreadIsNoNews(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setAlertMode(digest.EveryReply)
	thread := w.thread(tonight)
	w.wantAfterMinute(w.writePost(thread))
	w.wantAfterMinute(w.writePost(thread))
	copies := w.copyThread(thread)
	w.wantAfterMinute()
	w.restart() // the copies stay what they are
	w.wantAfterMinute()
	if x := w.explainPost(101, copies[len(copies)-1]); x.Verdict != explain.Omitted || x.Reason.Key != "not_sighted_imported" {
		t.Errorf("a copied post is explained as %s %v", x.Verdict, x.Reason)
	}
	w.setClock(5, "08:00")
	w.round()
	w.wantAfterMinute() // no digest either
}

func TestCopied_AccountOfTheAuthorIsDeletedBeforeARestart(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setAlertMode(digest.EveryReply)
	thread := w.thread(tonight)
	w.wantAfterMinute(w.writePost(thread))
	w.wantAfterMinute(w.writePost(thread))
	w.copyThread(thread)
	w.wantAfterMinute()
	w.execSQL(`UPDATE post SET author_id = 0`)
	w.restart()
	w.wantAfterMinute()
}

// TestCopied_RestartBeforeTheNextCompleteScan: the store only knows when the last complete scan was, which came before the posts.
func TestCopied_RestartBeforeTheNextCompleteScan(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setAlertMode(digest.EveryReply)
	w.advanceClock(time.Minute)
	was, err := w.store.Sightings.LastScan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	thread, later := w.thread(tonight), w.thread(tonight)
	first := w.writePost(thread)
	w.wantAfterMinute(first)
	last := w.writePost(later)
	w.wantAfterMinute(last)
	if err := w.store.Sightings.SaveLastScan(t.Context(), was); err != nil {
		t.Fatal(err)
	}
	w.copyThread(thread)
	w.restart()
	w.wantAfterMinute()
}

func TestCopied_OtherTextInTheSameSecondIsNews(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setAlertMode(digest.EveryReply)
	thread := w.thread(tonight)
	at := w.clock()
	w.wantAfterMinute(w.writePost(thread))
	other := w.writePostAt(w.thread(tonight), at)
	w.execSQL(`UPDATE post SET body = 'Written by a program that posts in two threads at once.' WHERE id = ?`, other)
	w.wantAfterMinute(other)
}

func TestCopied_OriginalIsGone(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setAlertMode(digest.EveryReply)
	thread := w.thread(tonight)
	first := w.writePost(thread)
	w.wantAfterMinute(first)
	w.copyThread(thread)
	w.execSQL(`DELETE FROM post WHERE id = ?`, first)
	w.wantAfterMinute()
}

// TestCopied_PostsOfOneScanAreNews: a program posts the same in several threads at once.
func TestCopied_PostsOfOneScanAreNews(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setAlertMode(digest.EveryReply)
	var all []forum.PostID
	threads := []int64{w.thread(tonight), w.thread(tonight)}
	for range 2 {
		for _, thread := range threads {
			all = append(all, w.writePost(thread))
		}
		w.execSQL(`UPDATE post SET body = 'Written by a program.' WHERE posted_at = ?`, w.clock().Unix())
		w.setTime(w.clock().Add(10 * time.Second)) // without a scan
	}
	w.wantAfterMinute(all...)
}

func TestCopied_ThreadWrittenAndCopiedBetweenTwoScans(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		play func(w *world) (news []forum.PostID)
	}{
		{"the thread is old", func(w *world) []forum.PostID {
			thread := w.thread(tonight)
			first := w.writePost(thread)
			w.copyThread(thread)
			return posts(first)
		}},
		{"the thread is young", func(w *world) []forum.PostID {
			thread := w.youngThread(tonight)
			w.setTime(w.clock().Add(2 * time.Minute))
			reply := w.writePost(thread)
			w.copyThread(thread)
			return posts(reply-1, reply)
		}},
		{"posts were written elsewhere since", func(w *world) []forum.PostID {
			thread := w.youngThread(tonight)
			w.setTime(w.clock().Add(2 * time.Minute))
			other := w.writePost(w.thread(tonight))
			w.copyThread(thread)
			return posts(other-2, other)
		}},
		{"the original is deleted", func(w *world) []forum.PostID {
			thread := w.thread(tonight)
			first := w.writePost(thread)
			copies := w.copyThread(thread)
			w.execSQL(`UPDATE post SET state = 'deleted' WHERE id = ?`, first)
			return copies[1:]
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newAlertWorld(t)
			w.setAlertMode(digest.EveryReply)
			w.wantAfterMinute(tt.play(w)...)
			w.restart() // the copies stay what they are
			w.wantAfterMinute()
		})
	}
}

// youngThread opens a thread now.
func (w *world) youngThread(section int) int64 {
	w.Helper()
	thread := w.thread(section)
	w.execSQL(`UPDATE thread SET started_at = ? WHERE id = ?`, w.clock().Unix(), thread)
	w.execSQL(`UPDATE post SET posted_at = ? WHERE thread_id = ?`, w.clock().Unix(), thread)
	return thread
}
