package daemon

import (
	"fmt"
	"testing"
	"time"

	"postrider/digest"
	"postrider/store"
)

// wantProgress checks the progress of an announcement: sent, settled, waiting and total, its percentage, and what waits.
func (w *world) wantProgress(id int64, want string) {
	w.Helper()
	x, err := w.store.Announcements.Progress(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	got := fmt.Sprintf("%s: %d sent, %d settled, %d wait of %d, %d %%", x.State, x.Sent(), x.Settled(), x.Waiting(), x.Total(), x.Percent())
	for _, r := range x.Rests() {
		got += fmt.Sprintf("; %d %s", r.Members, r.Reason)
	}
	if got != want {
		w.Errorf("progress:\n%s, want\n%s", got, want)
	}
}

// The progress is of the whole audience, also while the canary is paused, and after it is cancelled.
func TestCanary_ProgressOfWholeAudience(t *testing.T) {
	t.Parallel()
	w := newAnnouncementWorld(t, 100)
	a := announcementToAll()
	a.Canary = digest.Canary{Share: 0.01, Wait: time.Hour}
	id := w.startAnnouncement(a)
	w.round()
	w.runAfter(time.Second)
	w.wantProgress(id, "canary: 20 sent, 20 settled, 80 wait of 100, 20 %; 80 waiting for the canary")
	check(t, w.store.Announcements.Pause(t.Context(), w.clock(), "test", id, "a typo"))
	w.wantProgress(id, "paused: 20 sent, 20 settled, 80 wait of 100, 20 %; 80 waiting while paused")
	check(t, w.store.Announcements.Resume(t.Context(), w.clock(), "test", id))
	w.runAfter(time.Minute)
	w.wantProgress(id, "canary: 20 sent, 20 settled, 80 wait of 100, 20 %; 80 waiting for the canary")
	check(t, w.store.Announcements.Cancel(t.Context(), w.clock(), "test", id))
	w.wantProgress(id, "cancelled: 20 sent, 20 settled, 0 wait of 100, 20 %; 80 not sent, because it was cancelled")
}

// A canary that is paused before its messages are sent waits as a whole.
func TestCanary_ProgressWhenPausedEarly(t *testing.T) {
	t.Parallel()
	w := newAnnouncementWorld(t, 100)
	a := announcementToAll()
	a.Canary, a.Speed = digest.Canary{Share: 0.01, Wait: time.Hour}, 10
	id := w.startAnnouncement(a)
	w.prepare()
	if _, err := w.daemon.main.announcer.advanceAnnouncements(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.wantProgress(id, "canary: 0 sent, 0 settled, 100 wait of 100, 0 %; 80 waiting for the canary; 20 waiting because of the speed limit")
	check(t, w.store.Announcements.Pause(t.Context(), w.clock(), "test", id, ""))
	w.wantProgress(id, "paused: 0 sent, 0 settled, 100 wait of 100, 0 %; 100 waiting while paused")
}

// Members who left between the start and their turn are not waited for.
func TestAnnouncement_ProgressAfterTheWholeAudienceIsQueued(t *testing.T) {
	t.Parallel()
	x := store.AnnouncementProgress{Announcement: store.Announcement{State: store.Paused, Resumes: store.Sending, AllEnqueued: true, Size: 100}}
	x.Progress.States = map[string]int{"accepted": 45, "held": 45}
	if x.Total() != 90 || x.Percent() != 50 || x.Waiting() != 45 {
		t.Errorf("total %d, %d %%, %d waiting", x.Total(), x.Percent(), x.Waiting())
	}
}
