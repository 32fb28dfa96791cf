package daemon

import (
	"testing"
	"time"

	"postrider/digest"
	"postrider/store"
)

func TestEachMemberGetsItWhenHisOwnClockShowsTheHour(t *testing.T) {
	t.Parallel()
	w := newHall(t, 3)
	w.sql("UPDATE member SET zone = 'Asia/Tokyo' WHERE id = 1002")
	order(t, w.store.Preferences.Save(t.Context(), w.clock(), 1003, digest.Preferences{Zone: "America/New_York"}))
	a := toAll()
	a.Start = digest.Start{At: time.Date(2026, 5, 6, 8, 0, 0, 0, time.UTC), Local: true}
	id := w.start(a)
	w.round()
	w.state(id, store.Scheduled)
	for _, step := range []struct {
		day   int
		clock string
		want  []string
	}{
		{5, "22:59", nil}, {5, "23:00", []string{"m1002"}}, {6, "07:59", []string{"m1002"}},
		{6, "08:00", []string{"m1001", "m1002"}}, {6, "11:59", []string{"m1001", "m1002"}}, {6, "12:00", []string{"m1001", "m1002", "m1003"}},
	} {
		w.at(step.day, step.clock)
		w.round()
		w.restart()
		w.gotNotice(step.want...)
	}
	w.after(time.Minute)
	w.state(id, store.Done)
}

func TestAnAnnouncementBeginsAtItsMomentAndNotBefore(t *testing.T) {
	t.Parallel()
	w := newHall(t, 2)
	a := toAll()
	a.Start = digest.Start{At: born.Add(time.Hour)}
	id := w.start(a)
	w.after(59 * time.Minute)
	w.state(id, store.Scheduled)
	w.gotNotice()
	w.restart()
	w.after(time.Minute)
	w.gotNotice("m1001", "m1002")
}

func TestAFaultIsNotMetAgainEverySecond(t *testing.T) {
	t.Parallel()
	w := newHall(t, 2)
	w.start(toAll())
	w.sql("ALTER TABLE member RENAME TO lost")
	if err := w.daemon.tickAnnouncements(t.Context()); err == nil {
		t.Error("an announcement goes out while the forum cannot be read")
	}
	before := w.source.Statements()
	if err := w.daemon.tickAnnouncements(t.Context()); err != nil || w.source.Statements() != before {
		t.Errorf("the forum is asked again at once (%v)", err)
	}
	w.sql("ALTER TABLE lost RENAME TO member")
	w.after(time.Minute)
	w.gotNotice("m1001", "m1002")
}

func TestSpeedIsKeptWhateverIsRestarted(t *testing.T) {
	t.Parallel()
	w := newHall(t, 40)
	a := toAll()
	a.Speed = 60
	w.start(a)
	w.round()
	for second, want := range []int{0, 1, 2, 3} {
		if n := len(w.mailed()); n != want {
			t.Errorf("after %d seconds %d have it, want %d", second, n, want)
		}
		w.restart()
		w.after(time.Second)
	}
	w.after(time.Hour)
	if n := len(w.mailed()); n > 14 {
		t.Errorf("what was missed in an hour bursts out: %d have it", n)
	}
}
