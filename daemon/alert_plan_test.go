package daemon

import (
	"testing"
	"time"

	"postrider/forum"
	"postrider/internal/racetest"
	"postrider/source"
	"postrider/store"
)

// countAlertItems counts the members with planned alert items.
func (w *world) countAlertItems(members int) (count int) {
	w.Helper()
	ids := make([]forum.MemberID, members)
	for i := range ids {
		ids[i] = forum.MemberID(1001 + i)
	}
	list, err := w.store.Alerts.ItemStatuses(w.Context(), ids, 0, 1<<40)
	if err != nil {
		w.Fatal(err)
	}
	return len(list)
}

func TestPlanAlerts_SurvivesCrashBetweenPages(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	const members = 10_500
	w := newAlertWorld(t)
	w.execSQL(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO section_watch SELECT 1000 + i, ?, 'posts', 1 FROM n`, members, routes)
	w.writePost(w.thread(routes))
	d := w.daemon
	if err := d.main.scanner.scanAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	from, err := w.store.Alerts.Progress(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	over := store.AlertProgress{Done: from.Head, Until: from.Head}
	fresh, err := d.main.alerts.recentEvents(t.Context(), from.Done, from.Head)
	if err != nil {
		t.Fatal(err)
	}
	err = w.source.Read(t.Context(), func(s *source.Snapshot) error {
		b, err := loadEvents(t.Context(), s, fresh)
		if err != nil {
			return err
		}
		_, more, err := d.main.alerts.planAlertPage(t.Context(), s, b, from, over) // the first page, then the daemon is killed
		if !more {
			t.Error("all members are on one page, want several")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	half := w.countAlertItems(members)
	if half == 0 || half == members {
		t.Fatalf("%d members have alert items after the first page, want some", half)
	}
	if err := d.main.digests.planDigests(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.execSQL(`DELETE FROM section_watch WHERE member_id = 1001`) // members of finished pages are not planned again
	w.restart()
	if err := w.daemon.main.alerts.planAlerts(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := w.countAlertItems(members); n != members {
		t.Errorf("%d members have alert items, want %d", n, members)
	}
	if p, err := w.store.Alerts.Progress(t.Context()); err != nil || p.Done != p.Head || p.Until != p.Done || p.Member != 0 {
		t.Errorf("progress = %+v, %v; want completed", p, err)
	}
}

func TestPlanDigests_CoversOnlyWhatWasCheckedForAlerts(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setClock(5, "07:59")
	p := w.writePost(w.thread(tonight))
	w.setClock(5, "08:00")
	d := w.daemon
	// Another daemon plans editions between our scan and our planning of alerts.
	if err := d.main.steps(t.Context(), d.main.scanner.scanAll, d.main.digests.planDigests, d.main.deliver, d.main.alerts.planAlerts); err != nil {
		t.Fatal(err)
	}
	w.wantAlerts("anna")
	w.advanceClock(time.Minute)
	w.wantAlerts("anna", posts(p))
	w.setClock(6, "08:00")
	w.round()
	w.wantAlerts("anna")
}

func TestPlanAlerts_TwoDaemonsSendEachAlertOnce(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	one := w.daemon
	w.restart()
	two := w.daemon
	thread := w.thread(tonight)
	p := w.writePost(thread)
	for _, d := range []*Daemon{one, two} {
		if err := d.main.steps(t.Context(), d.main.scanner.scanAll, d.main.alerts.planAlerts); err != nil {
			t.Fatal(err)
		}
	}
	q := w.writePost(thread)
	for _, d := range []*Daemon{two, one} {
		if err := d.main.steps(t.Context(), d.main.scanner.scanAll, d.main.alerts.planAlerts); err != nil {
			t.Fatal(err)
		}
	}
	w.advanceClock(time.Minute)
	w.wantAlerts("anna", posts(p, q))
}
