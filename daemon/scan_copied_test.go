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

func TestCopied_PostsOfOneScanAreNews(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setAlertMode(digest.EveryReply)
	at := w.clock()
	var all []forum.PostID
	for range 2 {
		all = append(all, w.writePostAt(w.thread(tonight), at))
	}
	w.advanceClock(time.Minute)
	w.wantAlertedPosts("anna", all...)
}
