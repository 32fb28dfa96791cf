package daemon

import (
	"testing"
	"time"

	"postrider/digest"
	"postrider/store"
)

func TestAnnouncement_SentAtLocalHour(t *testing.T) {
	t.Parallel()
	w := newAnnouncementWorld(t, 3)
	w.execSQL("UPDATE member SET zone = 'Asia/Tokyo' WHERE id = 1002")
	check(t, w.store.Preferences.Save(t.Context(), w.clock(), 1003, digest.Preferences{Zone: "America/New_York"}))
	a := announcementToAll()
	a.Start = digest.Start{At: time.Date(2026, 5, 6, 8, 0, 0, 0, time.UTC), Local: true}
	id := w.startAnnouncement(a)
	w.round()
	w.wantState(id, store.Scheduled)
	for _, step := range []struct {
		day   int
		clock string
		want  []string
	}{
		{5, "22:59", nil}, {5, "23:00", []string{"m1002"}}, {6, "07:59", []string{"m1002"}},
		{6, "08:00", []string{"m1001", "m1002"}}, {6, "11:59", []string{"m1001", "m1002"}}, {6, "12:00", []string{"m1001", "m1002", "m1003"}},
	} {
		w.setClock(step.day, step.clock)
		w.round()
		w.restart()
		w.wantAnnouncementTo(step.want...)
	}
	w.runAfter(time.Minute)
	w.wantState(id, store.Done)
}

func TestAnnouncement_StartsAtGivenTime(t *testing.T) {
	t.Parallel()
	w := newAnnouncementWorld(t, 2)
	a := announcementToAll()
	a.Start = digest.Start{At: worldStart.Add(time.Hour)}
	id := w.startAnnouncement(a)
	w.runAfter(59 * time.Minute)
	w.wantState(id, store.Scheduled)
	w.wantAnnouncementTo()
	w.restart()
	w.runAfter(time.Minute)
	w.wantAnnouncementTo("m1001", "m1002")
}

func TestTickAnnouncements_BacksOffAfterError(t *testing.T) {
	t.Parallel()
	w := newAnnouncementWorld(t, 2)
	w.startAnnouncement(announcementToAll())
	w.execSQL("ALTER TABLE member RENAME TO lost")
	if err := w.daemon.main.tickAnnouncements(t.Context()); err == nil {
		t.Error("an announcement is sent while the forum is unreadable")
	}
	before := w.source.Statements()
	if err := w.daemon.main.tickAnnouncements(t.Context()); err != nil || w.source.Statements() != before {
		t.Errorf("the forum is queried again immediately (%v)", err)
	}
	w.execSQL("ALTER TABLE lost RENAME TO member")
	w.runAfter(time.Minute)
	w.wantAnnouncementTo("m1001", "m1002")
}

func TestAnnouncement_KeepsRateAcrossRestarts(t *testing.T) {
	t.Parallel()
	w := newAnnouncementWorld(t, 40)
	a := announcementToAll()
	a.Speed = 60
	w.startAnnouncement(a)
	w.round()
	for second, want := range []int{0, 1, 2, 3} {
		if n := len(w.recipients()); n != want {
			t.Errorf("after %d seconds %d members have it, want %d", second, n, want)
		}
		w.restart()
		w.runAfter(time.Second)
	}
	w.runAfter(time.Hour)
	if n := len(w.recipients()); n > 14 {
		t.Errorf("an hour's backlog was sent in a burst: %d members have it", n)
	}
}
